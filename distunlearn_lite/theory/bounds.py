"""Upper bounds on preservation and lower bounds on removal that hold with a given confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from ..validation import FloatArray, count, proper_fraction, real_array, separation_scalar
from .folded_normal import folded_normal_ppf
from .kept_mean import distance_ppf, kept_mean_ratio


@dataclass(frozen=True, eq=False)
class DeletionBound:
    """What holds with the stated confidence; arrays of the shape of `f`.

    Attributes
    ----------
    f
        Numbers of deleted samples.
    removal_lower
        KL(p1 || p) is at least this, in nats.
    preservation_upper
        KL(p2 || p) is at most this, in nats; may be infinite.
    """

    f: FloatArray
    removal_lower: FloatArray
    preservation_upper: FloatArray


def random_deletion_bound(
    f: ArrayLike, n1: int, n2: int, separation: float, confidence: float, dim: int = 1
) -> DeletionBound:
    r"""Bound for random deletion of f points, one f at a time.

    With :math:`L = \ln(2/\delta)`, N = n1 - f + n2 and w = (n1 - f)/N, with probability at least
    :math:`1 - \delta` both

    .. math:: KL(p_2 \| p) \le \tfrac12 \Big( w\Delta + \frac{\sqrt D + \sqrt{2L}}{\sqrt N} \Big)^2
              \quad\text{and}\quad
              KL(p_1 \| p) \ge \tfrac12 \Big( (1-w)\Delta - \sqrt{2L/N} \Big)_+^2 .

    Parameters
    ----------
    f : array_like
        Whole numbers of deleted samples, from 0 to n1.
    n1, n2 : int
        Numbers of unwanted and of retained samples, at least 1.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    confidence : float
        :math:`1 - \delta`, strictly between 0 and 1.
    dim : int
        Dimension D.

    Returns
    -------
    DeletionBound
        Frozen arrays ``f``, ``removal_lower`` and ``preservation_upper``.

    Raises
    ------
    ValueError
        Where a number is out of its range.

    Notes
    -----
    Source: chapter 13. Known shared covariance; compare with the exact law,
    :func:`distunlearn_lite.random_deletion_law`. Each f has the confidence by itself.

    Examples
    --------
    >>> from distunlearn_lite.theory import random_deletion_bound
    >>> bound = random_deletion_bound([0, 1600], 2000, 2000, separation=0.5, confidence=0.95)
    >>> bound.preservation_upper.round(4)
    array([0.0477, 0.0127])
    >>> bound.removal_lower.round(4)
    array([0.0214, 0.0652])
    """
    deleted, separation, risk = _checked(f, n1, n2, separation, confidence)
    d = count("dim", dim, least=1)
    left = n1 - deleted + n2
    w = (n1 - deleted) / left
    root = np.sqrt(2 * np.log(2 / risk))
    miss = (1 - w) * separation - root / np.sqrt(left)
    return _bound(deleted, w * separation + (np.sqrt(d) + root) / np.sqrt(left), miss)


def radius_bound(
    f: ArrayLike, n1: int, n2: int, separation: float, confidence: float
) -> DeletionBound:
    r"""Bound for the distance rule in one dimension, by the radius of what is kept; all f at once.

    With :math:`L = \ln(2/\delta)`, :math:`\beta_2 = \sqrt{2L/n_2}`, v = (n1 - f)/n1 and
    :math:`t = g^{-1}(v + \sqrt{L/(2 n_1)}; \kappa)`, with probability at least :math:`1 - \delta`,
    for every f simultaneously,

    .. math:: KL(p_2 \| p) \le \tfrac12 E^2, \qquad KL(p_1 \| p) \ge \tfrac12 (\Delta - E)_+^2,
              \qquad E = w t + (1 + w)\beta .

    Parameters
    ----------
    f : array_like
        Whole numbers of deleted samples, from 0 to n1.
    n1, n2 : int
        Numbers of unwanted and of retained samples, at least 1.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    confidence : float
        :math:`1 - \delta`, strictly between 0 and 1.

    Returns
    -------
    DeletionBound
        Frozen arrays ``f``, ``removal_lower`` and ``preservation_upper``; the latter is infinite
        where :math:`v + \sqrt{L/(2 n_1)} \ge 1` and points are kept.

    Raises
    ------
    ValueError
        Where a number is out of its range.

    Notes
    -----
    Source: chapter 6, the radius theorem. The variance is known, the score is the distance to the
    mean of the retained sample, and what is left is refitted by its mean.

    Examples
    --------
    >>> from distunlearn_lite.theory import radius_bound
    >>> bound = radius_bound([0, 1600, 2000], 2000, 2000, separation=0.5, confidence=0.95)
    >>> bound.preservation_upper.round(4)
    array([   inf, 0.008 , 0.0018])
    """
    deleted, separation, risk = _checked(f, n1, n2, separation, confidence)
    w = (n1 - deleted) / (n1 - deleted + n2)
    log_term = np.log(2 / risk)
    level = np.minimum((n1 - deleted) / n1 + np.sqrt(log_term / (2 * n1)), 1.0)
    radius = np.where(w > 0, folded_normal_ppf(level, separation**2 / 2), 0.0)
    error = w * radius + (1 + w) * np.sqrt(2 * log_term / n2)
    return _bound(deleted, error, separation - error)


def kept_mean_bound(
    f: ArrayLike, n1: int, n2: int, separation: float, confidence: float, dim: int = 1
) -> DeletionBound:
    r"""Bound for the distance rule, by the mean of what is kept; one f at a time, any dimension.

    With :math:`L = \ln(3/\delta)`, m = n1 - f, q the :math:`(1 - \delta/3)`-quantile of
    Beta(m + 1, f), t the distance within which a fraction q of p1 lies when the separation is
    :math:`\Delta + \beta`, :math:`r = r(t; \Delta)` the mean of what is kept within t and
    :math:`\tau = \min(1, t/\sqrt{D+2})`, with probability at least :math:`1 - \delta`

    .. math:: KL(p_2 \| p) \le \tfrac12 E^2, \qquad KL(p_1 \| p) \ge \tfrac12 (\Delta - E)_+^2,
              \qquad E = \beta + w \Big( \Delta r + \tau \frac{\nu}{\sqrt m} \Big),

    where :math:`\beta_2 = \sqrt{2L/n_2}` and :math:`\nu = \sqrt{2 \ln(6/\delta)}` in one dimension,
    :math:`\beta = (\sqrt D + \sqrt{2L})/\sqrt{n_2}` and :math:`\nu = \sqrt D + \sqrt{2L}` in more.

    Parameters
    ----------
    f : array_like
        Whole numbers of deleted samples, from 1 to n1.
    n1, n2 : int
        Numbers of unwanted and of retained samples, at least 1.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    confidence : float
        :math:`1 - \delta`, strictly between 0 and 1.
    dim : int
        Dimension D.

    Returns
    -------
    DeletionBound
        Frozen arrays ``f``, ``removal_lower`` and ``preservation_upper``.

    Raises
    ------
    ValueError
        Where a number is out of its range; f = 0 has no point beyond the kept ones to condition on.

    Notes
    -----
    Source: chapter 14, the kept-mean theorem. Each f has the confidence by itself.

    Examples
    --------
    >>> from distunlearn_lite.theory import kept_mean_bound
    >>> bound = kept_mean_bound([1000, 1600, 2000], 2000, 2000, separation=0.5, confidence=0.95)
    >>> bound.preservation_upper.round(4)
    array([0.0065, 0.0026, 0.002 ])
    """
    deleted, separation, risk = _checked(f, n1, n2, separation, confidence, least=1)
    d = count("dim", dim, least=1)
    kept = n1 - deleted
    w = kept / (kept + n2)
    root = np.sqrt(2 * np.log(3 / risk))
    norm = np.sqrt(d) + root
    beta = (root if d == 1 else norm) / np.sqrt(n2)
    noise = np.sqrt(2 * np.log(6 / risk)) if d == 1 else norm
    level = betaincinv(kept + 1, deleted, 1 - risk / 3)
    radius = distance_ppf(level, separation + beta, d)
    spread = np.minimum(1.0, radius / np.sqrt(d + 2)) / np.sqrt(np.maximum(kept, 1))
    error = beta + w * (separation * kept_mean_ratio(radius, separation, d) + spread * noise)
    return _bound(deleted, error, separation - error)


def _checked(
    f: ArrayLike, n1: int, n2: int, separation: float, confidence: float, least: int = 0
) -> tuple[FloatArray, float, float]:
    """The deleted counts, the separation and the risk 1 - confidence."""
    total = count("n1", n1, least=1)
    count("n2", n2, least=1)
    deleted = real_array("f", f).copy()
    if (deleted != np.floor(deleted)).any():
        raise ValueError("f must hold whole numbers of samples; round fractions of n1 first")
    if ((deleted < least) | (deleted > total)).any():
        raise ValueError(
            f"f must lie between {least} and n1 = {total}, got values from {deleted.min():g} to "
            f"{deleted.max():g}"
        )
    level = proper_fraction("confidence", confidence)
    return deleted, separation_scalar(separation), 1 - level


def _bound(f: FloatArray, to_retained: FloatArray, to_unwanted: FloatArray) -> DeletionBound:
    """Distances of the refitted mean (at most, at least), turned into divergences."""
    lower = np.asarray(np.maximum(to_unwanted, 0.0) ** 2 / 2)
    return DeletionBound(f, lower, np.asarray(to_retained**2 / 2))
