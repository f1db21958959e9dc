"""Random deletion: the exact law against real deletions, its quantiles, means and shape in f."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distunlearn_lite.theory.folded_normal import folded_normal_ppf
from distunlearn_lite.theory.gaussian import Gaussian, kl_divergence
from distunlearn_lite.theory.random_deletion import random_deletion_law

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def real_deletions(f, n1, n2, separation, dim, repeats, seed):
    """Removal and preservation after deleting f random rows of sampled data and refitting."""
    rng = np.random.default_rng(seed)
    base = rng.standard_normal((dim, dim)) + 2 * np.eye(dim)
    cov = base @ base.T
    direction = np.linalg.cholesky(cov)[:, 0]
    p1, p2 = Gaussian(separation * direction, cov), Gaussian(np.zeros(dim), cov)
    pairs = np.empty((repeats, 2))
    for row in pairs:
        kept = rng.permutation(p1.sample(n1, rng))[f:]
        refit = Gaussian.fit(np.concatenate([kept, p2.sample(n2, rng)]), cov=cov)
        row[:] = kl_divergence(p1, refit), kl_divergence(p2, refit)
    return pairs


@pytest.mark.parametrize(
    ("f", "n1", "n2", "separation", "dim"),
    [(10, 30, 20, 0.6, 1), (25, 30, 20, 0.6, 3), (30, 30, 20, 0.6, 2), (0, 12, 40, 0.0, 2)],
)
def test_the_law_is_that_of_real_deletions(f, n1, n2, separation, dim):
    repeats = 1000
    pairs = real_deletions(f, n1, n2, separation, dim, repeats, seed=f + dim)
    law = random_deletion_law(f, n1, n2, separation, dim)
    for values, mean, ppf in (
        (pairs[:, 0], law.removal_mean, law.removal_ppf),
        (pairs[:, 1], law.preservation_mean, law.preservation_ppf),
    ):
        error = values.std() / np.sqrt(repeats)
        assert abs(values.mean() - mean) < 4 * error
        below = (values[:, None] <= ppf(LEVELS)).mean(axis=0)
        assert (np.abs(below - LEVELS) < 4 * np.sqrt(LEVELS * (1 - LEVELS) / repeats)).all()
    drawn = law.sample(40_000, rng=1)
    # Jointly: the difference of the two is normal, and the two-sample distances must agree.
    assert stats.ks_2samp(pairs[:, 0] - pairs[:, 1], drawn[:, 0] - drawn[:, 1]).pvalue > 1e-3
    assert stats.ks_2samp(pairs.sum(axis=1), drawn.sum(axis=1)).pvalue > 1e-3
    assert stats.ks_2samp(pairs.min(axis=1), drawn.min(axis=1)).pvalue > 1e-3


@given(
    st.integers(0, 50), st.integers(1, 60), st.floats(0, 4), st.integers(1, 200), st.integers(0, 9)
)
def test_draws_have_the_quantiles_and_the_means(f, n2, separation, dim, seed):
    law = random_deletion_law(f, 50, n2, separation, dim)
    drawn = law.sample(4000, rng=seed)
    error = drawn.std(axis=0) / np.sqrt(4000)
    means = np.array([law.removal_mean, law.preservation_mean])
    assert (np.abs(drawn.mean(axis=0) - means) < 5 * error).all()
    for column, ppf in ((0, law.removal_ppf), (1, law.preservation_ppf)):
        below = (drawn[:, column, None] <= ppf(LEVELS)).mean(axis=0)
        assert (np.abs(below - LEVELS) < 5 * np.sqrt(LEVELS * (1 - LEVELS) / 4000)).all()


@given(st.integers(0, 50), st.integers(1, 60), st.floats(0, 4))
def test_one_dimension_lies_on_a_parabola(f, n2, separation):
    # With x the offset of the refit: removal (x - Delta)^2/2, preservation x^2/2, nothing across.
    law = random_deletion_law(f, 50, n2, separation)
    roots = np.sqrt(2 * law.sample(50, rng=f))
    total, gap = roots.sum(axis=1), np.abs(roots[:, 0] - roots[:, 1])
    assert np.minimum(abs(total - separation), abs(gap - separation)) == pytest.approx(0, abs=1e-9)


def test_quantiles_in_one_dimension_are_those_of_the_folded_normal():
    law = random_deletion_law(300, 1000, 500, 0.8)
    q = np.array([1e-12, 0.05, 0.5, 0.95, 1 - 1e-6])
    for ppf, share in ((law.preservation_ppf, 7 / 12), (law.removal_ppf, 5 / 12)):
        radius = folded_normal_ppf(q, 1200 * (share * 0.8) ** 2 / 2)
        assert ppf(q) == pytest.approx(radius**2 / 2400, rel=1e-9, abs=0)


def test_everything_deleted_is_the_central_law():
    law = random_deletion_law(40, 40, 25, 1.5, dim=3)
    assert law.weight == 0.0
    assert law.preservation_mean == 3 / 50
    assert law.preservation_ppf(LEVELS) == pytest.approx(stats.chi2.ppf(LEVELS, 3) / 50)
    same = random_deletion_law(10, 40, 25, 0.0, dim=3)
    assert same.removal_ppf(LEVELS) == pytest.approx(stats.chi2.ppf(LEVELS, 3) / 110)
    assert same.removal_ppf(LEVELS).tolist() == same.preservation_ppf(LEVELS).tolist()


def test_quantiles_at_the_ends_and_in_the_far_tail():
    for f in (0, 30, 40):
        law = random_deletion_law(f, 40, 25, 1.5, dim=2)
        for ppf in (law.removal_ppf, law.preservation_ppf):
            assert ppf([0.0, 1.0]).tolist() == [0.0, np.inf]
            assert isinstance(ppf(0.5), np.ndarray)
            tail = ppf([1e-300, 1e-100, 1e-9])
            assert (np.diff(np.log(tail)) > 0).all()
    big = random_deletion_law(0, 10**6, 10**6, 20.0, dim=1000)
    assert big.removal_ppf(0.5) == pytest.approx(big.removal_mean, rel=1e-3)
    assert big.removal_ppf([]).shape == (0,)


def test_removal_rises_with_f_but_preservation_turns():
    n1, n2, separation, dim = 400, 300, 0.3, 4
    laws = [random_deletion_law(f, n1, n2, separation, dim) for f in range(n1 + 1)]
    for q in (0.05, 0.5, 0.95):
        assert (np.diff([float(law.removal_ppf(q)) for law in laws]) > 0).all()
    means = np.array([law.preservation_mean for law in laws])
    turning = dim * n2 / (2 * n2 * separation**2 - dim)
    assert n1 - means.argmin() == pytest.approx(turning, abs=1)
    assert 0 < turning < n1
    # Too little signal: every deletion makes preservation worse on average.
    faint = [random_deletion_law(f, n1, 20, 0.3, dim).preservation_mean for f in range(n1 + 1)]
    assert dim >= 2 * 20 * 0.3**2
    assert (np.diff(faint) > 0).all()


def test_draws_are_reproducible_and_may_be_none():
    law = random_deletion_law(1, 4, 4, 1.0, 2)
    assert (law.sample(5, rng=3) == law.sample(5, rng=np.random.default_rng(3))).all()
    assert law.sample(0, rng=0).shape == (0, 2)
    with pytest.raises(AttributeError):
        law.left = 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"f": 11}, "f must be at least 0 and at most 10, got 11"),
        ({"n1": 0}, "n1 must be at least 1"),
        ({"n2": 0}, "n2 must be at least 1"),
        ({"separation": -1.0}, "separation must be non-negative"),
        ({"dim": 0}, "dim must be at least 1"),
    ],
)
def test_bad_input_is_refused(changes, message):
    valid = {"f": 0, "n1": 10, "n2": 10, "separation": 1.0}
    with pytest.raises(ValueError, match=message):
        random_deletion_law(**valid | changes)


def test_a_law_refuses_bad_input():
    law = random_deletion_law(0, 10, 10, 1.0)
    with pytest.raises(ValueError, match="q must be a fraction"):
        law.removal_ppf(1.5)
    with pytest.raises(ValueError, match="n must be at least 0"):
        law.sample(-1, rng=0)
    with pytest.raises(TypeError, match="rng must be a"):
        law.sample(1, rng=None)
