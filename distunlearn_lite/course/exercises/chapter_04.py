"""Exercises of chapter 4: an excess from tables, the chain rule, both bounds, rows to be left."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import rel_entr

from ..exercise import Exercise, Inputs, Slip


def _coin(a: float, b: float) -> float:
    return float(rel_entr([a, 1 - a], [b, 1 - b]).sum())


def excess(u: float, a: float, b: float, c: float, d: float) -> float:
    return (1 - u) * _coin(a, c) + u * _coin(b, d)


def _coins(rng: Generator) -> Inputs:
    u = rng.choice([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    first = rng.choice([0.5, 0.6, 0.7, 0.8, 0.9], 2, replace=False)
    model = rng.choice([0.05, 0.1, 0.15, 0.25, 0.3, 0.35], 2, replace=False)
    values = (u, *first, *model)
    return {name: float(value) for name, value in zip("uabcd", values, strict=True)}


def _noise(u: float, a: float, b: float) -> float:
    """The log-loss that the noise of the labels alone costs."""
    return math.log(2) - excess(u, a, b, 0.5, 0.5)


def chain(p_i: Any, p: Any) -> NDArray[np.float64]:
    inputs = rel_entr(p_i.sum(axis=1), p.sum(axis=1)).sum()
    return np.array([inputs, rel_entr(p_i, p).sum() - inputs])


def _labels_under_p(p_i: Any, p: Any) -> float:
    """The divergences of the labels, weighted by the inputs of p."""
    given_i, given = p_i / p_i.sum(axis=1, keepdims=True), p / p.sum(axis=1, keepdims=True)
    return float(p.sum(axis=1) @ rel_entr(given_i, given).sum(axis=1))


def _tables(rng: Generator) -> Inputs:
    shape = tuple(rng.integers(2, 5, 2))
    p_i, p = rng.integers(0, 9, shape), rng.integers(1, 9, shape)
    p_i[:, 0] += 1  # no input without probability
    return {"p_i": p_i / p_i.sum(), "p": p / p.sum()}


def bounds(alpha: float, eps: float, input_1: float, input_2: float) -> NDArray[np.float64]:
    return np.array([max(0.0, alpha - input_1), eps - input_2])


def _report(rng: Generator) -> Inputs:
    eps = rng.uniform(0.1, 0.5)
    found = (rng.uniform(1, 4), eps, rng.uniform(0, 3), eps * rng.uniform(0.2, 0.9))
    names = ("alpha", "eps", "input_1", "input_2")
    return {name: round(float(value), 2) for name, value in zip(names, found, strict=True)}


def left(n2: int, alpha: float) -> int:
    """Most rows m with ln((m + n2) / m) at least alpha."""
    return math.floor(n2 / math.expm1(alpha) + 1e-9)


def _target(rng: Generator) -> Inputs:
    return {"n2": int(50 * rng.integers(8, 40)), "alpha": float(rng.choice([1.2, 1.5, 2.5, 3.0]))}


EXERCISES = (
    Exercise(
        id="ex-4-two-inputs",
        title="Two inputs, two coins each",
        level="◐",
        goal="compute the excess log-loss of a model from probabilities",
        asked="There are two inputs. Under $p_1$ the second one has probability $<u>$, and the "
        "label is 1 with probability $<a>$ at the first input and $<b>$ at the second. A model "
        "says $<c>$ and $<d>$ instead. What is its excess log-loss $\\mathrm{excess}_1(h)$, in "
        "nats?",
        answer="value",
        recipe=excess,
        cases=({"u": 0.3, "a": 0.9, "b": 0.6, "c": 0.25, "d": 0.1},),
        fresh=_coins,
        slips=(
            Slip(
                "the directions are swapped: the truth stands first, the model second",
                lambda u, a, b, c, d: excess(u, c, d, a, b),
            ),
            Slip(
                "this is the log-loss itself; the part that the noise of the labels costs has to "
                "be taken away",
                lambda u, a, b, c, d: excess(u, a, b, c, d) + _noise(u, a, b),
            ),
            Slip(
                "the two inputs count alike here; they have to be weighted by their probabilities "
                "under the unwanted distribution",
                lambda u, a, b, c, d: excess(0.5, a, b, c, d),
            ),
            Slip(
                "the label 1 alone is counted; the label 0 has its term, too",
                lambda u, a, b, c, d: (1 - u) * a * math.log(a / c) + u * b * math.log(b / d),
            ),
            Slip(
                "the probabilities are averaged over the inputs first; the divergence has to be",
                lambda u, a, b, c, d: _coin((1 - u) * a + u * b, (1 - u) * c + u * d),
            ),
        ),
        hints=(
            "At each input the excess is the divergence of two coins, as in the smallest case of "
            "the chapter.",
            "Compute both divergences, the truth in the first place, and average them with the "
            "probabilities of the inputs.",
        ),
    ),
    Exercise(
        id="ex-4-chain",
        title="Split a divergence",
        level="◐",
        goal="split a divergence of pairs into inputs and labels by the chain rule",
        asked="Write a function `chain(p_i, p)` that takes two tables of probabilities of pairs, "
        "inputs in rows and labels in columns, and returns an array of two numbers: the part of "
        "$\\mathrm{KL}(p_i\\,\\|\\,p)$ in the inputs, and the part in the labels given the input. "
        "The table `p_i` may have zeros, with $0\\ln0=0$; `p` has none.",
        answer="function",
        recipe=chain,
        cases=(
            {
                "p_i": np.array([[0.3, 0.3], [0.1, 0.3]]),
                "p": np.array([[0.1, 0.2], [0.5, 0.2]]),
            },
            {
                "p_i": np.array([[0.2, 0.0, 0.2], [0.1, 0.4, 0.1]]),
                "p": np.array([[0.1, 0.1, 0.2], [0.3, 0.1, 0.2]]),
            },
            *(_tables(np.random.default_rng(seed)) for seed in range(3)),
        ),
        fresh=_tables,
        slips=(
            Slip(
                "the divergences of the labels are averaged with the inputs of p; the first "
                "argument says where we look",
                lambda p_i, p: [chain(p_i, p)[0], _labels_under_p(p_i, p)],
            ),
            Slip(
                "the second number is the whole divergence; the part of the inputs has to be taken "
                "away",
                lambda p_i, p: chain(p_i, p) @ [[1, 1], [0, 1]],
            ),
            Slip(
                "the directions are swapped: this is the divergence of p from p_i",
                lambda p_i, p: chain(p, p_i),
            ),
            Slip(
                "rows and columns are swapped: the inputs stand in the rows",
                lambda p_i, p: chain(p_i.T, p.T),
            ),
            Slip(
                "the second number is the divergence of the labels' marginals; it has to be that "
                "of the labels given the input",
                lambda p_i, p: [chain(p_i, p)[0], chain(p_i.T, p.T)[0]],
            ),
        ),
        hints=(
            "The probabilities of the inputs are the sums of the rows.",
            "What the labels have is the divergence of the tables less that of the inputs; "
            "`rel_entr` knows what to do with a zero.",
        ),
    ),
    Exercise(
        id="ex-4-bounds",
        title="Both bounds from a report",
        level="○",
        goal="state what a report of divergences guarantees of a retrained model",
        asked="A report states a removal of at least `alpha` and a preservation loss of at most "
        "`eps`, both for pairs, and the two divergences of the inputs. Write a function "
        "`bounds(alpha, eps, input_1, input_2)` that returns an array of two numbers: the best "
        "lower bound of $\\mathrm{excess}_1(p)$ and the best upper bound of "
        "$\\mathrm{excess}_2(p)$ that follow, without the library's function for it.",
        answer="function",
        recipe=bounds,
        cases=(
            {"alpha": 2.6, "eps": 0.3, "input_1": 0.9, "input_2": 0.1},
            {"alpha": 2.0, "eps": 0.25, "input_1": 2.7, "input_2": 0.05},
            {"alpha": 1.5, "eps": 0.4, "input_1": 0.0, "input_2": 0.0},
            {"alpha": 0.8, "eps": 0.6, "input_1": 0.35, "input_2": 0.6},
        ),
        fresh=_report,
        slips=(
            Slip(
                "the divergences of the inputs are not taken away: the model does not feel them",
                lambda alpha, eps, input_1, input_2: [alpha, eps],
            ),
            Slip(
                "the lower bound may be negative here; an excess never is",
                lambda alpha, eps, input_1, input_2: [alpha - input_1, eps - input_2],
            ),
            Slip(
                "the two divergences of the inputs have changed places",
                lambda alpha, eps, input_1, input_2: bounds(alpha, eps, input_2, input_1),
            ),
            Slip(
                "the upper bound is not the best one: the divergence of the inputs may be taken "
                "away there, too",
                lambda alpha, eps, input_1, input_2: [max(0.0, alpha - input_1), eps],
            ),
        ),
        hints=(
            "The excess is the divergence of the pairs less that of the inputs, on either side.",
            "What follows if the divergence of the inputs is larger than the removal that is "
            "promised? No excess is negative.",
        ),
    ),
    Exercise(
        id="ex-4-left",
        title="How many may be left?",
        level="◐",
        goal="say how many unwanted rows a removal of pairs allows when the label is the domain",
        asked="As with the digits, the label says which domain a row comes from, and rows of $S_1$ "
        "are deleted at random. There are $n_2=<n2>$ retained rows. At most how many unwanted rows "
        "may be left, so that the removal of pairs is at least $<alpha>$ nats?",
        answer="value",
        recipe=left,
        cases=({"n2": 950, "alpha": 2.5},),
        fresh=_target,
        tolerance=1e-6,
        slips=(
            Slip(
                "one too many: the removal is just below the target",
                lambda n2, alpha: left(n2, alpha) + 1,
            ),
            Slip(
                "the share of the unwanted rows is taken among the retained ones; it is one among "
                "all rows that are left",
                lambda n2, alpha: math.floor(n2 * math.exp(-alpha)),
            ),
            Slip(
                "the target is in nats; here it is taken for bits",
                lambda n2, alpha: left(n2, alpha * math.log(2)),
            ),
        ),
        hints=(
            "When the label is the domain, the removal of pairs is the logarithm of 1 / w.",
            "The target caps the share w; solve w = m / (m + n2) for m, and round so that the "
            "target is still met.",
        ),
    ),
)
