"""Learnt rules: by hand, against refits and other solvers, invariances, duplicates, bad input."""

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, sparse, stats
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from distunlearn_lite.rules import learnt
from distunlearn_lite.rules.learnt import density_ratio, influence, knn_ratio, margin
from distunlearn_lite.theory.gaussian import Gaussian
from tests.rules.sets import as_sparse, two_sets

RULES = [knn_ratio, density_ratio, margin, influence]
CLASSIFIER_RULES = RULES[1:]


def fitted(x, domain):
    """The classifier's weights and intercept from a general minimiser, features as given."""
    sign = np.where(domain, 1.0, -1.0)

    def penalised_loss(parameters):
        logits = x @ parameters[:-1] + parameters[-1]
        return np.logaddexp(0, -sign * logits).sum() + parameters[:-1] @ parameters[:-1] / 2

    found = optimize.minimize(penalised_loss, np.zeros(x.shape[1] + 1), method="BFGS", tol=1e-9)
    return found.x[:-1], found.x[-1]


def scaled(forget, retain):
    rows = np.vstack([forget, retain])
    return rows / rows.std(axis=0), np.arange(len(rows)) < len(forget)


def retained_loss(x, domain, rows):
    """Mean log-loss on the retained rows of the classifier fitted on some of the rows."""
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(x[rows], domain[rows])
    return np.logaddexp(0, model.decision_function(x[~domain])).mean()


def test_the_neighbour_rule_by_hand():
    forget, retain = np.array([[0.0], [1.0], [4.0]]), np.array([[5.0], [-2.0]])
    # Distances to the others (1, 4), (1, 3), (3, 4); to the retained (2, 5), (3, 4), (1, 6).
    assert knn_ratio(forget, retain, k=1) == pytest.approx(np.log([2 / 1, 3 / 1, 1 / 3]))
    assert knn_ratio(forget, retain, k=2) == pytest.approx(np.log([5 / 4, 4 / 3, 6 / 4]))
    assert (knn_ratio(forget, retain) == knn_ratio(forget, retain, k=2)).all()


@pytest.mark.parametrize(("dim", "k"), [(2, 1), (2, 7), (40, 3)])
def test_the_neighbour_rule_matches_all_distances(dim, k):
    forget, retain = two_sets(dim)
    to_forget = np.sort(cdist(forget, forget), axis=1)[:, k]  # place 0 is the row itself
    to_retain = np.sort(cdist(forget, retain), axis=1)[:, k - 1]
    assert knn_ratio(forget, retain, k=k) == pytest.approx(np.log(to_retain / to_forget))
    thin = as_sparse(forget, retain)
    assert knn_ratio(*thin, k=k, rank=dim) == pytest.approx(np.log(to_retain / to_forget))
    assert (knn_ratio(forget, retain) == knn_ratio(forget, retain, k=10)).all()


def test_copies_have_finite_scores_and_close_neighbours_keep_their_digits():
    rng = np.random.default_rng(1)
    retain = rng.standard_normal((40, 2)) + 1e4
    forget = np.vstack([np.zeros((12, 2)), retain[:3], rng.standard_normal((30, 2))])
    copied = np.vstack([retain, np.repeat(retain[:3], 11, axis=0)])
    scores = knn_ratio(forget, copied)
    assert np.isfinite(scores).all()
    assert (scores[:12] > scores[12:].max()).all()  # many copies in S1, far from S2
    assert (scores[12:15] < scores[15:].min()).all()
    median = np.median(np.linalg.norm(forget[:12, None] - copied, axis=2))
    assert scores[0] == pytest.approx(np.log(1e6), abs=np.log(median / 1) + 2)
    # At 1e4 from the origin the sum of squares would lose these distances altogether.
    near = np.full((20, 30), 1e4) + 1e-5 * rng.standard_normal((20, 30))
    exact = np.log(np.sort(cdist(near, near + 1e-4))[:, 0] / np.sort(cdist(near, near))[:, 1])
    assert knn_ratio(near, near + 1e-4, k=1) == pytest.approx(exact, abs=0.5)
    assert (knn_ratio(np.ones((5, 2)), np.ones((4, 2))) == 0).all()


def test_on_gaussians_the_learnt_ratios_estimate_the_log_likelihood_ratio():
    forget, retain = two_sets(2, seed=3, n1=2000, n2=4000)
    p1, p2 = Gaussian(np.ones(2), np.eye(2)), Gaussian(np.zeros(2), np.eye(2))
    truth = p1.logpdf(forget) - p2.logpdf(forget)
    for rule in (density_ratio, margin):
        estimate = rule(forget, retain) - np.log(2000 / 4000)
        assert np.abs(estimate - truth).mean() < 0.1
        assert stats.linregress(truth, estimate).slope == pytest.approx(1, abs=0.1)
    # Two dimensions: a ratio of radii is half a ratio of densities; the constant is ln(n2/n1).
    estimate = 2 * knn_ratio(forget, retain, k=50) + np.log(4000 / 2000)
    middle = np.abs(truth) < 1.5  # farther out the neighbours of one set lie to one side
    assert np.abs(estimate - truth)[middle].mean() < 0.25
    assert (estimate - truth)[middle].mean() == pytest.approx(0, abs=0.1)
    assert stats.linregress(truth[middle], estimate[middle]).slope == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("dim", [1, 4])
def test_the_margin_is_that_of_a_general_minimiser(dim):
    forget, retain = two_sets(dim)
    x, domain = scaled(forget, retain)
    weights, intercept = fitted(x, domain)
    expected = x[domain] @ weights + intercept
    assert margin(forget, retain) == pytest.approx(expected, abs=1e-4)
    assert margin(*as_sparse(forget, retain)) == pytest.approx(margin(forget, retain), abs=1e-7)


def test_each_logit_comes_from_the_other_folds():
    forget, retain = two_sets(2, n1=23, n2=31)
    x, domain = scaled(forget, retain)
    scores = density_ratio(forget, retain, folds=3)
    cut = StratifiedKFold(3, shuffle=True, random_state=0)
    for learn, held in cut.split(x, domain):
        weights, intercept = fitted(x[learn], domain[learn])
        mine = held[held < 23]
        assert 7 <= mine.size <= 8
        assert scores[mine] == pytest.approx(x[mine] @ weights + intercept, abs=1e-4)
    assert (density_ratio(forget, retain) == density_ratio(forget, retain, folds=5)).all()


def test_cross_fitting_removes_the_optimism_of_noise():
    # Both sets from one law, many features: fitted on all rows, every row vouches for itself.
    draws = [two_sets(60, seed, n1=100, n2=100, apart=0.0) for seed in range(8)]
    optimism = np.array([margin(*sets).mean() for sets in draws])
    honest = np.array([density_ratio(*sets).mean() for sets in draws])
    assert optimism.min() > 0.4
    assert abs(honest.mean()) < 3 * honest.std(ddof=1) / np.sqrt(8)


def test_influence_is_what_refitting_without_the_row_does():
    forget, retain = two_sets(n1=300, n2=400)
    x, domain = scaled(forget, retain)
    everything = np.arange(700)
    before = retained_loss(x, domain, everything)
    drops = np.array([before - retained_loss(x, domain, everything != i) for i in range(300)])
    scores = influence(forget, retain)
    assert np.corrcoef(scores, drops)[0, 1] > 0.9995
    assert np.abs(scores - drops).max() < 0.02 * np.abs(drops).max()


def test_influence_by_hand():
    # One feature, Hessian and gradient written out.
    forget, retain = np.array([[0.0], [1.0], [2.0]]), np.array([[-1.0], [0.0]])
    x, domain = scaled(forget, retain)
    (weight,), intercept = fitted(x, domain)
    x = x[:, 0]
    chance = 1 / (1 + np.exp(-weight * x - intercept))
    bend = chance * (1 - chance)
    hessian = np.array([[bend @ x**2 + 1, bend @ x], [bend @ x, bend.sum()]])
    slope = np.array([chance[3:] @ x[3:], chance[3:].sum()]) / 2
    solved = np.linalg.inv(hessian) @ slope
    expected = (1 - chance[:3]) * (x[:3] * solved[0] + solved[1])
    assert influence(forget, retain) == pytest.approx(expected, abs=1e-5)


@given(st.sampled_from(CLASSIFIER_RULES), st.integers(0, 10**6))
def test_the_classifier_rules_depend_on_no_unit_and_no_origin(rule, seed):
    forget, retain = two_sets(3, seed)
    rng = np.random.default_rng(seed)
    units, origin = np.exp(rng.uniform(-7, 7, 3)), 10 * rng.standard_normal(3)
    moved = rule((forget + origin) * units, (retain + origin) * units)
    assert moved == pytest.approx(rule(forget, retain), rel=1e-5, abs=1e-6)


@given(st.sampled_from([1e-6, 0.3, 1e5]), st.integers(0, 10**6))
def test_the_neighbour_rule_depends_on_no_common_unit_and_no_direction(unit, seed):
    forget, retain = two_sets(3, seed)
    rng = np.random.default_rng(seed)
    turn, origin = np.linalg.qr(rng.standard_normal((3, 3)))[0], rng.standard_normal(3)
    moved = knn_ratio(unit * (forget @ turn + origin), unit * (retain @ turn + origin))
    assert moved == pytest.approx(knn_ratio(forget, retain), abs=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_results_are_repeatable_and_inputs_stay_as_they_were(rule):
    forget, retain = two_sets()
    copies = forget.copy(), retain.copy()
    first = rule(forget, retain)
    assert (first == rule(forget, retain)).all()
    assert (forget == copies[0]).all()
    assert (retain == copies[1]).all()
    with sklearn.config_context(transform_output="pandas"):
        assert (first == rule(forget, retain)).all()


@pytest.mark.parametrize("rule", CLASSIFIER_RULES)
def test_constant_columns_play_no_part(rule):
    forget, retain = two_sets()
    padded = [np.c_[np.full(len(x), 0.1), x, np.zeros(len(x))] for x in (forget, retain)]
    assert rule(*padded) == pytest.approx(rule(forget, retain), abs=1e-9)
    assert rule(*as_sparse(*padded)) == pytest.approx(rule(forget, retain), abs=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_directions_that_hold_only_rounding_play_no_part(rule, dtype):
    rng = np.random.default_rng(2)
    forget, retain = two_sets(3, n1=30, n2=30)
    spread = np.linalg.qr(rng.standard_normal((1200, 3)))[0].T  # 60 rows in 3 of 1,200 columns
    wide = [(x @ spread).astype(dtype) for x in (forget, retain)]
    basis = np.linalg.svd(np.vstack([forget, retain]))[2].T
    expected = rule(forget @ basis, retain @ basis)
    assert rule(*wide) == pytest.approx(expected, abs=2e-3 if dtype == np.float32 else 1e-6)


@pytest.mark.parametrize("rule", CLASSIFIER_RULES)
def test_separable_and_equal_sets_have_finite_scores(rule):
    rng = np.random.default_rng(4)
    far = rule(*two_sets(2, apart=50.0))
    wide = rule(rng.standard_normal((30, 200)) + 1, rng.standard_normal((20, 200)))
    same = rule(np.zeros((6, 2)), np.zeros((9, 2)))
    for scores in (far, wide, same):
        assert np.isfinite(scores).all()
    if rule is margin:
        assert same == pytest.approx(np.full(6, np.log(6 / 9)))
        assert far.min() > 1


def test_one_row_of_each_set_has_a_margin_and_an_influence():
    forget, retain = np.array([[2.0]]), np.array([[0.0]])
    assert margin(forget, retain)[0] > 0
    assert influence(forget, retain)[0] > 0


@pytest.mark.parametrize("rule", RULES)
def test_sparse_rows_with_every_column_stay_sparse(rule):
    rows = sparse.random_array((300, 900), density=0.01, rng=np.random.default_rng(5)).tocsr()
    forget, retain = rows[:120], rows[120:]
    assert type(learnt.coordinates(forget, retain, 900, None)) is sparse.csr_array
    dense = rule(forget.toarray(), retain.toarray())
    assert rule(forget, retain, rank=900) == pytest.approx(dense, abs=1e-6)


@pytest.mark.parametrize(
    ("rule", "sizes", "options", "message"),
    [
        (knn_ratio, (1, 9), {}, "knn-ratio needs at least 2 forget rows, got 1"),
        (knn_ratio, (5, 9), {"k": 5}, "k must be at least 1 and at most 4, got 5"),
        (knn_ratio, (9, 3), {"k": 4}, "k must be at least 1 and at most 3, got 4"),
        (density_ratio, (1, 9), {}, "2 rows in each set, got 1 forget and 9 ret"),
        (density_ratio, (9, 1), {}, "2 rows in each set, got 9 forget and 1 ret"),
        (density_ratio, (9, 3), {"folds": 4}, "folds must be at least 2 and at most 3, got 4"),
    ],
)
def test_sets_too_small_for_a_rule_are_refused(rule, sizes, options, message):
    with pytest.raises(ValueError, match=message):
        rule(*two_sets(2, n1=sizes[0], n2=sizes[1]), **options)


@pytest.mark.parametrize("rule", RULES)
def test_huge_numbers_are_refused(rule):
    forget, retain = two_sets()
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(ValueError, match="too large for floating point; rescale the columns"),
    ):
        rule(1e200 * forget, 1e200 * retain)


def test_a_classifier_that_does_not_converge_is_refused(monkeypatch):
    class Impatient(LogisticRegression):
        def __init__(self, **options):
            super().__init__(**{**options, "max_iter": 1})

    monkeypatch.setattr(learnt, "LogisticRegression", Impatient)
    with pytest.raises(ValueError, match=r"did not converge \(.*1 iter.*\); pass a smaller rank="):
        margin(*two_sets())


def test_a_hessian_system_that_is_not_solved_is_refused(monkeypatch):
    monkeypatch.setattr(learnt, "cg", lambda *given, **options: (given[1], 7))
    with pytest.raises(ValueError, match="Hessian was not solved; pass a smaller rank="):
        influence(*two_sets())
