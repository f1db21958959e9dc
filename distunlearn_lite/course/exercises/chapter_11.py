"""Exercises of chapter 11: the area by counting, columns that add up, an honest winner."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import special

from ..exercise import Exercise, Inputs, Slip


def _scores(rng: Generator) -> Inputs:
    """Scores on a coarse grid, so that some are tied."""
    n1, n2 = rng.integers(6, 12, 2)
    unwanted, retained = rng.integers(3, 6, n1), rng.integers(0, 5, n2)
    unwanted[:3], retained[:3] = (3, 3, 5), (3, 0, 4)
    return {"unwanted": unwanted / 2, "retained": retained / 2}


def pairs(unwanted: Any, retained: Any) -> tuple[float, float]:
    """Shares of the pairs in which the unwanted row is ahead, and in which the two are tied."""
    lead = np.subtract.outer(unwanted, retained)
    return float((lead > 0).mean()), float((lead == 0).mean())


def outranks(unwanted: Any, retained: Any) -> float:
    ahead, tied = pairs(unwanted, retained)
    return ahead + tied / 2


def _among_untied(unwanted: Any, retained: Any) -> float:
    ahead, tied = pairs(unwanted, retained)
    return ahead / (1 - tied)


def _areas(rng: Generator) -> Inputs:
    return {"one": int(rng.integers(55, 61)) / 100, "wanted": int(rng.integers(90, 97)) / 100}


def _ratio(one: float, wanted: float) -> float:
    """How many times the separation at the one area is that at the other."""
    return float(special.ndtri(wanted) / special.ndtri(one))


def columns(one: float, wanted: float) -> int:
    return int(np.ceil(_ratio(one, wanted) ** 2))


# Halving budgets, a rule a row, in the two halves of the seeds: the first rule looks best in the
# first half, the third in the second, the second in both together; the last is the worst.
_HALVES = np.array([[0.30, 0.46], [0.34, 0.36], [0.45, 0.31], [0.50, 0.56], [0.48, 0.44]])


def _budgets(rng: Generator) -> Inputs:
    half = int(rng.integers(2, 6))
    noise = rng.uniform(-0.01, 0.01, (len(_HALVES), 2 * half))
    found = np.repeat(_HALVES, half, axis=1) + noise
    return {"budgets": rng.permutation(found).round(4)}


def halves(budgets: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean budget of each rule on the first and on the second half of the seeds."""
    half = budgets.shape[1] // 2
    return budgets[:, :half].mean(axis=1), budgets[:, half:].mean(axis=1)


def report(budgets: Any) -> float:
    first, second = halves(budgets)
    return float(second[first.argmin()])


EXERCISES = (
    Exercise(
        id="ex-11-outranks",
        title="The area by counting",
        level="○",
        goal="compute the area under the ROC curve from scores with ties",
        asked="The arrays `unwanted` and `retained` hold the scores of unwanted and of retained "
        "rows. Write a function `outranks(unwanted, retained)` that returns the area under the ROC "
        "curve of {prf:ref}`def-11-separability`, with all pairs of one unwanted and one retained "
        "row in the place of the two distributions.",
        answer="function",
        recipe=outranks,
        cases=(
            *(_scores(np.random.default_rng(seed)) for seed in range(3)),
            {"unwanted": np.array([2.0]), "retained": np.array([2.0, 1.0, 2.0])},
            {"unwanted": np.array([-1.0, 0.5, -3.0]), "retained": np.array([0.0, 4.0])},
        ),
        fresh=_scores,
        slips=(
            Slip(
                "a tie counts nothing here; it is to count half",
                lambda unwanted, retained: pairs(unwanted, retained)[0],
            ),
            Slip(
                "a tie counts whole here; it is to count half",
                lambda unwanted, retained: sum(pairs(unwanted, retained)),
            ),
            Slip(
                "the two sets are swapped: it is the unwanted row that is to be ahead",
                lambda unwanted, retained: outranks(retained, unwanted),
            ),
            Slip("the tied pairs are left out of the count of all pairs", _among_untied),
        ),
        hints=(
            "`np.subtract.outer` compares each unwanted row with each retained one.",
            "Count the pairs in which the unwanted row is ahead, add half of the tied ones, and "
            "divide by the number of pairs.",
        ),
    ),
    Exercise(
        id="ex-11-columns",
        title="Weak columns together",
        level="◐",
        goal="compute with separations what areas under the ROC curve do not tell directly",
        asked="In each of the two domains the columns of the data are independent and normal, and "
        "a column has the same variance in both domains. By any one column alone the likelihood "
        "ratio has the area $\\mathrm{AUC}=<one>$. How many such columns are needed at least for "
        "the likelihood ratio of all of them to have an area of $<wanted>$ or more?",
        answer="value",
        recipe=columns,
        cases=({"one": 0.6, "wanted": 0.9},),
        fresh=_areas,
        tolerance=1e-6,
        slips=(
            Slip(
                "one too few: the area is not reached yet",
                lambda one, wanted: columns(one, wanted) - 1,
            ),
            Slip(
                "the separations are added up; it is their squares that add up",
                lambda one, wanted: np.ceil(_ratio(one, wanted)),
            ),
            Slip(
                "the leads of the areas over a coin are added up; areas do not add up, squared "
                "separations do",
                lambda one, wanted: np.ceil((wanted - 0.5) / (one - 0.5) - 1e-9),
            ),
            Slip(
                "the chances to be wrong are multiplied, as if one column that is right sufficed",
                lambda one, wanted: np.ceil(np.log(1 - wanted) / np.log(1 - one)),
            ),
        ),
        hints=(
            "Turn both areas into separations, by the proposition on area and distance.",
            "With independent columns the squared Mahalanobis distance is a sum over the columns.",
        ),
    ),
    Exercise(
        id="ex-11-winner",
        title="An honest winner",
        level="◐",
        goal="report the best of many rules without flattery",
        asked="The array `budgets` holds halving budgets, one rule in each row and one seed in "
        "each column; the number of seeds is even. Write a function `report(budgets)` that chooses "
        "the rule with the best mean on the first half of the seeds and returns the mean budget of "
        "this rule on the second half.",
        answer="function",
        recipe=report,
        cases=(
            *(_budgets(np.random.default_rng(seed)) for seed in range(3)),
            {"budgets": _HALVES},
        ),
        fresh=_budgets,
        slips=(
            Slip(
                "chosen and reported on the same seeds: that flatters the winner",
                lambda budgets: halves(budgets)[0].min(),
            ),
            Slip(
                "the largest budget is chosen; the best rule needs the fewest deletions",
                lambda budgets: halves(budgets)[1][halves(budgets)[0].argmax()],
            ),
            Slip(
                "chosen on the second half and reported on the first; the halves are swapped",
                lambda budgets: halves(budgets)[0][halves(budgets)[1].argmin()],
            ),
            Slip(
                "chosen on all seeds, those of the report among them",
                lambda budgets: halves(budgets)[1][budgets.mean(axis=1).argmin()],
            ),
            Slip(
                "reported on all seeds, those of the choice among them",
                lambda budgets: budgets.mean(axis=1)[halves(budgets)[0].argmin()],
            ),
            Slip(
                "chosen and reported on the second half, which flatters as much as the first",
                lambda budgets: halves(budgets)[1].min(),
            ),
        ),
        hints=(
            "Take the mean of each row over the first half of the columns, and over the second.",
            "`argmin` of the first means says which row of the second means to return.",
        ),
    ),
)
