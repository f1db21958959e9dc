"""Exercises of chapter 3: both readings of the frontier, its point, and a share not seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..exercise import Exercise, Inputs, Slip


def largest(eps: float, kappa: float) -> float:
    return (math.sqrt(kappa) + math.sqrt(eps)) ** 2


def smallest(alpha: float, kappa: float) -> float:
    return max(0.0, math.sqrt(alpha) - math.sqrt(kappa)) ** 2


def _loss(rng: Generator) -> Inputs:
    return {
        "eps": round(float(rng.uniform(0.01, 0.5)), 2),
        "kappa": round(float(rng.uniform(0.6, 5)), 1),
    }


def _removal(rng: Generator) -> Inputs:
    kappa = round(float(rng.uniform(0.6, 5)), 1)
    return {"alpha": round(float(kappa * rng.uniform(0.3, 4)), 2), "kappa": kappa}


def point(mu_1: Any, mu_2: Any, cov: Any, eps: float) -> NDArray[np.float64]:
    away = mu_2 - mu_1
    kappa = away @ np.linalg.solve(cov, away) / 2
    found: NDArray[np.float64] = mu_2 + np.sqrt(eps / kappa) * away
    return found


def _by_step(mu_1: Any, mu_2: Any, step: float) -> NDArray[np.float64]:
    found: NDArray[np.float64] = mu_2 + step * (mu_2 - mu_1) / np.linalg.norm(mu_2 - mu_1)
    return found


def _means(rng: Generator) -> Inputs:
    d = int(rng.integers(1, 4))
    root = rng.normal(0, 1, (d, d)) + 2 * np.eye(d)
    return {
        "mu_1": rng.normal(2, 1, d).round(1) + 1,
        "mu_2": rng.normal(-2, 1, d).round(1) - 1,
        "cov": (root @ root.T).round(2) + 0.5 * np.eye(d),
        "eps": round(float(rng.uniform(0.02, 0.6)), 2),
    }


def share(kappa: float, removal: float) -> float:
    return 1 - math.sqrt(removal / kappa)


def _unseen(rng: Generator) -> Inputs:
    kappa, c = round(float(rng.uniform(1, 6)), 1), rng.uniform(0.05, 0.25)
    return {"kappa": kappa, "removal": round(float((1 - c) ** 2 * kappa), 2)}


EXERCISES = (
    Exercise(
        id="ex-3-alpha",
        title="The largest removal, as code",
        level="○",
        goal="compute the largest removal that a preservation loss allows",
        asked="Write a function `largest_removal(eps, kappa)` that returns the largest removal "
        "$\\alpha_{\\max}(\\varepsilon)$ in the shared-covariance class, without the library's "
        "function for it. It must hold for $\\varepsilon=0$ and for $\\kappa=0$, too.",
        answer="function",
        recipe=largest,
        cases=(
            {"eps": 0.3, "kappa": 1.7},
            {"eps": 0.0, "kappa": 2.5},
            {"eps": 0.4, "kappa": 0.0},
            {"eps": 3.0, "kappa": 0.6},
        ),
        fresh=_loss,
        slips=(
            Slip(
                "the loss stands with a factor 2 beside kappa; both lengths have it, and it "
                "cancels",
                lambda eps, kappa: largest(2 * eps, kappa),
            ),
            Slip(
                "the two divergences are added; it is the lengths, their roots, that add",
                lambda eps, kappa: eps + kappa,
            ),
            Slip(
                "the term that mixes the loss and kappa has lost its factor 2",
                lambda eps, kappa: eps + kappa + math.sqrt(eps * kappa),
            ),
            Slip(
                "this is the smallest removal at that loss: the step goes towards the unwanted "
                "mean",
                lambda eps, kappa: (math.sqrt(kappa) - math.sqrt(eps)) ** 2,
            ),
            Slip(
                "the roots add to the root of the removal; this is the root",
                lambda eps, kappa: math.sqrt(kappa) + math.sqrt(eps),
            ),
        ),
        hints=(
            "Divergences are half the squares of lengths; which lengths add on the ray?",
            "The root of the removal is the sum of the roots of kappa and of the loss.",
        ),
    ),
    Exercise(
        id="ex-3-eps",
        title="The smallest loss, as code",
        level="○",
        goal="compute the smallest preservation loss that a removal costs",
        asked="Write a function `smallest_loss(alpha, kappa)` that returns the smallest "
        "preservation loss $\\varepsilon^*(\\alpha)$ in the shared-covariance class, for every "
        "$\\alpha\\ge0$ and $\\kappa\\ge0$, without the library's function for it.",
        answer="function",
        recipe=smallest,
        cases=(
            {"alpha": 3.0, "kappa": 1.2},
            {"alpha": 0.5, "kappa": 2.0},
            {"alpha": 0.7, "kappa": 0.0},
            {"alpha": 2.4, "kappa": 2.4},
        ),
        fresh=_removal,
        slips=(
            Slip(
                "a removal below kappa costs nothing: keep the retained distribution alone",
                lambda alpha, kappa: (math.sqrt(alpha) - math.sqrt(kappa)) ** 2,
            ),
            Slip(
                "there is a factor 1/2 too many: removal, kappa and loss are halves of squares "
                "alike, and it cancels",
                lambda alpha, kappa: smallest(alpha, kappa) / 2,
            ),
            Slip(
                "the divergences are subtracted; it is their roots that are",
                lambda alpha, kappa: max(0.0, alpha - kappa),
            ),
            Slip(
                "this is the root of the loss",
                lambda alpha, kappa: math.sqrt(smallest(alpha, kappa)),
            ),
        ),
        hints=(
            "Solve the formula of the largest removal for the loss.",
            "Which member has a removal of kappa, and what does it lose? It serves for every "
            "smaller removal as well.",
        ),
    ),
    Exercise(
        id="ex-3-point",
        title="The best mean",
        level="◐",
        goal="write down the edited Gaussian that lies on the frontier",
        asked="Write a function `best_mean(mu_1, mu_2, cov, eps)` that returns the mean of the "
        "member of the shared-covariance class with the largest removal at a preservation loss of "
        "`eps`. It is given the two means as arrays and the shared covariance as a matrix; do not "
        "use the library's function for it.",
        answer="function",
        recipe=point,
        cases=tuple(_means(np.random.default_rng(seed)) for seed in range(1, 6)),
        fresh=_means,
        slips=(
            Slip(
                "the step goes towards the unwanted mean; it has to go away from it",
                lambda mu_1, mu_2, cov, eps: 2 * mu_2 - point(mu_1, mu_2, cov, eps),
            ),
            Slip(
                "kappa is computed with the identity in place of the covariance",
                lambda mu_1, mu_2, cov, eps: _by_step(mu_1, mu_2, math.sqrt(2 * eps)),
            ),
            Slip(
                "the step is the root of the loss in length; it is counted in units of the way "
                "between the means",
                lambda mu_1, mu_2, cov, eps: _by_step(mu_1, mu_2, math.sqrt(eps)),
            ),
            Slip(
                "kappa has lost its factor 1/2, and the step is too short",
                lambda mu_1, mu_2, cov, eps: point(mu_1, mu_2, cov, eps / 2),
            ),
            Slip(
                "the step is eps / kappa; its root is asked",
                lambda mu_1, mu_2, cov, eps: (
                    mu_2
                    + ((point(mu_1, mu_2, cov, eps) - mu_2) / (mu_2 - mu_1)) ** 2 * (mu_2 - mu_1)
                ),
            ),
        ),
        hints=(
            "The best member lies on the line through both means, beyond that of the retained "
            "distribution.",
            "The step in units of the way between the means is the root of eps / kappa, and kappa "
            "is half the squared Mahalanobis distance of the means.",
        ),
    ),
    Exercise(
        id="ex-3-unseen",
        title="How many were overlooked?",
        level="◐",
        goal="say from a removal which share of the retained rows is unwanted",
        asked="From a hand-checked sample one knows $\\kappa=\\mathrm{KL}(p_1\\|p_2)=<kappa>$. All "
        "rows that were known to be unwanted are deleted, and the mean is refitted. Measured "
        "against the true $p_1$, the removal is then $<removal>$, up to chance. Which share $c$ of "
        "what passes for retained is really unwanted?",
        answer="value",
        recipe=share,
        cases=({"kappa": 2.5, "removal": 1.84},),
        fresh=_unseen,
        slips=(
            Slip(
                "the removal falls with the square of 1 - c, not with 1 - c",
                lambda kappa, removal: 1 - removal / kappa,
            ),
            Slip(
                "this is the step beyond the apparent mean that mends it, c / (1 - c); c itself is "
                "asked",
                lambda kappa, removal: math.sqrt(kappa / removal) - 1,
            ),
            Slip(
                "this would be c if the missing removal were the preservation loss",
                lambda kappa, removal: math.sqrt(1 - removal / kappa),
            ),
            Slip(
                "this is the removal that is missing, not a share of rows",
                lambda kappa, removal: kappa - removal,
            ),
        ),
        hints=(
            "Where on the way between the two means does the refitted one lie?",
            "Its distance from the unwanted mean is 1 - c of the whole way, and a removal is half "
            "a squared distance.",
        ),
    ),
)
