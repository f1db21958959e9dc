"""The frontier: known values, its shape, and that no other member of the class does better."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from distunlearn_lite.errors import InfeasibleTarget
from distunlearn_lite.theory.frontier import frontier_point, max_removal, min_preservation_loss
from distunlearn_lite.theory.gaussian import Gaussian, kl_divergence
from tests.theory.test_gaussian import random_gaussian

nats = st.floats(0, 1e6)
positive_nats = st.floats(1e-6, 1e6)
seeds = st.integers(0, 10**6)


def shared_pair(dim, seed, distance=2.0):
    """Two Gaussians of one covariance, their means `distance` standard deviations apart."""
    p2 = random_gaussian(dim, seed)
    away = np.random.default_rng(seed + 1).standard_normal(dim)
    away *= distance / np.linalg.norm(away)
    return Gaussian(p2.mean + p2.factor @ away, p2.cov), p2


def spend(p2, toward, eps):
    """The Gaussian on the segment from p2 through `toward` with KL(p2 || p) = eps, or None."""

    def at(t):
        return Gaussian(p2.mean + t * (toward.mean - p2.mean), p2.cov + t * (toward.cov - p2.cov))

    def over(t):
        try:
            return kl_divergence(p2, at(t)) - eps
        except ValueError:
            return np.inf

    end = 1.0
    while over(end) < 0:
        end *= 2
    while np.isinf(over(end)):
        end *= 0.9
    if over(end) < 0:
        return None
    return at(brentq(over, 0, end, xtol=1e-15))


# The two formulas


@pytest.mark.parametrize(
    ("eps", "kappa", "alpha"),
    [(0.1, 2, 2.994427), (0, 2, 2), (2, 2, 8), (0.5, 2, 4.5), (3, 0, 3), (0, 0, 0)],
)
def test_known_values(eps, kappa, alpha):
    assert max_removal(eps, kappa) == pytest.approx(alpha, rel=1e-6)
    assert min_preservation_loss(alpha, kappa) == pytest.approx(eps, abs=1e-6)


@given(st.floats(1e-9, 1e6), st.floats(0, 1))
def test_each_formula_undoes_the_other(alpha, share):
    kappa = share * alpha
    assert max_removal(min_preservation_loss(alpha, kappa), kappa) == pytest.approx(alpha)


@given(nats, nats)
def test_no_loss_is_needed_up_to_kappa(one, two):
    alpha, kappa = sorted([one, two])
    assert min_preservation_loss(alpha, kappa) == 0
    assert min_preservation_loss(kappa, kappa) == 0


def test_small_excess_keeps_its_digits():
    assert min_preservation_loss(2 + 2**-40, 2) == pytest.approx(2**-80 / 8, rel=1e-11, abs=0)


def test_arrays_broadcast_and_scalars_stay_scalars():
    table = max_removal(np.array([0.0, 0.1, 1.0])[:, None], [1.0, 2.0])
    assert table.shape == (3, 2)
    assert table[1, 1] == max_removal(0.1, 2.0)
    for formula in (max_removal, min_preservation_loss):
        assert isinstance(formula(1, 2), np.float64)
        assert formula([1, 2], 2).shape == (2,)
        assert formula([], 2).shape == (0,)


@pytest.mark.parametrize(
    ("formula", "name"), [(max_removal, "eps"), (min_preservation_loss, "alpha")]
)
def test_formulas_refuse_bad_input(formula, name):
    with pytest.raises(ValueError, match=f"{name} must be non-negative, got -1"):
        formula([0.5, -1], 2)
    with pytest.raises(ValueError, match=r"kappa must be non-negative, got -0\.1"):
        formula(1, -0.1)
    with pytest.raises(ValueError, match=rf"\(3,\) and \(2,\).*pass {name}\[:, None\]"):
        formula([1, 2, 3], [1, 2])


# The point with the shared covariance


@given(st.integers(1, 6), seeds, st.floats(1e-6, 1e6), st.floats(1e-3, 1e3))
def test_shared_point_lies_on_the_frontier(dim, seed, eps, distance):
    p1, p2 = shared_pair(dim, seed, distance)
    p = frontier_point(p1, p2, eps)
    assert (p.cov == p2.cov).all()
    assert kl_divergence(p2, p) == pytest.approx(eps, rel=1e-5)
    kappa = kl_divergence(p1, p2)
    assert kl_divergence(p1, p) == pytest.approx(max_removal(eps, kappa), rel=1e-6)


def test_a_numerical_optimiser_finds_the_shared_point():
    p1, p2 = shared_pair(3, 4)
    found = minimize(
        lambda mean: -kl_divergence(p1, Gaussian(mean, p2.cov)),
        p2.mean + 0.1,
        constraints={
            "type": "ineq",
            "fun": lambda mean: 0.3 - kl_divergence(p2, Gaussian(mean, p2.cov)),
        },
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    assert frontier_point(p1, p2, 0.3).mean == pytest.approx(found.x, abs=1e-4)


@pytest.mark.parametrize("fixed_cov", [True, False])
def test_no_loss_gives_p2_and_from_equal_distributions_the_first_column_is_taken(fixed_cov):
    p1, p2 = shared_pair(3, 0)
    assert frontier_point(p1, p2, 0, fixed_cov=fixed_cov) is p2
    p = frontier_point(Gaussian(p2.mean, p2.cov), p2, 0.5, fixed_cov=fixed_cov)
    assert p.mean == pytest.approx(p2.mean + p2.factor[:, 0])
    assert kl_divergence(p2, p) == pytest.approx(0.5)


@pytest.mark.parametrize("distance", [1e-200, 1e-9, 1e200])
def test_shared_point_at_any_separation(distance):
    p = frontier_point(Gaussian([distance, 0], np.eye(2)), Gaussian([0, 0], np.eye(2)), 2.0)
    assert p.mean == pytest.approx([-2, 0], rel=1e-12)


# The point among all Gaussians


def test_only_the_direction_of_the_means_shrinks():
    p1, p2 = shared_pair(4, 2)
    p = frontier_point(p1, p2, 0.1, fixed_cov=False)
    white = np.linalg.solve(p2.factor, p1.mean - p2.mean) / 2
    shrunk = np.linalg.solve(p2.factor, np.linalg.solve(p2.factor, p.cov).T)
    assert white @ shrunk @ white == pytest.approx(0.608, abs=5e-4)
    assert shrunk - (white @ shrunk @ white - 1) * np.outer(white, white) == pytest.approx(
        np.eye(4), abs=1e-9
    )


@given(st.integers(1, 5), seeds, seeds, st.floats(1e-4, 1e4))
def test_the_loss_is_spent(dim, one, two, eps):
    p2 = random_gaussian(dim, two)
    p = frontier_point(random_gaussian(dim, one), p2, eps, fixed_cov=False)
    assert kl_divergence(p2, p) == pytest.approx(eps, rel=1e-5)


@given(st.integers(1, 3), seeds, seeds, st.floats(0.01, 3))
def test_no_other_gaussian_does_better(dim, one, two, eps):
    p1, p2 = random_gaussian(dim, one), random_gaussian(dim, two)
    if one == two:
        return
    p = frontier_point(p1, p2, eps, fixed_cov=False)
    best = kl_divergence(p1, p)
    rng = np.random.default_rng(one)
    near = []  # close to the maximiser, where an almost right answer would be beaten
    for size in (1e-3, 1e-2, 0.1, 0.3):
        bend = np.eye(dim) + size * rng.standard_normal((dim, dim))
        moved = p.mean + size * p.factor @ rng.standard_normal(dim)
        near.append(Gaussian(moved, p.factor @ bend @ bend.T @ p.factor.T))
    far = [random_gaussian(dim, seed) for seed in rng.integers(10**6, size=4)]
    rivals = [spend(p2, toward, eps) for toward in near + far]
    assert sum(rival is not None for rival in rivals) >= 4
    for rival in rivals:
        if rival is not None:
            assert kl_divergence(p1, rival) <= best * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_numerical_optimiser_finds_the_free_point(seed):
    p1, p2 = random_gaussian(2, seed), random_gaussian(2, seed + 10)

    def member(v):
        root = np.array([[np.exp(v[2]), 0], [v[3], np.exp(v[4])]])
        factor = p2.factor @ root
        return Gaussian(p2.mean + p2.factor @ v[:2], factor @ factor.T)

    # The other way round, which is bounded: the least loss at the removal the point claims.
    p = frontier_point(p1, p2, 0.2, fixed_cov=False)
    removal = kl_divergence(p1, p)
    found = minimize(
        lambda v: kl_divergence(p2, member(v)),
        np.full(5, 0.02),
        constraints={
            "type": "ineq",
            "fun": lambda v: np.log(kl_divergence(p1, member(v)) / removal),
        },
        bounds=[(-2, 2)] * 5,
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert found.success
    assert found.fun == pytest.approx(0.2, rel=1e-5)
    assert found.x[:2] == pytest.approx(np.linalg.solve(p2.factor, p.mean - p2.mean), abs=2e-3)


@given(st.integers(1, 3), seeds, seeds, st.floats(0.01, 3))
def test_the_frontier_identity(dim, one, two, eps):
    # KL(p2||p) - lam KL(p1||p) = KL(p2||p_s) - lam KL(p1||p_s) + (1 - lam) KL(p_s||p)
    p1, p2, p = (random_gaussian(dim, seed) for seed in (one, two, one + two + 1))
    if one == two:
        return
    ray = frontier_point(p1, p2, eps, fixed_cov=False)
    away = p2.mean - p1.mean
    s = (ray.mean - p2.mean) @ away / (away @ away)
    lam = s / (1 + s)
    left = kl_divergence(p2, p) - lam * kl_divergence(p1, p)
    right = kl_divergence(p2, ray) - lam * kl_divergence(p1, ray)
    assert left == pytest.approx(right + (1 - lam) * kl_divergence(ray, p), rel=1e-6, abs=1e-6)


def test_the_free_point_moves_with_the_coordinates():
    p1, p2 = random_gaussian(3, 1), random_gaussian(3, 2)
    matrix, offset = np.array([[2, 1, 0], [0, 1e-3, 0], [1, 0, 50.0]]), np.array([1, -2, 3])
    q1, q2, moved = (
        Gaussian(matrix @ g.mean + offset, matrix @ g.cov @ matrix.T)
        for g in (p1, p2, frontier_point(p1, p2, 0.7, fixed_cov=False))
    )
    p = frontier_point(q1, q2, 0.7, fixed_cov=False)
    assert p.mean == pytest.approx(moved.mean, rel=1e-6)
    assert p.cov == pytest.approx(moved.cov, rel=1e-6)


@pytest.mark.parametrize("eps", [1e-10, 1e-3, 1, 1e3, 1e8, 1e100])
@pytest.mark.parametrize(
    ("mean", "variance"), [(2, 1), (0, 4), (0, 50), (1e-8, 1), (1e8, 1e-4), (3, 0.1), (0, 1e9)]
)
def test_every_loss_is_reached_on_the_line(eps, mean, variance):
    p2 = Gaussian(0, 1)
    p = frontier_point(Gaussian(mean, variance), p2, eps, fixed_cov=False)
    assert kl_divergence(p2, p) == pytest.approx(eps, rel=1e-5, abs=0)


@pytest.mark.parametrize("eps", [1e-6, 0.1, 10, 300])
def test_a_narrow_p1_is_left_by_widening_without_end(eps):
    p2 = Gaussian([1, 2], np.diag([1.0, 9.0]))
    p = frontier_point(Gaussian([1, 2], np.diag([0.5, 9.0])), p2, eps, fixed_cov=False)
    assert (p.mean == p2.mean).all()
    assert p.cov[1, 1] == pytest.approx(9)
    assert p.cov[0, 0] > 1
    assert kl_divergence(p2, p) == pytest.approx(eps, rel=1e-6)


def test_where_floating_point_ends_the_message_names_what_can_be_met():
    narrow, p2 = Gaussian(0, 0.5), Gaussian(0, 1)
    tilt = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    tilted = Gaussian(np.zeros(3), tilt @ np.diag([0.5, 1, 1]) @ tilt.T)
    for p1, q, eps in [
        (narrow, p2, 1e3),
        (tilted, Gaussian(np.zeros(3), np.eye(3)), 100),
        (random_gaussian(3, 1), random_gaussian(3, 2), 1e15),
    ]:
        with pytest.raises(InfeasibleTarget, match=r"losses up to .* can be met") as caught:
            frontier_point(p1, q, eps, fixed_cov=False)
        reach = float(re.search(r"up to (\S+) can", str(caught.value))[1])
        assert reach > 1
        p = frontier_point(p1, q, reach, fixed_cov=False)
        assert kl_divergence(q, p) == pytest.approx(reach, rel=1e-4)


@pytest.mark.parametrize(
    ("p1", "eps", "fixed_cov", "error", "message"),
    [
        (Gaussian(2, 1), -0.1, True, ValueError, r"eps must be non-negative, got -0\.1"),
        (2.0, 0.1, True, TypeError, "p1 must be a Gaussian, got float"),
        (Gaussian([0, 0], np.eye(2)), 0.1, True, ValueError, "one dimension, got 2 and 1"),
        (Gaussian(2, 4), 0.1, True, ValueError, "a variance of p1 is 4; pass fixed_cov=False"),
        (Gaussian(2, 4), 0, True, ValueError, "must share one covariance"),
        (Gaussian(1e200, 1), 0.1, False, ValueError, "too large for floating point"),
    ],
)
def test_points_refuse_bad_input(p1, eps, fixed_cov, error, message):
    with pytest.raises(error, match=message):
        frontier_point(p1, Gaussian(0, 1), eps, fixed_cov=fixed_cov)


def test_a_mean_beyond_floating_point_is_refused():
    with pytest.raises(InfeasibleTarget, match="rescale"):
        frontier_point(Gaussian(0, 1e300), Gaussian(1e300, 1e300), 1e308 * 1.7)


def test_rounding_in_a_covariance_does_not_make_it_another():
    p1, p2 = shared_pair(4, 3)
    nearly = Gaussian(p1.mean, p1.cov * (1 + 1e-14))
    assert frontier_point(nearly, p2, 0.3).mean == pytest.approx(frontier_point(p1, p2, 0.3).mean)
