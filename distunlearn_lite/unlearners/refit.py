"""Retraining after deletions, one fit a batch."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier

from ..matrices import is_sparse


class RefitPath:
    """Fits of a classifier on what deletions leave, the ordinary way.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Cloned for each fit; with ``warm_start=True`` a fit starts from the one before. It may be
        a whole Pipeline, vectoriser included, which is then fitted anew each time.
    retain, forget : ndarray or sparse matrix, shape (n2, d) and (n1, d), or (n2,) and (n1,)
        Training rows that stay, and those that may go; one axis for texts.
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
        self.classifier, self.n2 = classifier, len(y_retain)
        self.x, self.y = _stacked(retain, forget), np.append(y_retain, y_forget)
        self.untouched = self._fit(None, self.x, self.y)

    def walk(self, batches: Iterable[NDArray[np.intp]]) -> Iterator[Any]:
        """Yield the classifier fitted on what is left, as ``Unlearner.walk`` says."""
        kept = np.ones(self.y.size, dtype=bool)
        fitted: Any = None
        for batch in batches:
            if len(batch):
                kept[self.n2 + batch] = False
                start = copy.deepcopy(self.untouched) if fitted is None else fitted
                fitted = self._fit(start, self.x[kept], self.y[kept])
            yield self.untouched if fitted is None else fitted

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
