"""Rows of numbers, dense, sparse or memory-mapped: checks, blocks, means, norms, covariance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular

from .validation import FloatArray

TOO_LARGE = "the features are too large for floating point; rescale the columns"
SMALLER_RANK = "pass a smaller rank=, the number of leading singular vectors to work in"


def row_blocks(n: int, width: int, *, entries: int = 2**22) -> Iterator[slice]:
    """Cut n rows of `width` columns into slices of at most `entries` entries (at least one row)."""
    step = max(1, entries // max(1, width))
    for start in range(0, n, step):
        yield slice(start, min(n, start + step))


def sample_matrix(name: str, value: Any) -> Any:
    """Return `value` as a dense or CSR matrix (n, d), n, d >= 1, of finite numbers.

    Dense arrays keep their type and are neither copied nor read in one piece, so that memory-mapped
    ones may be larger than memory. One axis is taken for d = 1.
    """
    if is_sparse(value):
        if value.ndim != 2:
            raise ValueError(f"{name} must have 2 axes, got a sparse array of shape {value.shape}")
        matrix = value.tocsr()
    else:
        matrix = value if isinstance(value, np.ndarray) else np.asarray(value)
        if matrix.ndim == 1 and matrix.dtype.kind in "biuf":
            matrix = matrix[:, None]
    if matrix.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must hold real numbers, got entries of type {matrix.dtype}; turn texts into "
            "numbers first, for example with sklearn.feature_extraction.text.TfidfVectorizer"
        )
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have shape (n, d), got {matrix.shape}")
    if 0 in matrix.shape:
        raise ValueError(f"{name} must hold at least one sample, got shape {matrix.shape}")
    if matrix.dtype.kind == "f":
        if is_sparse(matrix):
            bad = int((~np.isfinite(matrix.data)).sum())
        else:
            blocks = row_blocks(*matrix.shape)
            bad = sum(int((~np.isfinite(matrix[rows])).sum()) for rows in blocks)
        if bad:
            raise ValueError(
                f"{name} must be finite, got {bad} NaN or infinite entries; "
                "remove or impute them first"
            )
    return matrix


def sample_pair(forget: Any, retain: Any) -> tuple[Any, Any]:
    """Return the two sets as by ``sample_matrix``, refused where their columns differ in number."""
    unwanted, wanted = sample_matrix("forget", forget), sample_matrix("retain", retain)
    if unwanted.shape[1] != wanted.shape[1]:
        raise ValueError(
            f"forget and retain must have the same columns, got {unwanted.shape[1]} and "
            f"{wanted.shape[1]}; use one vectoriser for both"
        )
    return unwanted, wanted


def is_sparse(value: Any) -> bool:
    """Return whether `value` is a scipy sparse matrix or array."""
    return bool(sparse.issparse(value))


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
        """Coordinates (n, d) of rows (n, d) in which the covariance is the identity."""
        white: FloatArray = solve_triangular(self.factor, (rows / self.scale).T, lower=True).T
        return white

    def solve(self, vector: FloatArray) -> FloatArray:
        """Inverse covariance times a vector (d,)."""
        white = solve_triangular(self.factor, vector / self.scale, lower=True)
        solved: FloatArray = (
            solve_triangular(self.factor, white, lower=True, trans="T") / self.scale
        )
        return solved
