"""Gaussians: fits, densities, bad input, and the laws of the Kullback-Leibler divergence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distunlearn_lite import Gaussian, kl_divergence


def random_gaussian(dim, seed):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((dim, dim)) + 1.5 * np.eye(dim)
    return Gaussian(rng.standard_normal(dim), root @ root.T + 0.05 * np.eye(dim))


def textbook_kl(p, q):
    """The formula as usually written, with an explicit inverse."""
    inverse = np.linalg.inv(q.cov)
    shift = q.mean - p.mean
    log_ratio = np.linalg.slogdet(q.cov)[1] - np.linalg.slogdet(p.cov)[1]
    return 0.5 * (np.trace(inverse @ p.cov) + shift @ inverse @ shift - p.dim + log_ratio)


pairs = st.tuples(st.integers(1, 6), st.integers(0, 10**6), st.integers(0, 10**6))


@given(pairs)
def test_kl_equals_the_textbook_formula(pair):
    dim, one, two = pair
    p, q = random_gaussian(dim, one), random_gaussian(dim, two)
    assert kl_divergence(p, q) == pytest.approx(textbook_kl(p, q), rel=1e-7, abs=1e-9)


@given(pairs)
def test_kl_is_positive_and_zero_at_equality(pair):
    dim, one, two = pair
    p = random_gaussian(dim, one)
    assert kl_divergence(p, p) == pytest.approx(0, abs=1e-20)
    if one != two:
        assert kl_divergence(p, random_gaussian(dim, two)) > 0


def test_kl_is_symmetric_exactly_when_the_covariance_is_shared():
    shared = [[2.0, 0.3], [0.3, 1.0]]
    p, q = Gaussian([0, 0], shared), Gaussian([1, 2], shared)
    assert kl_divergence(p, q) == pytest.approx(kl_divergence(q, p), rel=1e-12)
    wide = Gaussian(0, 4)
    narrow = Gaussian(0, 1)
    assert kl_divergence(wide, narrow) == pytest.approx((4 - 1 - np.log(4)) / 2)
    assert kl_divergence(narrow, wide) == pytest.approx((1 / 4 - 1 + np.log(4)) / 2)


@given(pairs)
def test_a_gaussian_about_another_mean_is_the_one_made_anew(pair):
    dim, one, two = pair
    p = random_gaussian(dim, one)
    mean = random_gaussian(dim, two).mean
    moved, anew = p.about(mean), Gaussian(mean, p.cov)
    for name in ("mean", "cov", "factor"):
        assert (getattr(moved, name) == getattr(anew, name)).all()
        assert not getattr(moved, name).flags.writeable
    assert kl_divergence(p, moved) == pytest.approx(textbook_kl(p, moved), rel=1e-7, abs=1e-9)
    with pytest.raises(ValueError, match=f"must have {dim} entries"):
        p.about(np.zeros(dim + 1))


def test_kl_agrees_with_sampling():
    p, q = random_gaussian(3, 1), random_gaussian(3, 2)
    x = p.sample(40_000, rng=3)
    ratios = p.logpdf(x) - q.logpdf(x)
    error = ratios.std() / np.sqrt(ratios.size)
    assert abs(ratios.mean() - kl_divergence(p, q)) < 4 * error


@pytest.mark.parametrize("delta", [1e-150, 1e-9, 1.0, 1e150])
def test_kl_keeps_its_digits_for_any_separation(delta):
    divergence = kl_divergence(Gaussian(delta, 1), Gaussian(0, 1))
    assert divergence == pytest.approx(delta**2 / 2, rel=1e-14, abs=0)


@pytest.mark.parametrize("delta", [1e-7, 1e-5, 1e-3, 0.09, 0.11])
def test_kl_keeps_its_digits_for_nearly_equal_variances(delta):
    # 2 KL = x - log(1 + x) with x = delta; three terms of the series suffice as a reference.
    x = (1 + delta) - 1
    series = sum((-1) ** k * x**k / k for k in range(2, 40))
    tolerance = max(1e-12, 1e-15 / delta)
    assert kl_divergence(Gaussian(0, 1 + delta), Gaussian(0, 1)) == pytest.approx(
        series / 2, rel=tolerance, abs=0
    )


@pytest.mark.parametrize("variance", [1e-8, 1e-40, 1e-300, 1e300])
def test_kl_keeps_its_digits_for_far_apart_variances(variance):
    divergence = kl_divergence(Gaussian(0, variance), Gaussian(0, 1))
    assert divergence == pytest.approx((variance - 1 - np.log(variance)) / 2, rel=1e-14)


def test_kl_survives_condition_numbers_to_1e10():
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    spectrum = np.logspace(0, -10, 6)
    cov = basis @ np.diag(spectrum) @ basis.T
    shift = basis[:, -1] * 1e-5  # one standard deviation along the thinnest axis
    p, q = Gaussian(shift, 4 * cov), Gaussian(np.zeros(6), cov)
    assert kl_divergence(p, q) == pytest.approx((6 * (3 - np.log(4)) + 1) / 2, rel=1e-5)


def test_kl_does_not_depend_on_units():
    scale = np.array([1e-9, 1.0, 1e9])
    p, q = random_gaussian(3, 5), random_gaussian(3, 6)
    scaled = [Gaussian(scale * g.mean, g.cov * np.outer(scale, scale)) for g in (p, q)]
    assert kl_divergence(*scaled) == pytest.approx(kl_divergence(p, q), rel=1e-10)


def test_logpdf_and_whitening_agree_with_scipy():
    p = random_gaussian(4, 7)
    x = p.sample(50, rng=8)
    assert p.logpdf(x) == pytest.approx(stats.multivariate_normal(p.mean, p.cov).logpdf(x))
    assert p.whiten(x) @ p.factor.T + p.mean == pytest.approx(x)


def test_fit_is_maximum_likelihood():
    x = random_gaussian(3, 9).sample(200, rng=10)
    fitted = Gaussian.fit(x)
    assert fitted.mean == pytest.approx(x.mean(axis=0))
    assert fitted.cov == pytest.approx(np.cov(x.T, bias=True))
    assert Gaussian.fit(x[:2], cov=np.eye(3)).mean == pytest.approx(x[:2].mean(axis=0))
    assert Gaussian.fit([1.0, 3.0]).mean == pytest.approx([2.0])


def test_samples_follow_the_distribution():
    p = random_gaussian(2, 11)
    x = p.sample(20_000, rng=12)
    distances = (p.whiten(x) ** 2).sum(axis=1)
    assert stats.kstest(distances, stats.chi2(2).cdf).pvalue > 1e-3
    assert p.sample(0, rng=0).shape == (0, 2)
    assert (p.sample(5, rng=3) == p.sample(5, rng=np.random.default_rng(3))).all()


@pytest.mark.parametrize(
    ("mean", "cov", "message"),
    [
        ([0, 0], [[1, 0, 0], [0, 1, 0]], r"shape \(2, 2\) to fit the mean, got \(2, 3\)$"),
        ([0, 0], 1, r"got a number; pass np\.diag\(variances\)"),
        ([0, 0], [1, 1], r"np\.diag\(variances\)"),
        ([0, 0], [[1, 0.5], [0.4, 1]], r"symmetric.*pass \(cov \+ cov\.T\) / 2"),
        ([0, 0], [[1, 1], [1, 1]], r"positive definite, the smallest eigenvalue.*small ridge"),
        ([0, 0], [[1, 2], [2, 1]], r"smallest eigenvalue of its correlation matrix is -1\.0e\+00"),
        ([0, 0], [[1, 0], [0, 0]], "a variance on its diagonal is 0"),
        (0, -1, "a variance on its diagonal is -1"),
        ([0, np.nan], np.eye(2), "mean must be finite, got 1 NaN"),
        ([0, 0], [[np.inf, 0], [0, 1]], "cov must be finite"),
        ([[0, 0]], np.eye(2), r"mean must be a number or one-dimensional, got shape \(1, 2\)"),
        ([], np.empty((0, 0)), "at least one entry"),
    ],
)
def test_bad_parameters_are_refused(mean, cov, message):
    with pytest.raises(ValueError, match=message):
        Gaussian(mean, cov)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 2)), "pass the known one as cov="),
        (np.empty((0, 2)), "at least one sample"),
        (np.ones(5), "singular: column 0 of x does not vary; drop it, or pa"),
        # The mean of seven times 0.1 is not 0.1, so that the variance comes out above zero.
        (np.full(7, 0.1), "singular: column 0 of x does not vary"),
        (np.arange(5.0)[:, None] * [1, 2], "estimated covariance is singular: .*dependent columns"),
        ([1e200, -1e200], "samples are too large for floating point"),
        ([0.0, np.nan, 1.0], "x must be finite, got 1 NaN"),
    ],
)
def test_samples_without_a_fit_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        Gaussian.fit(x)


def test_other_bad_input_is_refused():
    p = Gaussian([0, 0], np.eye(2))
    with pytest.raises(TypeError, match="q must be a Gaussian, got float"):
        kl_divergence(p, 1.0)
    with pytest.raises(ValueError, match="one dimension, got 2 and 1"):
        kl_divergence(p, Gaussian(0, 1))
    with pytest.raises(ValueError, match="too large for floating point"):
        kl_divergence(Gaussian(1e200, 1), Gaussian(0, 1))
    with pytest.raises(ValueError, match="must have 2 columns"):
        p.logpdf([[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="n must be at least 0"):
        p.sample(-1, rng=0)
    with pytest.raises(TypeError, match=r"pass rng=np\.random\.default_rng\(0\)"):
        p.sample(1, rng=None)


def test_extreme_scales_neither_overflow_nor_vanish():
    for variance in (5e-324, 1e308):
        assert Gaussian(0, variance).cov == [[variance]]
    assert Gaussian(0, 1).logpdf([1e200]) == -np.inf


def test_a_gaussian_cannot_be_changed():
    p = Gaussian([0.0], [[1.0]])
    with pytest.raises(ValueError, match="read-only"):
        p.mean[0] = 1
    with pytest.raises(AttributeError):
        p.mean = np.zeros(1)
    source = np.zeros(1)
    q = Gaussian(source, 1.0)
    source[0] = 5
    assert q.mean[0] == 0
