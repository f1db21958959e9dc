"""Population curves: known values, limits, optimality, and real deletions on sampled data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, stats
from scipy.special import gammaln

from distunlearn_lite.theory.deletion_curves import CURVE_RULES, deletion_curve, normal_tail_mean

rules = st.sampled_from(CURVE_RULES)


@given(rules, st.floats(0.01, 100), st.floats(0, 30), st.integers(1, 300))
def test_both_ends_are_the_same_for_every_rule(rule, ratio, separation, dim):
    curve = deletion_curve(rule, [0.0, 1.0], ratio, separation, dim)
    w = ratio / (1 + ratio)
    kappa = separation**2 / 2
    assert curve.removal == pytest.approx([kappa, (1 - w) ** 2 * kappa], rel=1e-12)
    assert curve.preservation == pytest.approx([0, w**2 * kappa], rel=1e-12)
    assert curve.budget.tolist() == [1.0, 0.0]


@given(rules, st.floats(1e-9, 1), st.floats(0.01, 100), st.floats(0.01, 30), st.integers(1, 300))
def test_triangle_and_optimality(rule, v, ratio, separation, dim):
    curve = deletion_curve(rule, v, ratio, separation, dim)
    roots = np.sqrt(2 * curve.removal), np.sqrt(2 * curve.preservation)
    assert sum(roots) >= separation * (1 - 1e-12)
    if rule != "likelihood-ratio":  # between the two means
        assert sum(roots) == pytest.approx(separation, rel=1e-12)
    best = deletion_curve("likelihood-ratio", v, ratio, separation, dim)
    assert curve.removal <= best.removal * (1 + 1e-12)
    if rule == "distance":
        assert curve.removal >= deletion_curve("random", v, ratio, separation).removal * (1 - 1e-12)


@given(st.floats(0.05, 20), st.floats(0.1, 10), st.integers(1, 200))
def test_the_distance_curve_is_monotone(separation, ratio, dim):
    curve = deletion_curve("distance", np.linspace(0, 1, 60), ratio, separation, dim)
    assert (np.diff(curve.removal) <= 1e-12 * separation**2).all()
    assert (np.diff(curve.preservation) >= -1e-12 * separation**2).all()


@pytest.mark.parametrize("dim", [1, 2, 5, 20])
def test_the_true_exponent(dim):
    ratio, delta = 2.0, 0.5
    v = np.logspace(-8, -7, 2) ** (1 if dim < 5 else dim / 2)
    curve = deletion_curve("distance", v, ratio, delta, dim)
    slope = np.diff(np.log(curve.preservation)) / np.diff(np.log(v))
    assert slope == pytest.approx(2 + 4 / dim, rel=1e-2)
    kappa = delta**2 / 2
    ball = np.exp((2 / dim) * (np.log(v) + kappa + gammaln(dim / 2 + 1)))
    leading = kappa * (ratio * v) ** 2 * (2 * ball / (dim + 2)) ** 2
    assert curve.preservation == pytest.approx(leading, rel=0.05, abs=0)


@pytest.mark.parametrize("separation", [0.25, 2.0])
def test_the_likelihood_ratio_passes_the_retained_mean(separation):
    def miss(v):
        return float(normal_tail_mean(np.array(v))) - separation

    v = optimize.brentq(miss, 1e-6, 1 - 1e-6)
    crossing = deletion_curve("likelihood-ratio", v, 3.0, separation)
    assert crossing.preservation == pytest.approx(0, abs=1e-12)
    assert crossing.removal == pytest.approx(separation**2 / 2)
    # Beyond it the refit lies straight behind the retained mean: on the frontier.
    beyond = deletion_curve("likelihood-ratio", v / 2, 3.0, separation)
    frontier = (np.sqrt(beyond.preservation) + separation / np.sqrt(2)) ** 2
    assert beyond.removal == pytest.approx(frontier)


@pytest.mark.parametrize("separation", [0.5, 2.0])
def test_the_ceiling_and_where_it_is_reached(separation):
    def miss(m):
        return separation + stats.norm.pdf(m) - m * stats.norm.sf(m) - m

    ceiling = optimize.brentq(miss, 0, 10)
    curve = deletion_curve("likelihood-ratio", np.linspace(0, 1, 20_001), 1.0, separation)
    assert curve.removal.max() == pytest.approx(ceiling**2 / 2, rel=1e-6)
    assert curve.budget[curve.removal.argmax()] == pytest.approx(stats.norm.cdf(ceiling), abs=1e-3)


def test_tail_mean_of_the_normal():
    for v in (1e-300, 1e-20, 0.3, 0.999):
        cut = stats.norm.isf(v)
        scale = stats.norm.logsf(cut)
        mean, _ = integrate.quad(
            lambda x, s=scale: x * np.exp(stats.norm.logpdf(x) - s), cut, cut + 12, epsabs=0
        )
        assert normal_tail_mean(np.array(v)) == pytest.approx(mean, rel=1e-8)
    assert normal_tail_mean(np.array([0.0, 1.0])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("rule", CURVE_RULES)
@pytest.mark.parametrize(("dim", "separation"), [(1, 0.5), (2, 1.0), (6, 2.0), (30, 1.0)])
def test_real_deletions_follow_the_curve(rule, dim, separation):
    rng = np.random.default_rng(1000 * dim + CURVE_RULES.index(rule))
    n1, n2, repeats = 4000, 8000, 25
    kept = np.array([0.1, 0.4, 0.8])
    curve = deletion_curve(rule, kept, n1 / n2, separation, dim)
    offset = separation - np.sqrt(2 * curve.removal)  # signed, of the population refit
    means = np.empty((repeats, kept.size, dim))
    for repeat in range(repeats):
        unwanted = rng.standard_normal((n1, dim))
        unwanted[:, 0] += separation
        retained = rng.standard_normal((n2, dim))
        score = {
            "random": rng.random(n1),
            "distance": np.linalg.norm(unwanted, axis=1),
            "likelihood-ratio": (unwanted**2).sum(axis=1)
            - ((unwanted - np.eye(dim)[0] * separation) ** 2).sum(axis=1),
        }[rule]
        ordered = unwanted[np.argsort(score)]
        for i, v in enumerate(kept):
            m = round(v * n1)
            means[repeat, i] = (ordered[:m].sum(axis=0) + retained.sum(axis=0)) / (m + n2)
    error = means.std(axis=0, ddof=1) / np.sqrt(repeats)
    assert (np.abs(means.mean(axis=0)[:, 0] - offset) < 4.5 * error[:, 0]).all()
    assert (np.abs(means.mean(axis=0)[:, 1:]) < 5 * error[:, 1:]).all()
    assert error[:, 0].max() < 0.005  # an error bar that would show a wrong curve
    assert curve.preservation == pytest.approx(offset**2 / 2, rel=1e-7, abs=1e-12)


def test_extreme_settings_stay_finite():
    for rule in CURVE_RULES:
        for dim, separation in ((1, 20.0), (1000, 20.0), (1000, 0.0), (3, 1e-8)):
            kept = np.array([0, 1e-50, 1e-9, 0.5, 1 - 1e-16, 1])
            curve = deletion_curve(rule, kept, 1e3, separation, dim)
            assert np.isfinite(curve.removal).all()
            assert (curve.removal >= 0).all()
            assert np.isfinite(curve.preservation).all()


def test_the_result_keeps_shapes_and_cannot_be_changed():
    for rule in CURVE_RULES:
        assert deletion_curve(rule, 0.5, 1.0, 1.0).removal.shape == ()
        assert deletion_curve(rule, np.full((2, 3), 0.5), 1.0, 1.0).removal.shape == (2, 3)
    kept = np.array([0.5])
    curve = deletion_curve("random", kept, 1.0, 1.0)
    kept[0] = 0.7
    assert curve.kept[0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        curve.removal[0] = 0
    with pytest.raises(AttributeError):
        curve.removal = kept


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": "nearest"}, "unknown rule 'nearest'.*random, distance, likelihood"),
        ({"kept": [0.5, -0.1]}, "kept must be a fraction"),
        ({"ratio": 0.0}, "ratio must be positive, got 0"),
        ({"separation": -1.0}, "separation must be non-negative, got -1"),
        ({"dim": 0}, "dim must be at least 1"),
    ],
)
def test_bad_input_is_refused(changes, message):
    valid = {"rule": "random", "kept": 0.5, "ratio": 1.0, "separation": 1.0}
    with pytest.raises(ValueError, match=message):
        deletion_curve(**valid | changes)
