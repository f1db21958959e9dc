"""Exercises of chapter 1: weights after a deletion, the fewest deletions, an order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..exercise import Exercise, Inputs, Slip


def _counts(rng: Generator) -> Inputs:
    """Unequal sizes and no half deleted, since a slip could then be right by accident."""
    n1, n2 = (100 * rng.choice(np.arange(3, 13), 2, replace=False)).tolist()
    f = 10 * rng.choice([tens for tens in range(8, n1 // 10 - 8) if 20 * tens != n1])
    return {"n1": n1, "n2": n2, "f": int(f)}


def _sizes(rng: Generator) -> Inputs:
    inputs = dict(_counts(rng))
    del inputs["f"]
    return inputs


def weights(n1: int, n2: int, f: int) -> NDArray[np.float64]:
    return np.array([1 - f / n1, n1 / n2, (n1 - f) / (n1 - f + n2)])


def halving(n1: int, n2: int) -> int:
    """Fewest deletions after which the weight is at most half of n1 / (n1 + n2)."""
    weight = n1 / (n1 + n2) / 2
    return int(np.ceil(n1 - weight / (1 - weight) * n2 - 1e-9))


def _clouds(rng: Generator) -> Inputs:
    n1, n2, d = rng.integers(6, 12), rng.integers(6, 12), rng.integers(1, 4)
    # The second cloud is wide and off the origin, so that distances from the two means differ.
    return {
        "S1": rng.normal(1.5, 1.5, (n1, d)).round(2),
        "S2": rng.normal(-0.5, 1.0, (n2, d)).round(2),
    }


def order(S1: Any, S2: Any) -> NDArray[np.intp]:
    direction = S1.mean(axis=0) - S2.mean(axis=0)
    return np.argsort(-S1 @ direction, kind="stable")


def _by_distance(S1: Any, centre: Any) -> NDArray[np.intp]:
    return np.argsort(-((S1 - centre) ** 2).sum(axis=1), kind="stable")


EXERCISES = (
    Exercise(
        id="ex-1-weights",
        title="Weights after a deletion",
        level="○",
        goal="say what a random deletion does to the weight of the unwanted rows",
        asked="A data set has $n_1=<n1>$ unwanted and $n_2=<n2>$ retained rows, and $f=<f>$ of the "
        "unwanted ones are deleted at random. Give the array of $v$, $\\rho$ and $w$.",
        answer="value",
        recipe=weights,
        cases=({"n1": 900, "n2": 600, "f": 300},),
        fresh=_counts,
        slips=(
            Slip(
                "the first entry is the share deleted; v is the share kept",
                lambda n1, n2, f: [f / n1, *weights(n1, n2, f)[1:]],
            ),
            Slip(
                "rho is n1 / n2, not n2 / n1",
                lambda n1, n2, f: weights(n1, n2, f) * [1, (n2 / n1) ** 2, 1],
            ),
            Slip(
                "the weight is that before the deletion",
                lambda n1, n2, f: [*weights(n1, n2, f)[:2], n1 / (n1 + n2)],
            ),
        ),
        hints=(
            "After the deletion m = n1 - f unwanted rows are left.",
            "v = m / n1 is a share of the unwanted rows, w = m / (m + n2) one of all that is left.",
        ),
    ),
    Exercise(
        id="ex-1-delete",
        title="Halve the weight",
        level="◐",
        goal="say how many random deletions a given weight takes",
        asked="A data set has $n_1=<n1>$ unwanted and $n_2=<n2>$ retained rows. What is the "
        "smallest number of unwanted rows that must be deleted so that their weight among all rows "
        "is at most half of what it was?",
        answer="value",
        recipe=halving,
        cases=({"n1": 900, "n2": 600},),
        fresh=_sizes,
        tolerance=1e-6,
        slips=(
            Slip("one too few: the weight is still above the half", lambda *n: halving(*n) - 1),
            Slip(
                "half of the rows is not half of the weight",
                lambda n1, n2: n1 / 2,
            ),
            Slip(
                "that many rows are kept; asked is how many go",
                lambda n1, n2: n1 - halving(n1, n2),
            ),
        ),
        hints=(
            "Write the weight after f deletions; it is to be at most half of n1 / (n1 + n2).",
            "A weight of at most w means m <= n2 w / (1 - w); then round in the right direction.",
        ),
    ),
    Exercise(
        id="ex-1-order",
        title="An order of deletion",
        level="◐",
        goal="delete along the difference of the means",
        asked="Write a function `order(S1, S2)` that returns the indices of the rows of `S1` in "
        "the order in which they are deleted along the difference of the means: first the row that "
        "lies farthest in the direction from the mean of `S2` to the mean of `S1`.",
        answer="function",
        recipe=order,
        cases=tuple(_clouds(np.random.default_rng(seed)) for seed in range(4)),
        fresh=_clouds,
        slips=(
            Slip(
                "the smallest score comes first: it is sorted the wrong way",
                lambda S1, S2: order(S1, S2)[::-1],
            ),
            Slip(
                "sorted by the distance from the retained mean; asked is the position along a line",
                lambda S1, S2: _by_distance(S1, S2.mean(axis=0)),
            ),
            Slip(
                "sorted by the distance from the unwanted mean; asked is the position along a line",
                lambda S1, S2: _by_distance(S1, S1.mean(axis=0)),
            ),
        ),
        hints=(
            "The direction is the difference of the two means; a row's position is its inner "
            "product with the direction.",
            "`np.argsort` sorts upwards; sort the negative positions.",
        ),
    ),
)
