"""Ridge classifiers along a deletion order: one factorisation for every budget of a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.linalg.blas import dsyrk
from sklearn.linear_model import RidgeClassifier

from ..matrices import column_mean, dense_blocks, is_sparse
from ..validation import FloatArray

# Rows of the forget set up to which square matrices of that size are worth their memory: the
# leverages take 0.8 GB, and while a rule is walked its factor takes as much again or twice.
MOST_FORGET_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """A fitted linear classifier: the class with the largest ``x @ coef + intercept`` wins."""

    classes_: NDArray[Any]
    coef: FloatArray
    intercept: FloatArray

    def decision_function(self, rows: Any) -> FloatArray:
        """Values of all classes, shape (n, number of classes)."""
        values = [block @ self.coef for block in dense_blocks(rows)]
        return np.concatenate(values) + self.intercept

    def predict(self, rows: Any) -> NDArray[Any]:
        """Label of every row, shape (n,)."""
        labels: NDArray[Any] = self.classes_[self.decision_function(rows).argmax(axis=1)]
        return labels


class RidgePath:
    r"""Refits of a ridge classifier after deletions, exactly and without refitting.

    With :math:`A = X^\top X + \alpha I` of all rows, :math:`W` its solution, a set D of deleted
    rows :math:`X_D`, their residuals :math:`R_D = Y_D - X_D W` and the leverages
    :math:`H_D = X_D A^{-1} X_D^\top`, the solution without D is

    .. math:: W - A^{-1} X_D^\top (I - H_D)^{-1} R_D.

    Deletions are nested, so the leading blocks of one Cholesky factor of :math:`I - H`, rows in
    deletion order, serve every budget.

    Parameters
    ----------
    classifier : RidgeClassifier
        Its ``alpha`` and ``fit_intercept`` are used; it is not fitted.
    retain, forget : ndarray, shape (n2, d) and (n1, d)
        Training rows that stay, and those that may go.
    y_retain, y_forget : ndarray, shape (n2,) and (n1,)
        Their labels.

    Raises
    ------
    ValueError
        Where `alpha` is so small that rounding hides it.

    Notes
    -----
    Source: the CIFAR-10 chapter. Columns are centred by the mean of all rows, so that the intercept
    separates from the rest in A. Everything is in float64, also for float32 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from distunlearn_lite.unlearners import RidgePath
    >>> x = np.random.default_rng(0).standard_normal((30, 4))
    >>> y = (x[:, 0] > 0).astype(int)
    >>> path = RidgePath(RidgeClassifier(), x[:20], x[20:], y[:20], y[20:])
    >>> (fitted,) = path.walk(np.arange(10), [3])
    >>> kept = np.r_[:20, 23:30]
    >>> refit = RidgeClassifier().fit(x[kept], y[kept])
    >>> bool(np.allclose(fitted.decision_function(x)[:, 1], refit.decision_function(x)))
    True
    """

    def __init__(
        self,
        classifier: RidgeClassifier,
        retain: Any,
        forget: Any,
        y_retain: NDArray[Any],
        y_forget: NDArray[Any],
    ) -> None:
        n1, n2 = forget.shape[0], retain.shape[0]
        self.classes, labels = np.unique(np.concatenate([y_retain, y_forget]), return_inverse=True)
        self.retained = np.bincount(labels[:n2], minlength=self.classes.size)
        self.labels = labels[n2:]
        signs = np.where(labels[:, None] == np.arange(self.classes.size), 1.0, -1.0)
        # Without intercept nothing is centred, and a deletion moves no mean.
        self.weight = 1 / (n1 + n2) if classifier.fit_intercept else 0.0
        means = [column_mean(rows) * rows.shape[0] for rows in (retain, forget)]
        self.mean = (means[0] + means[1]) * self.weight
        self.offset = signs.sum(axis=0) * self.weight
        gram = np.zeros((self.mean.size, self.mean.size), order="F")
        moment = np.zeros((self.mean.size, self.classes.size))
        start = 0
        for rows in (retain, forget):
            for block in dense_blocks(rows):
                centred = block - self.mean
                dsyrk(1.0, centred.T, beta=1.0, c=gram, lower=1, overwrite_c=1)
                moment += centred.T @ signs[start : start + len(block)]
                start += len(block)
        gram[np.diag_indices_from(gram)] += classifier.alpha
        self.factor = _cholesky(gram)
        self.white = np.concatenate(
            [
                solve_triangular(self.factor, (block - self.mean).T, lower=True)
                for block in dense_blocks(forget)
            ],
            axis=1,
        )
        half = solve_triangular(self.factor, moment, lower=True)
        self.coef = solve_triangular(self.factor, half, lower=True, trans="T")
        self.residual = signs[n2:] - self.offset - self.white.T @ half
        self.leverage = self.white.T @ self.white + self.weight

    @staticmethod
    def serves(classifier: Any, rows: Any, n1: int) -> bool:
        """Whether the refits of a classifier on these rows, n1 of them to forget, are of this kind.

        Any other (weights, positivity, sparse rows, a larger forget set) is refitted as usual.
        """
        return (
            type(classifier) is RidgeClassifier  # a subclass may fit otherwise
            and classifier.class_weight is None
            and not classifier.positive
            and np.ndim(classifier.alpha) == 0
            and classifier.alpha > 0
            and not is_sparse(rows)
            and n1 <= MOST_FORGET_ROWS
        )

    def walk(
        self, order: NDArray[np.intp], deleted: Sequence[int] | NDArray[np.intp]
    ) -> Iterator[LinearPredictor]:
        """Yield the ``LinearPredictor`` of what is left, as ``Unlearner.walk`` says.

        Its classes are the labels that are left.
        """
        most, kinds = max(deleted), self.classes.size
        first = order[:most]
        factor = self.leverage[np.ix_(first, first)]
        np.negative(factor, out=factor)
        factor[np.diag_indices_from(factor)] += 1
        factor = _cholesky(factor)
        reduced = solve_triangular(factor, self.residual[first], lower=True)
        pull = np.zeros((order.size, len(deleted), kinds))
        for step, size in enumerate(deleted):
            pull[order[:size], step] = solve_triangular(
                factor[:size, :size], reduced[:size], lower=True, trans="T"
            )
        moved = self.white @ pull.reshape(order.size, -1)
        change = solve_triangular(self.factor, moved, lower=True, trans="T", overwrite_b=True)
        for step, size in enumerate(deleted):
            coef = self.coef - change.reshape(-1, len(deleted), kinds)[:, step]
            offset = self.offset - self.weight * pull[:, step].sum(axis=0)
            kept = np.bincount(self.labels[order[size:]], minlength=kinds)
            left = self.retained + kept > 0
            intercept = offset - self.mean @ coef
            yield LinearPredictor(self.classes[left], coef[:, left], intercept[left])


def _cholesky(matrix: FloatArray) -> FloatArray:
    """Lower Cholesky factor, in the place of the matrix."""
    try:
        factor: FloatArray = cholesky(matrix, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise ValueError(
            "alpha of RidgeClassifier is too small for features of this size: the normal equations "
            "are singular up to rounding; give a larger alpha, or scale the features"
        ) from None
    return factor
