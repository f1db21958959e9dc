"""The leading directions that rules of few dimensions work in."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..matrices import TOO_LARGE, is_sparse, row_blocks
from ..validation import FloatArray, count, real_array


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
    >>> from distunlearn_lite.rules import leading_subspace
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
    >>> from distunlearn_lite.rules import working_basis
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
            "make it with rules.working_basis"
        )
    if np.abs(given.T @ given - np.eye(given.shape[1])).max() > 1e-6:
        raise ValueError("basis must have orthonormal columns; pass np.linalg.qr(basis)[0]")
    return given


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
