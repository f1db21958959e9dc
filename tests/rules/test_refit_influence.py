"""Refit influence: against refits without each row, by hand, in walks, refusals."""

import numpy as np
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from distunlearn_lite.rules import learnt
from distunlearn_lite.rules.refit_influence import refit_influence
from distunlearn_lite.unlearners import RidgePath
from tests.rules.sets import as_sparse, two_sets

PENALTIES = [0.01, 1.0, 30.0]


def labelled(n1=40, n2=60, noise=0.2, seed=0, dim=3, apart=1.0):
    """Two sets far from the origin, some of whose rows carry the other set's label."""
    forget, retain = two_sets(dim, seed, n1, n2, apart)
    rng = np.random.default_rng(seed)
    y_forget = np.where(rng.random(n1) < noise, "ham", "spam")
    y_retain = np.where(rng.random(n2) < noise, "spam", "ham")
    return forget + 2, retain + 2, y_forget, y_retain


def logistic(**options):
    return LogisticRegression(**{"solver": "newton-cholesky", "tol": 1e-10, **options})


def fitted(classifier, forget, retain, y_forget, y_retain):
    return classifier.fit(np.vstack([forget, retain]), np.concatenate([y_forget, y_retain]))


def spam_margins(model, rows):
    values = model.decision_function(rows)
    return values if model.classes_[1] == "spam" else -values


def border(margins, carries):
    """The weights written out: normal bells over the margins of the rows with the label."""
    weights = np.exp(-(margins**2) / 2) * carries
    return weights / weights.sum()


def falls(classifier, data, margins=spam_margins, deleted=None):
    """By how much the weighted margin falls when each row in turn is deleted, by refitting."""
    forget, retain, y_forget, y_retain = data
    before = margins(fitted(classifier, *data), forget)
    weights = border(before, y_forget == "spam")
    found = []
    for i in range(len(forget)) if deleted is None else deleted:
        left = np.arange(len(forget)) != i
        model = fitted(classifier, forget[left], retain, y_forget[left], y_retain)
        found.append(weights @ (before - margins(model, forget)))
    return np.array(found)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_score_is_what_a_refit_without_the_row_does(penalty, intercept):
    data = labelled(300, 400)
    classifier = logistic(C=penalty, fit_intercept=intercept)
    drops = falls(classifier, data)
    scores = refit_influence(fitted(classifier, *data), *data)
    assert drops.std() > 0
    assert np.abs(scores - drops).max() < 0.04 * np.abs(drops).max()
    assert stats.linregress(drops, scores).slope == pytest.approx(1, abs=0.03)
    assert stats.spearmanr(scores, drops).statistic > 0.995


def test_the_error_is_of_second_order():
    worst = []
    for n in (60, 240):
        data = labelled(n, n)
        drops = falls(logistic(), data)
        scores = refit_influence(fitted(logistic(), *data), *data)
        worst.append(np.abs(scores - drops).max() / np.abs(drops).max())
    assert worst[1] < worst[0] / 2.5


def test_the_formula_by_hand():
    # One feature, the Hessian and the sums written out; the label sorts first in one of the cases.
    x, n1 = np.array([0.0, 1.0, 2.0, -0.5, -1.0, 0.0, 0.5]), 4
    y = np.array([1, 1, 1, 0, 0, 0, 1])
    model = logistic(C=0.5).fit(x[:, None], y)
    m = model.coef_[0, 0] * x + model.intercept_[0]
    chance = 1 / (1 + np.exp(-m))
    bend = chance * (1 - chance)
    hessian = np.array([[bend @ x**2 + 1 / 0.5, bend @ x], [bend @ x, bend.sum()]])
    weights = np.exp(-(m[:n1] ** 2) / 2) * y[:n1]
    weights /= weights.sum()
    a, b = np.linalg.inv(hessian) @ [weights @ x[:n1], 1.0]
    expected = (y - chance)[:n1] * (a * x[:n1] + b)
    for names in (np.array(["ham", "spam"]), np.array(["x", "a"])):
        labels = names[y]
        named = logistic(C=0.5).fit(x[:, None], labels)
        scores = refit_influence(named, x[:n1, None], x[n1:, None], labels[:n1], labels[n1:])
        assert scores == pytest.approx(expected, rel=1e-5)


def test_a_forget_row_of_the_other_label_goes_last():
    data = labelled(60, 90, noise=0.3)
    scores = refit_influence(fitted(logistic(), *data), *data)
    assert (scores[data[2] == "ham"] < 0).all()
    assert (scores[data[2] == "spam"] > 0).mean() > 0.9


def test_with_a_strong_penalty_the_order_is_that_along_the_mean_of_the_forget_rows():
    forget, retain, *_ = labelled(80, 120)
    data = forget, retain, np.full(80, "spam"), np.full(120, "ham")
    scores = refit_influence(fitted(logistic(C=1e-7, fit_intercept=False), *data), *data)
    assert stats.spearmanr(scores, forget @ forget.mean(axis=0)).statistic > 0.9999


def test_with_a_weak_penalty_the_rows_deep_inside_their_set_count_for_nothing():
    forget, retain, *_ = labelled(200, 300, apart=3.0, dim=2)
    data = forget, retain, np.full(200, "spam"), np.full(300, "ham")
    model = fitted(logistic(C=100), *data)
    scores, margins = refit_influence(model, *data), spam_margins(model, forget)
    assert scores[margins > 8].max() < 0.02 * scores.max()
    assert margins[scores.argmax()] < np.median(margins)


@pytest.mark.parametrize("intercept", [True, False])
def test_sparse_rows_score_as_dense_ones(intercept):
    forget, retain, *labels = labelled()
    model = fitted(logistic(fit_intercept=intercept), forget, retain, *labels)
    dense = refit_influence(model, forget, retain, *labels)
    assert refit_influence(model, *as_sparse(forget, retain), *labels) == pytest.approx(dense)


def test_margins_of_any_size_give_finite_scores():
    forget, retain, *_ = labelled(20, 30, apart=400.0)
    data = forget, retain, np.full(20, "spam"), np.full(30, "ham")
    model = fitted(logistic(C=1e4), *data)
    model.coef_ *= 1e3  # every margin beyond where the bell is 0 in floating point
    assert spam_margins(model, forget).min() > 50
    assert np.isfinite(refit_influence(model, *data)).all()


def test_where_one_label_is_left_no_row_counts():
    data = labelled(noise=0)
    constant = fitted(DummyClassifier(strategy="most_frequent"), *data)
    assert (refit_influence(constant, *data) == np.zeros(40)).all()


@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (RidgeClassifier(), "needs a LogisticRegression, .* got RidgeClassifier; pass another"),
        (logistic(C=np.inf), "needs an L2 penalty, got .*C=inf"),
        (logistic(class_weight="balanced"), "needs class_weight=None, got 'balanced'"),
        (logistic(solver="liblinear", tol=1e-4), "without penalty, which liblinear does not give"),
    ],
)
def test_refits_of_another_kind_are_refused(classifier, message):
    data = labelled()
    with pytest.raises(ValueError, match=message):
        refit_influence(fitted(classifier, *data), *data)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("options", [{"l1_ratio": 0.5}, {"penalty": "l1"}, {"penalty": None}])
def test_other_penalties_are_refused(options):
    data = labelled()
    model = fitted(logistic(), *data).set_params(**options)
    with pytest.raises(ValueError, match="needs an L2 penalty, got"):
        refit_influence(model, *data)


def test_three_labels_are_refused_for_logistic_regression():
    forget, retain, y_forget, y_retain = labelled()
    y_retain[:20] = "bacon"
    model = fitted(logistic(), forget, retain, y_forget, y_retain)
    with pytest.raises(ValueError, match="needs two classes, got 3; use RidgeClassifier"):
        refit_influence(model, forget, retain, y_forget, y_retain)


def test_liblinear_without_intercept_is_accepted():
    data = labelled()
    scores = [
        refit_influence(fitted(logistic(fit_intercept=False, **options), *data), *data)
        for options in ({}, {"solver": "liblinear"})
    ]
    assert scores[1] == pytest.approx(scores[0], abs=1e-5)


def test_a_hessian_system_that_is_not_solved_is_refused(monkeypatch):
    data = labelled()
    model = fitted(logistic(), *data)
    monkeypatch.setattr(learnt, "cg", lambda *given, **options: (given[1], 7))
    with pytest.raises(ValueError, match="Hessian was not solved; scale the features, or give a"):
        refit_influence(model, *data)


def ridge_values(data, left, *, fit_intercept):
    """Values of all classes at the forget rows, of the ridge refitted on some of them."""
    forget, retain, y_forget, y_retain = data
    classifier = RidgeClassifier(alpha=2.0, fit_intercept=fit_intercept)
    model = fitted(classifier, forget[left], retain, y_forget[left], y_retain)
    values = model.decision_function(forget)
    return np.stack([-values, values], axis=1) if values.ndim == 1 else values


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("kinds", [2, 4])
def test_for_a_ridge_the_score_is_exactly_what_a_refit_does_also_on_the_way(kinds, intercept):
    forget, retain, y_forget, y_retain = data = labelled(25, 60)
    if kinds == 4:
        y_retain[::3], y_retain[1::3], y_forget[:2] = "bacon", "eggs", "eggs"
    classifier = RidgeClassifier(alpha=2.0, fit_intercept=intercept)
    path = RidgePath(classifier, retain, forget, y_retain, y_forget)
    for model, gone in zip(path.walk([[], [7, 3, 20]]), [[], [7, 3, 20]], strict=True):
        left = np.delete(np.arange(25), gone)
        now = ridge_values(data, left, fit_intercept=intercept)[left]
        rows, place = np.arange(left.size), list(model.classes_).index("spam")
        rival = np.where(np.arange(kinds) == place, -np.inf, now).argmax(axis=1)
        assert kinds == 2 or np.unique(rival).size > 1
        margins = now[rows, place] - now[rows, rival]
        weights = border(margins, y_forget[left] == "spam")
        expected = []
        for row in left:
            then = ridge_values(data, left[left != row], fit_intercept=intercept)[left]
            expected.append(weights @ (margins - then[rows, place] + then[rows, rival]))
        scores = refit_influence(model, forget[left], retain, y_forget[left], y_retain)
        assert scores == pytest.approx(np.array(expected), abs=1e-9)
