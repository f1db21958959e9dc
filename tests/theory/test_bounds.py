"""The three bounds: values, limits and coverage. The chapters check their ingredients."""

import numpy as np
import pytest
from scipy import stats

from distunlearn_lite.theory.bounds import kept_mean_bound, radius_bound, random_deletion_bound
from distunlearn_lite.theory.deletion_curves import deletion_curve
from distunlearn_lite.theory.folded_normal import folded_normal_ppf

BOUNDS = (random_deletion_bound, radius_bound, kept_mean_bound)


def distance_deletions(f, n1, n2, separation, dim, repeats, seed):
    """Real deletions by distance to the sample mean: the refitted means."""
    rng = np.random.default_rng(seed)
    kept = n1 - np.asarray(f)
    for _ in range(repeats):
        unwanted = rng.standard_normal((n1, dim))
        unwanted[:, 0] += separation
        b = rng.standard_normal(dim) / np.sqrt(n2)  # mean of the retained sample
        ordered = unwanted[np.argsort(np.linalg.norm(unwanted - b, axis=1))]
        sums = np.cumsum(ordered, axis=0)
        total = np.where(kept[:, None] > 0, sums[kept - 1], 0.0) + n2 * b
        yield total / (kept + n2)[:, None]


@pytest.mark.parametrize("risk", [0.05, 0.3])
def test_one_sided_dkw_inequality_holds_and_is_nearly_sharp(risk):
    n, repeats = 250, 8000
    eta = np.sqrt(np.log(1 / risk) / (2 * n))
    rng = np.random.default_rng(0)
    uniform = np.sort(rng.random((repeats, n)), axis=1)
    # sup of F - F_n is reached just before a jump.
    largest = (uniform - np.arange(n) / n).max(axis=1)
    error = 4 * np.sqrt(risk * (1 - risk) / repeats)
    assert 0.75 * risk - error < (largest > eta).mean() < risk + error


# -- values and limits ---------------------------------------------------------------------------


@pytest.mark.parametrize("f", [20, 40])  # a radius above and below sqrt(D + 2)
def test_each_formula_once_by_hand(f):
    n1, n2, delta = 50, 80, 1.3
    kept, left = 50 - f, 130 - f
    w = kept / left
    root = np.sqrt(2 * np.log(2 / 0.1))
    bound = random_deletion_bound(f, n1, n2, delta, 0.9, dim=4)
    upper = (w * delta + (2 + root) / np.sqrt(left)) ** 2 / 2
    assert bound.preservation_upper == pytest.approx(upper)
    assert bound.removal_lower == pytest.approx(((1 - w) * delta - root / np.sqrt(left)) ** 2 / 2)

    eta, beta = np.sqrt(np.log(20) / 100), np.sqrt(2 * np.log(20) / 80)
    error = w * folded_normal_ppf(kept / n1 + eta, delta**2 / 2) + (1 + w) * beta
    bound = radius_bound(f, n1, n2, delta, 0.9)
    assert bound.preservation_upper == pytest.approx(error**2 / 2)
    assert bound.removal_lower == pytest.approx(max(delta - error, 0) ** 2 / 2)

    root = np.sqrt(2 * np.log(30))
    level = stats.beta(kept + 1, f).ppf(1 - 0.1 / 3)
    for dim, beta, noise in (
        (1, root / np.sqrt(80), np.sqrt(2 * np.log(60))),
        (4, (2 + root) / np.sqrt(80), 2 + root),
    ):
        t2 = stats.ncx2.ppf(level, dim, (delta + beta) ** 2)
        r = stats.ncx2.cdf(t2, dim + 2, delta**2) / stats.ncx2.cdf(t2, dim, delta**2)
        tau = min(1, np.sqrt(t2 / (dim + 2)))
        error = beta + w * (delta * r + tau * noise / np.sqrt(kept))
        bound = kept_mean_bound(f, n1, n2, delta, 0.9, dim)
        assert bound.preservation_upper == pytest.approx(error**2 / 2)
        assert bound.removal_lower == pytest.approx(max(delta - error, 0) ** 2 / 2)


def test_with_many_samples_two_bounds_become_the_truth():
    n1, n2 = 10**15, 2 * 10**15
    f = np.array([1, 3, 5, 8]) * 1e14
    kept = 1 - f / n1
    for dim in (1, 6):
        for bound, rule in ((random_deletion_bound, "random"), (kept_mean_bound, "distance")):
            limit = deletion_curve(rule, kept, n1 / n2, 0.7, dim)
            found = bound(f, n1, n2, 0.7, 0.95, dim)
            assert found.preservation_upper == pytest.approx(limit.preservation, rel=1e-3)
            assert found.removal_lower == pytest.approx(limit.removal, rel=1e-3)
    w = kept / (kept + 2)
    radius = (w * folded_normal_ppf(kept, 0.245)) ** 2 / 2
    found = radius_bound(f, n1, n2, 0.7, 0.95)
    assert found.preservation_upper == pytest.approx(radius, rel=1e-3)
    truth = deletion_curve("distance", kept, 0.5, 0.7).preservation
    assert (found.preservation_upper > truth).all()


def test_ends():
    assert radius_bound(0, 100, 100, 0.5, 0.95).preservation_upper == np.inf
    assert radius_bound(0, 100, 100, 0.5, 0.95).removal_lower == 0.0
    # Nothing kept: only the retained mean errs. So small that the level of the radius passes 1.
    for n1 in (1, 100):
        beta = np.sqrt(2 * np.log(40) / 100)
        assert radius_bound(n1, n1, 100, 0.5, 0.95).preservation_upper == pytest.approx(beta**2 / 2)
        beta = np.sqrt(2 * np.log(60) / 100)
        found = kept_mean_bound(n1, n1, 100, 0.5, 0.95).preservation_upper
        assert found == pytest.approx(beta**2 / 2)
    for bound in BOUNDS:
        found = bound([1, 50, 100], 100, 100, 0.0, 0.95)  # one and the same distribution
        assert (found.removal_lower == 0).all()
        assert (found.preservation_upper > 0).all()
        stricter = bound([1, 50, 100], 100, 100, 0.0, 0.999)
        assert (stricter.preservation_upper >= found.preservation_upper).all()
        assert bound(np.full((2, 3), 7), 100, 100, 1.0, 0.9).removal_lower.shape == (2, 3)
        assert bound(7, 100, 100, 1.0, 0.9).removal_lower.shape == ()


# -- coverage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dim", "separation"), [(1, 0.5), (1, 3.0), (5, 1.0)])
def test_the_bounds_hold_on_real_deletions(dim, separation):
    n1, n2, confidence, repeats = 60, 50, 0.5, 400
    f = np.arange(1, n1 + 1)
    unwanted_mean = np.eye(dim)[0] * separation
    by_mean = kept_mean_bound(f, n1, n2, separation, confidence, dim)
    by_radius = radius_bound(f, n1, n2, separation, confidence)
    single, simultaneous = [], []
    for fits in distance_deletions(f, n1, n2, separation, dim, repeats, seed=dim):
        preservation = (fits**2).sum(axis=1) / 2
        removal = ((fits - unwanted_mean) ** 2).sum(axis=1) / 2
        single.append(
            (preservation > by_mean.preservation_upper) | (removal < by_mean.removal_lower)
        )
        simultaneous.append(
            (preservation > by_radius.preservation_upper) | (removal < by_radius.removal_lower)
        )
    assert np.mean(single, axis=0).max() <= 1 - confidence
    if dim == 1:
        assert np.any(simultaneous, axis=1).mean() <= 1 - confidence


def test_the_random_bound_holds_and_its_parts_are_not_idle():
    rng = np.random.default_rng(6)
    n1, n2, delta, confidence = 100, 100, 0.7, 0.8
    for dim in (1, 8):
        for f in (0, 60, 100):
            left, w = 200 - f, (100 - f) / (200 - f)
            fits = rng.standard_normal((20_000, dim)) / np.sqrt(left)
            fits[:, 0] += w * delta
            bound = random_deletion_bound(f, n1, n2, delta, confidence, dim)
            preservation = (fits**2).sum(axis=1) / 2
            removal = ((fits - np.eye(dim)[0] * delta) ** 2).sum(axis=1) / 2
            failed = (preservation > bound.preservation_upper) | (removal < bound.removal_lower)
            assert failed.mean() < 1 - confidence
            if dim == 1:
                assert failed.any()  # the bound is not out of all reach


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"f": 0.5}, "f must hold whole numbers.*round fractions"),
        ({"f": [3, 11]}, "f must lie between [01] and n1 = 10, got values from"),
        ({"f": -1}, "f must lie between"),
        ({"f": np.nan}, "f must be finite"),
        ({"f": 0, "n1": 0}, "n1 must be at least 1"),
        ({"n2": 0}, "n2 must be at least 1"),
        ({"separation": -1.0}, "separation must be non-negative"),
        ({"confidence": 95}, "confidence must lie strictly between 0 and 1"),
    ],
)
def test_bad_input_is_refused(bound, changes, message):
    valid = {"f": 3, "n1": 10, "n2": 10, "separation": 1.0, "confidence": 0.9}
    with pytest.raises(ValueError, match=message):
        bound(**valid | changes)


def test_the_kept_mean_bound_needs_a_deletion():
    with pytest.raises(ValueError, match="f must lie between 1 and n1 = 10"):
        kept_mean_bound([0, 3], 10, 10, 1.0, 0.9)
    with pytest.raises(ValueError, match="dim must be at least 1"):
        kept_mean_bound(3, 10, 10, 1.0, 0.9, 0)
    with pytest.raises(ValueError, match="dim must be at least 1"):
        random_deletion_bound(3, 10, 10, 1.0, 0.9, 0)
