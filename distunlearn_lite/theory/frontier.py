"""The Pareto frontier between removal and preservation, for Gaussians."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular

from ..errors import InfeasibleTarget
from ..validation import FloatArray, nonnegative, nonnegative_scalar
from .gaussian import Gaussian, check_gaussians
from .gaussian_frontier import GaussianRay, relative_covariance


def min_preservation_loss(alpha: ArrayLike, kappa: ArrayLike) -> np.float64 | FloatArray:
    r"""Smallest preservation loss KL(p2 || p) at which the removal KL(p1 || p) can reach `alpha`.

    For Gaussians p of the one covariance that p1 and p2 share,

    .. math:: \varepsilon^*(\alpha) = (\sqrt\alpha - \sqrt\kappa)^2 \text{ for } \alpha \ge \kappa,
              \qquad 0 \text{ for } \alpha < \kappa .

    Parameters
    ----------
    alpha : array_like
        Removal asked for, in nats, non-negative.
    kappa : array_like
        KL(p1 || p2) in nats, non-negative; broadcast against `alpha`.

    Returns
    -------
    numpy.float64 or ndarray
        Loss in nats, of the broadcast shape; a scalar for two scalars.

    Raises
    ------
    ValueError
        Where an entry is negative, NaN or infinite, or the shapes do not broadcast.

    Notes
    -----
    Source: Proposition 1 of the paper; chapter 3. Exact for the shared-covariance class only: a
    larger class reaches the same removal at a smaller loss. Below `kappa` the loss is zero because
    p2 itself removes `kappa`.

    Examples
    --------
    >>> from distunlearn_lite import min_preservation_loss
    >>> print(min_preservation_loss(8.0, 2.0).round(6))
    2.0
    >>> print(min_preservation_loss([1.0, 2.0, 3.0], 2.0).round(4))
    [0.    0.    0.101]
    """
    alpha, kappa = _broadcastable("alpha", alpha, "kappa", kappa)
    total = np.sqrt(alpha) + np.sqrt(kappa)
    # The difference of the roots, written so that alpha near kappa costs no digits.
    difference = np.maximum(alpha - kappa, 0.0) / (total + (total == 0))
    loss: np.float64 | FloatArray = difference**2
    return loss


def max_removal(eps: ArrayLike, kappa: ArrayLike) -> np.float64 | FloatArray:
    r"""Largest removal KL(p1 || p) within a preservation loss KL(p2 || p) of `eps`.

    For Gaussians p of the one covariance that p1 and p2 share,

    .. math:: \alpha_{\max}(\varepsilon) = (\sqrt\kappa + \sqrt\varepsilon)^2 .

    Parameters
    ----------
    eps : array_like
        Preservation loss allowed, in nats, non-negative.
    kappa : array_like
        KL(p1 || p2) in nats, non-negative; broadcast against `eps`.

    Returns
    -------
    numpy.float64 or ndarray
        Removal in nats, of the broadcast shape; a scalar for two scalars.

    Raises
    ------
    ValueError
        Where an entry is negative, NaN or infinite, or the shapes do not broadcast.

    Notes
    -----
    Source: Proposition 1 of the paper; chapter 3. Concave in `eps`, with infinite slope at zero:
    the first loss accepted buys the most removal.

    Examples
    --------
    >>> from distunlearn_lite import max_removal
    >>> print(max_removal(0.1, 2.0).round(3))
    2.994
    >>> print(max_removal([0.0, 0.5, 2.0], 2.0).round(3))
    [2.  4.5 8. ]
    """
    eps, kappa = _broadcastable("eps", eps, "kappa", kappa)
    removal: np.float64 | FloatArray = (np.sqrt(kappa) + np.sqrt(eps)) ** 2
    return removal


def frontier_point(p1: Gaussian, p2: Gaussian, eps: float, *, fixed_cov: bool = True) -> Gaussian:
    r"""Gaussian p of largest removal KL(p1 || p) among those with KL(p2 || p) at most `eps`.

    With the shared covariance kept fixed, and :math:`\kappa = KL(p_1 \| p_2)`, it is p2 moved
    straight away from p1, to the mean

    .. math:: \mu_2 + \sqrt{\varepsilon / \kappa}\, (\mu_2 - \mu_1) .

    Among all Gaussians it is the one whose first and second moments lie beyond those of p2 on the
    ray from p1's: with :math:`a = \mu_1 - \mu_2` and the :math:`s \ge 0` that spends `eps`,

    .. math:: N\bigl(\mu_2 - s a,\;
              (1 + s) \Sigma_2 - s \Sigma_1 - s (1 + s)\, a a^T\bigr) .

    Parameters
    ----------
    p1, p2 : Gaussian
        Unwanted and retained distribution, of one dimension.
    eps : float
        Preservation loss to spend, in nats, non-negative. Zero gives p2.
    fixed_cov : bool
        Whether p must have the covariance of p1 and p2, which must then be the same. False admits
        every Gaussian p, and any covariances of p1 and p2.

    Returns
    -------
    Gaussian
        The only maximiser, with KL(p2 || p) = `eps` up to rounding. For p1 = p2 every p with that
        loss is as good; then p2 is moved along the first column of its `factor`.

    Raises
    ------
    TypeError
        Where `p1` or `p2` is not a Gaussian.
    ValueError
        Where the dimensions differ, `eps` is negative, NaN or infinite, the covariances differ
        although `fixed_cov` is true, or p1 is too far from p2 for floating point.
    InfeasibleTarget
        Where floating point cannot represent the maximiser. Mathematically every `eps` is reached.

    Notes
    -----
    Source: Proposition 1 of the paper and chapter 3 for the fixed covariance; chapter 12, this
    book's own, for the whole family.

    Examples
    --------
    >>> from distunlearn_lite import Gaussian, frontier_point, kl_divergence
    >>> p1, p2 = Gaussian(2.0, 1.0), Gaussian(0.0, 1.0)
    >>> p = frontier_point(p1, p2, eps=0.1)
    >>> p.mean.round(3), round(kl_divergence(p1, p), 3)
    (array([-0.447]), 2.994)

    A p that may also change its variance shrinks it, and removes more for the same loss:

    >>> p = frontier_point(p1, p2, eps=0.1, fixed_cov=False)
    >>> p.cov.round(3), round(kl_divergence(p1, p), 3)
    (array([[0.608]]), 3.979)
    """
    check_gaussians(p1=p1, p2=p2)
    eps = nonnegative_scalar("eps", eps)
    stretch, _ = relative_covariance(p1, p2)
    if fixed_cov and np.abs(stretch).max() > 1e-8:
        raise ValueError(
            "p1 and p2 must share one covariance, but in units of p2 a variance of p1 is "
            f"{1 + stretch[np.abs(stretch).argmax()]:.6g}; pass fixed_cov=False to let p be any "
            "Gaussian, or give both the same cov"
        )
    if eps == 0:
        return p2
    if fixed_cov:
        return _shifted(p1, p2, eps)
    ray = GaussianRay.through(p1, p2)
    return _shifted(p1, p2, eps) if ray.is_point else ray.spending(eps)


def _broadcastable(
    first: str, a: ArrayLike, second: str, b: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    one, two = nonnegative(first, a), nonnegative(second, b)
    try:
        np.broadcast_shapes(one.shape, two.shape)
    except ValueError:
        raise ValueError(
            f"{first} and {second} must broadcast, got shapes {one.shape} and {two.shape}; "
            f"for a table of all pairs pass {first}[:, None]"
        ) from None
    return one, two


def _shifted(p1: Gaussian, p2: Gaussian, eps: float) -> Gaussian:
    """p2 moved by sqrt(2 eps) standard deviations straight away from p1."""
    away = p2.mean - p1.mean
    white = solve_triangular(p2.factor, away, lower=True)
    size = np.abs(white).max()  # first scaled, so that squares neither vanish nor overflow
    step = p2.factor[:, 0] if size == 0 else away / size / np.linalg.norm(white / size)
    with np.errstate(over="ignore"):
        mean = p2.mean + np.sqrt(2 * eps) * step
    if not np.isfinite(mean).all():
        raise InfeasibleTarget(f"floating point ends before eps = {eps:g}; rescale the data")
    return Gaussian(mean, p2.cov)
