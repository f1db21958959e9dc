"""Distance to the retained mean in any dimension, and the mean of what is kept within it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainc, gammaincinv, gammaln, xlogy
from scipy.stats import ncx2

from ..validation import FloatArray, count, fractions, nonnegative, separation_scalar
from .folded_normal import increasing_root

__all__ = ["distance_ppf", "kept_mean_ratio"]

WIDEST = 1000.0  # the sums below take time in proportion to the separation


def distance_ppf(v: ArrayLike, separation: float, dim: int = 1) -> FloatArray:
    r"""Whitened distance from the retained mean within which a fraction v of p1 lies.

    The distance is a noncentral chi: :math:`t = \sqrt{F_D^{-1}(v)}` with :math:`F_D` the
    distribution function of the noncentral :math:`\chi^2_D(\Delta^2)`.

    Parameters
    ----------
    v : array_like
        Fractions in [0, 1].
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    dim : int
        Dimension D.

    Returns
    -------
    ndarray
        Distances, of the shape of `v`: 0 at v = 0, infinite at v = 1.

    Raises
    ------
    ValueError
        Where `v` leaves [0, 1], `separation` is negative or `dim` below 1.

    Notes
    -----
    Source: chapter 6. Works in logarithms, so that fractions down to 1e-300 keep their digits.

    Examples
    --------
    >>> from distunlearn_lite.theory import distance_ppf
    >>> distance_ppf([0.3, 0.9], separation=2.0, dim=5).round(4)
    array([2.4087, 3.9842])
    """
    levels = fractions("v", v)
    delta = separation_scalar(separation)
    half = count("dim", dim, least=1) / 2
    inside = (levels > 0) & (levels < 1)
    result = np.where(levels < 1, 0.0, np.inf)
    result[inside] = np.exp(_log_distance_ppf(levels[inside], delta, half))
    return result


def kept_mean_ratio(t: ArrayLike, separation: float, dim: int = 1) -> FloatArray:
    r"""How far towards the unwanted mean the points of p1 within distance t lie, as a fraction.

    .. math:: E[x - \mu_2 \mid |x - \mu_2| \le t] = r\,(\mu_1 - \mu_2), \qquad
              r(t; \Delta) = F_{D+2}(t^2) / F_D(t^2) .

    Parameters
    ----------
    t : array_like
        Whitened radii, non-negative; infinite is admitted.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    dim : int
        Dimension D.

    Returns
    -------
    ndarray
        r in [0, 1], of the shape of `t`; rises in t, falls in the separation.

    Raises
    ------
    ValueError
        Where an argument is negative or NaN, or `dim` is below 1.

    Notes
    -----
    Source: chapter 6. With :math:`F_k = \sum_j p_j a_j` (Poisson weights, central distribution
    functions) the ratios of neighbouring terms are summed from the top down: only positive numbers
    are added.

    Examples
    --------
    >>> from distunlearn_lite.theory import kept_mean_ratio
    >>> kept_mean_ratio([0.0, 1.0, 3.0], separation=0.5).round(4)
    array([0.    , 0.2875, 0.9665])
    """
    everything = np.asarray(t) == np.inf
    radii = nonnegative("t", np.where(everything, 0.0, t) if everything.any() else t)
    delta = separation_scalar(separation)
    half = count("dim", dim, least=1) / 2
    result = np.where(everything, 1.0, 0.0)
    inside = radii > 0
    result[inside] = _mixture(np.log(radii[inside]), delta, half)[2]
    return result


def kept_mean_and_gap(v: FloatArray, separation: float, dim: int) -> tuple[FloatArray, FloatArray]:
    """r and 1 - r of the distance rule at kept fractions v, both to full relative accuracy."""
    ratio, gap = np.where(v < 1, 0.0, 1.0), np.where(v < 1, 1.0, 0.0)
    inside = (v > 0) & (v < 1)
    log_t = _log_distance_ppf(v[inside], separation, dim / 2)
    ratio[inside], gap[inside] = _mixture(log_t, separation, dim / 2)[2:]
    return ratio, gap


def _log_distance_ppf(v: FloatArray, delta: float, half: float) -> FloatArray:
    """log t with F_D(t^2) = v, for v strictly between 0 and 1; half = D/2."""
    log_t = np.empty_like(v)
    tail = (v < 1e-8) & (delta <= WIDEST)  # far down SciPy's inverse fails with an overflow
    squares = ncx2.ppf(v[~tail], 2 * half, delta**2)
    if not np.allclose(ncx2.cdf(squares, 2 * half, delta**2), v[~tail], rtol=1e-6, atol=0):
        raise ValueError(
            f"cannot invert fractions from {v.min():g} to {v.max():g} at separation {delta:g}; "
            "make one of the two less extreme"
        )
    log_t[~tail] = np.log(squares) / 2
    p = v[tail]

    def miss(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        log_cdf, slope, _, _ = _mixture(x, delta, half)
        return log_cdf - np.log(p), slope

    with np.errstate(divide="ignore", under="ignore"):
        smallest = (np.log(p) + gammaln(half + 1)) / half  # gammainc(a, z) <= z^a / Gamma(a + 1)
        low = (np.log(2) + np.maximum(smallest, np.log(gammaincinv(half, p)))) / 2
        high = np.log(delta + np.exp(low)) + 1e-9  # the triangle inequality
        guess = low + delta**2 / (4 * half)  # v is about the central value times e^(-Delta^2/2)
        if p.size:
            log_t[tail] = increasing_root(miss, low, high, guess)
    return log_t


def _mixture(
    log_t: FloatArray, delta: float, half: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """log F_D(t^2), its slope in log t, F_{D+2}/F_D and 1 - F_{D+2}/F_D.

    With z = t^2/2, q_j = z^(D/2+j) e^-z / Gamma(D/2+j+1) and a_j = q_j + q_{j+1} + ... the
    distribution functions are F_D = sum p_j a_j and F_{D+2} = sum p_j a_{j+1}. Put T_j = p_j q_j
    and c_j = a_{j+1}/q_j = (1 + c_{j+1}) z / (D/2+j+1): then F_D = sum T_j (1 + c_j), F_{D+2} =
    sum T_j c_j, and only the terms around the largest p_j a_j matter.
    """
    if delta > WIDEST:
        raise ValueError(
            f"separation must be at most {WIDEST:g} for the distance rule, got {delta:g}; so far "
            "apart the likelihood-ratio rule deletes nearly the same points"
        )
    rate = delta**2 / 2
    far = np.log(delta + np.sqrt(2 * half) + 11)  # F_D differs from 1 by less than 1e-26 there
    x = np.minimum(log_t, far)
    z = np.exp(2 * x) / 2
    centre = np.floor(np.minimum(rate, 2 * rate * z / (half + np.sqrt(half**2 + 4 * rate * z))))
    spread = np.ceil(9 * np.sqrt(centre + 1) + 20)
    top, bottom = centre + spread, np.maximum(centre - spread, 0)

    def log_term(j: FloatArray) -> FloatArray:
        power = xlogy(j, rate) + (half + j) * (2 * x - np.log(2)) - z - rate
        return np.asarray(power - gammaln(j + 1) - gammaln(half + j + 1))

    with np.errstate(under="ignore", divide="ignore"):
        log_q = (half + top) * (2 * x - np.log(2)) - z - gammaln(half + top + 1)
        c = np.exp(np.log(gammainc(half + top + 1, z)) - log_q)
        scale = log_term(centre)
        plain = np.zeros_like(z)
        tail, lever = plain.copy(), plain.copy()
        for step in range(int((top - bottom).max(initial=-1)) + 1):
            j = top - step
            used = j >= bottom
            j = np.maximum(j, bottom)
            term = np.where(used, np.exp(log_term(j) - scale), 0.0)
            plain += term
            tail += term * c
            lever += term * (half + j)
            c = (1 + c) * z / (half + np.maximum(j, 1.0))
        total = plain + tail
        log_cdf = np.minimum(scale + np.log(total), 0.0)
        return log_cdf, 2 * lever / total, tail / total, plain / total
