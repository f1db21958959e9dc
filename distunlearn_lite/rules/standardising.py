"""Rows about another origin and in other units, without a copy: distances and cosines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from ..matrices import TOO_LARGE, column_mean, dense_blocks, is_sparse, project, row_norms
from ..validation import FloatArray


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Rows x seen as (x - origin) / unit; dense rows pass in blocks, sparse ones stay sparse."""

    origin: FloatArray
    unit: FloatArray

    @classmethod
    def of(
        cls, forget: Any, retain: Any, *, centred: bool = False, scaled: bool = False
    ) -> Coordinates:
        """Those of the rows themselves; about the mean, in standard deviations of all rows."""
        origin, unit = np.zeros(forget.shape[1]), np.ones(forget.shape[1])
        if not (centred or scaled):
            return cls(origin, unit)
        scaler = StandardScaler(with_mean=False)
        for rows in (forget, retain):
            for block in [_summed(rows)] if is_sparse(rows) else dense_blocks(rows):
                scaler.partial_fit(block)
        if not np.isfinite(scaler.scale_).all():
            raise ValueError(TOO_LARGE)
        return cls(scaler.mean_ if centred else origin, scaler.scale_ if scaled else unit)

    def mean(self, rows: Any) -> FloatArray:
        """Mean of the rows, shape (d,)."""
        return self._seen(column_mean(rows))

    def distances(self, rows: Any, centre: FloatArray) -> FloatArray:
        """Euclidean distance of every row to a point of these coordinates."""
        if not is_sparse(rows):
            blocks = dense_blocks(rows)
            norms = [np.linalg.norm(self._seen(block) - centre, axis=1) for block in blocks]
            return np.concatenate(norms)
        sizes = row_norms(rows.astype(np.float64) @ sparse.diags_array(1 / self.unit))
        point = centre + self.origin / self.unit
        if not point.any():
            return sizes
        squares = sizes**2 - 2 * project(rows, point / self.unit) + point @ point
        return np.sqrt(np.maximum(squares, 0))

    def cosines(self, rows: Any, reference: Any) -> FloatArray:
        """Cosine of every row with the mean of the reference rows; 0 where either is zero."""
        mean, zero = self.mean(reference), np.zeros_like(self.origin)
        length = np.linalg.norm(mean)
        # Rounding is that of the rows before the origin is taken away.
        before = Coordinates(zero, self.unit)
        if length <= 1e-12 * before.distances(reference, zero).max():
            return np.zeros(rows.shape[0])
        norms, along = self.distances(rows, zero), self._along(rows, mean / length)
        nonzero = norms > 1e-12 * before.distances(rows, zero)
        cosines: FloatArray = np.where(nonzero, along, 0) / np.where(nonzero, norms, 1)
        return cosines

    def _along(self, rows: Any, direction: FloatArray) -> FloatArray:
        """Inner product of every row with a direction."""
        if is_sparse(rows):
            slope = direction / self.unit
            return project(rows, slope) - self.origin @ slope
        return np.concatenate([self._seen(block) @ direction for block in dense_blocks(rows)])

    def _seen(self, block: FloatArray) -> FloatArray:
        seen: FloatArray = (block - self.origin) / self.unit
        return seen


def _summed(rows: Any) -> Any:
    """Sparse rows with every entry stored once, as the scaler counts them."""
    numbers = rows.astype(np.float64)
    numbers.sum_duplicates()
    return numbers
