"""Exact law of removal and preservation after random deletion, for finite samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..validation import FloatArray, count, fractions, generator, separation_scalar
from .kept_mean import distance_ppf


@dataclass(frozen=True)
class RandomDeletionLaw:
    r"""Joint law of removal and preservation; made by :func:`distunlearn_lite.random_deletion_law`.

    Attributes
    ----------
    left : int
        Samples left after deletion, N = n1 - f + n2.
    weight : float
        Share of them that comes from p1, w = (n1 - f)/N.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means.
    dim : int
        Dimension D.
    """

    left: int
    weight: float
    separation: float
    dim: int

    @property
    def removal_mean(self) -> float:
        r"""Mean of KL(p1 || p) in nats, :math:`(1-w)^2 \Delta^2/2 + D/(2N)`."""
        return (((1 - self.weight) * self.separation) ** 2 + self.dim / self.left) / 2

    @property
    def preservation_mean(self) -> float:
        r"""Mean of KL(p2 || p) in nats, :math:`w^2 \Delta^2/2 + D/(2N)`."""
        return ((self.weight * self.separation) ** 2 + self.dim / self.left) / 2

    def removal_ppf(self, q: ArrayLike) -> FloatArray:
        """Quantiles of KL(p1 || p) in nats, at levels `q` in [0, 1]."""
        return self._ppf(q, 1 - self.weight)

    def preservation_ppf(self, q: ArrayLike) -> FloatArray:
        """Quantiles of KL(p2 || p) in nats, at levels `q` in [0, 1]."""
        return self._ppf(q, self.weight)

    def sample(self, n: int, rng: np.random.Generator | int) -> FloatArray:
        """Draw `n` pairs (removal, preservation), shape (n, 2); `rng` is a generator or a seed."""
        source = generator(rng)
        size = count("n", n)
        along = source.standard_normal(size) / np.sqrt(self.left)
        across = source.chisquare(self.dim - 1, size) / self.left if self.dim > 1 else 0.0
        to_unwanted = (1 - self.weight) * self.separation - along
        to_retained = self.weight * self.separation + along
        along_parts = np.stack([to_unwanted, to_retained], axis=1) ** 2
        pairs: FloatArray = (along_parts + np.reshape(across, (-1, 1))) / 2
        return pairs

    def _ppf(self, q: ArrayLike, share: float) -> FloatArray:
        levels = fractions("q", q)
        offset = share * self.separation * np.sqrt(self.left)
        return np.asarray(distance_ppf(levels, offset, self.dim) ** 2 / (2 * self.left))


def random_deletion_law(
    f: int, n1: int, n2: int, separation: float, dim: int = 1
) -> RandomDeletionLaw:
    r"""Exact law of removal and preservation when f random points of p1 are deleted.

    With N = n1 - f + n2 samples left, :math:`w = (n_1 - f)/N`, the refitted mean is
    :math:`N(\mu_2 + w(\mu_1 - \mu_2), \Sigma/N)`, so

    .. math:: 2N\,KL(p_1 \| p) \sim \chi^2_D(N (1-w)^2 \Delta^2), \qquad
              2N\,KL(p_2 \| p) \sim \chi^2_D(N w^2 \Delta^2)

    (noncentral, dependent on one another).

    Parameters
    ----------
    f : int
        Number of deleted samples, from 0 to n1.
    n1, n2 : int
        Numbers of unwanted and of retained samples, at least 1.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    dim : int
        Dimension D.

    Returns
    -------
    RandomDeletionLaw
        Frozen: ``removal_mean``, ``preservation_mean``, ``removal_ppf(q)``,
        ``preservation_ppf(q)`` and ``sample(n, rng)`` with columns removal and preservation.

    Raises
    ------
    TypeError
        Where a count is not a whole number.
    ValueError
        Where a number is out of its range.

    Notes
    -----
    Source: chapter 5. The covariance is shared and known; only the mean is refitted. The
    quantiles are those of each divergence on its own; draw pairs for anything joint.

    Examples
    --------
    >>> from distunlearn_lite import random_deletion_law
    >>> law = random_deletion_law(f=800, n1=1000, n2=1000, separation=1.0)
    >>> round(law.removal_mean, 4)
    0.3476
    >>> law.preservation_ppf([0.05, 0.95]).round(4)
    array([0.0071, 0.0229])
    >>> law.sample(3, rng=0).shape
    (3, 2)
    """
    total = count("n1", n1, least=1)
    retained = count("n2", n2, least=1)
    kept = total - count("f", f, least=0, most=total)
    left = kept + retained
    separation = separation_scalar(separation)
    return RandomDeletionLaw(left, kept / left, separation, count("dim", dim, least=1))
