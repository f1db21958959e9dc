"""Exercises of chapter 13: the law of a difference, a bound, a certified budget, a wider refit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from ..exercise import Exercise, Inputs, Slip


def difference(n1: int, n2: int, f: int, separation: float) -> NDArray[np.float64]:
    """Mean and standard deviation of removal less loss, and how likely removal is the larger."""
    N, kappa = n1 - f + n2, separation**2 / 2
    mean, spread = (1 - 2 * (n1 - f) / N) * kappa, np.sqrt(2 * kappa / N)
    return np.array([mean, spread, norm.cdf(mean / spread)])


def _variance_for_spread(*inputs: Any) -> Any:
    mean, spread, _ = difference(*inputs)
    return [mean, spread**2, norm.cdf(mean / spread**2)]


def _few(rng: Generator) -> Inputs:
    n1, n2 = 10 * rng.integers(5, 20), 10 * rng.integers(3, 15)
    f = 5 * rng.integers(2, n1 // 5 - 2)
    return {"n1": int(n1), "n2": int(n2), "f": int(f), "separation": rng.integers(3, 9) / 10}


def bounds(
    f: Any, n1: int, n2: int, separation: float, dim: int, risk: float, *, events: int = 2
) -> NDArray[np.float64]:
    """What the theorem guarantees for removal and for the loss, a column for each budget."""
    N, reach = n1 - f + n2, np.sqrt(2 * np.log(events / risk))
    w = (n1 - f) / N
    away = np.maximum((1 - w) * separation - reach / np.sqrt(N), 0)
    off = w * separation + (np.sqrt(dim) + reach) / np.sqrt(N)
    return np.array([away**2, off**2]) / 2


def _noise_across(f: Any, n1: int, n2: int, separation: float, dim: int, risk: float) -> Any:
    N, loss = n1 - f + n2, bounds(f, n1, n2, separation, dim, risk)[1]
    noise = (np.sqrt(dim) + np.sqrt(2 * np.log(2 / risk))) / np.sqrt(N)
    return np.array([np.maximum(n2 / N * separation - noise, 0) ** 2 / 2, loss])


def _not_clipped(f: Any, n1: int, n2: int, separation: float, dim: int, risk: float) -> Any:
    N, loss = n1 - f + n2, bounds(f, n1, n2, separation, dim, risk)[1]
    away = n2 / N * separation - np.sqrt(2 * np.log(2 / risk) / N)
    return np.array([away**2 / 2, loss])


def _budgets(rng: Generator) -> Inputs:
    n2 = int(10 * rng.integers(10, 20))
    n1 = int(n2 * rng.integers(25, 41))  # many unwanted, so that the bound is empty at first
    return {
        "f": np.array([0, n1 // 2, n1 - n2 // 5, n1]),
        "n1": n1,
        "n2": n2,
        "separation": rng.integers(5, 8) / 10,
        "dim": int(rng.integers(2, 30)),
        "risk": rng.integers(1, 20) / 100,
    }


def _first(loss: Callable[[Any], Any], n1: int, eps: float) -> int:
    """The smallest budget at which a loss is at most eps."""
    return int(np.argmax(loss(np.arange(n1 + 1)) <= eps))


def certify(
    n1: int, n2: int, separation: float, dim: int, eps: float, risk: float, *, budgets: int = 0
) -> int:
    """The smallest budget at which the bound, for so many budgets or for all, meets the target."""
    each = risk / (budgets or n1 + 1)
    return _first(lambda f: bounds(f, n1, n2, separation, dim, each)[1], n1, eps)


def _target(rng: Generator) -> Inputs:
    n1, n2 = int(100 * rng.integers(8, 20)), int(100 * rng.integers(8, 16))
    separation, dim = rng.integers(8, 15) / 10, int(rng.integers(2, 8))
    w, noise = rng.integers(5, 15) / 100, (np.sqrt(dim) + 4.7) / np.sqrt(n2)
    eps = round(float((w * separation + noise) ** 2 / 2), 3)
    sizes = {"n1": n1, "n2": n2, "separation": separation, "dim": dim}
    return {**sizes, "eps": eps, "risk": rng.integers(1, 11) / 100}


def widen(separation: float, *, known: float = 0.5) -> float:
    """The share w at which both refits have one preservation loss."""

    def apart(w: float) -> float:
        c = w * (1 - w) * separation**2
        offset = w**2 * separation**2
        return float(((offset - c) / (1 + c) + np.log1p(c)) / 2 - known * offset)

    return float(brentq(apart, 1e-4, 0.9))


def _far(rng: Generator) -> Inputs:
    return {"separation": rng.integers(16, 41) / 10}


EXERCISES = (
    Exercise(
        id="ex-13-difference",
        title="Which of the two is larger?",
        level="○",
        goal="compute the law of removal less preservation loss after a random deletion",
        asked="In the model of {prf:ref}`def-random-refit` $f=<f>$ of $n_1=<n1>$ unwanted points "
        "are deleted by lot, $n_2=<n2>$ are retained, and $\\Delta=<separation>$. Give the array "
        "of the mean and the standard deviation of $\\mathrm{KL}(p_1\\|p)-\\mathrm{KL}(p_2\\|p)$, "
        "and of the probability that removal is larger than the preservation loss.",
        answer="value",
        recipe=difference,
        cases=({"n1": 60, "n2": 40, "f": 40, "separation": 0.5},),
        fresh=_few,
        slips=(
            Slip(
                "the variance stands where the standard deviation is asked: take its root",
                _variance_for_spread,
            ),
            Slip(
                "N and w are those before the deletion; asked is what is left after it",
                lambda n1, n2, f, separation: difference(n1, n2, 0, separation),
            ),
            Slip(
                "the square of the separation is taken for kappa, which is half of it",
                lambda n1, n2, f, separation: difference(n1, n2, f, np.sqrt(2) * separation),
            ),
        ),
        hints=(
            "The joint law says that the difference is normal, and gives mean and variance; "
            "N and w are those of what is left.",
            "A normal number with this mean and spread is positive with probability "
            "Phi(mean / spread).",
        ),
    ),
    Exercise(
        id="ex-13-bounds",
        title="Two guarantees with one confidence",
        level="◐",
        goal="write the bound of random deletion with high probability",
        asked="Write a function `bounds(f, n1, n2, separation, dim, risk)` that returns an array "
        "of two rows with an entry for each budget in the array `f`: first what "
        "{prf:ref}`thm-random-bound`, with $\\delta$ the `risk`, guarantees for removal, then what "
        "it guarantees for the preservation loss. Each budget stands by itself.",
        answer="function",
        recipe=bounds,
        cases=(
            _budgets(np.random.default_rng(0)),
            {"f": np.array([0, 87, 174]), "n1": 174, "n2": 182}
            | {"separation": 1.2, "dim": 1, "risk": 0.05},
            {"f": np.array([100]), "n1": 100, "n2": 50, "separation": 0.0, "dim": 4, "risk": 0.5},
            _budgets(np.random.default_rng(1)),
        ),
        fresh=_budgets,
        slips=(
            Slip(
                "the logarithm spends the whole risk on each of the two rare events, which "
                "share it",
                lambda *inputs: bounds(*inputs, events=1),
            ),
            Slip(
                "the dimension stands in the bound of removal too; noise across e only adds to "
                "the distance from mu_1",
                _noise_across,
            ),
            Slip(
                "a negative bracket is squared; the guarantee for removal is empty there",
                _not_clipped,
            ),
        ),
        hints=(
            "N and w change with the budget, and L depends on the risk alone.",
            "Removal loses only the noise along e, the loss suffers from all of it; a bracket "
            "with a plus below it is never negative.",
        ),
    ),
    Exercise(
        id="ex-13-certify",
        title="A budget to be chosen later",
        level="◐",
        goal="compute a budget that a bound certifies at all budgets at once",
        asked="There are $n_1=<n1>$ unwanted and $n_2=<n2>$ retained points with "
        "$\\Delta=<separation>$ and $D=<dim>$. You want to watch the deletion and stop when you "
        "like, so {prf:ref}`thm-random-bound` is to hold for all $n_1+1$ budgets at once, with "
        "confidence $1-\\delta$, $\\delta=<risk>$. What is the smallest $f$ for which it then "
        "guarantees a preservation loss of at most $\\varepsilon=<eps>$?",
        answer="value",
        recipe=certify,
        cases=({"n1": 800, "n2": 1200, "separation": 1.0, "dim": 3, "eps": 0.03, "risk": 0.05},),
        fresh=_target,
        tolerance=1e-6,
        slips=(
            Slip(
                "one too few: the guarantee is still above the target",
                lambda *inputs: certify(*inputs) - 1,
            ),
            Slip(
                "that many points are kept; asked is how many go",
                lambda n1, *inputs: n1 - certify(n1, *inputs),
            ),
            Slip(
                "the whole risk is spent on one budget, fixed beforehand; asked is all of them "
                "at once",
                lambda *inputs: certify(*inputs, budgets=1),
            ),
        ),
        hints=(
            "A union bound over the budgets leaves each of them an equal part of the risk.",
            "Compute the bound of the loss for every f with that smaller risk, and take the first "
            "f at which it is small enough.",
        ),
    ),
    Exercise(
        id="ex-13-widen",
        title="When a wider refit loses more",
        level="◐",
        goal="say when refitting the covariance helps the retained distribution",
        asked="Let $\\Delta=<separation>$. By {prf:ref}`prop-random-refit-cov` a refit that "
        "estimates the covariance too has the larger preservation loss, in the population, when "
        "few unwanted points are left, and the smaller one when many are. At which share $w$, "
        "$0<w<1$, is it the same as with known covariance? Give four digits.",
        answer="value",
        recipe=widen,
        cases=({"separation": 2.0},),
        fresh=_far,
        slips=(
            Slip(
                "at this share the removals are the same; asked are the preservation losses",
                lambda separation: 1 - widen(separation),
            ),
            Slip(
                "this bound of the proposition is enough at every separation; asked is the share "
                "at this one",
                lambda separation: 1 / 3,
            ),
            Slip(
                "the loss with known covariance lacks its factor 1/2",
                lambda separation: widen(separation, known=1.0),
            ),
        ),
        hints=(
            "With known covariance the loss is half of the squared length of the offset w Delta.",
            "Set the two losses equal and look for the share numerically, away from w = 0, where "
            "both vanish.",
        ),
    ),
)
