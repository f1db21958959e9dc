"""Which unlearner retrains a classifier: an exact formula where there is one, else a refit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from .normal_equations import NormalEquations
from .protocol import Unlearner
from .refit import RefitPath
from .ridge import RidgePath

# Each says by `serves` which classifiers and rows it is for; the first that does is taken.
EXACT = (RidgePath,)


def classifier_path(
    classifier: BaseEstimator,
    retain: Any,
    forget: Any,
    y_retain: NDArray[Any],
    y_forget: NDArray[Any],
) -> Unlearner:
    """Return the unlearner of a classifier, fitted on all rows.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Not fitted itself.
    retain, forget : ndarray or sparse matrix, shape (n2, d) and (n1, d)
        Training rows that stay, and those that may go.
    y_retain, y_forget : ndarray, shape (n2,) and (n1,)
        Their labels.

    Returns
    -------
    Unlearner
        A member of ``EXACT``, or ``RefitPath``.
    """
    (path,) = classifier_paths([classifier], retain, forget, y_retain, y_forget)
    return path


def classifier_paths(
    classifiers: Sequence[BaseEstimator],
    retain: Any,
    forget: Any,
    y_retain: NDArray[Any],
    y_forget: NDArray[Any],
) -> Iterator[Unlearner]:
    """Yield the unlearner of each of several classifiers on the same rows, one at a time.

    Ridge classifiers that differ in their penalty only share the sums over the data and one
    eigen-decomposition, so that each further one costs its votes and its walks only.

    Parameters
    ----------
    classifiers : sequence of scikit-learn classifier
        Not fitted themselves.
    retain, forget, y_retain, y_forget
        As ``classifier_path`` takes them.

    Yields
    ------
    Unlearner
        In the order of the classifiers; made when it is asked for.

    Notes
    -----
    Source: the page *Add a classifier's exact path*.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from distunlearn_lite.unlearners import classifier_paths
    >>> x = np.random.default_rng(0).standard_normal((30, 4))
    >>> y = (x[:, 0] > 0).astype(int)
    >>> penalties = [RidgeClassifier(alpha) for alpha in (0.1, 1, 10)]
    >>> for path in classifier_paths(penalties, x[:20], x[20:], y[:20], y[20:]):
    ...     (model,) = path.walk([np.arange(5)])
    ...     print(round(float(np.abs(model.coef).max()), 2))
    0.77
    0.74
    0.54
    """
    rows = (retain, forget, y_retain, y_forget)
    kinds = [
        next((kind for kind in EXACT if kind.serves(model, retain, len(y_forget))), RefitPath)
        for model in classifiers
    ]
    # The exact path of a ridge depends on the penalty and on this alone.
    ridges = [
        model.fit_intercept
        for model, kind in zip(classifiers, kinds, strict=True)
        if kind is RidgePath
    ]
    shared: dict[bool, NormalEquations] = {}
    for model, kind in zip(classifiers, kinds, strict=True):
        if kind is RidgePath and ridges.count(model.fit_intercept) > 1:
            intercept = model.fit_intercept
            if intercept not in shared:
                shared[intercept] = NormalEquations(*rows, intercept).decompose()
            yield RidgePath(model, *rows, shared[intercept])
        else:
            yield kind(model, *rows)
