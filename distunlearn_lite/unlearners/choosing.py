"""Which unlearner retrains a classifier: an exact formula where there is one, else a refit."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from sklearn.base import BaseEstimator

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
    kind = next(
        (kind for kind in EXACT if kind.serves(classifier, retain, len(y_forget))), RefitPath
    )
    return kind(classifier, retain, forget, y_retain, y_forget)
