"""The frontier among all Gaussians: a ray in the space of first and second moments.

Where p2 is standard normal and p1 = N(b, diag(1 + k)), the member with moments m2 + s (m2 - m1) is

    p_s = N(-s b, D - s (1 + s) b b^T),   D = diag(1 - s k),

positive definite for s < s_end, and with q = s (1 + s) b^T D^-1 b and e(x) = x - log(1 + x)

    2 KL(p2 || p_s) = sum e(s k / D) + e(q / (1 - q)) + s^2 b^T D^-1 (1 + k) D^-1 b / (1 - q).

Every term is non-negative, so nothing cancels. D and 1 - q vanish at s_end; they are computed from
the gap s_end - s, which keeps their digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import brentq
from scipy.special import expit

from ..errors import InfeasibleTarget
from ..validation import FloatArray
from .gaussian import Gaussian, _excess_over_log, kl_divergence

_X_MAX = 700.0  # exp(700) is near the largest float
_LEAST, _MOST = float(np.finfo(float).smallest_subnormal), float(np.finfo(float).max)


def relative_covariance(p1: Gaussian, p2: Gaussian) -> tuple[FloatArray, FloatArray]:
    """Variances of p1 less one, shape (d,), and their axes (d, d), where p2 is standard normal."""
    if np.array_equal(p1.cov, p2.cov):
        return np.zeros(p2.dim), np.eye(p2.dim)
    axes, spread, _ = np.linalg.svd(solve_triangular(p2.factor, p1.factor, lower=True))
    stretch: FloatArray = (spread - 1) * (spread + 1)
    stretch[np.abs(stretch) <= 16 * p2.dim * np.finfo(float).eps] = 0.0
    return stretch, axes


@dataclass(frozen=True, eq=False)
class GaussianRay:
    """The members p_s, each addressed by an unbounded x: s = s_end expit(x), or exp(x) if infinite.

    `d_end` and `slack_end` are D and 1 - q at a finite `s_end`.
    """

    p2: Gaussian
    basis: FloatArray  # maps the coordinates of the ray to those of the data
    k: FloatArray
    b: FloatArray
    s_end: float
    d_end: FloatArray
    slack_end: float

    @classmethod
    def through(cls, p1: Gaussian, p2: Gaussian) -> GaussianRay:
        """The ray from p1 through p2, beyond p2; ValueError where p1 is too far for floats."""
        kl_divergence(p1, p2)
        k, axes = relative_covariance(p1, p2)
        b = axes.T @ solve_triangular(p2.factor, p1.mean - p2.mean, lower=True)
        length = float(b @ b)
        with np.errstate(divide="ignore", over="ignore"):
            # D > 0 ends at 1 / max k; q < 1 ends below 1 / |b|^2, because D < 1 + s.
            first = float(np.min(1 / np.maximum(k, 0.0)))
            bound = min(first, float(1 / np.float64(length)))
        d_bound = 1 - k * bound if np.isfinite(bound) else np.ones_like(k)
        if bound == first:
            d_bound[k == k.max()] = 0.0
        ray = cls(p2, p2.factor @ axes, k, b, bound, d_bound, 1.0)
        if length == 0:
            return ray
        if ray._log_q(_X_MAX) > 0:
            end = brentq(ray._log_q, -_X_MAX, _X_MAX, xtol=1e-14)
            s_end, _, d_end = ray._at(end)
            return cls(p2, ray.basis, k, b, s_end, d_end, 0.0)
        slack_end = max(-np.expm1(ray._log_q(_X_MAX)), 0.0)
        return cls(p2, ray.basis, k, b, bound, d_bound, slack_end)

    @property
    def is_point(self) -> bool:
        """Whether p1 and p2 are the same to floating point, so that no direction is given."""
        return not self.k.any() and float(self.b @ self.b) == 0

    def spending(self, eps: float) -> Gaussian:
        """The member with KL(p2 || p_s) = eps > 0; InfeasibleTarget where no float holds it."""
        x = _X_MAX
        if self.loss(x) >= eps:
            x = brentq(lambda x: _log(self.loss(x)) - np.log(eps), -_X_MAX, x, xtol=1e-14)
            member = self._member(x, 1e-5)
            if member is not None:
                return member
        low, high = -_X_MAX, x
        for _ in range(40):
            middle = (low + high) / 2
            # Stricter than above, and less than found is named: no promise rests on lucky rounding.
            held = self._member(middle, 1e-6) is not None
            low, high = (middle, high) if held else (low, middle)
        raise InfeasibleTarget(
            f"floating point cannot represent the Gaussian with KL(p2 || p) = {eps:g}; losses "
            f"up to {0.9 * self.loss(low - 3):.2g} can be met, more perhaps after centring and "
            "whitening the data by p2"
        )

    def loss(self, x: float) -> float:
        """KL(p2 || p_s)."""
        s, gap, d = self._at(x)
        slack = self._slack(s, gap, d)
        with np.errstate(over="ignore", divide="ignore"):
            odds = np.minimum(np.exp(self._log_q(x)) / slack, _MOST)
            twice = (
                _excess_over_log(s * self.k / d, -np.log(d)).sum()
                + _excess_over_log(odds, np.log1p(odds))
                + ((s * self.b / d) ** 2 * (1 + self.k)).sum() / slack
            )
        return float(np.minimum(twice / 2, _MOST))

    def _at(self, x: float) -> tuple[float, float, FloatArray]:
        """s, the gap s_end - s, and D."""
        if np.isinf(self.s_end):
            s = float(np.exp(x))
            return s, np.inf, 1 - self.k * s
        s, gap = self.s_end * float(expit(x)), self.s_end * float(expit(-x))
        return s, gap, np.where(self.k > 0, self.d_end + self.k * gap, 1 - self.k * s)

    def _log_q(self, x: float) -> float:
        s, _, d = self._at(x)
        with np.errstate(over="ignore"):
            return _log(float((s * self.b * ((1 + s) * self.b / d)).sum()))

    def _slack(self, s: float, gap: float, d: FloatArray) -> float:
        """1 - q, as its end value plus a sum of positive terms proportional to the gap."""
        moving = self.b != 0
        if not moving.any():
            return 1.0
        b, d, d_end = self.b[moving], d[moving], self.d_end[moving]
        rate = ((b / d_end) * (b / d) * (1 + self.s_end + s * d_end)).sum()
        return float(self.slack_end + gap * rate)

    def _member(self, x: float, tolerance: float) -> Gaussian | None:
        """p_s, or None where rounding spoils its distance from p2."""
        s, gap, d = self._at(x)
        w = self.b / np.sqrt(d)
        size = np.linalg.norm(w)
        unit = w / size if size > 0 else w
        along = np.outer(unit, unit)
        # A square root of I - s (1 + s) w w^T, so that the covariance cannot come out indefinite.
        inner = np.eye(d.size) - along + np.sqrt(self._slack(s, gap, d)) * along
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            root = self.basis @ (np.sqrt(d)[:, None] * inner)
            try:
                member = Gaussian(self.p2.mean - s * (self.basis @ self.b), root @ root.T)
                spent = kl_divergence(self.p2, member)
            except ValueError:
                return None
        wanted = self.loss(x)
        spoilt = abs(np.sqrt(spent) - np.sqrt(wanted)) > tolerance * (1 + np.sqrt(wanted))
        return None if spoilt else member


def _log(value: float) -> float:
    return float(np.log(min(max(value, _LEAST), _MOST)))
