"""Gaussian distributions and the divergence between two of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular

from ..validation import FloatArray, count, generator, real_array


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Gaussian distribution N(mean, cov) with a positive definite covariance.

    Parameters
    ----------
    mean : array_like, shape (d,)
        Mean; a scalar for d = 1.
    cov : array_like, shape (d, d)
        Covariance, symmetric and positive definite; a scalar variance for d = 1.

    Raises
    ------
    ValueError
        Where the shapes do not fit, an entry is NaN or infinite, or `cov` is asymmetric,
        indefinite or singular.

    Notes
    -----
    Source: chapter 2. Whether `cov` is singular is judged on its correlation matrix, so that the
    units of the coordinates do not matter. The lower Cholesky factor of `cov` is kept in `factor`.

    Examples
    --------
    >>> from distunlearn_lite import Gaussian
    >>> p = Gaussian(mean=[0.0, 1.0], cov=[[2.0, 0.5], [0.5, 1.0]])
    >>> p.dim
    2
    >>> p.sample(3, rng=0).shape
    (3, 2)
    """

    mean: FloatArray
    cov: FloatArray
    factor: FloatArray = field(init=False, repr=False)  # lower Cholesky factor of cov

    def __init__(self, mean: ArrayLike, cov: ArrayLike) -> None:
        centre = np.atleast_1d(real_array("mean", mean, ndim=(0, 1))).copy()
        if centre.size == 0:
            raise ValueError("mean must have at least one entry, got an empty array")
        matrix, factor = _positive_definite(cov, centre.size)
        for name, array in (("mean", centre), ("cov", matrix), ("factor", factor)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def dim(self) -> int:
        """Dimension d."""
        return self.mean.size

    @classmethod
    def fit(cls, x: ArrayLike, cov: ArrayLike | None = None) -> Gaussian:
        """Maximum likelihood fit.

        Parameters
        ----------
        x : array_like, shape (n, d)
            Samples, one a row; shape (n,) for d = 1.
        cov : array_like, shape (d, d), optional
            Known covariance. Without it the covariance is estimated with 1/n, which needs n > d.

        Returns
        -------
        Gaussian
            Sample mean, with the known or the estimated covariance.

        Raises
        ------
        ValueError
            Where `x` is empty or not finite, n <= d without `cov`, or the estimate is singular.

        Examples
        --------
        >>> from distunlearn_lite import Gaussian
        >>> Gaussian.fit([0.0, 2.0]).cov
        array([[1.]])
        """
        samples = _samples(x)
        n, d = samples.shape
        mean = samples.mean(axis=0)
        if cov is not None:
            return cls(mean, cov)
        if n <= d:
            raise ValueError(
                f"{n} samples cannot determine a covariance in {d} dimensions (more than {d} are "
                "needed); pass the known one as cov="
            )
        centred = samples - mean
        with np.errstate(over="ignore"):
            estimate = centred.T @ centred / n
        if not np.isfinite(estimate).all():
            raise ValueError("the samples are too large for floating point; rescale them")
        # Looked for in the samples, since rounding of their mean makes up a variance.
        still = np.flatnonzero((samples == samples[0]).all(axis=0))
        if still.size:
            raise ValueError(
                f"the estimated covariance is singular: column {still[0]} of x does not vary; drop "
                "it, or pass the known covariance as cov="
            )
        try:
            return cls(mean, estimate)
        except ValueError as error:
            raise ValueError(f"the estimated covariance is singular: {error}") from None

    def about(self, mean: ArrayLike) -> Gaussian:
        """Distribution of the same covariance with another mean (d,), without factoring again.

        Examples
        --------
        >>> from distunlearn_lite import Gaussian
        >>> Gaussian([0.0, 1.0], [[2.0, 0.5], [0.5, 1.0]]).about([3.0, 3.0]).mean
        array([3., 3.])
        """
        centre = np.atleast_1d(real_array("mean", mean, ndim=(0, 1))).copy()
        if centre.shape != self.mean.shape:
            raise ValueError(f"mean must have {self.dim} entries, got shape {centre.shape}")
        centre.flags.writeable = False
        moved = copy.copy(self)
        object.__setattr__(moved, "mean", centre)
        return moved

    def sample(self, n: int, rng: np.random.Generator | int) -> FloatArray:
        """Draw `n` independent samples, shape (n, d); `rng` is a generator or a seed."""
        normal = generator(rng).standard_normal((count("n", n), self.dim))
        drawn: FloatArray = self.mean + normal @ self.factor.T
        return drawn

    def whiten(self, x: ArrayLike) -> FloatArray:
        """Coordinates of `x` (n, d) in which this distribution is standard normal, shape (n, d)."""
        samples = _samples(x)
        if samples.shape[1] != self.dim:
            raise ValueError(f"x must have {self.dim} columns, got shape {samples.shape}")
        white: FloatArray = solve_triangular(self.factor, (samples - self.mean).T, lower=True).T
        return white

    def logpdf(self, x: ArrayLike) -> FloatArray:
        """Log-density in nats at each row of `x` (n, d), shape (n,)."""
        log_volume = self.dim * np.log(2 * np.pi) / 2 + np.log(np.diag(self.factor)).sum()
        with np.errstate(over="ignore"):  # -inf where the density is 0 even as a logarithm
            density: FloatArray = -0.5 * (self.whiten(x) ** 2).sum(axis=1) - log_volume
        return density


def kl_divergence(p: Gaussian, q: Gaussian) -> float:
    r"""Kullback-Leibler divergence KL(p || q), in nats.

    With Cholesky factors :math:`L_p, L_q`, :math:`A = L_q^{-1} L_p` and
    :math:`z = L_q^{-1}(m_p - m_q)`,

    .. math:: 2\,KL(p \| q) = \sum_i (A_{ii}^2 - 1 - \ln A_{ii}^2) + \sum_{i>j} A_{ij}^2 + |z|^2 .

    Parameters
    ----------
    p, q : Gaussian
        Distributions of one dimension d; any covariances.

    Returns
    -------
    float
        Non-negative; zero only where the two are equal.

    Raises
    ------
    TypeError
        Where an argument is not a distribution of this library.
    ValueError
        Where the dimensions differ, or the divergence is too large for floating point.

    Notes
    -----
    Source: chapter 2. Every term of the sum is non-negative, so nothing cancels: tiny divergences
    keep their digits, and the result cannot come out below zero.

    Examples
    --------
    >>> from distunlearn_lite import Gaussian, kl_divergence
    >>> kl_divergence(Gaussian(0.0, 1.0), Gaussian(2.0, 1.0))
    2.0
    """
    check_gaussians(p=p, q=q)
    shift = solve_triangular(q.factor, p.mean - q.mean, lower=True)
    with np.errstate(over="ignore", divide="ignore"):
        twice = shift @ shift
        if not np.array_equal(p.factor, q.factor):  # where they are equal, only the means differ
            ratio = solve_triangular(q.factor, p.factor, lower=True)
            diagonal = np.diag(ratio)
            twice += _excess_over_log((diagonal - 1) * (diagonal + 1), 2 * np.log(diagonal)).sum()
            twice += (np.tril(ratio, -1) ** 2).sum()
    if not np.isfinite(twice):
        raise ValueError("the divergence is too large for floating point; rescale the data")
    return float(twice / 2)


def check_gaussians(**pair: Gaussian) -> None:
    """Refuse what is not a pair of Gaussians of one dimension, by the names given."""
    for name, value in pair.items():
        if not isinstance(value, Gaussian):
            raise TypeError(f"{name} must be a Gaussian, got {type(value).__name__}")
    one, two = (value.dim for value in pair.values())
    if one != two:
        raise ValueError(f"{' and '.join(pair)} must have one dimension, got {one} and {two}")


def _excess_over_log(x: FloatArray, log: FloatArray) -> FloatArray:
    """x - log with log = log(1 + x), by its power series where the difference would cancel.

    The logarithm is passed in because x near -1 no longer determines it.
    """
    small = np.abs(x) < 0.1
    orders = np.arange(2, 18)
    near = np.where(small, x, 0.0)[..., None]
    series = ((-1.0) ** orders * near**orders / orders).sum(axis=-1)
    return np.where(small, series, x - log)


def _samples(x: ArrayLike) -> FloatArray:
    """Samples as a matrix (n, d) with n, d >= 1."""
    array = real_array("x", x, ndim=(1, 2))
    if array.ndim == 1:
        array = array[:, None]
    if array.size == 0:
        raise ValueError(f"x must hold at least one sample, got shape {array.shape}")
    return array


def _positive_definite(cov: ArrayLike, dim: int) -> tuple[FloatArray, FloatArray]:
    """The covariance made exactly symmetric, and its lower Cholesky factor."""
    matrix = real_array("cov", cov, ndim=(0, 1, 2))
    given = matrix.shape or "a number"
    if matrix.ndim == 0:
        matrix = matrix.reshape(1, 1)
    if matrix.shape != (dim, dim):
        hint = "; pass np.diag(variances)" if matrix.ndim == 1 or given == "a number" else ""
        raise ValueError(f"cov must have shape {(dim, dim)} to fit the mean, got {given}{hint}")
    variances = np.diag(matrix)
    if (variances <= 0).any():
        raise ValueError(
            f"cov must be positive definite, but a variance on its diagonal is {variances.min():g}"
        )
    scale = np.sqrt(variances)
    correlation = matrix / scale / scale[:, None]
    asymmetry = np.abs(correlation - correlation.T).max()
    if asymmetry > 1e-8:
        raise ValueError(
            f"cov must be symmetric, entries differ from their mirror images by {asymmetry:.1e} "
            "of their scale; pass (cov + cov.T) / 2 if that is rounding"
        )
    correlation = (correlation + correlation.T) / 2
    smallest = np.linalg.eigvalsh(correlation)[0]
    if smallest <= 16 * dim * np.finfo(float).eps:
        raise ValueError(
            f"cov must be positive definite, the smallest eigenvalue of its correlation matrix is "
            f"{smallest:.1e}; drop dependent columns or add a small ridge"
        )
    factor = scale[:, None] * np.linalg.cholesky(correlation)
    return np.where(matrix == matrix.T, matrix, matrix / 2 + matrix.T / 2), factor
