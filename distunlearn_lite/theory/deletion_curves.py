"""Removal and preservation against the budget: exact curves for infinitely many samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ..validation import (
    FloatArray,
    choice,
    count,
    fractions,
    positive_scalar,
    separation_scalar,
)
from .kept_mean import kept_mean_and_gap

CURVE_RULES = ("random", "distance", "likelihood-ratio")


@dataclass(frozen=True, eq=False)
class DeletionCurve:
    """Removal and preservation at each kept fraction; all arrays have one shape.

    Attributes
    ----------
    kept
        Fraction of the unwanted points that is kept.
    budget
        Fraction that is deleted, 1 - kept.
    removal
        KL(p1 || p) in nats.
    preservation
        KL(p2 || p) in nats.
    """

    kept: FloatArray
    budget: FloatArray
    removal: FloatArray
    preservation: FloatArray


def deletion_curve(
    rule: str, kept: ArrayLike, ratio: float, separation: float, dim: int = 1
) -> DeletionCurve:
    r"""Exact removal and preservation of a deletion rule for infinitely many samples.

    The refitted mean lies on the line through the two means. With kept fraction v,
    :math:`\varrho = n_1/n_2` and :math:`w = v\varrho/(1 + v\varrho)` its distance from
    :math:`\mu_2` towards :math:`\mu_1`, in units of the covariance, is

    .. math:: o = w\Delta \;\text{(random)}, \qquad w r \Delta \;\text{(distance)}, \qquad
              w(\Delta - h) \;\text{(likelihood-ratio)}

    with :math:`r = F_{D+2}(t^2)/v`, :math:`t^2 = F_D^{-1}(v)` and
    :math:`h = \varphi(\Phi^{-1}(v))/v`; then removal is :math:`(\Delta - o)^2/2` and preservation
    :math:`o^2/2`.

    Parameters
    ----------
    rule : str
        ``"random"``; ``"distance"``: the points farthest from the retained mean go first;
        ``"likelihood-ratio"``: those with the largest p1/p2 go first.
    kept : array_like
        Kept fractions v in [0, 1].
    ratio : float
        n1/n2, positive.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    dim : int
        Dimension D; only ``"distance"`` depends on it.

    Returns
    -------
    DeletionCurve
        Frozen, with arrays ``kept``, ``budget``, ``removal`` and ``preservation``.

    Raises
    ------
    ValueError
        Where the rule is unknown or a number is out of its range.

    Notes
    -----
    Source: chapters 5 and 6. Both distributions are Gaussian with one known covariance, scores are
    computed from the true parameters, and the refit is the mean of what is left. At v = 0 only the
    retained data are left, so removal is :math:`\Delta^2/2` and preservation 0 under every rule.

    Examples
    --------
    >>> from distunlearn_lite import deletion_curve
    >>> curve = deletion_curve("distance", kept=[1.0, 0.5, 0.0], ratio=1.0, separation=0.5)
    >>> curve.removal.round(4)
    array([0.0312, 0.1106, 0.125 ])
    >>> curve.preservation.round(5)
    array([0.03125, 0.00044, 0.     ])
    """
    choice("rule", rule, CURVE_RULES)
    v = fractions("kept", kept).copy()
    rho = positive_scalar("ratio", ratio)
    separation = separation_scalar(separation)
    removal, preservation = population_divergences(
        rule, v, v * rho / (1 + v * rho), 1 / (1 + v * rho), separation, count("dim", dim, least=1)
    )
    arrays = [np.asarray(a) for a in (v, 1 - v, removal, preservation)]
    for array in arrays:
        array.flags.writeable = False
    return DeletionCurve(*arrays)


def population_divergences(
    rule: str, v: FloatArray, w: FloatArray, rest: FloatArray, separation: float, dim: int
) -> tuple[FloatArray, FloatArray]:
    """Removal and preservation at kept fractions v and weights w, rest = 1 - w.

    The distance from mu1 is summed from parts of its own rather than got as separation - o, so
    that it keeps its digits where the refit stays close to mu1.
    """
    if rule == "likelihood-ratio":
        gain = w * normal_tail_mean(v)
        return (rest * separation + gain) ** 2 / 2, (w * separation - gain) ** 2 / 2
    if rule == "distance":
        ratio, gap = kept_mean_and_gap(v, separation, dim)
        return ((rest + w * gap) * separation) ** 2 / 2, (w * ratio * separation) ** 2 / 2
    return (rest * separation) ** 2 / 2, (w * separation) ** 2 / 2


def normal_tail_mean(v: FloatArray) -> FloatArray:
    """h(v) = phi(Phi^-1(v)) / v, the mean of the largest fraction v of normal draws; 0 at v = 0."""
    positive = np.where(v > 0, v, 1.0)
    quantile = ndtri(positive)
    mean = np.exp(-(quantile**2) / 2 - np.log(2 * np.pi) / 2 - np.log(positive))
    return np.where(v > 0, mean, 0.0)
