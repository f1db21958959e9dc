"""From scores to deletions: the rows with the largest scores, as indices or as a sampler."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from ..validation import FloatArray, class_labels, count, fractions, real_array
from .scoring import ScoringRule, options_of, rule_function, score


def deleted_rows(budget: float, n1: int) -> int:
    r"""Number of rows a budget stands for.

    A fraction b stands for :math:`f = \lfloor b\,n_1 + 1/2 \rfloor` rows.

    Parameters
    ----------
    budget : int or float
        An int is a count of rows, 0 to `n1`; a float is a fraction of `n1` in [0, 1], so that 1
        deletes one row and 1.0 deletes all of them.
    n1 : int
        Size of the forget set.

    Returns
    -------
    int
        Rows to delete, 0 to `n1`.

    Raises
    ------
    TypeError
        Where `budget` is neither an int nor a float; booleans are refused.
    ValueError
        Where the count is above `n1`, or the fraction is not in [0, 1].

    Notes
    -----
    Source: the SMS Spam chapter. A product one rounding error below a half counts as the half, so
    that 0.29 of 50 rows is 15, as it is on paper.

    Examples
    --------
    >>> from distunlearn_lite.rules import deleted_rows
    >>> deleted_rows(0.25, 10), deleted_rows(3, 10)
    (3, 3)
    """
    total = count("n1", n1)
    if isinstance(budget, (bool, np.bool_)) or not isinstance(
        budget, (int, np.integer, float, np.floating)
    ):
        raise TypeError(
            f"budget must be an int (rows) or a float (fraction of the forget set), got "
            f"{budget!r} ({type(budget).__name__})"
        )
    if isinstance(budget, (int, np.integer)):
        return count("budget, as a number of rows,", budget, most=total)
    # 0.3 in single precision is 0.30000001 in double: take the digits it prints.
    fraction = float(fractions("budget, as a float,", float(str(budget))))
    return math.floor(fraction * total * (1 + 4 * np.finfo(float).eps) + 0.5)


def select_deletions(scores: ArrayLike, budget: float) -> NDArray[np.intp]:
    """Rows to delete: the largest scores first, ties by index.

    Parameters
    ----------
    scores : array_like, shape (n1,)
        Score of every forget row, as from ``score``.
    budget : int or float
        An int is a count of rows, 0 to n1; a float is a fraction of n1 in [0, 1], taken to the
        nearest row, halves up.

    Returns
    -------
    ndarray of int, shape (f,)
        Row indices in the order of deletion; those of a smaller budget are the first of these.

    Raises
    ------
    TypeError
        Where `budget` is neither an int nor a float.
    ValueError
        Where `scores` is empty or not finite, or `budget` is out of range.

    Notes
    -----
    Source: the SMS Spam chapter. Where many scores tie and the order of the rows means something,
    shuffle the rows once with a seed before scoring them. The parts that ``UnlearningTask.split``
    returns are in random order already, and ``sweep`` shuffles by itself.

    Examples
    --------
    >>> from distunlearn_lite import select_deletions
    >>> select_deletions([0.1, 0.7, 0.4, 0.7], 0.75)
    array([1, 3, 2])
    >>> select_deletions([0.1, 0.7, 0.4, 0.7], 1)
    array([1])
    """
    values = real_array("scores", scores, ndim=1)
    if values.size == 0:
        raise ValueError("scores must hold at least one score, got an empty array")
    order = np.argsort(-values, kind="stable")
    return order[: deleted_rows(budget, values.size)]


def deletion_order(
    forget: Any,
    retain: Any,
    rule: str | ScoringRule,
    rng: np.random.Generator | int,
    basis: FloatArray | None = None,
) -> NDArray[np.intp]:
    """All forget rows in the order in which a rule deletes them.

    `basis`, as from ``shared_basis``, goes to the rules that take one.
    """
    options = {"basis": basis} if "basis" in options_of(rule_function(rule)) else {}
    return select_deletions(score(forget, retain, rule, rng=rng, **options), 1.0)


class SelectiveDeletion(BaseEstimator):  # type: ignore[misc]
    """Sampler that deletes the forget rows with the largest scores from training data.

    It follows the conventions of scikit-learn and, with ``fit_resample``, those of the samplers of
    imbalanced-learn: as a step of that library's pipelines, deletion happens while fitting only.

    Parameters
    ----------
    rule : str or callable
        Scoring rule, as ``score`` takes it.
    budget : int or float
        Rows to delete (int), or fraction of the forget rows in [0, 1] (float).
    forget : object
        Label of the rows to forget.
    options : dict, optional
        Options of the rule, such as ``{"rank": 50}``.
    random_state : int or numpy.random.Generator
        Seed of the rule ``random``; the other rules do not use it.

    Attributes
    ----------
    sample_indices_
        Rows that were kept, in their order; integers, shape (number kept,).
    scores_
        Scores of the forget rows, in their order; shape (n1,).

    Notes
    -----
    Source: the SMS Spam chapter. ``domain`` is requested by default where metadata routing is
    switched on, so that ``pipeline.fit(X, y, domain=domain)`` reaches this step.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite import SelectiveDeletion
    >>> X = np.array([[0.0], [1.0], [2.0], [-1.0], [0.0], [1.0]])
    >>> y = np.array([1, 1, 1, 0, 0, 0])
    >>> sampler = SelectiveDeletion(rule="l2-mu2", budget=1)
    >>> X_kept, y_kept = sampler.fit_resample(X, y)
    >>> sampler.sample_indices_
    array([0, 1, 3, 4, 5])
    """

    # Read by scikit-learn's metadata routing, which knows fit_resample once imbalanced-learn is
    # imported, be that before or after this class is defined.
    __metadata_request__fit_resample: ClassVar[dict[str, bool]] = {"domain": True}

    sample_indices_: NDArray[np.intp]
    scores_: FloatArray

    def __init__(
        self,
        rule: str | ScoringRule = "lr-maha",
        budget: float = 0.5,
        forget: Any = 1,
        options: Mapping[str, Any] | None = None,
        random_state: np.random.Generator | int = 0,
    ) -> None:
        self.rule = rule
        self.budget = budget
        self.forget = forget
        self.options = options
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any, domain: ArrayLike | None = None) -> tuple[Any, Any]:
        """Delete forget rows.

        Parameters
        ----------
        X : array_like, data frame or sparse matrix, shape (n, d)
            Numeric features.
        y : array_like, shape (n,)
            Labels.
        domain : array_like, shape (n,), optional
            1 (or True) for forget rows; without it they are those with ``y == forget``.

        Returns
        -------
        X_kept, y_kept
            The rows kept, in their order and container.

        Raises
        ------
        TypeError
            Where the rule has no such option.
        ValueError
            Where lengths differ, no forget or no retained row is found, or scoring fails.
        """
        rows = X if hasattr(X, "shape") else np.asarray(X)
        if not rows.shape:
            raise ValueError(f"X must have shape (n, d), got {X!r}")
        if np.ndim(self.forget):
            raise ValueError(
                f"forget must be one label, got {self.forget!r}; to forget rows of several labels, "
                "mark them by domain="
            )
        n = int(rows.shape[0])
        labels = class_labels("y", y, n)
        unwanted = (
            labels == self.forget if domain is None else class_labels("domain", domain, n) == 1
        )
        if not unwanted.any() or unwanted.all():
            mark = f"y == {self.forget!r}" if domain is None else "domain == 1"
            raise ValueError(
                f"{mark} holds for {int(unwanted.sum())} of {n} rows; both forget and retained "
                "rows are needed, so check the label of the forget rows"
            )
        numbers = np.asarray(rows) if hasattr(rows, "iloc") else rows
        if hasattr(numbers, "tocsr"):
            numbers = numbers.tocsr()
        self.scores_ = score(
            numbers[unwanted],
            numbers[~unwanted],
            self.rule,
            rng=self.random_state,
            **(self.options or {}),
        )
        deleted = np.flatnonzero(unwanted)[select_deletions(self.scores_, self.budget)]
        self.sample_indices_ = np.delete(np.arange(n), deleted)
        return self._kept(X, rows), self._kept(y, np.asarray(y))

    def _kept(self, original: Any, rows: Any) -> Any:
        """The kept rows, in the container they came in."""
        if hasattr(original, "iloc"):
            return original.iloc[self.sample_indices_]
        return (rows.tocsr() if hasattr(rows, "tocsr") else rows)[self.sample_indices_]
