"""The ray of moments: its members, its losses near the end, and where it ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distunlearn_lite.theory.gaussian import Gaussian, kl_divergence
from distunlearn_lite.theory.gaussian_frontier import GaussianRay, relative_covariance
from tests.theory.test_gaussian import random_gaussian

seeds = st.integers(0, 10**6)


@given(st.integers(1, 4), seeds, seeds, st.floats(-8, 3))
def test_loss_and_member_agree_with_the_moments(dim, one, two, x):
    if one == two:
        return
    p1, p2 = random_gaussian(dim, one), random_gaussian(dim, two)
    ray = GaussianRay.through(p1, p2)
    member = ray.spending(ray.loss(x))
    s = ray.s_end / (1 + np.exp(-x))
    shift = p2.mean - p1.mean
    assert member.mean == pytest.approx(p2.mean + s * shift, rel=1e-6, abs=1e-6)
    second = [g.cov + np.outer(g.mean, g.mean) for g in (p1, p2, member)]
    assert second[2] == pytest.approx(second[1] + s * (second[1] - second[0]), rel=1e-5, abs=1e-5)
    assert kl_divergence(p2, member) == pytest.approx(ray.loss(x), rel=1e-5)


@given(st.integers(1, 4), seeds, seeds)
def test_the_ray_ends_where_the_covariance_becomes_singular(dim, one, two):
    if one == two:
        return
    p1, p2 = random_gaussian(dim, one), random_gaussian(dim, two)
    end = GaussianRay.through(p1, p2).s_end
    gap = p1.mean - p2.mean

    def smallest(s):
        cov = (1 + s) * p2.cov - s * p1.cov - s * (1 + s) * np.outer(gap, gap)
        white = np.linalg.solve(p2.factor, np.linalg.solve(p2.factor, cov).T)
        return np.linalg.eigvalsh(white)[0]

    assert smallest(0.999 * end) > 0
    assert smallest(1.001 * end) < 0
    assert smallest(end) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("mean", "variances", "end"),
    [
        ([0, 0], [0.5, 1], np.inf),
        ([0, 0], [3, 1], 0.5),
        ([0, 0.1], [3, 1], 0.5),  # the variance ends first, in an axis where the means agree
        ([0, 1], [1, 1], (np.sqrt(5) - 1) / 2),  # s (1 + s) = 1
        ([1e-13, 0.1], [3, 1], 0.5),
    ],
)
def test_known_ends(mean, variances, end):
    p2 = Gaussian([0, 0], np.eye(2))
    ray = GaussianRay.through(Gaussian(mean, np.diag(variances)), p2)
    assert ray.s_end == pytest.approx(end, rel=1e-12)
    losses = [ray.loss(x) for x in np.linspace(-30, 60, 50)]
    assert (np.diff(losses) > 0).all()


@pytest.mark.parametrize("x", [-300.0, -20.0, 0.0, 20.0, 300.0])
def test_loss_on_the_line_in_closed_form(x):
    # p1 = N(2, 1), p2 = N(0, 1): variance v = 1 - 4 s (1 + s) vanishes at s_end = (sqrt 2 - 1) / 2.
    ray = GaussianRay.through(Gaussian(2, 1), Gaussian(0, 1))
    end = (np.sqrt(2) - 1) / 2
    assert ray.s_end == pytest.approx(end, rel=1e-13)
    s, gap = end / (1 + np.exp(-x)), end / (1 + np.exp(x))
    v = 4 * gap * (s + end + 1)
    small = 4 * s * (1 + s)
    log_terms = 1 / v - 1 + np.log(v) if small > 0.01 else small**2 / 2 + 2 * small**3 / 3
    assert ray.loss(x) == pytest.approx((log_terms + 4 * s**2 / v) / 2, rel=1e-9, abs=0)


def test_relative_covariance():
    p1, p2 = random_gaussian(3, 1), random_gaussian(3, 2)
    stretch, axes = relative_covariance(p1, p2)
    root = p2.factor @ axes
    assert root @ np.diag(1 + stretch) @ root.T == pytest.approx(p1.cov)
    assert axes.T @ axes == pytest.approx(np.eye(3), abs=1e-12)
    assert (relative_covariance(p1, Gaussian([0, 0, 0], p1.cov))[0] == 0).all()
    rounded = Gaussian(p1.mean, p1.cov * (1 + 2**-51))
    assert not (rounded.cov == p1.cov).all()
    assert (relative_covariance(rounded, p1)[0] == 0).all()
    assert GaussianRay.through(rounded, p1).is_point
