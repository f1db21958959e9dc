"""Exercises of chapter 12: the ray of moments, an optimum that shrinks, a thinned table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..exercise import Exercise, Inputs, Slip

Array = NDArray[np.float64]


def _step(rng: Generator) -> Inputs:
    m2 = int(rng.integers(2, 6))
    return {
        "m1": m2 + int(rng.choice([-2, 2])),
        "var1": float(rng.choice([0.5, 1.5])),
        "m2": m2,
        "var2": int(rng.integers(3, 6)),
        "s": float(rng.choice([0.2, 0.25, 0.3])),
    }


def on_ray(m1: float, var1: float, m2: float, var2: float, s: float) -> Array:
    u = m1 - m2
    return np.array([m2 - s * u, (1 + s) * var2 - s * var1 - s * (1 + s) * u**2])


def _shrunk(rng: Generator) -> Inputs:
    kappa = rng.choice([0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 3.0])
    return {"kappa": float(kappa), "var": float(rng.choice([0.4, 0.5, 0.6, 0.7]))}


def step_to(kappa: float, var: float) -> float:
    """The step at which the variance along the means has fallen to this share."""
    return (math.sqrt(1 + 2 * (1 - var) / kappa) - 1) / 2


def parts(kappa: float, var: float, step: float) -> tuple[float, float]:
    """What shape and shift cost: the divergence from p_s of a Gaussian this step away."""
    return (1 / var - 1 + math.log(var)) / 2, step**2 * kappa / var


def loss_at(kappa: float, var: float) -> float:
    return sum(parts(kappa, var, step_to(kappa, var)))


def _tables(rng: Generator) -> Inputs:
    """Two tables of which p1 is p2 tilted, so that their ratio is far from 1 on both sides."""
    p2 = rng.uniform(0.5, 1.5, rng.integers(4, 8))
    p1 = p2 * np.exp(rng.permutation(np.linspace(-1, 1, len(p2))))
    eps = float(rng.choice([0.1, 0.2, 0.3, 0.4]))
    return {"p1": p1 / p1.sum(), "p2": p2 / p2.sum(), "k": 1.2, "eps": eps}


def kl(p: Any, q: Any) -> float:
    return float(np.sum(p * np.log(p / q)))


def thin(p2: Any, where: Any, power: float) -> Any:
    p = p2 * np.where(where, np.exp(-power), 1.0)
    return p / p.sum()


def thinned(p1: Any, p2: Any, k: float, eps: float) -> Array:
    return np.array(_pair_of(p1, p2, _edited(p1, p2, k, eps)))


def _edited(p1: Any, p2: Any, k: float, eps: float) -> Any:
    where = p1 / p2 > k
    return thin(p2, where, eps / p2[where].sum())


def _pair_of(p1: Any, p2: Any, p: Any) -> list[float]:
    return [kl(p2, p), kl(p1, p)]


def _guaranteed(p1: Any, p2: Any, k: float, eps: float) -> list[float]:
    b = p2[p1 / p2 > k].sum()
    return [eps, kl(p1, p2) + k * eps + float(np.log(1 - b))]


def _without_z(p1: Any, p2: Any, k: float, eps: float) -> list[float]:
    where = p1 / p2 > k
    return [eps, kl(p1, p2) + float(eps * p1[where].sum() / p2[where].sum())]


def _turned(p1: Any, p2: Any, k: float, eps: float) -> list[float]:
    where = p2 / p1 > k
    return _pair_of(p1, p2, thin(p2, where, eps / p2[where].sum()))


def _reversed(p1: Any, p2: Any, k: float, eps: float) -> list[float]:
    p = _edited(p1, p2, k, eps)
    return [kl(p, p2), kl(p, p1)]


EXERCISES = (
    Exercise(
        id="ex-12-moments",
        title="A step along the ray",
        level="○",
        goal="compute a point of the ray of moments",
        asked="Let $p_1=\\mathcal{N}(<m1>,<var1>)$ and $p_2=\\mathcal{N}(<m2>,<var2>)$ on the line "
        "(means and variances). Give the array of the mean and the variance of $p_s$ on the ray of "
        "moments at $s=<s>$.",
        answer="value",
        recipe=on_ray,
        cases=({"m1": 3, "var1": 0.5, "m2": 1, "var2": 4, "s": 0.3},),
        fresh=_step,
        slips=(
            Slip(
                "the variance is taken on a straight line; it is the second moment that moves on "
                "one",
                lambda m1, var1, m2, var2, s: [m2 - s * (m1 - m2), (1 + s) * var2 - s * var1],
            ),
            Slip(
                "the last term of the variance has lost its factor 1 + s",
                lambda m1, var1, m2, var2, s: [
                    m2 - s * (m1 - m2),
                    (1 + s) * var2 - s * var1 - s * (m1 - m2) ** 2,
                ],
            ),
            Slip(
                "this is the second moment; asked is the variance",
                lambda m1, var1, m2, var2, s: [
                    m2 - s * (m1 - m2),
                    (1 + s) * (var2 + m2**2) - s * (var1 + m1**2),
                ],
            ),
            Slip(
                "the mean goes towards that of the unwanted distribution; it moves away",
                lambda m1, var1, m2, var2, s: [
                    m2 + s * (m1 - m2),
                    on_ray(m1, var1, m2, var2, s)[1],
                ],
            ),
            Slip(
                "the two distributions are swapped: the ray starts at the retained one",
                lambda m1, var1, m2, var2, s: on_ray(m2, var2, m1, var1, s),
            ),
        ),
        hints=(
            "The mean and the second moment both move on a straight line that begins at the "
            "unwanted distribution and passes through the retained one.",
            "The variance is the second moment less the squared mean; the definition of the ray "
            "has the result.",
        ),
    ),
    Exercise(
        id="ex-12-narrower",
        title="What a narrower optimum costs",
        level="◐",
        goal="compute the loss at which the best Gaussian has narrowed by a given factor",
        asked="Let $p_1$ and $p_2$ share a covariance, with $\\kappa=<kappa>$. On the frontier of "
        "all Gaussians, which preservation loss has the point whose variance along the line of "
        "means is $<var>$ times that of $p_2$?",
        answer="value",
        recipe=loss_at,
        cases=({"kappa": 1.5, "var": 0.5},),
        fresh=_shrunk,
        slips=(
            Slip(
                "kappa is taken for the squared separation",
                lambda kappa, var: loss_at(kappa / 2, var),
            ),
            Slip(
                "this is the removal at that point; asked is the preservation loss",
                lambda kappa, var: sum(parts(kappa, var, 1 + step_to(kappa, var))),
            ),
            Slip(
                "the factor is taken for that of the standard deviation; it is the variance's",
                lambda kappa, var: loss_at(kappa, var**2),
            ),
            Slip(
                "only the change of the variance is counted; the shift of the mean costs, too",
                lambda kappa, var: parts(kappa, var, 0.0)[0],
            ),
            Slip(
                "only the shift of the mean is counted; the change of the variance costs, too",
                lambda kappa, var: parts(kappa, var, step_to(kappa, var))[1],
            ),
            Slip(
                "the squared shift is not divided by the new variance",
                lambda kappa, var: (
                    parts(kappa, var, 0.0)[0] + var * parts(kappa, var, step_to(kappa, var))[1]
                ),
            ),
        ),
        hints=(
            "Find the step s first: the variance along the means is a quadratic function of it.",
            "Then the corollary on the optimum that shrinks has the loss at that step.",
        ),
    ),
    Exercise(
        id="ex-12-thinned",
        title="Thin a table",
        level="◐",
        goal="compute what thinning the far points costs and what it removes",
        asked="Let `p1` and `p2` be two tables of positive probabilities of the same points. Write "
        "a function `thinned(p1, p2, k, eps)` that thins $p_2$ as in {eq}`eq-3-thin`, with sums in "
        "the place of integrals, and returns the preservation loss and the removal of the result. "
        "The set $A$ is never empty.",
        answer="function",
        recipe=thinned,
        cases=(
            *(_tables(np.random.default_rng(seed)) for seed in range(3)),
            {"p1": np.array([0.4, 0.6]), "p2": np.array([0.95, 0.05]), "k": 2.0, "eps": 0.5},
            {
                "p1": np.array([0.1, 0.3, 0.6]),
                "p2": np.array([0.4, 0.35, 0.25]),
                "k": 1.2,
                "eps": 0.0,
            },
        ),
        fresh=_tables,
        slips=(
            Slip(
                "the thinned table is not renormalised: it no longer sums to one",
                _without_z,
            ),
            Slip(
                "these are the bounds of the theorem; asked are the two divergences themselves",
                _guaranteed,
            ),
            Slip(
                "the exponent is not divided by the probability of A under the retained table",
                lambda p1, p2, k, eps: _pair_of(p1, p2, thin(p2, p1 / p2 > k, eps)),
            ),
            Slip(
                "thinned where the retained table is larger; A is where the unwanted one is",
                _turned,
            ),
            Slip(
                "removal and loss are swapped: the loss comes first",
                lambda p1, p2, k, eps: thinned(p1, p2, k, eps)[::-1],
            ),
            Slip(
                "the divergences go the other way round; the edited table belongs in second place",
                _reversed,
            ),
        ),
        hints=(
            "A mask says where p1 / p2 exceeds k; the sum of p2 over it is b.",
            "Multiply p2 by the factor on A, divide by the sum, and take the divergences of p2 and "
            "of p1 from the result.",
        ),
    ),
)
