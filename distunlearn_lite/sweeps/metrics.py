"""What a classifier still knows of the forget domain, and what it keeps of the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from ..theory.gaussian import Gaussian, kl_divergence
from ..unlearners.ridge import LinearPredictor
from ..validation import FloatArray

METRICS = (
    "forget_accuracy",
    "forget_recall",
    "forget_auc",
    "forget_log_loss",
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


def gives_scores(classifier: Any) -> bool:
    """Whether a classifier can rank rows by each of its labels, so that it has a forget_auc."""
    return _decides_by_label(classifier) or hasattr(classifier, "predict_proba")


def measure(
    classifier: Any,
    rows: Any,
    y: NDArray[Any],
    forget: NDArray[np.bool_],
    label: Any,
    *,
    probabilities: bool = True,
    scores: bool = True,
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
        False leaves ``forget_log_loss`` and ``retain_log_loss`` out and never calls
        ``predict_proba``.
    scores : bool
        False leaves ``forget_auc`` out, as does a classifier without ``decision_function`` where
        `probabilities` is False. It compares forget rows of `label` with retained rows of other
        labels, by the score of `label`. All rows tie (0.5) where the classifier lacks `label`, or
        has no other.

    Returns
    -------
    dict of str to float
        In the order of ``METRICS``.

    Raises
    ------
    ValueError
        Where no forget row carries `label`, or no retained row another one.
    """
    classes = np.asarray(classifier.classes_)
    table = np.asarray(classifier.predict_proba(rows), np.float64) if probabilities else None
    values = _decision_values(classifier, rows) if scores else None
    if values is not None and isinstance(classifier, LinearPredictor):
        predicted = classes[values.argmax(axis=1)]  # saves a second pass over the rows
    else:
        predicted = np.asarray(classifier.predict(rows))
    target = forget & (y == label)
    if not target.any():
        raise ValueError(
            f"no forget row of the test part has label {label!r}, so its recall is undefined; "
            "give more forget rows or a larger test part"
        )
    others = ~forget & (y != label)
    if not others.any():
        raise ValueError(
            f"every retained row of the test part has label {label!r}, so there is nothing to tell "
            "the forget rows from; give retained rows of other labels or a larger test part"
        )
    hit, kept = predicted == y, ~forget
    found = {
        "forget_accuracy": hit[forget].mean(),
        "forget_recall": hit[target].mean(),
        "retain_accuracy": hit[kept].mean(),
    } | _by_label(y[kept], predicted[kept])
    ranking = table if values is None else values
    if scores and (classes.size == 1 or label not in classes):
        found["forget_auc"] = 0.5  # all rows tie
    elif scores and ranking is not None:
        compared, column = target | others, int(np.flatnonzero(classes == label)[0])
        found["forget_auc"] = roc_auc_score(target[compared], ranking[compared, column])
    if table is not None:
        losses = -np.log(np.maximum(_own_probabilities(table, classes, y), CLIP))
        found["forget_log_loss"] = losses[forget].mean()
        found["retain_log_loss"] = losses[kept].mean()
    return {name: float(found[name]) for name in METRICS if name in found}


def divergences(p: Gaussian, p1: Gaussian, p2: Gaussian) -> dict[str, float]:
    """Return removal KL(p1 || p) and preservation loss KL(p2 || p) in nats, by name."""
    values = kl_divergence(p1, p), kl_divergence(p2, p)
    return dict(zip(GAUSSIAN_METRICS, values, strict=True))


def _by_label(own: NDArray[Any], answers: NDArray[Any]) -> dict[str, Any]:
    """Recall and F1 score of each label that occurs, averaged over them."""
    recalls, f1_scores = [], []
    for present in np.unique(own):
        true = own == present
        said = answers == present
        found = int((true & said).sum())
        recalls.append(found / int(true.sum()))
        f1_scores.append(2 * found / int(true.sum() + said.sum()))
    return {"retain_recall": np.mean(recalls), "retain_macro_f1": np.mean(f1_scores)}


def _decides_by_label(classifier: Any) -> bool:
    """Whether ``decision_function`` has a column a label; those of one against one have not."""
    one_against_one = getattr(classifier, "decision_function_shape", "ovr") == "ovo"
    return hasattr(classifier, "decision_function") and not one_against_one


def _decision_values(classifier: Any, rows: Any) -> FloatArray | None:
    """Decision values, a column a label, or None where there are none."""
    if not _decides_by_label(classifier):
        return None
    values = np.asarray(classifier.decision_function(rows), dtype=np.float64)
    return values if values.ndim == 2 else np.column_stack([-values, values])


def _own_probabilities(table: FloatArray, classes: NDArray[Any], y: NDArray[Any]) -> FloatArray:
    """Predicted probability of each row's own label; 0 for a label the classifier never saw."""
    column = np.searchsorted(classes, y).clip(max=classes.size - 1)
    own: FloatArray = np.where(classes[column] == y, table[np.arange(y.size), column], 0.0)
    return own
