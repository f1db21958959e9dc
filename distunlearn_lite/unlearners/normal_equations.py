"""Normal equations of ridge classifiers: sums over the data, solved at one penalty or many."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, solve_triangular
from scipy.linalg.blas import dsyrk

from ..matrices import column_mean, dense_blocks
from ..validation import FloatArray
from .elimination import SINGULAR, cholesky_factor


class Solved(Protocol):
    """The normal equations solved at one penalty, with :math:`A = X^T X + alpha I`."""

    coef: FloatArray
    """``A^-1 X^T Y``, shape (d, K)."""
    fitted: FloatArray
    """``X_f @ coef`` for the forget rows X_f, centred; shape (n1, K)."""

    def leverage(self) -> FloatArray:
        """``X_f A^-1 X_f^T``, shape (n1, n1), worked out anew."""
        ...

    def moved(self, pull: FloatArray) -> FloatArray:
        """``A^-1 X_f^T @ pull``, shape (d, K), for `pull` of shape (n1, K)."""
        ...


class NormalEquations:
    """Sums over retained and forget rows that hold for every penalty.

    Parameters
    ----------
    retain, forget : ndarray, shape (n2, d) and (n1, d)
        Training rows that stay, and those that may go.
    y_retain, y_forget : ndarray, shape (n2,) and (n1,)
        Their labels.
    intercept : bool
        Whether columns are centred by the mean of all rows, so that the intercept separates.
    """

    def __init__(
        self,
        retain: Any,
        forget: Any,
        y_retain: NDArray[Any],
        y_forget: NDArray[Any],
        intercept: bool,
    ) -> None:
        n1, n2 = forget.shape[0], retain.shape[0]
        self.classes, labels = np.unique(np.concatenate([y_retain, y_forget]), return_inverse=True)
        self.retained = np.bincount(labels[:n2], minlength=self.classes.size)
        self.labels, self.forget = labels[n2:], forget
        signs = np.where(labels[:, None] == np.arange(self.classes.size), 1.0, -1.0)
        # Without intercept nothing is centred, and a deletion moves no mean.
        self.weight = 1 / (n1 + n2) if intercept else 0.0
        means = [column_mean(rows) * rows.shape[0] for rows in (retain, forget)]
        self.mean = (means[0] + means[1]) * self.weight
        self.offset = signs.sum(axis=0) * self.weight
        self.target = signs[n2:] - self.offset
        self.gram = np.zeros((self.mean.size, self.mean.size), order="F")
        self.moment = np.zeros((self.mean.size, self.classes.size))
        start = 0
        for rows in (retain, forget):
            for block in dense_blocks(rows):
                centred = block - self.mean
                dsyrk(1.0, centred.T, beta=1.0, c=self.gram, lower=1, overwrite_c=1)
                self.moment += centred.T @ signs[start : start + len(block)]
                start += len(block)
        self.spectrum: Spectrum | None = None

    def decompose(self) -> NormalEquations:
        """Find the eigenvalues, once, so that each later `at` is a division; return self."""
        self.spectrum = Spectrum(self.gram, self.moment, self.forget, self.mean)
        del self.gram  # used up
        return self

    def at(self, alpha: float) -> Solved:
        """Solve at one penalty: by eigenvalues where they are known, else by a Cholesky factor.

        Raises
        ------
        ValueError
            Where `alpha` is so small that rounding hides it.
        """
        if self.spectrum is not None:
            return _BySpectrum(self.spectrum, alpha)
        return _ByCholesky(self, alpha)


class _ByCholesky:
    def __init__(self, sums: NormalEquations, alpha: float) -> None:
        gram = sums.gram.copy(order="F")
        gram[np.diag_indices_from(gram)] += alpha
        self.factor = cholesky_factor(gram)
        blocks = [
            solve_triangular(self.factor, (block - sums.mean).T, lower=True)
            for block in dense_blocks(sums.forget)
        ]
        self.white = np.concatenate(blocks, axis=1)
        half = solve_triangular(self.factor, sums.moment, lower=True)
        self.coef = solve_triangular(self.factor, half, lower=True, trans="T")
        self.fitted = self.white.T @ half

    def leverage(self) -> FloatArray:
        leverage: FloatArray = self.white.T @ self.white
        return leverage

    def moved(self, pull: FloatArray) -> FloatArray:
        moved: FloatArray = solve_triangular(self.factor, self.white @ pull, lower=True, trans="T")
        return moved


class Spectrum:
    """Eigenvalues and eigenvectors of a gram matrix, and the forget rows in their coordinates."""

    def __init__(self, gram: FloatArray, moment: FloatArray, forget: Any, mean: FloatArray) -> None:
        self.values, self.vectors = eigh(
            gram, lower=True, overwrite_a=True, check_finite=False, driver="evd"
        )
        blocks = [self.vectors.T @ (block - mean).T for block in dense_blocks(forget)]
        self.forget = np.concatenate(blocks, axis=1)
        self.moment = self.vectors.T @ moment


class _BySpectrum:
    def __init__(self, spectrum: Spectrum, alpha: float) -> None:
        self.spectrum, values = spectrum, spectrum.values + alpha
        if values[0] <= values.size * np.finfo(float).eps * values[-1]:
            raise ValueError(SINGULAR)
        self.scale = 1 / values[:, None]
        solution = self.scale * spectrum.moment
        self.coef = spectrum.vectors @ solution
        self.fitted = spectrum.forget.T @ solution

    def leverage(self) -> FloatArray:
        white = np.sqrt(self.scale) * self.spectrum.forget
        leverage: FloatArray = white.T @ white
        return leverage

    def moved(self, pull: FloatArray) -> FloatArray:
        moved: FloatArray = self.spectrum.vectors @ (self.scale * (self.spectrum.forget @ pull))
        return moved
