"""Exercises of chapter 7: budgets at random, savings, crossings, and rules told apart on a line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ...sweeps import first_crossing
from ..exercise import Exercise, Inputs, Slip


def _kept_at(rho: float, share: float) -> float:
    """Kept fraction at which random deletion has the removal share * kappa."""
    return float((share**-0.5 - 1) / rho)


def random_budget(rho: float, separation: float) -> float:
    return 1 - _kept_at(rho, (1 + (1 + rho) ** -2) / 2)


def _half_of_kappa(rho: float, separation: float) -> float:
    return 1 - _kept_at(rho, 0.5)


def _half_of_loss(rho: float, separation: float) -> float:
    w = rho / (1 + rho) / np.sqrt(2)
    return float(1 - w / (1 - w) / rho)


def _ratio(rng: Generator) -> Inputs:
    # Not near 1, where upside down is the same; not so small that kappa / 2 needs no deletion.
    rho = [rng.uniform(0.5, 0.8), rng.uniform(1.3, 3)][rng.integers(2)]
    return {"rho": round(rho, 1), "separation": round(rng.uniform(0.3, 4), 1)}


def _two_budgets(rng: Generator) -> Inputs:
    random = int(rng.integers(55, 95))
    return {"random": random, "selective": int(rng.integers(15, random - 12))}


def savings(random: float, selective: float) -> NDArray[np.float64]:
    return np.array([1 - selective / random, 1 - selective / 100])


def half_gap(budgets: Any, removal: Any) -> float:
    return first_crossing(np.array(budgets), np.array(removal), (removal[0] + removal[-1]) / 2)


def _last_crossing(budgets: Any, removal: Any) -> float:
    # From the end the path is first above the target, so the last crossing is the first one.
    return first_crossing(
        np.array(budgets)[::-1], np.array(removal)[::-1], (removal[0] + removal[-1]) / 2
    )


def _path(rng: Generator) -> Inputs:
    """A path that crosses the middle of its gap, dips below it once more, and overshoots."""
    budgets = np.linspace(0, 1, 9)
    start, end = rng.uniform(0.3, 0.6), rng.uniform(1.5, 2.5)
    first = rng.integers(4, 6)
    shares = np.sort(rng.uniform(0.05, 0.45, 9))
    shares[first:] = np.sort(rng.uniform(0.6, 1.3, 9 - first))
    # Where a bisection, as in `np.interp`, looks: it takes the path for a monotone one.
    shares[6] = rng.uniform(0.25, 0.45)
    shares[[0, -2, -1]] = 0, rng.uniform(1.2, 1.5), 1
    return {"budgets": budgets, "removal": (start + shares * (end - start)).round(3)}


def first_deleted(S1: Any, S2: Any) -> NDArray[np.float64]:
    """The points that distance, likelihood ratio, coreset and reversed ratio delete first."""
    x, m1, m2 = np.array(S1), np.mean(S1), np.mean(S2)
    along, far = (m1 - m2) * x, np.abs(x - m2)
    places = [far.argmax(), along.argmax(), np.abs(x - m1).argmin(), along.argmin()]
    return np.asarray(x[places])


def _on_a_line(rng: Generator) -> Inputs:
    """The unwanted points lie to the left on average, but the farthest one to the right."""
    while True:
        S1, S2 = rng.normal(-0.9, 1.5, 7).round(1), rng.normal(0, 1, 6).round(1)
        inputs = {"S1": S1.tolist(), "S2": S2.tolist()}
        x, m1, m2 = np.sort(S1), S1.mean(), S2.mean()
        places = [*first_deleted(**inputs), x[np.abs(x - m1).argmax()]]
        clear = min(np.diff(np.sort(np.abs(S1 - m1)))[0], np.diff(x).min())
        right = x[-1] - m2 - (m2 - x[0])
        if m1 < m2 - 0.3 and right > 0.15 and clear > 0.05 and places[2] not in (x[0], x[-1]):
            return inputs


EXERCISES = (
    Exercise(
        id="ex-7-savings",
        title="Two savings from two budgets",
        level="○",
        goal="say what a saving is relative to",
        asked="A table says that random deletion needs <random> % of the unwanted rows and a "
        "selective rule <selective> %. Give the array of the saving of the selective rule against "
        "random deletion and of its saving against deleting everything, as fractions.",
        answer="value",
        recipe=savings,
        cases=({"random": 62, "selective": 47},),
        fresh=_two_budgets,
        slips=(
            Slip(
                "the saving against random deletion and that against deleting everything are "
                "swapped",
                lambda *budgets: savings(*budgets)[::-1],
            ),
            Slip(
                "the first is a difference in points; a saving is relative to random deletion",
                lambda random, selective: [(random - selective) / 100, 1 - selective / 100],
            ),
            Slip(
                "the first is relative to the selective budget; it counts against random deletion",
                lambda random, selective: [random / selective - 1, 1 - selective / 100],
            ),
            Slip(
                "the second is that of random deletion against deleting everything",
                lambda random, selective: [1 - selective / random, 1 - random / 100],
            ),
        ),
        hints=(
            "A saving is one minus a quotient. What is in its denominator in either case?",
            "Against random deletion: 1 - selective / random. Deleting everything takes all rows.",
        ),
    ),
    Exercise(
        id="ex-7-halfgap",
        title="The random budget of another row",
        level="○",
        goal="say what of a match is a test: the random budget of a row that was not fitted",
        asked="A set-up with $\\rho=n_1/n_2=<rho>$ was fitted to one row of a table. Another row "
        "has the separation $\\Delta=<separation>$. What fraction of $S_1$ must random deletion "
        "take there, in the population, to close half of the gap between the removal of the "
        "untouched data and $\\kappa$?",
        answer="value",
        recipe=random_budget,
        cases=({"rho": 1.5, "separation": 2.4},),
        fresh=_ratio,
        slips=(
            Slip(
                "this is half of kappa; asked is half of the gap, which starts above zero",
                _half_of_kappa,
            ),
            Slip("this halves the preservation loss; asked is the removal", _half_of_loss),
            Slip(
                "rho is n1 / n2, not n2 / n1",
                lambda rho, separation: random_budget(1 / rho, separation),
            ),
            Slip(
                "this is the fraction kept; asked is the fraction deleted",
                lambda *row: 1 - random_budget(*row),
            ),
        ),
        hints=(
            "The removal is kappa / (1 + v rho)^2. What is it at v = 1, and what when all are "
            "gone?",
            "Set it equal to the middle of the two; kappa cancels. Solve for v, and mind which "
            "fraction is asked.",
        ),
    ),
    Exercise(
        id="ex-7-crossing",
        title="Read a budget off a path",
        level="◐",
        goal="read the half-gap budget off a recorded path",
        asked="Write a function `half_gap(budgets, removal)` that returns the first budget at "
        "which a path of removals closes half of the gap between its value at the first budget, "
        "$0$, and its value at the last, $1$. Between two budgets the path is a straight line.",
        answer="function",
        recipe=half_gap,
        cases=(
            *(_path(np.random.default_rng(seed)) for seed in range(3)),
            {"budgets": np.array([0.0, 0.2, 0.5, 1.0]), "removal": np.array([1.0, 2.0, 2.5, 3.0])},
            {"budgets": np.array([0.0, 0.4, 1.0]), "removal": np.array([0.1, 0.9, 0.5])},
        ),
        fresh=_path,
        slips=(
            Slip(
                "this is the grid point after the crossing: interpolate",
                lambda budgets, removal: budgets[
                    np.argmax(removal >= (removal[0] + removal[-1]) / 2)
                ],
            ),
            Slip("this is the last crossing; asked is the first", _last_crossing),
            Slip(
                "this is half of the last value; the gap starts at the first one",
                lambda budgets, removal: first_crossing(budgets, removal, removal[-1] / 2),
            ),
            Slip(
                "this is half-way to the largest value; the gap ends at the last one",
                lambda budgets, removal: first_crossing(
                    budgets, removal, (removal[0] + removal.max()) / 2
                ),
            ),
        ),
        hints=(
            "The target is the middle of the first and the last value. Find the first budget at "
            "which the path is at least there.",
            "Between that budget and the one before it the path is a line: go along it by the "
            "share of the step that reaches the target. A path need not be monotone.",
        ),
    ),
    Exercise(
        id="ex-7-first",
        title="Who goes first on a line",
        level="◐",
        goal="tell before the run which rules are one rule and which runs backwards",
        asked="On a line $S_1$ is <S1> and $S_2$ is <S2>. Give the array of the points that are "
        "deleted first by `maha-mu2`, by `margin`, by `coreset`, and by `influence`, the last in "
        "the order that it has in the population.",
        answer="value",
        recipe=first_deleted,
        cases=(
            {"S1": [-2.6, 4.1, -1.1, 0.3, -3.2, -0.8, -1.9], "S2": [0.4, -1.3, 0.9, -0.2, 1.1]},
        ),
        fresh=_on_a_line,
        slips=(
            Slip(
                "`margin` deletes along the difference of the means, which here points to the left",
                lambda S1, S2: first_deleted(S1, S2)[[0, 3, 2, 1]],
            ),
            Slip(
                "`influence` has the reverse order of the likelihood ratio, not the same",
                lambda S1, S2: first_deleted(S1, S2)[[0, 1, 2, 1]],
            ),
            Slip(
                "`coreset` deletes the nearest to the unwanted mean first, not the farthest",
                lambda S1, S2: [
                    *first_deleted(S1, S2)[:2],
                    max(S1, key=lambda x: abs(x - np.mean(S1))),
                    first_deleted(S1, S2)[3],
                ],
            ),
            Slip(
                "`maha-mu2` measures the distance on both sides, not along one direction",
                lambda S1, S2: first_deleted(S1, S2)[[1, 1, 2, 3]],
            ),
        ),
        hints=(
            "On a line `margin` orders like the likelihood ratio, by (m1 - m2) x. Compute the two "
            "means and look at the sign.",
            "`maha-mu2` is a distance to the mean of S2, `coreset` one to the mean of S1 with the "
            "nearest first, and `influence` runs backwards against the likelihood ratio.",
        ),
    ),
)
