"""Distances in any dimension and the mean of what is kept: high precision, sampling, the lemma."""

from decimal import Decimal, localcontext
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distunlearn_lite.theory.folded_normal import folded_normal_ppf
from distunlearn_lite.theory.kept_mean import distance_ppf, kept_mean_and_gap, kept_mean_ratio


def reference_cdfs(t, separation, half):
    """F_D(t^2) and F_{D+2}(t^2) for even D = 2 half, by plain sums with 80 digits."""
    with localcontext() as context:
        context.prec = 80
        z, rate = Decimal(t) ** 2 / 2, Decimal(separation) ** 2 / 2
        terms = int(max(z, rate)) * 3 + 150
        q = [z**half * (-z).exp() / factorial(half)]
        for j in range(1, terms):
            q.append(q[-1] * z / (half + j))
        a = [Decimal(0)] * (terms + 1)
        for j in reversed(range(terms)):
            a[j] = a[j + 1] + q[j]
        weight, lower, upper = (-rate).exp(), Decimal(0), Decimal(0)
        for j in range(terms):
            lower, upper = lower + weight * a[j], upper + weight * a[j + 1]
            weight = weight * rate / (j + 1)
        return lower, upper


@pytest.mark.parametrize(
    ("dim", "separation"), [(2, 0.5), (4, 1e-6), (6, 3.0), (2, 60.0), (100, 0.5), (1000, 20.0)]
)
def test_everything_agrees_with_high_precision(dim, separation):
    fractions = np.array([1e-50, 1e-12, 1e-8, 0.3, 0.99, 1 - 1e-9, 1 - 2.0**-53])
    radii = distance_ppf(fractions, separation, dim)
    ratios, gaps = kept_mean_and_gap(fractions, separation, dim)
    for v, t, ratio, gap in zip(fractions, radii, ratios, gaps, strict=True):
        lower, upper = reference_cdfs(float(t), separation, dim // 2)
        assert float(lower) == pytest.approx(v, rel=1e-12, abs=0)
        assert ratio == pytest.approx(float(upper / lower), rel=1e-13, abs=0)
        assert gap == pytest.approx(float((lower - upper) / lower), rel=3e-12, abs=0)


@pytest.mark.parametrize(("dim", "separation"), [(2, 0.5), (20, 6.0), (1000, 20.0), (2, 60.0)])
def test_the_ratio_keeps_its_digits_where_the_shares_are_too_small_for_floats(dim, separation):
    for t in (1e-9, 0.1, 1.0, 5.0, 0.4 * separation):
        lower, upper = reference_cdfs(t, separation, dim // 2)
        expected = float(upper / lower)
        assert kept_mean_ratio(t, separation, dim) == pytest.approx(expected, rel=1e-13, abs=0)


@given(st.floats(1e-50, 1 - 1e-6), st.floats(0, 15))
def test_one_dimension_is_the_folded_normal(v, separation):
    t = folded_normal_ppf(v, separation**2 / 2)
    assert distance_ppf(v, separation) == pytest.approx(float(t), rel=1e-9, abs=0)


def test_ratio_in_one_dimension_by_the_truncated_normal_mean():
    for delta in (0.3, 2.0, 6.0):
        for t in (0.5, 1.0, 4.0, 30.0):
            mean = stats.truncnorm.mean(-t - delta, t - delta, loc=delta)
            assert kept_mean_ratio(t, delta) == pytest.approx(mean / delta, rel=1e-8)


def test_limits():
    assert kept_mean_ratio([0.0, np.inf], 2.0, 5).tolist() == [0.0, 1.0]
    assert kept_mean_ratio([1e6, 1e200], 2.0, 5).tolist() == [1.0, 1.0]
    assert distance_ppf([0.0, 1.0], 2.0, 5).tolist() == [0.0, np.inf]
    # r = t^2/(D+2) (1 - t^2 (2 + Delta^2)/((D+2)(D+4)) + ...)
    for dim in (1, 2, 7):
        t, delta = 0.01, 1.5
        series = t**2 / (dim + 2) * (1 - t**2 * (2 + delta**2) / ((dim + 2) * (dim + 4)))
        assert kept_mean_ratio(t, delta, dim) == pytest.approx(series, rel=1e-8)


@pytest.mark.parametrize("dim", [1, 2, 5, 40])
def test_the_lemma_on_a_grid(dim):
    radii = np.linspace(0.05, 9, 90)
    separations = np.linspace(0, 6, 25)
    r = np.array([kept_mean_ratio(radii, delta, dim) for delta in separations])
    assert (np.diff(r, axis=1) > -1e-15).all()  # rises in t
    assert (np.diff(r, axis=0) < 1e-15).all()  # falls in Delta
    assert (r <= np.minimum(1, radii**2 / (dim + 2)) * (1 + 1e-14)).all()


@pytest.mark.parametrize(("dim", "separation"), [(1, 1.0), (3, 2.0), (20, 0.7)])
def test_agreement_with_sampling(dim, separation):
    rng = np.random.default_rng(dim)
    x = rng.standard_normal((60_000, dim))
    x[:, 0] += separation
    distance = np.linalg.norm(x, axis=1)
    for v in (0.1, 0.5, 0.9):
        t = float(distance_ppf(v, separation, dim))
        kept = x[distance <= t, 0]
        assert abs(kept.size / 60_000 - v) < 4 * np.sqrt(v * (1 - v) / 60_000)
        error = kept.std() / np.sqrt(kept.size)
        assert abs(kept.mean() - separation * kept_mean_ratio(t, separation, dim)) < 4 * error


def test_shapes_are_kept():
    for function in (distance_ppf, kept_mean_ratio):
        for shape in ((), (0,), (2, 3)):
            result = function(np.full(shape, 0.5), 1.0, 3)
            assert isinstance(result, np.ndarray)
            assert result.shape == shape


@pytest.mark.parametrize("function", [distance_ppf, kept_mean_ratio])
def test_bad_input_is_refused(function):
    with pytest.raises(ValueError, match=r"v must be a fraction|t must be non-negative"):
        function([0.5, -1.0], 1.0)
    with pytest.raises(ValueError, match="separation must be non-negative, got -1"):
        function(0.5, -1.0)
    with pytest.raises(ValueError, match="dim must be at least 1, got 0"):
        function(0.5, 1.0, 0)


def test_what_is_out_of_reach_is_refused():
    with pytest.raises(ValueError, match="at most 1000 for the distance rule, got 2000; so far"):
        kept_mean_ratio(0.5, 2000.0)
    for v, separation in ((1e-100, 20.0), (1e-300, 2000.0)):
        with pytest.raises(ValueError, match="cannot invert fractions from 1e-"):
            distance_ppf(v, separation)
