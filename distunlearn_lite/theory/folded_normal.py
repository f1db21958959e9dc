"""Folded normal: the law of the distance to the retained mean in one dimension, and its inverse."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, erfinv, log_ndtr, ndtr, ndtri

from ..validation import FloatArray, fractions, nonnegative, nonnegative_scalar

LOG_ROOT_TAU = np.log(2 * np.pi) / 2
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def folded_normal_cdf(u: ArrayLike, kappa: float) -> FloatArray:
    r"""Probability that a point of p1 lies within distance u of the retained mean (one dimension).

    .. math:: g(u; \kappa) = \Phi(u - \sqrt{2\kappa}) + \Phi(u + \sqrt{2\kappa}) - 1 .

    Parameters
    ----------
    u : array_like
        Distances in standard deviations, non-negative.
    kappa : float
        KL(p1 || p2) in nats, non-negative.

    Returns
    -------
    ndarray
        Probabilities in [0, 1], of the shape of `u`.

    Raises
    ------
    ValueError
        Where an entry is negative, NaN or infinite.

    Notes
    -----
    Source: chapter 6. Accurate to about 1e-13 relative to the result, however small it is: nothing
    is subtracted from 1, and near zero the density is integrated instead.

    Examples
    --------
    >>> from distunlearn_lite import folded_normal_cdf
    >>> folded_normal_cdf([0.0, 0.5, 2.0], kappa=0.125).round(4)
    array([0.    , 0.3413, 0.927 ])
    """
    distances = nonnegative("u", u)
    shift = _shift(kappa)
    positive = distances > 0
    with np.errstate(divide="ignore", under="ignore", over="ignore"):
        log_cdf = _log_folded_cdf(np.where(positive, distances, 1.0).ravel(), shift)
    return np.where(positive, np.exp(log_cdf).reshape(distances.shape), 0.0)


def folded_normal_ppf(v: ArrayLike, kappa: float) -> FloatArray:
    r"""Distance from the retained mean within which a fraction v of p1 lies (one dimension).

    Inverse of :func:`folded_normal_cdf`; for small v it is close to
    :math:`v\, e^{\kappa} \sqrt{\pi/2}`.

    Parameters
    ----------
    v : array_like
        Fractions in [0, 1].
    kappa : float
        KL(p1 || p2) in nats, non-negative.

    Returns
    -------
    ndarray
        Distances in standard deviations, of the shape of `v`: 0 at v = 0, infinite at v = 1.

    Raises
    ------
    ValueError
        Where `v` leaves [0, 1] or `kappa` is negative.

    Notes
    -----
    Source: chapter 6.

    Examples
    --------
    >>> from distunlearn_lite import folded_normal_ppf
    >>> folded_normal_ppf([0.0, 0.3, 1.0], kappa=0.125).round(4)
    array([0.    , 0.4362,    inf])
    """
    levels = fractions("v", v)
    shift = _shift(kappa)
    inside = (levels > 0) & (levels < 1)
    p = levels[inside]
    upper_half = p > 0.5

    u = np.maximum(np.sqrt(2) * erfinv(p), shift + ndtri(p))  # the quantile or a little less
    with np.errstate(divide="ignore", under="ignore", over="ignore"):
        for _ in range(50):  # Newton's method for log u; five rounds do where p is a normal float
            log_cdf = _log_folded_cdf(u, shift)
            log_sf = np.log(ndtr(shift - u) + ndtr(-shift - u))
            fold = np.log1p(np.exp(-2 * u * shift))
            log_density = np.log(u) - (u - shift) ** 2 / 2 - LOG_ROOT_TAU + fold
            miss = np.where(upper_half, np.log1p(-p) - log_sf, log_cdf - np.log(p))
            step = miss / np.exp(log_density - np.where(upper_half, log_sf, log_cdf))
            u *= np.exp(-step)
            # The error is about the square of the step, so a step of 1e-9 was the last one needed.
            if (np.abs(step) <= 1e-9).all():
                break
    result = np.where(levels < 1, 0.0, np.inf)
    result[inside] = u
    return result


def _shift(kappa: float) -> float:
    divergence = nonnegative_scalar("kappa", kappa)
    if divergence > 1e300:
        raise ValueError(f"kappa must be at most 1e300, got {divergence:g}; rescale the data")
    return float(np.sqrt(2 * divergence))


def _log_folded_cdf(u: FloatArray, s: float) -> FloatArray:
    """log g(u) for u > 0, by the form of the formula that does not cancel there."""
    result = np.empty_like(u)
    beyond = u >= s
    result[beyond] = np.log(
        (erf((u[beyond] - s) / np.sqrt(2)) + erf((u[beyond] + s) / np.sqrt(2))) / 2
    )
    near = ~beyond & (u * s < 1)
    x = u[near, None] * (NODES + 1) / 2
    mean = (np.exp(-(x**2) / 2) * np.cosh(s * x)) @ WEIGHTS
    result[near] = np.log(u[near]) + np.log(mean) - s**2 / 2 - LOG_ROOT_TAU
    rest = ~beyond & ~near
    log_right = log_ndtr(u[rest] - s)
    result[rest] = log_right + np.log1p(-np.exp(log_ndtr(-u[rest] - s) - log_right))
    return result
