"""Means, covariances and leading directions of feature matrices, in blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

from .validation import FloatArray, is_sparse, row_blocks

__all__ = ["Covariance", "column_mean", "dense_blocks", "leading_subspace", "project", "row_norms"]

TOO_LARGE = "the features are too large for floating point; rescale the columns"


def dense_blocks(matrix: Any, basis: FloatArray | None = None) -> Iterator[FloatArray]:
    """Yield the rows in float64 blocks that fit in memory, as coordinates in `basis` if given."""
    width = matrix.shape[1]
    if basis is not None and is_sparse(matrix):
        width = basis.shape[1]
    for rows in row_blocks(matrix.shape[0], width):
        block = matrix[rows]
        if basis is not None:
            yield np.asarray(block.astype(np.float64) @ basis)
        elif is_sparse(matrix):
            yield block.toarray().astype(np.float64)
        else:
            yield np.asarray(block, dtype=np.float64)


def column_mean(matrix: Any, basis: FloatArray | None = None) -> FloatArray:
    """Mean of the rows, shape (d,)."""
    if is_sparse(matrix):
        total = np.asarray(matrix.sum(axis=0, dtype=np.float64)).ravel()
        mean: FloatArray = (total if basis is None else total @ basis) / matrix.shape[0]
        return mean
    sums = sum(block.sum(axis=0) for block in dense_blocks(matrix, basis))
    return np.asarray(sums / matrix.shape[0])


def project(matrix: Any, direction: FloatArray) -> FloatArray:
    """Inner product of every row with a direction (d,), shape (n,)."""
    if is_sparse(matrix):
        return np.asarray(matrix.astype(np.float64) @ direction)
    return np.concatenate([block @ direction for block in dense_blocks(matrix)])


def row_norms(matrix: Any, order: int = 2) -> FloatArray:
    """L1 (`order=1`) or L2 (`order=2`) norm of every row, shape (n,)."""
    if is_sparse(matrix):
        powers = abs(matrix.astype(np.float64)).power(order)
        norms = np.asarray(powers.sum(axis=1)).ravel() ** (1 / order)
    else:
        blocks = dense_blocks(matrix)
        norms = np.concatenate([np.linalg.norm(b, ord=order, axis=1) for b in blocks])
    if not np.isfinite(norms).all():
        raise ValueError(TOO_LARGE)
    return norms


def leading_subspace(*matrices: Any, rank: int, passes: int = 7) -> FloatArray:
    r"""Leading right singular vectors of the stacked rows, uncentred.

    Subspace iteration :math:`V \leftarrow \mathrm{orth}(X^T X V)` from a fixed random start, with
    ten directions to spare, then a Rayleigh-Ritz step: a few passes over the data, in blocks.

    Parameters
    ----------
    *matrices : ndarray or sparse matrix, shape (n_i, d)
        Sets of rows with one number of columns.
    rank : int
        Number of directions, below d.
    passes : int
        Passes over the data; more sharpen directions whose singular values are close.

    Returns
    -------
    ndarray, shape (d, rank)
        Orthonormal columns, largest singular value first.

    Raises
    ------
    ValueError
        Where the squares of the entries are too large for floating point.

    Notes
    -----
    Source: the SMS Spam chapter. Uncentred, so that sparse rows stay sparse: the origin of TF-IDF,
    the empty text, has a meaning.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.features import leading_subspace
    >>> x = np.random.default_rng(0).standard_normal((50, 3)) * [9.0, 0.1, 0.1]
    >>> basis = leading_subspace(x, rank=1)
    >>> bool(abs(basis[0, 0]) > 0.999)
    True
    """
    columns = matrices[0].shape[1]
    start = np.random.default_rng(0).standard_normal((columns, min(rank + 10, columns)))
    basis = np.linalg.qr(start)[0]
    for _ in range(passes):
        basis = np.linalg.qr(_gram_times(matrices, basis))[0]
    vectors = np.linalg.eigh(basis.T @ _gram_times(matrices, basis))[1]
    leading: FloatArray = basis @ vectors[:, ::-1][:, :rank]
    return leading


class Covariance:
    """Maximum likelihood covariance within sets of rows, each about its own mean."""

    def __init__(self, sets: list[Any], means: list[FloatArray], basis: FloatArray | None) -> None:
        dim, n = means[0].size, sum(rows.shape[0] for rows in sets)
        remedy = "pass a smaller rank=, the number of leading singular vectors to work in"
        if n - len(sets) < dim:
            raise ValueError(
                f"the covariance is singular: {n} rows cannot determine it in {dim} dimensions; "
                f"{remedy}"
            )
        total = np.zeros((dim, dim))
        # Looked for in the rows, since rounding of a mean makes up a variance.
        varies = np.zeros(dim, dtype=bool)
        for rows, mean in zip(sets, means, strict=True):
            first = None
            for block in dense_blocks(rows, basis):
                first = block[0] if first is None else first
                varies |= (block != first).any(axis=0)
                centred = block - mean
                total += centred.T @ centred
        if not np.isfinite(total).all():
            raise ValueError(TOO_LARGE)
        self.scale = np.sqrt(np.diag(total) / n)
        still = np.flatnonzero(~varies | (self.scale == 0))
        if still.size:
            raise ValueError(
                f"the covariance is singular: feature {still[0]} does not vary within the sets; "
                f"drop it or {remedy}"
            )
        correlation = total / n / self.scale / self.scale[:, None]
        smallest = np.linalg.eigvalsh(correlation)[0]
        if smallest <= max(1e-12, 16 * dim * np.finfo(float).eps):
            raise ValueError(
                f"the covariance is singular: the smallest eigenvalue of its correlation matrix is "
                f"{smallest:.1e}; drop dependent features or {remedy}"
            )
        self.factor = np.linalg.cholesky(correlation)

    def whiten(self, rows: FloatArray) -> FloatArray:
        """Coordinates (d, n) of rows (n, d) in which the covariance is the identity."""
        white: FloatArray = solve_triangular(self.factor, (rows / self.scale).T, lower=True)
        return white

    def solve(self, vector: FloatArray) -> FloatArray:
        """Inverse covariance times a vector (d,)."""
        white = solve_triangular(self.factor, vector / self.scale, lower=True)
        solved: FloatArray = (
            solve_triangular(self.factor, white, lower=True, trans="T") / self.scale
        )
        return solved


def _gram_times(matrices: tuple[Any, ...], basis: FloatArray) -> FloatArray:
    """Sum of X^T X V over the sets of rows."""
    total = np.zeros_like(basis)
    with np.errstate(over="ignore", invalid="ignore"):
        for matrix in matrices:
            if is_sparse(matrix):
                numbers = matrix.astype(np.float64)
                total += np.asarray(numbers.T @ (numbers @ basis))
            else:
                for block in dense_blocks(matrix):
                    total += block.T @ (block @ basis)
    if not np.isfinite(total).all():
        raise ValueError(TOO_LARGE)
    return total
