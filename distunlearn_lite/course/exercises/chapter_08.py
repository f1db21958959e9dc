"""Exercises of chapter 8: recall, halving budgets, intervals over splits, and what they hang on."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import stats

from ...sweeps import first_crossing
from ..exercise import Exercise, Inputs, Slip

OVERLAP = 3 / 7  # rows of the test part for each row of the training part


def recall(z: Any, y: Any, threshold: float = 0.0) -> float:
    return float(((z > threshold) & (y == 1)).sum() / (y == 1).sum())


def _margins(rng: Generator) -> Inputs:
    y = np.repeat([1, 0], rng.integers(15, 30, 2))
    # A little of each kind on each side of 0 and of 1/2, so that the slips give other numbers.
    z = np.where(y == 1, rng.normal(0, 0.8, y.size), rng.normal(-1.5, 0.6, y.size))
    z[:4], z[-2:] = (0.9, 0.3, 0.2, -0.4), (0.2, -0.7)
    places = rng.permutation(y.size)
    return {"z": z.round(2)[places], "y": y[places]}


def halving(budgets: Any, recalls: Any) -> float:
    return float(np.mean([first_crossing(budgets, path, path[0] / 2) for path in recalls]))


def _grid_points(budgets: Any, recalls: Any) -> float:
    return float(np.mean([budgets[np.argmax(path <= path[0] / 2)] for path in recalls]))


def _last_crossings(budgets: Any, recalls: Any) -> float:
    turned = [first_crossing(budgets[::-1], path[::-1], path[0] / 2) for path in recalls]
    return float(np.mean(turned))


def _walks(rng: Generator) -> Inputs:
    budgets, J = np.linspace(0, 1, 11), int(rng.integers(3, 7))
    recalls = np.sort(rng.uniform(0, 0.9, (J, 11)), axis=1)[:, ::-1].copy()
    recalls[:, 0], recalls[:, -1] = rng.uniform(0.7, 0.9, J), 0
    # Two paths fall below the half, come back, and fall for good, so that no bisection, as in
    # `np.interp`, gets through, forwards or backwards.
    recalls[0, 4:8] = recalls[0, 0] * np.array([0.4, 0.6, 0.55, 0.2])
    recalls[1, 2:7] = recalls[1, 0] * np.array([0.4, 0.45, 0.6, 0.55, 0.2])
    return {"budgets": budgets, "recalls": recalls.round(3)}


def _ends(estimate: Any, error: Any, quantile: Any) -> NDArray[np.float64]:
    return np.array([estimate, estimate - quantile * error, estimate + quantile * error])


def interval(random: Any, rule: Any, overlap: float = OVERLAP, ddof: int = 1) -> Any:
    apart, J = random - rule, len(random)
    error = apart.std(ddof=ddof) * np.sqrt(1 / J + overlap)
    return _ends(apart.mean(), error, stats.t.ppf(0.975, J - 1))


def _normal(random: Any, rule: Any) -> NDArray[np.float64]:
    apart = random - rule
    return _ends(apart.mean(), apart.std(ddof=1) * np.sqrt(1 / len(apart) + OVERLAP), 1.959964)


def _unpaired(random: Any, rule: Any) -> NDArray[np.float64]:
    J = len(random)
    error = np.sqrt((random.var(ddof=1) + rule.var(ddof=1)) * (1 / J + OVERLAP))
    return _ends(random.mean() - rule.mean(), error, stats.t.ppf(0.975, J - 1))


def _budgets(rng: Generator) -> Inputs:
    J = int(rng.integers(4, 12))
    split = rng.normal(0, 0.06, J)  # what a split does to both
    return {
        "random": (0.57 + split + rng.normal(0, 0.02, J)).round(3),
        "rule": (0.48 + split + rng.normal(0, 0.02, J)).round(3),
    }


def moved(ham_train: Any, ham_test: Any, spam_test: Any, level: float = 0.99) -> Any:
    cut = np.quantile(ham_train, level)
    return np.array([(spam_test > cut).mean(), (ham_test > cut).mean()])


def _three_parts(rng: Generator) -> Inputs:
    low, high = np.linspace(-3, 0.5, 200), np.linspace(-2, 1.5, 80)
    return {
        "ham_train": (low + rng.normal(0, 0.1, 200)).round(2),
        "ham_test": (high - rng.uniform(0.2, 0.4)).round(2),
        "spam_test": rng.uniform(-1.5, 1.5, int(rng.integers(40, 90))).round(2),
    }


def silent(C: float, n2: int, factor: float = 2.0) -> int:
    """The largest m for which ln(m / (n2 - m)) + factor * C * m is negative."""
    m = np.arange(1, n2 // 2)
    return int((np.log(m / (n2 - m)) + factor * C * m < 0).sum())


EXERCISES = (
    Exercise(
        id="ex-8-recall",
        title="Recall of spam",
        level="○",
        goal="compute the recall of spam from margins",
        asked="Write a function `recall(z, y)` that returns the recall of spam on a test part with "
        "margins `z` and labels `y`, of which 1 is spam and 0 is ham.",
        answer="function",
        recipe=recall,
        cases=(
            *(_margins(np.random.default_rng(seed)) for seed in range(3)),
            {"z": np.array([0.0, -0.2, 0.9, 0.7, 3.0]), "y": np.array([1, 1, 1, 0, 0])},
        ),
        fresh=_margins,
        slips=(
            Slip("this is the precision; asked is the recall", lambda z, y: y[z > 0].mean()),
            Slip(
                "this is the accuracy: recall looks at the spam alone",
                lambda z, y: ((z > 0) == (y == 1)).mean(),
            ),
            Slip(
                "the share is one of all rows; recall is one of the spam",
                lambda z, y: ((z > 0) & (y == 1)).mean(),
            ),
            Slip("margins are cut at zero, not at a half", partial(recall, threshold=0.5)),
        ),
        hints=(
            "Which rows does the recall of spam look at, and when is a row called spam?",
            "Of the rows with y = 1, take the share with a positive margin.",
        ),
    ),
    Exercise(
        id="ex-8-halving",
        title="Halving budgets over splits",
        level="◐",
        goal="find the halving budget of a recorded run",
        asked="Write a function `halving(budgets, recalls)` that returns the mean over seeds of "
        "the halving budget. `recalls` has a row for each seed and a column for each of the "
        "budgets, which rise from $0$ to $1$; with every row the recall reaches $0$ in the end.",
        answer="function",
        recipe=halving,
        cases=tuple(_walks(np.random.default_rng(seed)) for seed in range(4)),
        fresh=_walks,
        slips=(
            Slip(
                "this is the crossing of the mean path; asked is the mean of each seed's crossing",
                lambda budgets, recalls: halving(budgets, recalls.mean(axis=0)[None]),
            ),
            Slip("this is the budget after the crossing: interpolate", _grid_points),
            Slip("these are the last crossings; asked are the first", _last_crossings),
            Slip(
                "this is where the recall is a half; asked is half of the recall at the start",
                lambda budgets, recalls: np.mean(
                    [first_crossing(budgets, path, 0.5) for path in recalls]
                ),
            ),
        ),
        hints=(
            "Find in each row the first budget at which the recall is at most half of its first "
            "value.",
            "Between that budget and the one before it the path is a straight line. Take the mean "
            "over rows last.",
        ),
    ),
    Exercise(
        id="ex-8-interval",
        title="A paired interval over splits",
        level="◐",
        goal="judge a saving by a paired interval that allows for overlapping splits",
        asked="Write a function `over_splits(random, rule)`. The two arrays hold the halving "
        "budgets "
        "of random deletion and of a rule in the same $J$ splits. Return the mean of their "
        "difference, random less rule, and the lower and the upper end of its 95 % "
        "$t$-interval, paired, with Nadeau and Bengio's variance factor; as in the chapter, "
        "$n_{\\text{test}}/n_{\\text{train}}=3/7$.",
        answer="function",
        recipe=interval,
        cases=tuple(_budgets(np.random.default_rng(seed)) for seed in range(4)),
        fresh=_budgets,
        tolerance=1e-4,
        slips=(
            Slip("the splits overlap: 1 / J alone is too short", partial(interval, overlap=0.0)),
            Slip("the squares are divided by J; asked is J - 1", partial(interval, ddof=0)),
            Slip("this is unpaired: what a split does to both cancels", _unpaired),
            Slip("this is the normal quantile; J splits have J - 1 degrees of freedom", _normal),
            Slip(
                "this is the spread over splits, not the error of the mean",
                lambda random, rule: interval(random, rule, 1 - 1 / len(random)),
            ),
        ),
        hints=(
            "Work with the differences within splits: their mean, and their standard deviation "
            "with the divisor J - 1.",
            "The half-width is the t quantile with J - 1 degrees of freedom times the standard "
            "deviation times the root of 1 / J + 3 / 7.",
        ),
    ),
    Exercise(
        id="ex-8-moved",
        title="The threshold moved",
        level="◐",
        goal="say what halved recall is not: measure forgetting with the threshold moved",
        asked="Write a function `found_again(ham_train, ham_test, spam_test)` of three arrays of "
        "margins. It puts the threshold at the 99 % quantile of the training ham, as "
        "`np.quantile` has it, and returns the recall of the test spam and the share of the test "
        "ham that is then called spam.",
        answer="function",
        recipe=moved,
        cases=tuple(_three_parts(np.random.default_rng(seed)) for seed in range(4)),
        fresh=_three_parts,
        slips=(
            Slip(
                "the threshold is set on the test ham: that is a look at the test part",
                lambda ham_train, ham_test, spam_test: moved(ham_test, ham_test, spam_test),
            ),
            Slip("this is the 1 % quantile: nearly all ham is above", partial(moved, level=0.01)),
            Slip(
                "the threshold was not moved: it is still at zero",
                lambda ham_train, ham_test, spam_test: moved(np.zeros(1), ham_test, spam_test),
            ),
        ),
        hints=(
            "Only the training ham may decide where the threshold is.",
            "One number from `np.quantile`; then two shares of margins above it.",
        ),
    ),
    Exercise(
        id="ex-8-penalty",
        title="A filter that must be silent",
        level="◐",
        goal="say what the penalty does to forgetting before any rule is chosen",
        asked="All rows are non-negative with length at most 1, and $n_2=<n2>$ ham messages are "
        "left. For $C=<C>$, what is the largest number $m$ of kept spam messages at which the "
        "cruder bound guarantees that no message is called spam?",
        answer="value",
        recipe=silent,
        cases=({"C": 0.15, "n2": 2500},),
        fresh=lambda rng: {
            "C": round(rng.uniform(0.05, 0.3), 2),
            "n2": int(rng.integers(900, 6000)),
        },
        tolerance=1e-6,
        slips=(
            Slip("one too many: there the bound is not negative", lambda C, n2: silent(C, n2) + 1),
            Slip("the bound has 2 C m: two margins are compared", lambda C, n2: silent(C, n2, 1.0)),
            Slip("a small C is a strong penalty, not a weak one", lambda C, n2: silent(1 / C, n2)),
        ),
        hints=(
            "The cruder bound is ln(m / (n2 - m)) + 2 C m. Look for its sign.",
            "Both terms rise with m, so try one m after the other until the bound is no longer "
            "negative.",
        ),
    ),
)
