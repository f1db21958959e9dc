"""Redrawing data: a split that keeps equal rows together, and a bootstrap."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..matrices import is_sparse, row_blocks

Rows = NDArray[np.intp]


def strata_of(forget: NDArray[np.bool_], y: NDArray[Any]) -> Rows:
    """Number of the stratum (forget, y) of each row."""
    labels = np.unique(y, return_inverse=True)[1].astype(np.intp)
    return np.unique(2 * labels + forget, return_inverse=True)[1].astype(np.intp)


def _row_keys(rows: Any) -> Iterator[bytes | str]:
    """One key a row, equal exactly where the rows are equal."""
    if is_sparse(rows):
        matrix = rows.copy()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        for start, end in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
            columns = matrix.indices[start:end].astype(np.int64)
            values = matrix.data[start:end].astype(np.float64)
            yield hashlib.sha256(columns.tobytes() + values.tobytes()).digest()
    elif rows.ndim == 1:
        yield from rows
    else:
        for part in row_blocks(*rows.shape):
            # Adding zero turns -0.0 into 0.0, which are equal but have different bytes.
            for row in rows[part] + rows.dtype.type(0):
                yield hashlib.sha256(row.tobytes()).digest()


def equal_rows(rows: Any) -> Rows:
    """Number of the group of equal rows each row belongs to, in order of first appearance."""
    numbers: dict[bytes | str, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in _row_keys(rows)], np.intp)


def grouped_split(
    groups: Rows, strata: Rows, share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Rows of the test part: whole groups, in random order, as long as each brings it closer."""
    sizes = np.bincount(groups)
    # A group with rows of several strata (one text under two labels) counts for its first row's.
    stratum = strata[np.unique(groups, return_index=True)[1]]
    in_test = np.zeros(sizes.size, dtype=bool)
    for number in np.unique(stratum):
        order = rng.permutation(np.flatnonzero(stratum == number))
        target = np.floor(share * sizes[order].sum() + 0.5)
        taken = 0
        for group in order:
            if taken + sizes[group] / 2 <= target:
                in_test[group] = True
                taken += sizes[group]
        # Every stratum is trained on and, unless it is a single group, tested on.
        if in_test[order].all():
            in_test[order[-1]] = False
        elif order.size > 1 and not in_test[order].any():
            in_test[order[np.argmin(sizes[order])]] = True
    return in_test[groups]


def bootstrap(rows: Rows, strata: Rows, rng: np.random.Generator) -> Rows:
    """As many rows again, drawn with replacement within each stratum."""
    kinds = [rows[strata[rows] == number] for number in np.unique(strata[rows])]
    drawn = [rng.choice(kind, kind.size) for kind in kinds]
    return np.concatenate([*drawn, np.empty(0, np.intp)])
