"""How well two sets of rows can be told apart: area under the ROC curve, distance of the means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from ..matrices import SMALLER_RANK, Covariance, column_mean, dense_blocks, sample_pair
from ..validation import FloatArray, count, real_array
from .learnt import domain_classifier
from .subspace import leading_subspace

FOLDS = 5


@dataclass(frozen=True)
class Separability:
    r"""Measured separability of two sets.

    Parameters
    ----------
    auc : float
        Probability that a classifier which has seen neither ranks a random forget row above a
        random retained row: 0.5 where they cannot be told apart, 1 where they never mix.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, corrected for its upward bias.
    rank : int
        Number of dimensions both were measured in.
    """

    auc: float
    separation: float
    rank: int


def separability(
    forget: Any, retain: Any, *, rank: int = 50, basis: FloatArray | None = None
) -> Separability:
    r"""Measure how well the forget rows can be told from the retained ones.

    Both measures look at the rows in their `rank` leading singular directions, uncentred. ``auc``
    is the area under the ROC curve of a logistic regression on the other four fifths of the rows,
    averaged over five folds. ``separation`` is the square root of ``squared_distance``, or 0 where
    that is negative. For two Gaussians of one covariance :math:`AUC = \Phi(\Delta/\sqrt2)`.

    Parameters
    ----------
    forget : array_like or sparse matrix, shape (n1, d)
        Rows of the forget set; dense ones may be memory-mapped.
    retain : array_like or sparse matrix, shape (n2, d)
        Rows of the retained set.
    rank : int
        Number of leading singular directions; all columns where there are no more than that.
    basis : ndarray, shape (d, k), optional
        Directions of one's own, instead of the leading singular ones: orthonormal columns, the
        most important first. At most `rank` of them are used.

    Returns
    -------
    Separability
        ``auc``, ``separation`` and the number of dimensions.

    Raises
    ------
    TypeError
        Where a row is no number.
    ValueError
        Where a set has fewer than five rows or is not finite, the columns differ in number, the
        rows are too few for so many dimensions, or the covariance within the sets is singular.

    Notes
    -----
    Source: chapter 11. The logistic regression sees coordinates in which all rows together have
    covariance I, so that its weak penalty (C = 1) treats all directions alike and the result does
    not depend on their units. The folds are drawn once and for all; copies of a row may fall into
    different folds, which raises ``auc`` a little. Nothing is random from call to call.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.rules import separation
    >>> x = np.random.default_rng(1).standard_normal((4000, 3))
    >>> x[:2000, 0] += 1.0
    >>> measured = separability(x[:2000], x[2000:])
    >>> round(measured.auc, 2), round(measured.separation, 2), measured.rank
    (0.76, 1.02, 3)
    """
    sets = sample_pair(forget, retain)
    columns = sets[0].shape[1]
    for name, rows in zip(("forget", "retain"), sets, strict=True):
        if rows.shape[0] < FOLDS:
            raise ValueError(
                f"{name} must have at least {FOLDS} rows, one a fold, got {rows.shape[0]}"
            )
    wanted = count("rank", rank, least=1)
    if basis is None:
        directions = leading_subspace(*sets, rank=wanted) if wanted < columns else None
    else:
        directions = real_array("basis", basis, ndim=2)
        if directions.shape[0] != columns or directions.shape[1] == 0:
            raise ValueError(
                f"basis must have shape ({columns}, k), one row a column of the data and k >= 1, "
                f"got {directions.shape}"
            )
        directions = directions[:, :wanted]
    pair = [np.concatenate(list(dense_blocks(rows, directions))) for rows in sets]
    separation = float(np.sqrt(max(squared_distance(*pair), 0.0)))
    return Separability(_cross_fitted_auc(*pair), separation, pair[0].shape[1])


def squared_distance(forget: Any, retain: Any) -> float:
    r"""Estimate the squared Mahalanobis distance of the means of two sets without bias.

    .. math:: \hat{\Delta^2} = \frac{\nu - D - 1}{\nu} (\bar x_1 - \bar x_2)^T S^{-1}
        (\bar x_1 - \bar x_2) - D \Big(\frac1{n_1} + \frac1{n_2}\Big), \qquad \nu = n_1 + n_2 - 2

    with S the pooled covariance within the sets, divided by :math:`\nu`.

    Parameters
    ----------
    forget : array_like or sparse matrix, shape (n1, d)
        Rows of one set.
    retain : array_like or sparse matrix, shape (n2, d)
        Rows of the other; at least d + 4 rows together.

    Returns
    -------
    float
        The estimate. It may be negative where the distance is small.

    Raises
    ------
    ValueError
        Where the columns differ in number, the rows are too few, or the covariance within the sets
        is singular.

    Notes
    -----
    Source: chapter 11. For Gaussians of one covariance the difference of the means is
    :math:`N(\mu_1 - \mu_2, c\Sigma)` with :math:`c = 1/n_1 + 1/n_2`, independent of
    :math:`\nu S`, which is Wishart with :math:`\nu` degrees of freedom, so
    :math:`E S^{-1} = \frac{\nu}{\nu - D - 1} \Sigma^{-1}` and the plain squared distance has mean
    :math:`\frac{\nu}{\nu - D - 1} (\Delta^2 + c D)`. Solve for :math:`\Delta^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.rules import squared_distance
    >>> forget, retain = np.array([4.0, 5.0, 6.0]), np.array([-1.0, 0.0, 1.0])
    >>> round(squared_distance(forget, retain), 6)  # 25 * 2/4 - 1 * (1/3 + 1/3)
    11.833333
    """
    sets = sample_pair(forget, retain)
    n, dim = sets[0].shape[0] + sets[1].shape[0], sets[0].shape[1]
    freedom = n - 2
    if freedom <= dim + 1:
        raise ValueError(
            f"a distance in {dim} dimensions needs at least {dim + 4} rows, got {n}; {SMALLER_RANK}"
        )
    means = [column_mean(rows) for rows in sets]
    spread = Covariance([*sets], means, None)
    plain = float((spread.whiten((means[0] - means[1])[None, :]) ** 2).sum()) * freedom / n
    noise = dim * sum(1 / rows.shape[0] for rows in sets)
    return float((freedom - dim - 1) / freedom * plain - noise)


def _cross_fitted_auc(forget: FloatArray, retain: FloatArray) -> float:
    """Mean over the folds of the area under the ROC curve on rows the classifier has not seen."""
    rows = np.concatenate([forget, retain])
    label = np.arange(len(rows)) < len(forget)
    centre = rows.mean(axis=0)
    white = Covariance([rows], [centre], None).whiten(rows - centre)
    areas = []
    for seen, new in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(white, label):
        logit = domain_classifier(white[seen], label[seen]).decision_function(white[new])
        areas.append(roc_auc_score(label[new], logit))
    return float(np.mean(areas))
