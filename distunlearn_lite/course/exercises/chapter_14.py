"""Exercises of chapter 14: the mass of a ball, the terms of the theorem, a fraction."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chndtr
from scipy.stats import beta, ncx2

from ..exercise import Exercise, Inputs, Slip


def mass(n1: int, f: int, risk: float, parts: int = 3) -> NDArray[np.float64]:
    """The u of the theorem, and the u that needs no Beta quantile."""
    m = n1 - f
    slack = np.sqrt(np.log(parts / risk) / (2 * n1))
    return np.array([beta.isf(risk / parts, m + 1, f), m / n1 + slack])


def _small(rng: Generator) -> Inputs:
    n1 = int(10 * rng.integers(6, 13))
    return {"n1": n1, "f": int(0.6 * n1) + int(rng.integers(6)), "risk": rng.integers(5, 20) / 100}


def terms(
    f: int,
    n1: int,
    n2: int,
    separation: float,
    dim: int,
    risk: float,
    *,
    parts: int = 3,
    finite: bool = True,
    shifted: bool = True,
    by_radius: bool = False,
) -> NDArray[np.float64]:
    """The three terms of E in any dimension; the options are what one can get wrong."""
    m = n1 - f
    w, length = m / (m + n2), np.sqrt(dim) + np.sqrt(2 * np.log(parts / risk))
    error = length / np.sqrt(n2)
    u = beta.isf(risk / parts, m + 1, f) if finite else m / n1
    t = np.sqrt(ncx2.ppf(u, dim, (separation + error * shifted) ** 2))
    law = separation**2
    r = ncx2.cdf(t**2, dim + 2, law) / ncx2.cdf(t**2, dim, law)
    pull = t if by_radius else separation * r
    noise = min(1.0, t / np.sqrt(dim + 2)) * length / np.sqrt(m)
    return np.array([error, w * pull, w * noise])


def _sizes(rng: Generator) -> Inputs:
    n1, n2 = int(100 * rng.integers(5, 30)), int(100 * rng.integers(5, 30))
    return {
        "f": int(n1 * rng.integers(40, 90) / 100),
        "n1": n1,
        "n2": n2,
        "separation": rng.integers(4, 25) / 10,
        "dim": int(rng.integers(2, 12)),
        "risk": rng.integers(1, 20) / 100,
    }


def _curve(t: float, dim: int, separation: float, rho: float) -> tuple[float, float, float]:
    """Share kept, weight and kept-mean ratio in the population at a radius."""
    wider, v = chndtr(t**2, [dim + 2, dim], separation**2)
    return float(v), float(v * rho / (1 + v * rho)), float(wider / v)


def fraction(dim: int, separation: float, rho: float, eps: float, *, how: str = "exact") -> float:
    """The smallest deleted fraction at which the preservation loss is at most eps."""

    def above(t: float) -> float:
        v, w, r = _curve(t, dim, separation, rho)
        offset = {
            "exact": w * r * separation,
            "random": w * separation,
            "radius": w * t,
            "no mixture": v * rho * r * separation,
        }[how]
        return float(offset**2 / 2 - eps)

    t = brentq(above, 1e-2, separation + np.sqrt(dim) + 6)
    return 1 - _curve(float(t), dim, separation, rho)[0]


def _population(rng: Generator) -> Inputs:
    dim, separation = int(rng.integers(2, 12)), rng.integers(10, 26) / 10
    rho = rng.integers(5, 21) / 10
    t = np.sqrt(ncx2.ppf(rng.integers(20, 44) / 100, dim, separation**2))
    _, w, r = _curve(float(t), dim, separation, rho)
    eps = float(f"{(w * r * separation) ** 2 / 2:.2g}")
    return {"dim": dim, "separation": separation, "rho": rho, "eps": eps}


EXERCISES = (
    Exercise(
        id="ex-14-ball",
        title="The mass of a random ball",
        level="○",
        goal="say what is known of the radius within which the kept points lie",
        asked="The distance rule deletes $f=<f>$ of $n_1=<n1>$ points of $p_1$. Give the array of "
        "the two values of $u$ that serve in {prf:ref}`thm-6-mean` for $\\delta=<risk>$: the Beta "
        "quantile of the theorem, and that of {prf:ref}`rem-14-dkw`.",
        answer="value",
        recipe=mass,
        cases=({"n1": 80, "f": 50, "risk": 0.05},),
        fresh=_small,
        slips=(
            Slip(
                "the whole risk is spent on this event, which has a third of it",
                lambda n1, f, risk: mass(n1, f, risk, parts=1),
            ),
            Slip(
                "the risk is shared by two events; the theorem has three",
                lambda n1, f, risk: mass(n1, f, risk, parts=2),
            ),
            Slip(
                "the Beta law is that of the last kept score; the theorem needs that of the first "
                "deleted one",
                lambda n1, f, risk: [
                    beta.isf(risk / 3, n1 - f, f + 1),
                    mass(n1, f, risk)[1],
                ],
            ),
            Slip(
                "the quantile is the lower one: the ball is to be smaller than said with high "
                "probability",
                lambda n1, f, risk: [
                    beta.ppf(risk / 3, n1 - f + 1, f),
                    mass(n1, f, risk)[1],
                ],
            ),
            Slip(
                "the share deleted is taken for the share kept",
                lambda n1, f, risk: mass(n1, n1 - f, risk),
            ),
        ),
        hints=(
            "Three events share the risk, and this is one of them: L has the same part of it as "
            "the quantile.",
            "The first deleted score is the one of rank m + 1 among the n1; the remark adds "
            "beta_1 to the share kept.",
        ),
    ),
    Exercise(
        id="ex-14-terms",
        title="Three terms in any dimension",
        level="◐",
        goal="write the terms of the kept-mean theorem",
        asked="Write a function `terms(f, n1, n2, separation, dim, risk)` that returns the array "
        "of the three terms of $E$ in {prf:ref}`rem-6-extensions`, in the form for any $D$ and "
        "one budget fixed beforehand, with $\\delta$ the `risk`: the error of $\\hat\\mu_2$, the "
        "kept mean, and the noise of the kept points. Take $u$ from the Beta quantile of "
        "{prf:ref}`thm-6-mean`.",
        answer="function",
        recipe=terms,
        cases=(
            _sizes(np.random.default_rng(0)),
            {"f": 1600, "n1": 2000, "n2": 2000, "separation": 0.5, "dim": 1, "risk": 0.05},
            {"f": 1, "n1": 12, "n2": 300, "separation": 2.0, "dim": 3, "risk": 0.2},
            _sizes(np.random.default_rng(1)),
        ),
        fresh=_sizes,
        slips=(
            Slip(
                "two events share the risk, as in the theorem of random deletion; here there are "
                "three",
                lambda *inputs: terms(*inputs, parts=2),
            ),
            Slip(
                "the radius is that of the population; with finite samples the share kept must be "
                "raised to a quantile",
                lambda *inputs: terms(*inputs, finite=False),
            ),
            Slip(
                "the radius belongs to Delta; the rule measures from the sample mean, so it "
                "belongs to Delta + beta_2",
                lambda *inputs: terms(*inputs, shifted=False),
            ),
            Slip(
                "the second term has the radius, as in the radius theorem; asked is the mean of "
                "the kept points",
                lambda *inputs: terms(*inputs, by_radius=True),
            ),
        ),
        hints=(
            "Begin with L, then beta_2 with its sqrt(D), then u, and from u the radius by "
            "`scipy.stats.ncx2.ppf`.",
            "The radius is found at a larger separation than the ratio r, which is taken at Delta "
            "itself.",
            "r is the quotient of two noncentral chi-square probabilities whose dimensions differ "
            "by two.",
        ),
    ),
    Exercise(
        id="ex-14-fraction",
        title="How much must the distance rule delete?",
        level="◐",
        goal="compute a budget from the exact curve of the distance rule",
        asked="In the population, with $D=<dim>$, $\\Delta=<separation>$ and $\\rho=<rho>$, what "
        "is the smallest fraction of $p_1$ that the distance rule must delete so that the "
        "preservation loss is at most $\\varepsilon=<eps>$?",
        answer="value",
        recipe=fraction,
        cases=({"dim": 3, "separation": 2.0, "rho": 1.0, "eps": 0.02},),
        fresh=_population,
        slips=(
            Slip(
                "this fraction is kept; asked is the fraction deleted",
                lambda *inputs: 1 - fraction(*inputs),
            ),
            Slip(
                "random deletion needs this much: the kept mean is taken to be mu_1",
                lambda *inputs: fraction(*inputs, how="random"),
            ),
            Slip(
                "this meets the target by the radius bound; asked is where the kept points "
                "really lie",
                lambda *inputs: fraction(*inputs, how="radius"),
            ),
            Slip(
                "v rho is taken for the weight w; the edited data hold kept points as well",
                lambda *inputs: fraction(*inputs, how="no mixture"),
            ),
        ),
        hints=(
            "For a kept fraction v the radius comes from F_D(t^2) = v, and then w, r and the loss.",
            "The loss rises with v, so `scipy.optimize.brentq` finds the one v that meets the "
            "target exactly.",
        ),
    ),
)
