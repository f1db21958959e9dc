"""Retraining along a deletion order, one fit a budget."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier

from ..matrices import is_sparse


class RefitPath:
    """Fits of a classifier on what a deletion order leaves, the ordinary way.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Cloned for each fit; with ``warm_start=True`` a fit starts from the one before.
    retain, forget : ndarray or sparse matrix, shape (n2, d) and (n1, d)
        Training rows that stay, and those that may go.
    y_retain, y_forget : ndarray, shape (n2,) and (n1,)
        Their labels.

    Notes
    -----
    Source: the SMS Spam chapter. Where one label is left, the constant predictor is given.
    """

    def __init__(
        self,
        classifier: BaseEstimator,
        retain: Any,
        forget: Any,
        y_retain: NDArray[Any],
        y_forget: NDArray[Any],
    ) -> None:
        self.classifier = classifier
        self.sets = (retain, forget), (y_retain, y_forget)
        self.untouched = self._fit(None, _stacked(retain, forget), np.append(y_retain, y_forget))

    def walk(
        self, order: NDArray[np.intp], deleted: Sequence[int] | NDArray[np.intp]
    ) -> Iterator[Any]:
        """Yield the classifier fitted on what is left, as ``Unlearner.walk`` says.

        A warm start is nearest where the numbers rise.
        """
        (retain, forget), (y_retain, y_forget) = self.sets
        # Kept points first, the first to go last: every edited training set is a prefix.
        x = _stacked(retain, forget[order[::-1]])
        y = np.append(y_retain, y_forget[order[::-1]])
        fitted = copy.deepcopy(self.untouched)
        for size in deleted:
            if size:
                fitted = self._fit(fitted, x[: y.size - size], y[: y.size - size])
            yield fitted if size else self.untouched

    def _fit(self, previous: Any, x: Any, y: NDArray[Any]) -> Any:
        """Fit on the edited data, from the previous solution where the classifier can use it."""
        labels = np.unique(y)
        if labels.size == 1:
            return DummyClassifier(strategy="most_frequent").fit(x, y)
        if getattr(self.classifier, "warm_start", False) and np.array_equal(
            getattr(previous, "classes_", ()), labels
        ):
            return previous.fit(x, y)
        return clone(self.classifier).fit(x, y)


def _stacked(upper: Any, lower: Any) -> Any:
    """The rows of both, in CSR form where they are sparse."""
    if is_sparse(upper):
        return sparse.vstack([upper, lower], format="csr")
    return np.concatenate([upper, lower])
