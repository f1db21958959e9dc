"""What a classifier still knows of the forget domain, and what it keeps of the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..theory.gaussian import Gaussian, kl_divergence
from ..validation import FloatArray

METRICS = (
    "forget_accuracy",
    "forget_recall",
    "retain_accuracy",
    "retain_recall",
    "retain_macro_f1",
    "retain_log_loss",
)

GAUSSIAN_METRICS = ("kl_removal", "kl_preservation")

# Least probability inside a logarithm: a label that the edited data lack has probability 0.
CLIP = float(np.finfo(np.float64).eps)


def characteristic_label(y: NDArray[Any], forget: NDArray[np.bool_]) -> Any:
    """Return the label whose share in the forget set most exceeds its share in the retained set.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Labels.
    forget : ndarray of bool, shape (n,)
        True for the forget rows; at least one of each kind.

    Returns
    -------
    label
        One entry of `y`; of equal ones the first in sorted order.
    """
    labels, index = np.unique(y, return_inverse=True)
    inside = np.bincount(index[forget], minlength=labels.size) / forget.sum()
    outside = np.bincount(index[~forget], minlength=labels.size) / (~forget).sum()
    return labels[int(np.argmax(inside - outside))]


def measure(
    classifier: Any,
    rows: Any,
    y: NDArray[Any],
    forget: NDArray[np.bool_],
    label: Any,
    *,
    probabilities: bool = True,
) -> dict[str, float]:
    """Return the metrics of a fitted classifier on test rows, by name; `sweep` defines them.

    Parameters
    ----------
    classifier : fitted scikit-learn classifier
        Its ``classes_`` may lack labels that occur in `y`.
    rows : array or sparse matrix, shape (n, d)
        Test rows as the classifier takes them.
    y : ndarray, shape (n,)
        Their labels.
    forget : ndarray of bool, shape (n,)
        True for the forget rows; at least one of each kind.
    label
        Label of which ``forget_recall`` is the recall.
    probabilities : bool
        False leaves ``retain_log_loss`` out and never calls ``predict_proba``.

    Returns
    -------
    dict of str to float
        In the order of ``METRICS``.

    Raises
    ------
    ValueError
        Where no forget row carries `label`.
    """
    predicted = np.asarray(classifier.predict(rows))
    hit = predicted == y
    target = forget & (y == label)
    if not target.any():
        raise ValueError(
            f"no forget row of the test part has label {label!r}, so its recall is undefined; "
            "give more forget rows or a larger test part"
        )
    kept = ~forget
    own, answers = y[kept], predicted[kept]
    recalls, f1_scores = [], []
    for present in np.unique(own):
        true = own == present
        said = answers == present
        found = int((true & said).sum())
        recalls.append(found / int(true.sum()))
        f1_scores.append(2 * found / int(true.sum() + said.sum()))
    values = {
        "forget_accuracy": hit[forget].mean(),
        "forget_recall": hit[target].mean(),
        "retain_accuracy": hit[kept].mean(),
        "retain_recall": np.mean(recalls),
        "retain_macro_f1": np.mean(f1_scores),
    }
    if probabilities:
        chances = _own_probabilities(classifier, rows[kept], own)
        values["retain_log_loss"] = -np.log(np.maximum(chances, CLIP)).mean()
    return {name: float(value) for name, value in values.items()}


def divergences(p: Gaussian, p1: Gaussian, p2: Gaussian) -> dict[str, float]:
    """Return removal KL(p1 || p) and preservation loss KL(p2 || p) in nats, by name."""
    values = kl_divergence(p1, p), kl_divergence(p2, p)
    return dict(zip(GAUSSIAN_METRICS, values, strict=True))


def _own_probabilities(classifier: Any, rows: Any, y: NDArray[Any]) -> FloatArray:
    """Predicted probability of each row's own label; 0 for a label the classifier never saw."""
    classes = np.asarray(classifier.classes_)
    column = np.searchsorted(classes, y).clip(max=classes.size - 1)
    table = np.asarray(classifier.predict_proba(rows), dtype=np.float64)
    own: FloatArray = np.where(classes[column] == y, table[np.arange(y.size), column], 0.0)
    return own
