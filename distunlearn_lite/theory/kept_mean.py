"""Distance to the retained mean in any dimension, and the mean of what is kept within it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import ncx2

from ..validation import FloatArray, count, fractions, nonnegative, separation_scalar

WIDEST = 1000.0  # the recurrence below takes time in proportion to the separation


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
        Where `v` leaves [0, 1], `separation` is negative or `dim` below 1; where `v` is too small
        for SciPy to invert, which starts below 1e-50.

    Notes
    -----
    Source: chapter 14.

    Examples
    --------
    >>> from distunlearn_lite.theory import distance_ppf
    >>> distance_ppf([0.3, 0.9], separation=2.0, dim=5).round(4)
    array([2.4087, 3.9842])
    """
    levels = fractions("v", v)
    separation = separation_scalar(separation)
    return _radius(levels, separation, count("dim", dim, least=1))


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
    Source: chapter 14. Computed by a recurrence in the dimension that adds only positive numbers,
    so that no digits are lost, however small r is.

    Examples
    --------
    >>> from distunlearn_lite.theory import kept_mean_ratio
    >>> kept_mean_ratio([0.0, 1.0, 3.0], separation=0.5).round(4)
    array([0.    , 0.2875, 0.9665])
    """
    radii = nonnegative("t", t, infinite=True)
    separation = separation_scalar(separation)
    return _kept_mean(radii, separation, count("dim", dim, least=1))[0]


def kept_mean_and_gap(v: FloatArray, separation: float, dim: int) -> tuple[FloatArray, FloatArray]:
    """r and 1 - r of the distance rule at kept fractions v, both to full relative accuracy."""
    return _kept_mean(_radius(v, separation, dim), separation, dim)


def _radius(v: FloatArray, separation: float, dim: int) -> FloatArray:
    """The t with F_D(t^2) = v."""
    try:
        squares = ncx2.ppf(v, dim, separation**2)
        inverted = np.allclose(ncx2.cdf(squares, dim, separation**2), v, rtol=1e-6, atol=0)
    except OverflowError:  # from older SciPy, far down in the tail
        inverted = False
    if not inverted:
        raise ValueError(
            f"cannot invert fractions from {v.min():g} to {v.max():g} at separation "
            f"{separation:g}; make one of the two less extreme"
        )
    return np.asarray(np.sqrt(squares))


def _kept_mean(t: FloatArray, separation: float, dim: int) -> tuple[FloatArray, FloatArray]:
    """r_D and 1 - r_D at radii t, where r_k = F_{k+2}(t^2)/F_k(t^2).

    F_k - F_{k+2} is twice the density f_{k+2}, and c_k = f_{k+4}/f_{k+2} is a ratio of Bessel
    functions, so that both go down from k + 2 to k by

        c_k = t^2 / (k + 2 + Delta^2 c_{k+2}),    r_k = c_k / (c_k + 1 - r_{k+2}),

    starting from r = 0 at a k so large that nothing of the start is left at k = D.
    """
    if separation > WIDEST:
        raise ValueError(
            f"separation must be at most {WIDEST:g} for the distance rule, got {separation:g}; "
            "so far apart the likelihood-ratio rule deletes nearly the same points"
        )
    ratio, gap = np.ones_like(t), np.zeros_like(t)
    inside = t < separation + np.sqrt(dim) + 11  # further out 1 - r is below 1e-26
    x = t[inside]
    steps = np.maximum(x**2 - separation**2, 0) / 2 + 8 * np.sqrt(x * (x + separation)) + 10
    c, r, rest = np.zeros_like(x), np.zeros_like(x), np.ones_like(x)
    for k in range(dim + 2 * int(steps.max(initial=0)), dim - 1, -2):
        c = x**2 / (k + 2 + separation**2 * c)
        r, rest = c / (c + rest), rest / (c + rest)
    ratio[inside], gap[inside] = r, rest
    return ratio, gap
