"""The folded normal and its inverse: exact values, tails, limits, bad input."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from distunlearn_lite.theory import folded_normal
from distunlearn_lite.theory.folded_normal import folded_normal_cdf, folded_normal_ppf

kappas = st.floats(0, 400)


def test_cdf_is_the_law_of_the_distance():
    rng = np.random.default_rng(0)
    distances = np.abs(1.2 + rng.standard_normal(20_000))
    law = stats.kstest(distances, lambda u: folded_normal_cdf(u, 0.72))
    assert law.pvalue > 1e-3


@pytest.mark.parametrize("kappa", [0.0, 1e-12, 0.3, 4.0, 50.0, 200.0])
@pytest.mark.parametrize("u", [1e-8, 0.04, 0.3, 1.7, 8.0])
def test_cdf_is_the_integral_of_the_density_to_its_last_digits(u, kappa):
    root = np.sqrt(2 * kappa)
    top = max(u * root, 0)  # the integrand is scaled by its largest exponential

    def density(x):
        return np.exp(-(x**2) / 2) * (np.exp(x * root - top) + np.exp(-x * root - top))

    edges = np.linspace(0, u, 41)
    pieces = [integrate.fixed_quad(density, a, b, n=12)[0] for a, b in pairwise(edges)]
    log_reference = np.log(sum(pieces)) + top - kappa - np.log(2 * np.pi) / 2
    result = folded_normal_cdf(u, kappa)
    assert result == pytest.approx(np.exp(log_reference), rel=1e-12, abs=0)


@given(st.floats(1e-290, 1 - 1e-12), kappas)
def test_ppf_inverts_the_cdf(v, kappa):
    u = folded_normal_ppf(v, kappa)
    assert folded_normal_cdf(u, kappa) == pytest.approx(v, rel=1e-11, abs=0)


@pytest.mark.parametrize("kappa", [0.0, 0.125, 2.0, 20.0, 400.0, 1e6, 1e300])
def test_few_evaluations_find_every_quantile(kappa, monkeypatch):
    evaluated = []

    def counted(u, shift, log_cdf=folded_normal._log_folded_cdf):
        evaluated.append(u)
        return log_cdf(u, shift)

    monkeypatch.setattr(folded_normal, "_log_folded_cdf", counted)
    folded_normal_ppf(np.concatenate([np.logspace(-290, -1, 99), np.linspace(0, 1, 99)]), kappa)
    assert len(evaluated) <= 5


@given(st.floats(1e-6, 30), st.floats(0, 100))
def test_cdf_is_below_one_and_falls_with_kappa(u, kappa):
    here, further = folded_normal_cdf(u, kappa), folded_normal_cdf(u, kappa + 0.5)
    assert 0 <= further <= here <= 1


def test_limits():
    assert folded_normal_ppf([0.0, 1.0], 2.0).tolist() == [0.0, np.inf]
    assert folded_normal_cdf(0.0, 2.0) == 0.0
    for kappa in (0.0, 0.125, 3.0, 60.0):
        tiny = folded_normal_ppf(1e-40, kappa)
        leading = 1e-40 * np.exp(kappa) * np.sqrt(np.pi / 2)
        assert tiny == pytest.approx(leading, rel=1e-12, abs=0)
    # Far away, the folded side no longer matters.
    assert folded_normal_ppf(0.2, 800.0) == pytest.approx(40 + stats.norm.ppf(0.2), rel=1e-14)
    # Next to 1 the upper tail decides: P(|x| > u) = 2e-16 or so is matched, not rounded away.
    for shift in (0.0, 0.5, 2.0):
        u = folded_normal_ppf(1 - 2.0**-50, shift**2 / 2)
        tails = stats.norm.sf(u - shift) + stats.norm.sf(u + shift)
        assert tails == pytest.approx(2.0**-50, rel=1e-10, abs=0)
    assert folded_normal_cdf([5.0, 1e200], 1e6).tolist() == [0.0, 1.0]  # too small for a float
    assert folded_normal_cdf([5.0, 1e200], 1e300).tolist() == [0.0, 1.0]


def test_shapes_are_kept():
    assert folded_normal_cdf(np.ones((2, 3)), 1.0).shape == (2, 3)
    assert folded_normal_ppf(np.full((2, 3), 0.2), 1.0).shape == (2, 3)
    assert folded_normal_ppf(0.2, 1.0).shape == ()
    assert folded_normal_ppf([], 1.0).shape == (0,)
    mixed = folded_normal_ppf([0.5, 0.0, 1.0, 1e-200], 1.0)
    assert mixed[0] == folded_normal_ppf(0.5, 1.0)
    assert mixed[3] == folded_normal_ppf(1e-200, 1.0)


@pytest.mark.parametrize("function", [folded_normal_cdf, folded_normal_ppf])
def test_bad_input_is_refused(function):
    with pytest.raises(ValueError, match=r"u must be non-negative|v must be a fraction"):
        function([0.1, -0.1], 1.0)
    with pytest.raises(ValueError, match="kappa must be non-negative, got -1"):
        function(0.1, -1)
    with pytest.raises(ValueError, match=r"kappa must be at most 1e300, got 1e\+308; rescale"):
        function(0.1, 1e308)
