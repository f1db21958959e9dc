"""Exercises of chapter 9: odds after thinning, the random halving budget, macro F1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from ..exercise import Exercise, Inputs, Slip


def _chances(rng: Generator) -> Inputs:
    b = rng.choice([0.2, 0.25, 0.3, 0.35, 0.4, 0.6, 0.65, 0.7, 0.75, 0.8])
    return {"p": int(rng.integers(60, 96)) / 100, "b": float(b)}


def probability_of(odds: float) -> float:
    return odds / (1 + odds)


def thinned(p: float, b: float) -> float:
    """Probability of label 1 after random deletion of the share b of that label."""
    return probability_of((1 - b) * p / (1 - p))


def _log_odds(rng: Generator) -> Inputs:
    """An odd number of comments that are recognised, and some that are not."""
    recognised, others = 2 * rng.integers(2, 7) + 1, rng.integers(2, 7)
    found = np.append(rng.gamma(2.0, 0.7, recognised) + 0.05, -rng.gamma(2.0, 0.7, others) - 0.05)
    return {"log_odds": rng.permutation(found).round(3)}


def median_recognised(log_odds: Any) -> float:
    return float(np.median(log_odds[log_odds > 0]))


def halving_budget(log_odds: Any) -> float:
    return float(1 - np.exp(-median_recognised(log_odds)))


def _answers(rng: Generator) -> Inputs:
    """A frequent label that is mostly recognised, a rare one that is not, and one never true."""
    frequent, rare, never = labels = rng.permutation(3)
    y = np.repeat(labels[:2], [rng.integers(9, 13), rng.integers(4, 7)])
    called = np.full(len(y), frequent)
    called[:2], called[-rng.integers(1, 3) :] = (rare, never), rare
    order = rng.permutation(len(y))
    return {"y": y[order], "called": called[order]}


def f1(label: Any, y: Any, called: Any) -> float:
    return float(
        2
        * ((y == label) & (called == label)).sum()
        / ((y == label).sum() + (called == label).sum())
    )


def macro_f1(y: Any, called: Any) -> float:
    return float(np.mean([f1(label, y, called) for label in np.unique(y)]))


def _mean_recall(y: Any, called: Any) -> float:
    return float(np.mean([(called[y == label] == label).mean() for label in np.unique(y)]))


EXERCISES = (
    Exercise(
        id="ex-9-odds",
        title="One comment after thinning",
        level="○",
        goal="say what random deletion of a label does to the probability of a comment",
        asked="The domain to forget is label 1, and there are unlimited samples, as in "
        "{prf:ref}`prop-9-odds`. Before any deletion the best classifier gives a comment the "
        "probability $<p>$ of label 1. Which probability does it give after random deletion with "
        "budget $b=<b>$?",
        answer="value",
        recipe=thinned,
        cases=({"p": 0.9, "b": 0.7},),
        fresh=_chances,
        slips=(
            Slip(
                "the odds are multiplied by the share deleted; it is the share kept that counts",
                lambda p, b: probability_of(b * p / (1 - p)),
            ),
            Slip(
                "the probability itself is multiplied by the share kept; the odds are",
                lambda p, b: (1 - b) * p,
            ),
            Slip(
                "the odds are divided by the share kept, which makes the label more likely",
                lambda p, b: probability_of(p / (1 - p) / (1 - b)),
            ),
            Slip(
                "these are the odds after the deletion; asked is the probability",
                lambda p, b: (1 - b) * p / (1 - p),
            ),
        ),
        hints=(
            "Turn the probability into log odds: they are what the deletion shifts.",
            "By the first part of the proposition the logarithm of the share kept is added; then "
            "go back from log odds to a probability.",
        ),
    ),
    Exercise(
        id="ex-9-halve",
        title="A halving budget from log odds",
        level="◐",
        goal="compute the random halving budget of a label without deleting anything",
        asked="The domain is a label. The array `log_odds` holds the log odds $\\Lambda$ of its "
        "test comments, all of the same weight; an odd number of them are positive. Write a "
        "function `halving_budget(log_odds)` that returns the budget at which random deletion "
        "halves the recall, by {prf:ref}`thm-9-label`.",
        answer="function",
        recipe=halving_budget,
        cases=(
            *(_log_odds(np.random.default_rng(seed)) for seed in range(3)),
            {"log_odds": np.array([0.4, 2.5, 1.0])},
            {"log_odds": np.array([-1.5, 0.3, -0.2, -4.0])},
            {"log_odds": np.array([np.inf, 0.8, -1.0, 0.2])},
        ),
        fresh=_log_odds,
        slips=(
            Slip(
                "the median is that of all comments; asked is that of the recognised ones",
                lambda log_odds: 1 - np.exp(-np.median(log_odds)),
            ),
            Slip(
                "this is the share kept at the halving; the budget is the share deleted",
                lambda log_odds: np.exp(-median_recognised(log_odds)),
            ),
            Slip(
                "the mean of the log odds is taken; half of the recall asks for their median",
                lambda log_odds: 1 - np.exp(-np.mean(log_odds[log_odds > 0])),
            ),
            Slip(
                "this is the probability at the median; asked is the budget that shifts it to even "
                "odds",
                lambda log_odds: probability_of(np.exp(median_recognised(log_odds))),
            ),
            Slip("this is the median log odds, not yet a budget", median_recognised),
        ),
        hints=(
            "Only the recognised comments can be lost, and half of them have to be.",
            "Random deletion adds ln(1 - b) to the log odds: which b takes the median of the "
            "recognised ones to nothing?",
        ),
    ),
    Exercise(
        id="ex-9-macro",
        title="Macro F1 over the labels that occur",
        level="◐",
        goal="compute macro F1 where a classifier uses a label that does not occur",
        asked="The array `y` holds the labels of some comments, whole numbers, and `called` what a "
        "classifier calls each of them. The F1 score of a label is twice the number of comments "
        "that have it and are called it, divided by the number that have it plus the number that "
        "are called it. Write a function `macro_f1(y, called)` that returns the mean of the F1 "
        "scores of the labels that occur in `y`.",
        answer="function",
        recipe=macro_f1,
        cases=(
            *(_answers(np.random.default_rng(seed)) for seed in range(3)),
            {"y": np.zeros(8, dtype=int), "called": np.array([0, 0, 1, 0, 0, 0, 1, 0])},
            {"y": np.array([0, 0, 1, 0, 1, 0, 0]), "called": np.zeros(7, dtype=int)},
        ),
        fresh=_answers,
        slips=(
            Slip(
                "this is the accuracy; asked is a mean over labels",
                lambda y, called: np.mean(y == called),
            ),
            Slip(
                "a label that only the answers have is averaged in; asked are those in `y`",
                lambda y, called: np.mean([f1(z, y, called) for z in np.union1d(y, called)]),
            ),
            Slip(
                "the labels are weighted by their frequency; in macro F1 each counts alike",
                lambda y, called: np.mean([f1(z, y, called) for z in y]),
            ),
            Slip(
                "this is the mean recall of the labels; F1 counts what is called a label wrongly, "
                "too",
                _mean_recall,
            ),
        ),
        hints=(
            "`np.unique(y)` has the labels that count; go through them one by one.",
            "For each, count three things: has it, is called it, both.",
        ),
    ),
)
