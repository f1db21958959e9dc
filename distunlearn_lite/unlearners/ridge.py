"""Ridge classifiers after deletions: one factorisation of the data for every walk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeClassifier

from ..matrices import dense_blocks, is_sparse
from ..validation import FloatArray
from .elimination import BlockElimination
from .normal_equations import NormalEquations

# Rows of the forget set up to which square matrices of that size are worth their memory: the
# leverages take 0.8 GB, and while a rule is walked its factor takes as much again.
MOST_FORGET_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """A fitted linear classifier: the class with the largest ``x @ coef + intercept`` wins.

    ``fall(weights)`` says what one more deletion would do. `weights` has shape (m, K): one row for
    each of the m forget rows left, by rising index, one column for each of the K classes left.
    The answer, shape (m,), is for each of those rows the exact amount by which the sum of
    weights times decision values, over the m rows as they are now, falls when that row alone is
    deleted next. It is read off the leverages, without a pass over the data, and valid as long as
    the model is. ValueError where the shape is another.
    """

    classes_: NDArray[Any]
    coef: FloatArray
    intercept: FloatArray
    fall: Callable[[FloatArray], FloatArray]

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

    A Cholesky factor of :math:`I - H_D` grows with every batch. When D is gone, the leverages of
    the rows left are :math:`H' = I - S` with S the Schur complement of D in :math:`I - H`, their
    residuals are r', and deleting row i as well changes decision k of row j by
    :math:`-H'_{ji} r'_{ik} / (1 - H'_{ii})`.

    Parameters
    ----------
    classifier : RidgeClassifier
        Its ``alpha`` and ``fit_intercept`` are used; it is not fitted.
    retain, forget : ndarray, shape (n2, d) and (n1, d)
        Training rows that stay, and those that may go.
    y_retain, y_forget : ndarray, shape (n2,) and (n1,)
        Their labels.
    shared : NormalEquations, optional
        Those of the same rows and the same `fit_intercept`, where there is a path for each of
        several penalties (``classifier_paths``); by default they are summed up for this one.

    Raises
    ------
    ValueError
        Where `alpha` is so small that rounding hides it.

    Notes
    -----
    Source: the chapter on exact paths. Columns are centred by the mean of all rows, so that the
    intercept separates from the rest in A. Everything is in float64, also for float32 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from distunlearn_lite.unlearners import RidgePath
    >>> x = np.random.default_rng(0).standard_normal((30, 4))
    >>> y = (x[:, 0] > 0).astype(int)
    >>> path = RidgePath(RidgeClassifier(), x[:20], x[20:], y[:20], y[20:])
    >>> (fitted,) = path.walk([np.arange(3)])
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
        shared: NormalEquations | None = None,
    ) -> None:
        sums = shared
        if sums is None:
            sums = NormalEquations(retain, forget, y_retain, y_forget, classifier.fit_intercept)
        self.classes, self.labels, self.retained = sums.classes, sums.labels, sums.retained
        self.mean, self.offset, self.weight = sums.mean, sums.offset, sums.weight
        self.solved = sums.at(classifier.alpha)
        self.residual = sums.target - self.solved.fitted
        # I - H, in the place of the leverages H.
        self.complement = self.solved.leverage()
        self.complement += self.weight
        np.negative(self.complement, out=self.complement)
        self.complement[np.diag_indices_from(self.complement)] += 1

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

    def walk(self, batches: Iterable[NDArray[np.intp]]) -> Iterator[LinearPredictor]:
        """Yield the ``LinearPredictor`` of what is left, as ``Unlearner.walk`` says.

        Its classes are the labels that are left.
        """
        elimination = BlockElimination(self.complement, self.residual)
        for batch in batches:
            elimination.eliminate(batch)
            pull = elimination.solution()
            coef = self.solved.coef - self.solved.moved(pull)
            offset = self.offset - self.weight * pull.sum(axis=0)
            kept = np.bincount(self.labels[elimination.left], minlength=self.classes.size)
            left = self.retained + kept > 0
            intercept = offset - self.mean @ coef
            fall = partial(_fall, elimination, left)
            yield LinearPredictor(self.classes[left], coef[:, left], intercept[left], fall)


def _fall(
    elimination: BlockElimination, kinds: NDArray[np.bool_], weights: FloatArray
) -> FloatArray:
    """``LinearPredictor.fall`` at the current stage of an elimination, with some kinds left."""
    expected = (elimination.left.size, int(kinds.sum()))
    if np.shape(weights) != expected:
        raise ValueError(f"weights must have shape {expected}, got {np.shape(weights)}")
    spread = np.zeros((expected[0], kinds.size))
    spread[:, kinds] = weights
    product, diagonal, residual = elimination.schur(spread)
    fall: FloatArray = ((spread - product) * residual).sum(axis=1) / diagonal
    return fall
