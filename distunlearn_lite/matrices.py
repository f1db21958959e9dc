"""Means, covariances and leading directions of feature matrices, in blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

from .validation import FloatArray, count, is_sparse, real_array, row_blocks

__all__ = [
    "Covariance",
    "column_mean",
    "dense_blocks",
    "leading_subspace",
    "project",
    "row_norms",
    "working_basis",
    "working_directions",
]

TOO_LARGE = "the features are too large for floating point; rescale the columns"
SMALLER_RANK = "pass a smaller rank=, the number of leading singular vectors to work in"


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
    >>> from distunlearn_lite.matrices import leading_subspace
    >>> x = np.random.default_rng(0).standard_normal((50, 3)) * [9.0, 0.1, 0.1]
    >>> basis = leading_subspace(x, rank=1)
    >>> bool(abs(basis[0, 0]) > 0.999)
    True
    """
    columns = matrices[0].shape[1]
    start = np.random.default_rng(0).standard_normal((columns, min(rank + 10, columns)))
    basis = _spanning(start)
    for _ in range(passes):
        basis = _spanning(_gram_times(matrices, basis))
    basis = _spanning(basis)  # the second time it is orthonormal to the last digits
    vectors = np.linalg.eigh(basis.T @ _gram_times(matrices, basis))[1]
    leading: FloatArray = basis @ vectors[:, ::-1][:, :rank]
    return leading


def working_basis(forget: Any, retain: Any, rank: int | None = None) -> FloatArray | None:
    """Directions for the rules that need few dimensions; computed once, it serves them all.

    Parameters
    ----------
    forget, retain : ndarray or sparse matrix, shapes (n1, d) and (n2, d)
        Rows of the two sets.
    rank : int, optional
        Number of leading singular vectors of all rows, uncentred; by default 100 for sparse input
        or more than 1,000 columns, and every column otherwise.

    Returns
    -------
    ndarray, shape (d, rank), or None
        Orthonormal columns; None where `rank` reaches d.

    Raises
    ------
    TypeError, ValueError
        Where `rank` is no whole number from 1 on, or the entries are too large.

    Notes
    -----
    Source: the SMS Spam chapter.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.matrices import working_basis
    >>> x = np.random.default_rng(0).standard_normal((50, 3))
    >>> working_basis(x, x) is None, working_basis(x, x, rank=2).shape
    (True, (3, 2))
    """
    columns = forget.shape[1]
    if rank is None:
        large = is_sparse(forget) or is_sparse(retain) or columns > 1000
        wanted = 100 if large else columns
    else:
        wanted = count("rank", rank, least=1)
    return leading_subspace(forget, retain, rank=wanted) if wanted < columns else None


def working_directions(forget: Any, retain: Any, rank: int | None, basis: Any) -> FloatArray | None:
    """The given `basis` where it fits, else ``working_basis``; both options of a rule at once."""
    if basis is None:
        return working_basis(forget, retain, rank)
    if rank is not None:
        raise ValueError("rank and basis must not be given both; leave out rank=")
    given, columns = real_array("basis", basis, ndim=2), forget.shape[1]
    if given.shape[0] != columns or not 1 <= given.shape[1] <= columns:
        raise ValueError(
            f"basis must have shape ({columns}, r) with r from 1 to {columns}, got {given.shape}; "
            "make it with features.working_basis"
        )
    if np.abs(given.T @ given - np.eye(given.shape[1])).max() > 1e-6:
        raise ValueError("basis must have orthonormal columns; pass np.linalg.qr(basis)[0]")
    return given


class Covariance:
    """Maximum likelihood covariance within sets of rows, each about its own mean."""

    def __init__(self, sets: list[Any], means: list[FloatArray], basis: FloatArray | None) -> None:
        dim, n = means[0].size, sum(rows.shape[0] for rows in sets)
        if n - len(sets) < dim:
            raise ValueError(
                f"the covariance is singular: {n} rows cannot determine it in {dim} dimensions; "
                f"{SMALLER_RANK}"
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
                f"drop it or {SMALLER_RANK}"
            )
        correlation = total / n / self.scale / self.scale[:, None]
        smallest = np.linalg.eigvalsh(correlation)[0]
        if smallest <= max(1e-12, 16 * dim * np.finfo(float).eps):
            raise ValueError(
                f"the covariance is singular: the smallest eigenvalue of its correlation matrix is "
                f"{smallest:.1e}; drop dependent features or {SMALLER_RANK}"
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


def _spanning(block: FloatArray) -> FloatArray:
    """Columns of the same span, nearly orthonormal: from their products, faster than QR."""
    peaks = np.abs(block).max(axis=0)
    scaled = block / np.where(peaks > 0, peaks, 1)
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    if values[0] <= 1e-10 * values[-1]:
        return np.linalg.qr(block)[0]
    return np.asarray(scaled @ (vectors / np.sqrt(values)))


def _gram_times(matrices: tuple[Any, ...], basis: FloatArray) -> FloatArray:
    """Sum of X^T X V over the sets of rows."""
    total = np.zeros_like(basis)
    with np.errstate(over="ignore", invalid="ignore"):
        for matrix in matrices:
            if is_sparse(matrix):
                numbers = matrix.astype(np.float64)
                total += np.asarray(numbers.T @ (numbers @ basis))
            else:
                # Single precision takes half the time, and such entries have no more.
                kind: Any = np.float32 if matrix.dtype == np.float32 else np.float64
                for rows in row_blocks(*matrix.shape):
                    block: Any = np.asarray(matrix[rows], dtype=kind)
                    total += block.T @ (block @ basis.astype(kind))
    if not np.isfinite(total).all():
        raise ValueError(TOO_LARGE)
    return total
