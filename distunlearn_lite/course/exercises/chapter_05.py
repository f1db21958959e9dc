"""Exercises of chapter 5: what a random deletion leaves, how much it varies, how many must go."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ...errors import InfeasibleTarget
from ...theory.deletion_budgets import deletion_budget
from ...theory.random_deletion import random_deletion_law
from ..exercise import Exercise, Inputs, Slip


def means(f: int, n1: int, n2: int, separation: float, D: int) -> NDArray[np.float64]:
    m, N = n1 - f, n1 - f + n2
    bias = np.array([n2, m]) ** 2 / N**2 * separation**2 / 2
    return np.asarray(bias + D / (2 * N))


def _law(rng: Generator) -> Inputs:
    n1, n2 = (int(k) for k in 10 * rng.integers(6, 60, 2))
    # Not half of S1, where the kept and the deleted points are equally many.
    return {
        "f": int(n1 * rng.uniform(0.1, 0.45)),
        "n1": n1,
        "n2": n2,
        "separation": round(rng.uniform(0.3, 2.5), 1),
        "D": int(rng.integers(1, 12)),
    }


def _quantile(level: float, f: int, n1: int, n2: int, separation: float, D: int) -> float:
    return float(random_deletion_law(f, n1, n2, separation, D).preservation_ppf(level))


def best_kept(n1: int, n2: int, separation: float, D: float) -> int:
    """The whole number of kept points with the least mean preservation loss."""
    m = np.arange(n1 + 1)
    N = m + n2
    return int(np.argmin((m / N) ** 2 * separation**2 / 2 + D / (2 * N)))


def _few_to_keep(rng: Generator) -> Inputs:
    while True:
        inputs: dict[str, Any] = {
            "n1": int(10 * rng.integers(20, 60)),
            "n2": int(10 * rng.integers(2, 30)),
            "separation": round(rng.uniform(0.2, 0.8), 2),
            "D": int(rng.integers(2, 25)),
        }
        # Inside, and far enough from half of S1 that kept and deleted are told apart.
        if 3 <= best_kept(**inputs) < 0.45 * inputs["n1"]:
            return inputs


def budget(n1: int, n2: int, separation: float, D: int, *targets: Any, sure: Any = 0.9) -> int:
    asked = {"alpha": targets[0], "eps": targets[1], "confidence": sure, "dim": D}
    return deletion_budget("random", n1, n2, separation, **asked)


def _one_target(*law: Any) -> int:
    return min(budget(*law[:4], law[4], None), budget(*law[:4], None, law[5]))


_without_noise = partial(budget, sure=None)


def _targets(rng: Generator) -> Inputs:
    while True:
        separation = round(rng.uniform(1, 2), 1)
        kappa = separation**2 / 2
        inputs = {
            "n1": int(10 * rng.integers(20, 50)),
            "n2": int(10 * rng.integers(20, 50)),
            "separation": separation,
            "D": int(rng.integers(2, 6)),
            "alpha": round(kappa * rng.uniform(0.5, 0.75), 2),
            "eps": round(kappa * rng.uniform(0.02, 0.1), 3),
        }
        law: tuple[Any, ...] = tuple(inputs.values())
        try:
            one, both, without = (f(*law) for f in (_one_target, budget, _without_noise))
        except InfeasibleTarget:
            continue
        # Both targets take deletions, and each slip gives another number.
        others = {one, both - 1, without, law[0] - both, both}
        if min(one, both, without) > 0 and len(others) == 5:
            return inputs


EXERCISES = (
    Exercise(
        id="ex-5-means",
        title="What a random deletion leaves on average",
        level="○",
        goal="compute the mean removal and the mean preservation loss of a random deletion",
        asked="Write a function `means(f, n1, n2, separation, D)` that returns the mean removal "
        "and the mean preservation loss after $f$ of the $n_1$ unwanted points were deleted at "
        "random and the mean was refitted; $\\Delta$ is the `separation`, and the known covariance "
        "is shared.",
        answer="function",
        recipe=means,
        cases=(
            {"f": 150, "n1": 400, "n2": 300, "separation": 1.5, "D": 4},
            {"f": 0, "n1": 60, "n2": 20, "separation": 0.4, "D": 10},
            {"f": 90, "n1": 90, "n2": 50, "separation": 2.0, "D": 1},
            {"f": 7, "n1": 30, "n2": 200, "separation": 0.0, "D": 3},
        ),
        fresh=_law,
        slips=(
            Slip(
                "the noise D / (2N) is missing: this is the bias alone",
                lambda f, n1, n2, separation, D: means(f, n1, n2, separation, 0),
            ),
            Slip(
                "the noise is twice too large: it is D / (2N), not D / N",
                lambda f, n1, n2, separation, D: means(f, n1, n2, separation, 2 * D),
            ),
            Slip("removal and preservation loss are swapped", lambda *law: means(*law)[::-1]),
            Slip(
                "this keeps f points; asked is what is left when f are deleted",
                lambda f, n1, *law: means(n1 - f, n1, *law),
            ),
        ),
        hints=(
            "With m = n1 - f and N = m + n2, the refitted mean lies on average a share w = m / N "
            "of the way from the retained to the unwanted mean.",
            "Each of the two is a bias, a squared share of the way times kappa, plus the noise of "
            "an average of N points.",
        ),
    ),
    Exercise(
        id="ex-5-quantile",
        title="A preservation loss that is seldom exceeded",
        level="◐",
        goal="say how much the preservation loss varies from draw to draw",
        asked="$f=<f>$ of $n_1=<n1>$ unwanted points are deleted at random; $n_2=<n2>$, "
        "$\\Delta=<separation>$, $D=<D>$. Which preservation loss is not exceeded with probability "
        "$0.95$?",
        answer="value",
        recipe=partial(_quantile, 0.95),
        cases=({"f": 300, "n1": 500, "n2": 400, "separation": 0.8, "D": 3},),
        fresh=_law,
        slips=(
            Slip("this is the mean of the preservation loss", lambda *law: means(*law)[1]),
            Slip(
                "this is the lower quantile: the loss is above it with the stated probability",
                partial(_quantile, 0.05),
            ),
            Slip(
                "the risk is split over both sides; a loss can only be too large",
                partial(_quantile, 0.975),
            ),
            Slip(
                "the noncentrality is missing: this is the quantile of the noise alone",
                lambda f, n1, n2, separation, D: _quantile(0.95, f, n1, n2, 0.0, D),
            ),
        ),
        hints=(
            "2N times the preservation loss is noncentral chi-square; which are its degrees of "
            "freedom and its noncentrality?",
            "`stats.ncx2.ppf(level, D, noncentrality)` is a quantile of 2N times the loss.",
        ),
    ),
    Exercise(
        id="ex-5-least",
        title="How many to keep",
        level="◐",
        goal="say when a further deletion helps the retained distribution and when it hurts",
        asked="Write a function `best_kept(n1, n2, separation, D)` that returns the whole number "
        "$m$ of kept unwanted points, from $0$ to $n_1$, at which the mean preservation loss is "
        "least (the smallest such $m$ if there are several).",
        answer="function",
        recipe=best_kept,
        cases=(
            {"n1": 500, "n2": 150, "separation": 0.4, "D": 12},
            {"n1": 50, "n2": 20, "separation": 1.3, "D": 2},
            {"n1": 80, "n2": 40, "separation": 3.0, "D": 2},
            {"n1": 30, "n2": 20, "separation": 0.2, "D": 9},
            # Rounding the real m* is wrong here: the two whole numbers beside it must be compared.
            {"n1": 30, "n2": 20, "separation": 0.41, "D": 1},
            {"n1": 30, "n2": 20, "separation": 1.02, "D": 1},
        ),
        fresh=_few_to_keep,
        slips=(
            Slip(
                "that many are deleted; asked is how many are kept",
                lambda n1, *law: n1 - best_kept(n1, *law),
            ),
            Slip("none is kept: best for the bias, but the noise counts too", lambda *law: 0),
            Slip(
                "the noise is taken twice: it is D / (2N), not D / N",
                lambda n1, n2, separation, D: best_kept(n1, n2, separation, 2 * D),
            ),
            Slip(
                "the separation is not squared",
                lambda n1, n2, separation, D: best_kept(n1, n2, np.sqrt(separation), D),
            ),
        ),
        hints=(
            "Write the mean preservation loss as a function of m: a bias that rises with m and a "
            "noise that falls.",
            "Either compute it for every m and take the least, or start from m* of the theorem; "
            "mind the cases in which m* does not exist or lies beyond n1.",
        ),
    ),
    Exercise(
        id="ex-5-budget",
        title="Two targets with confidence",
        level="●",
        goal="say how many points must go for two targets, each with a stated confidence",
        asked="$n_1=<n1>$, $n_2=<n2>$, $\\Delta=<separation>$, $D=<D>$. What is the smallest "
        "number of random deletions with which the removal is at least $\\alpha=<alpha>$ with "
        "probability at least $0.9$, and the preservation loss at most "
        "$\\varepsilon=<eps>$ with probability at least $0.9$?",
        answer="value",
        recipe=budget,
        cases=({"n1": 300, "n2": 240, "separation": 1.4, "D": 3, "alpha": 0.6, "eps": 0.04},),
        fresh=_targets,
        tolerance=1e-6,
        slips=(
            Slip(
                "one too few: with it one of the targets misses its confidence",
                lambda *law: budget(*law) - 1,
            ),
            Slip(
                "only one of the two targets is met with that confidence",
                _one_target,
            ),
            Slip(
                "this is the budget of the population: the confidence costs further deletions",
                _without_noise,
            ),
            Slip(
                "that many are kept; asked is how many go",
                lambda n1, *law: n1 - budget(n1, *law),
            ),
        ),
        hints=(
            "For every f from 0 to n1 compute the probability of each target from the exact law.",
            "Take the first f at which both probabilities are large enough. Scan; a bisection can "
            "fail for the loss.",
        ),
    ),
)
