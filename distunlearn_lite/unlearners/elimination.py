"""Deleted rows eliminated block by block from a symmetric system, others left for later."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from ..matrices import row_blocks
from ..validation import FloatArray

# Columns that are solved for at a time: enough for the matrix products to carry the work.
WIDTH = 256
SINGULAR = (
    "alpha of RidgeClassifier is too small for features of this size: the normal equations are "
    "singular up to rounding; give a larger alpha, or scale the features"
)


class BlockElimination:
    """A Cholesky factor over deleted rows that grows by a block at a time.

    For a symmetric positive definite matrix M and right sides R, both over n rows, and the set D
    of rows eliminated so far, it gives the solution Z of ``M[D, D] Z = R[D]`` and, for the rows
    that are left, the Schur complement of D. The left columns of the factor are worked out only
    where the Schur complement is asked for; where it never is, elimination costs no more than one
    Cholesky factor of ``M[D, D]``.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        M; it is read, and never changed.
    right : ndarray, shape (n, K)
        R.
    """

    def __init__(self, matrix: FloatArray, right: FloatArray) -> None:
        self.matrix, self.right = matrix, right
        n = len(matrix)
        # The rows, those eliminated first; the columns of the upper factor are in this order.
        self.place = np.arange(n)
        self.factor = np.empty((n, n), order="F")
        self.forward = np.empty_like(right)
        # Rows eliminated, and how many rows of the factor are known in the columns left.
        self.gone = self.known = 0

    @property
    def left(self) -> NDArray[np.intp]:
        """Rows that are not eliminated, rising."""
        return np.sort(self.place[self.gone :])

    def eliminate(self, batch: NDArray[np.intp]) -> None:
        """Eliminate further rows; of the solution, all of D moves with them.

        Raises
        ------
        ValueError
            As ``cholesky_factor`` does.
        """
        start = self.gone
        stop = self._bring_forward(batch)
        self._complete(stop)
        new, above = self.place[start:stop], self.factor[:start, start:stop]
        corner = cholesky_factor(self.matrix[np.ix_(new, new)] - above.T @ above).T
        self.factor[start:stop, start:stop] = corner
        self.forward[start:stop] = _solved(
            corner, self.right[new] - above.T @ self.forward[:start], trans="T"
        )
        self.gone = stop

    def solution(self) -> FloatArray:
        """Z in the rows of D and zero in those left, shape (n, K)."""
        solved = np.zeros_like(self.right)
        back = self.forward[: self.gone].copy()
        for rows in reversed(list(row_blocks(self.gone, 1, entries=WIDTH))):
            later = slice(rows.stop, self.gone)
            back[rows] -= self.factor[rows, later] @ back[later]
            back[rows] = _solved(self.factor[rows, rows], back[rows])
        solved[self.place[: self.gone]] = back
        return solved

    def schur(self, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Of the Schur complement S of D: its product with weights, its diagonal, its right side.

        Parameters
        ----------
        weights : ndarray, shape (m, K)
            One row for each of the m rows left, as in `left`.

        Returns
        -------
        ndarray, shape (m, K)
            ``S @ weights``.
        ndarray, shape (m,)
            Diagonal of S.
        ndarray, shape (m, K)
            ``R[left] - M[left, D] @ Z[D]``, the right side that elimination leaves.
        """
        self._complete(len(self.place))
        self.known = self.gone
        rising = np.argsort(self.place[self.gone :])
        left = self.place[self.gone :][rising]
        above = self.factor[: self.gone, self.gone :]
        full = np.zeros((len(self.matrix), weights.shape[1]))
        full[left] = weights
        back = np.empty_like(weights)
        back[rising] = weights
        product = (self.matrix @ full)[left] - (above.T @ (above @ back))[rising]
        squares = np.einsum("ij,ij->j", above, above)[rising]
        moved = (above.T @ self.forward[: self.gone])[rising]
        return product, self.matrix[left, left] - squares, self.right[left] - moved

    def _bring_forward(self, batch: NDArray[np.intp]) -> int:
        """Exchange columns so that the batch stands next; return where it ends."""
        start, stop = self.gone, self.gone + len(batch)
        found = start + np.flatnonzero(np.isin(self.place[start:], batch))
        if found.size != len(batch):
            raise ValueError("a batch must hold forget rows that are left, each once")
        free, far = np.setdiff1d(np.arange(start, stop), found), found[found >= stop]
        to, origin = np.append(free, far), np.append(far, free)
        self.place[to] = self.place[origin]
        self.factor[: self.known, to] = self.factor[: self.known, origin]
        return stop

    def _complete(self, stop: int) -> None:
        """Work out the rows of the factor that are not known in the columns before `stop`."""
        columns = slice(self.gone, stop)
        for start in range(self.known, self.gone, WIDTH):
            rows = slice(start, min(start + WIDTH, self.gone))
            part = self.matrix[np.ix_(self.place[rows], self.place[columns])]
            part -= self.factor[:start, rows].T @ self.factor[:start, columns]
            self.factor[rows, columns] = _solved(self.factor[rows, rows], part, trans="T")


def _solved(upper: FloatArray, right: FloatArray, trans: Literal["N", "T"] = "N") -> FloatArray:
    """Solve with an upper triangle; what stands below the diagonal may be anything."""
    solution: FloatArray = solve_triangular(upper, right, trans=trans, check_finite=False)
    return solution


def cholesky_factor(matrix: FloatArray) -> FloatArray:
    """Lower Cholesky factor, in the place of the matrix.

    Raises
    ------
    ValueError
        Where the matrix is singular up to rounding.
    """
    try:
        factor: FloatArray = cholesky(matrix, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise ValueError(SINGULAR) from None
    return factor
