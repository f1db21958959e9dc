"""Exercises of chapter 6: the kept mean, the recommended rule, what a bound says of a rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.stats import norm

from ...theory.folded_normal import folded_normal_ppf
from ..exercise import Exercise, Inputs, Slip


def kept_mean(mu1: Any, mu2: Any, v: float, gain: float | None = None) -> NDArray[np.float64]:
    gamma = norm.pdf(norm.ppf(v)) / v if gain is None else gain
    return np.asarray(mu1 - gamma * (mu1 - mu2) / np.linalg.norm(mu1 - mu2))


def _two_means(rng: Generator) -> Inputs:
    D = rng.integers(1, 5)
    return {
        "mu1": rng.normal(0, 1.5, D).round(2) + 1,
        "mu2": rng.normal(0, 1.5, D).round(2) - 1,
        "v": round(rng.uniform(0.1, 0.4), 2),
    }


def _pooled(S1: Any, S2: Any) -> NDArray[np.float64]:
    spread = np.concatenate([S1 - S1.mean(axis=0), S2 - S2.mean(axis=0)])
    return np.asarray(spread.T @ spread / len(spread))


def _along(S1: Any, direction: Any) -> NDArray[np.intp]:
    return np.argsort(-S1 @ direction, kind="stable")


def order(S1: Any, S2: Any, Sigma: Any = None) -> NDArray[np.intp]:
    matrix = _pooled(S1, S2) if Sigma is None else Sigma
    return _along(S1, np.linalg.solve(matrix, S1.mean(axis=0) - S2.mean(axis=0)))


def _flat_clouds(rng: Generator) -> Inputs:
    n1, n2 = (int(n) for n in rng.integers(25, 40, 2))
    # Stretched across the difference of the means, and unlike, so that each covariance counts.
    one, two = np.array([[2.0, 1.5], [0.0, 0.6]]), np.array([[0.6, -1.2], [0.0, 1.0]])
    return {
        "S1": (rng.normal(size=(n1, 2)) @ one + [1.0, 0.0]).round(2),
        "S2": (rng.normal(size=(n2, 2)) @ two - [0.5, 0.0]).round(2),
    }


def loss_bound(v: float, rho: float, kappa: float, radius: float | None = None) -> float:
    t = folded_normal_ppf(v, kappa) if radius is None else radius
    return float((v * rho / (1 + v * rho) * t) ** 2 / 2)


def _on_the_line(v: float, rho: float, kappa: float) -> float:
    """The preservation loss itself, from the mean of what is kept."""
    separation, t = np.sqrt(2 * kappa), folded_normal_ppf(v, kappa)
    offset = separation - (norm.pdf(t - separation) - norm.pdf(t + separation)) / v
    return loss_bound(v, rho, kappa, float(offset))


def _line(rng: Generator) -> Inputs:
    return {
        "v": round(rng.uniform(0.55, 0.9), 2),
        "rho": round(rng.uniform(0.3, 3), 1),
        "kappa": round(rng.uniform(0.05, 0.8), 2),
    }


EXERCISES = (
    Exercise(
        id="ex-6-roots",
        title="A target a good deal smaller",
        level="○",
        goal="say what the quadratic reduction says of the bound and what of the rule",
        asked="A small target $\\varepsilon$ of the preservation loss is divided by <k>. In the "
        "limit $v\\to0$, with $\\rho$ and $\\Delta>0$ fixed and in the population on the line, by "
        "which factor must the kept fraction $v$ be divided? Give the array of three factors: for "
        "random deletion, for the distance rule as the radius bound has it, and for the distance "
        "rule in truth.",
        answer="value",
        recipe=lambda k: k ** np.array([1 / 2, 1 / 4, 1 / 6]),
        cases=({"k": 50},),
        fresh=lambda rng: {"k": int(10 * rng.integers(3, 100))},
        slips=(
            Slip(
                "powers for roots: the loss goes like a power of v, so v like a root of the loss",
                lambda k: float(k) ** np.array([2, 4, 6]),
            ),
            Slip(
                "the last is that of the bound again; the rule itself keeps more",
                lambda k: k ** np.array([1 / 2, 1 / 4, 1 / 4]),
            ),
            Slip(
                "the bound and the truth are swapped",
                lambda k: k ** np.array([1 / 2, 1 / 6, 1 / 4]),
            ),
            Slip(
                "for random deletion the loss itself goes like the square of v",
                lambda k: k ** np.array([1, 1 / 4, 1 / 6]),
            ),
        ),
        hints=(
            "For small v the weight w is nearly v rho. Which power of v is the loss of random "
            "deletion, and which the radius bound, whose radius is proportional to v?",
            "The truth has one power of the radius more than the bound before the square is taken.",
        ),
    ),
    Exercise(
        id="ex-6-kept",
        title="Where the kept points lie",
        level="◐",
        goal="say how far the likelihood ratio moves the mean of the kept points",
        asked="Write a function `kept_mean(mu1, mu2, v)` that returns the mean $\\mu_K$ of the "
        "kept points in the population, in whitened coordinates, if the fraction $v$ of $p_1$ with "
        "the smallest likelihood ratio $p_1/p_2$ is kept.",
        answer="function",
        recipe=kept_mean,
        cases=(
            {"mu1": np.array([1.0, 2.0]), "mu2": np.array([-0.5, 0.0]), "v": 0.3},
            {"mu1": np.array([0.4]), "mu2": np.array([1.0]), "v": 0.5},
            {"mu1": np.array([2.0, -1.0, 0.5]), "mu2": np.array([0.0, 1.0, 0.5]), "v": 0.95},
            {"mu1": np.array([0.1, 0.0]), "mu2": np.array([0.0, 0.1]), "v": 0.02},
        ),
        fresh=_two_means,
        slips=(
            Slip(
                "this is the mean of the deleted points",
                lambda mu1, mu2, v: kept_mean(mu1, mu2, v, -norm.pdf(norm.ppf(v)) / (1 - v)),
            ),
            Slip(
                "this keeps the largest likelihood ratios: the mean moves the other way",
                lambda mu1, mu2, v: 2 * mu1 - kept_mean(mu1, mu2, v),
            ),
            Slip(
                "the density is not divided by the share kept",
                lambda mu1, mu2, v: kept_mean(mu1, mu2, v, norm.pdf(norm.ppf(v))),
            ),
            Slip(
                "gamma is a length; the direction must be a unit vector",
                lambda mu1, mu2, v: mu1 - norm.pdf(norm.ppf(v)) / v * (mu1 - mu2),
            ),
        ),
        hints=(
            "All that happens, happens along e, the unit vector from the retained to the unwanted "
            "mean; there an unwanted point is a standard normal variable away from its mean.",
            "The mean of the lower fraction v of a standard normal law is -gamma(v).",
        ),
    ),
    Exercise(
        id="ex-6-order",
        title="The recommended rule",
        level="◐",
        goal="write the recommended rule",
        asked="Write a function `order(S1, S2)` that returns the indices of the rows of `S1` in "
        "the order in which the recommended rule deletes them, by the likelihood ratio of two "
        "Gaussians with the shared covariance $\\Sigma$, pooled within the sets.",
        answer="function",
        recipe=order,
        cases=tuple(_flat_clouds(np.random.default_rng(seed)) for seed in range(4)),
        fresh=_flat_clouds,
        slips=(
            Slip(
                "the smallest score comes first: it is sorted the wrong way",
                lambda S1, S2: order(S1, S2)[::-1],
            ),
            Slip(
                "Sigma is missing: this is the order along the difference of the means",
                lambda S1, S2: order(S1, S2, np.eye(S1.shape[1])),
            ),
            Slip(
                "multiplied by Sigma; the score has its inverse",
                lambda S1, S2: order(S1, S2, np.linalg.inv(_pooled(S1, S2))),
            ),
            Slip(
                "this is the covariance of S2 alone; pool that of both sets",
                lambda S1, S2: order(S1, S2, np.cov(S2.T)),
            ),
            Slip(
                "this is the order of the distance rule, that from the retained mean",
                lambda S1, S2: np.argsort(
                    -((S1 - S2.mean(axis=0)) ** 2).sum(axis=1), kind="stable"
                ),
            ),
        ),
        hints=(
            "Subtract from each set its own mean, put the two together, and take the covariance.",
            "The score of x is the inner product of x with the solution of Sigma y = mu1 - mu2; "
            "`np.argsort` sorts upwards.",
        ),
    ),
    Exercise(
        id="ex-6-radius",
        title="The radius bound",
        level="◐",
        goal="compute the bound for the distance rule and tell it from what the rule does",
        asked="Write a function `loss_bound(v, rho, kappa)` that returns the radius bound "
        "$\\tfrac12w^2t^2$ of the preservation loss: the distance rule, in the population on the "
        "line, with the fraction $v$ of $S_1$ kept.",
        answer="function",
        recipe=loss_bound,
        cases=(
            {"v": 0.7, "rho": 1.5, "kappa": 0.5},
            {"v": 0.05, "rho": 0.2, "kappa": 0.02},
            {"v": 0.99, "rho": 4.0, "kappa": 2.0},
            {"v": 0.4, "rho": 1.0, "kappa": 4.5},
        ),
        fresh=_line,
        slips=(
            Slip(
                "t is a quantile of the position; the distance has the folded normal law",
                lambda v, rho, kappa: loss_bound(v, rho, kappa, norm.ppf(v) + np.sqrt(2 * kappa)),
            ),
            Slip(
                "the weight is v rho / (1 + v rho), not v rho",
                lambda v, rho, kappa: loss_bound(v, rho, kappa) * (1 + v * rho) ** 2,
            ),
            Slip(
                "the share deleted is taken for v, the share kept",
                lambda v, rho, kappa: loss_bound(1 - v, rho, kappa),
            ),
            Slip(
                "this is the loss itself; the bound puts all kept points at the edge",
                _on_the_line,
            ),
        ),
        hints=(
            "The radius t is where the distribution function g(u; kappa) of the distance reaches "
            "v.",
            "Solve g(t; kappa) = v numerically, or use `folded_normal_ppf`; the weight w follows "
            "from v and rho.",
        ),
    ),
)
