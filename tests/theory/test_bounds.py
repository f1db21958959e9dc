"""The three bounds: their ingredients one by one, then values, limits and coverage."""

import numpy as np
import pytest
from scipy import stats

from distunlearn_lite.theory.bounds import kept_mean_bound, radius_bound, random_deletion_bound
from distunlearn_lite.theory.deletion_curves import deletion_curve
from distunlearn_lite.theory.folded_normal import folded_normal_ppf
from distunlearn_lite.theory.kept_mean import kept_mean_ratio

BOUNDS = (random_deletion_bound, radius_bound, kept_mean_bound)


def frequency_error(p, n):
    return 4 * np.sqrt(p * (1 - p) / n)


def distance_deletions(f, n1, n2, separation, dim, repeats, seed):
    """Real deletions by distance to the sample mean: the score order and the refitted means."""
    rng = np.random.default_rng(seed)
    for _ in range(repeats):
        unwanted = rng.standard_normal((n1, dim))
        unwanted[:, 0] += separation
        b = rng.standard_normal(dim) / np.sqrt(n2)  # mean of the retained sample
        scores = np.linalg.norm(unwanted - b, axis=1)
        ordered = unwanted[np.argsort(scores)]
        sums = np.cumsum(ordered, axis=0)
        kept = n1 - np.asarray(f)
        total = np.where(kept[:, None] > 0, sums[kept - 1], 0.0) + n2 * b
        yield b, ordered, np.sort(scores), total / (kept + n2)[:, None]


# -- ingredients ---------------------------------------------------------------------------------


@pytest.mark.parametrize("risk", [0.05, 0.3])
def test_one_sided_dkw_inequality_holds_and_is_nearly_sharp(risk):
    n, repeats = 250, 8000
    eta = np.sqrt(np.log(1 / risk) / (2 * n))
    rng = np.random.default_rng(0)
    uniform = np.sort(rng.random((repeats, n)), axis=1)
    # sup of F - F_n is reached just before a jump.
    largest = (uniform - np.arange(n) / n).max(axis=1)
    frequency = (largest > eta).mean()
    assert frequency < risk + frequency_error(risk, repeats)
    assert frequency > 0.75 * risk - frequency_error(risk, repeats)


def test_all_radii_contain_their_share():
    # "at least m points lie within t_f, for every f": the statement the radius theorem uses.
    n, delta, risk, repeats = 200, 0.8, 0.2, 3000
    eta = np.sqrt(np.log(1 / risk) / (2 * n))
    share = np.arange(1, n + 1) / n
    radii = np.full(n, np.inf)
    finite = share + eta < 1
    radii[finite] = folded_normal_ppf(share[finite] + eta, delta**2 / 2)
    rng = np.random.default_rng(1)
    distances = np.sort(np.abs(delta + rng.standard_normal((repeats, n))), axis=1)
    frequency = (distances > radii).any(axis=1).mean()
    assert 0.6 * risk < frequency < risk + frequency_error(risk, repeats)


def test_the_next_distance_follows_a_beta_law():
    n1, n2, f, delta = 60, 15, 25, 0.9
    kept = n1 - f
    drawn = distance_deletions([f], n1, n2, delta, 1, 3000, seed=2)
    edge, centre = np.array([(scores[kept], delta - b[0]) for b, _, scores, _ in drawn]).T
    levels = stats.norm.cdf(edge - centre) - stats.norm.cdf(-edge - centre)
    assert stats.kstest(levels, stats.beta(kept + 1, f).cdf).pvalue > 1e-3
    assert stats.kstest(levels, stats.beta(kept, f + 1).cdf).pvalue < 1e-6


def test_kept_points_given_the_next_distance_are_a_cut_normal_sample():
    n1, n2, f, delta = 40, 10, 20, 1.2
    kept = n1 - f
    drawn = list(distance_deletions([f], n1, n2, delta, 1, 600, seed=3))
    edge = np.array([scores[kept] for _, _, scores, _ in drawn])[:, None]
    b = np.array([b for b, *_ in drawn])
    x = np.array([ordered[:kept, 0] for _, ordered, *_ in drawn]) - b
    centre = delta - b
    uniform = stats.truncnorm.cdf(x - centre, -edge - centre, edge - centre)
    assert stats.kstest(uniform.ravel(), "uniform").pvalue > 1e-3
    assert stats.kstest(np.sqrt(12 * kept) * (uniform.mean(axis=1) - 0.5), "norm").pvalue > 1e-3


def test_the_refit_moves_less_than_the_retained_mean():
    # b + w (Delta - b) r(T; |Delta - b|) has slope 1 - w (variance of the cut normal) in [0, 1].
    b = np.linspace(-3, 3, 61)
    for delta in (0.5, 2.0):
        for edge in (0.3, 1.0, 4.0):
            for w in (0.2, 0.9):
                ratio = np.array([float(kept_mean_ratio(edge, abs(delta - x))) for x in b])
                slope = np.diff(b + w * (delta - b) * ratio) / np.diff(b)
                assert slope.min() > -1e-9
                assert slope.max() < 1 + 1e-9
                assert slope.min() >= 1 - w * min(1, edge**2 / 3) - 1e-9


@pytest.mark.parametrize(("edge", "centre", "size"), [(1.0, 0.5, 5), (3.0, 0.0, 8), (0.5, 6.0, 3)])
def test_averages_of_cut_normals_stay_within_the_noise_term(edge, centre, size):
    law = stats.truncnorm(-edge - centre, edge - centre, loc=centre)
    averages = law.rvs((20_000, size), random_state=4).mean(axis=1)
    tau = min(1, edge / np.sqrt(3))
    for risk in (0.3, 0.05):
        reach = tau * np.sqrt(2 * np.log(2 / risk) / size)
        assert (np.abs(averages - law.mean()) > reach).mean() < risk


@pytest.mark.parametrize("dim", [1, 4, 50])
def test_the_norm_of_a_normal_vector(dim):
    for risk in (1e-9, 0.01, 0.2):
        root = np.sqrt(2 * np.log(1 / risk))
        assert stats.chi2.sf((np.sqrt(dim) + root) ** 2, dim) < risk
        assert stats.norm.sf(root) < risk / 2
        assert 2 * stats.norm.sf(np.sqrt(2 * np.log(2 / risk))) < risk


# -- values and limits ---------------------------------------------------------------------------


def test_the_worked_example():
    # n1 = n2 = 2000, Delta = 0.5, f = 1600, 95 %: truth 0.0010, kept mean 0.0026, radius 0.0080.
    setting = (2000, 2000, 0.5)
    assert radius_bound(1600, *setting, 0.95).preservation_upper == pytest.approx(0.0080, abs=5e-5)
    kept = kept_mean_bound(1600, *setting, 0.95).preservation_upper
    assert kept == pytest.approx(0.0026, abs=5e-5)
    refits = [fit[0, 0] for *_, fit in distance_deletions([1600], *setting, 1, 2000, seed=5)]
    assert np.quantile(np.square(refits) / 2, 0.95) == pytest.approx(0.0010, abs=1e-4)


def test_each_formula_once_by_hand():
    n1, n2, delta, f = 50, 80, 1.3, 20
    w, left = 30 / 110, 110
    root = np.sqrt(2 * np.log(2 / 0.1))
    bound = random_deletion_bound(f, n1, n2, delta, 0.9, dim=4)
    upper = (w * delta + (2 + root) / np.sqrt(left)) ** 2 / 2
    assert bound.preservation_upper == pytest.approx(upper)
    assert bound.removal_lower == pytest.approx(((1 - w) * delta - root / np.sqrt(left)) ** 2 / 2)

    eta, beta = np.sqrt(np.log(20) / 100), np.sqrt(2 * np.log(20) / 80)
    error = w * folded_normal_ppf(0.6 + eta, delta**2 / 2) + (1 + w) * beta
    bound = radius_bound(f, n1, n2, delta, 0.9)
    assert bound.preservation_upper == pytest.approx(error**2 / 2)
    assert bound.removal_lower == pytest.approx(max(delta - error, 0) ** 2 / 2)

    root = np.sqrt(2 * np.log(30))
    level = stats.beta(31, 20).ppf(1 - 0.1 / 3)
    for dim, beta, noise in (
        (1, root / np.sqrt(80), np.sqrt(2 * np.log(60))),
        (4, (2 + root) / np.sqrt(80), 2 + root),
    ):
        t2 = stats.ncx2.ppf(level, dim, (delta + beta) ** 2)
        r = stats.ncx2.cdf(t2, dim + 2, delta**2) / stats.ncx2.cdf(t2, dim, delta**2)
        tau = min(1, np.sqrt(t2 / (dim + 2)))
        error = beta + w * (delta * r + tau * noise / np.sqrt(30))
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
    for *_, fits in distance_deletions(f, n1, n2, separation, dim, repeats, seed=dim):
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
def test_bad_input_is_refused(bound):
    with pytest.raises(ValueError, match=r"f must hold whole numbers.*round fractions"):
        bound(0.5, 10, 10, 1.0, 0.9)
    with pytest.raises(ValueError, match=r"f must lie between [01] and n1 = 10, got values from"):
        bound([3, 11], 10, 10, 1.0, 0.9)
    with pytest.raises(ValueError, match="f must lie between"):
        bound(-1, 10, 10, 1.0, 0.9)
    for confidence in (0.0, 1.0, 95):
        with pytest.raises(ValueError, match="confidence must lie strictly between 0 and 1"):
            bound(3, 10, 10, 1.0, confidence)
    with pytest.raises(ValueError, match="n1 must be at least 1"):
        bound(0, 0, 10, 1.0, 0.9)
    with pytest.raises(ValueError, match="n2 must be at least 1"):
        bound(3, 10, 0, 1.0, 0.9)
    with pytest.raises(TypeError, match="n1 must be a whole number"):
        bound(3, 10.0, 10, 1.0, 0.9)
    with pytest.raises(ValueError, match="separation must be non-negative"):
        bound(3, 10, 10, -1.0, 0.9)
    with pytest.raises(ValueError, match="f must be finite"):
        bound(np.nan, 10, 10, 1.0, 0.9)


def test_the_kept_mean_bound_needs_a_deletion():
    with pytest.raises(ValueError, match="f must lie between 1 and n1 = 10"):
        kept_mean_bound([0, 3], 10, 10, 1.0, 0.9)
    with pytest.raises(ValueError, match="dim must be at least 1"):
        kept_mean_bound(3, 10, 10, 1.0, 0.9, 0)
    with pytest.raises(ValueError, match="dim must be at least 1"):
        random_deletion_bound(3, 10, 10, 1.0, 0.9, 0)
