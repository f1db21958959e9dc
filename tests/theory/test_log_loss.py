"""Log-loss shifts: tight and vacuous cases, measured without the formula they check."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from distunlearn_lite.theory.gaussian import Gaussian, kl_divergence
from distunlearn_lite.theory.log_loss import log_loss_shift

C = np.sqrt(0.2)  # the frontier point for kappa = 2, eps = 0.1 lies at -C
nats = st.floats(0, 1e3)


def joint(slope):
    """Law of (X, Y) with X ~ N(0, 1) and Y | X ~ N(slope X, 1)."""
    return Gaussian([0, 0], [[1, slope], [slope, 1 + slope**2]])


def test_tight_for_gaussian_regression():
    # Slopes 2, 0 and -C on the same inputs: nothing of the divergence sits in x.
    alpha, eps = kl_divergence(joint(2), joint(-C)), kl_divergence(joint(0), joint(-C))
    assert (alpha, eps) == pytest.approx((2.9944, 0.1), abs=1e-4)
    shift = log_loss_shift(alpha, eps, input_kl_1=0.0)
    for slope, bound in ((2, shift.removal_lower), (0, shift.preservation_upper)):
        x, noise = np.random.default_rng(0).standard_normal((2, 200_000))
        y = slope * x + noise
        gain = stats.norm.logpdf(y, slope * x, 1) - stats.norm.logpdf(y, -C * x, 1)
        error = gain.std() / np.sqrt(gain.size)
        assert abs(gain.mean() - bound) < 4 * error
        assert error < 0.05 * bound

        # and by integration over x of the conditional divergence
        def at(x, slope=slope):
            return stats.norm.pdf(x) * kl_divergence(Gaussian(slope * x, 1), Gaussian(-C * x, 1))

        assert integrate.quad(at, -12, 12)[0] == pytest.approx(bound, rel=1e-8)


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(2, 4))
def test_exact_for_tables(seed, inputs, labels):
    rng = np.random.default_rng(seed)
    p1, p2, p = (rng.dirichlet(np.ones(inputs * labels)).reshape(inputs, labels) for _ in range(3))

    def kl(a, b):
        return float((a * np.log(a / b)).sum())

    def excess(a):
        conditional = a / a.sum(axis=1, keepdims=True)
        return float((a * np.log(conditional / (p / p.sum(axis=1, keepdims=True)))).sum())

    # Rounding may leave a divergence of equal inputs just below zero.
    delta = [max(kl(a.sum(axis=1), p.sum(axis=1)), 0) for a in (p1, p2)]
    alpha, eps = kl(p1, p), kl(p2, p)
    exact = log_loss_shift(alpha, eps, input_kl_1=delta[0], input_kl_2=delta[1])
    assert exact.removal_lower == pytest.approx(excess(p1), abs=1e-9)
    assert exact.preservation_upper == pytest.approx(excess(p2), abs=1e-9)
    # Weaker knowledge gives weaker, still valid bounds.
    loose = log_loss_shift(0.9 * alpha, 1.1 * eps, input_kl_1=delta[0] + 0.1)
    assert loose.removal_lower <= excess(p1) + 1e-9
    assert loose.preservation_upper >= excess(p2) - 1e-9


@given(nats, nats, nats, st.floats(0, 1))
def test_bounds_are_differences_clipped_at_zero(alpha, eps, delta_1, share):
    shift = log_loss_shift(alpha, eps, input_kl_1=delta_1, input_kl_2=share * eps)
    assert shift.removal_lower == max(0, alpha - delta_1)
    assert shift.preservation_upper == eps - share * eps
    assert min(dataclasses.astuple(shift)) >= 0


def test_rounding_does_not_make_the_preservation_bound_negative():
    assert log_loss_shift(1, 0.3, input_kl_1=0, input_kl_2=0.1 + 0.2).preservation_upper == 0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"at most eps = 0\.1, got 0\.2: by data processing"):
        log_loss_shift(3, 0.1, input_kl_1=0, input_kl_2=0.2)
    valid = {"alpha": 3.0, "eps": 0.1, "input_kl_1": 0.0, "input_kl_2": 0.0}
    for name in valid:
        with pytest.raises(ValueError, match=f"{name} must be non-negative, got -1"):
            log_loss_shift(**valid | {name: -1})
    with pytest.raises(TypeError, match="input_kl_1"):
        log_loss_shift(3, 0.1)


def test_the_result_cannot_be_changed():
    shift = log_loss_shift(3, 0.1, input_kl_1=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        shift.removal_lower = 0
