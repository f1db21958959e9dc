"""The ridge walk: the classifiers that scikit-learn would refit, at every budget."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from distunlearn_lite import UnlearningTask, sweep
from distunlearn_lite.unlearners.ridge import MOST_FORGET_ROWS, RidgePath


def rows_and_labels(rng, n1, n2, dim, kinds, *, own=None):
    """Rows of unequal scale far from the origin; forget rows of class `own` where it is given."""
    x = rng.standard_normal((n2 + n1, dim)) * rng.uniform(0.1, 5, dim) + 7
    y = rng.integers(0, kinds, n2 + n1)
    y[:kinds] = np.arange(kinds)
    if own is not None:
        y[:n2] = np.where(y[:n2] == own, (own + 1) % kinds, y[:n2])
        y[n2:] = own
    return x, y


def refitted(model, x, y, n2, order, size):
    kept = np.concatenate([np.arange(n2), n2 + order[size:]])
    return RidgeClassifier(**model.get_params()).fit(x[kept], y[kept])


def decisions(refit, x):
    values = refit.decision_function(x)
    return values if values.ndim == 2 else np.stack([-values, values], axis=1)


@given(
    seed=st.integers(0, 10_000),
    n1=st.integers(1, 40),
    dim=st.integers(1, 30),
    kinds=st.integers(2, 5),
    intercept=st.booleans(),
    alpha=st.sampled_from([1e-3, 1.0, 50.0]),
)
def test_every_budget_is_the_refit(seed, n1, dim, kinds, intercept, alpha):
    rng, n2 = np.random.default_rng(seed), 40
    x, y = rows_and_labels(rng, n1, n2, dim, kinds)
    model = RidgeClassifier(alpha=alpha, fit_intercept=intercept, solver="cholesky")
    path = RidgePath(model, x[:n2], x[n2:], y[:n2], y[n2:])
    order = rng.permutation(n1)
    sizes = sorted({0, 1, n1 // 2, n1})
    for size, fitted in zip(sizes, path.walk(order, sizes), strict=True):
        refit = refitted(model, x, y, n2, order, size)
        np.testing.assert_allclose(fitted.decision_function(x), decisions(refit, x), atol=1e-6)
        np.testing.assert_array_equal(fitted.classes_, refit.classes_)


def test_single_precision_rows_are_summed_in_double():
    rng = np.random.default_rng(1)
    x, y = rows_and_labels(rng, 60, 200, 50, 4)
    single = x.astype(np.float32)
    path = RidgePath(RidgeClassifier(), single[:200], single[200:], y[:200], y[200:])
    order = rng.permutation(60)
    (fitted,) = path.walk(order, [30])
    refit = refitted(RidgeClassifier(solver="cholesky"), single.astype(float), y, 200, order, 30)
    np.testing.assert_allclose(fitted.decision_function(x), decisions(refit, x), atol=1e-5)


def test_a_class_that_is_gone_is_never_answered():
    rng = np.random.default_rng(2)
    x, y = rows_and_labels(rng, 20, 60, 3, 3, own=1)
    path = RidgePath(RidgeClassifier(), x[:60], x[60:], y[:60], y[60:])
    before, after = path.walk(np.arange(20), [19, 20])
    assert before.classes_.tolist() == [0, 1, 2]
    assert after.classes_.tolist() == [0, 2]
    assert 1 not in after.predict(x)


def test_with_one_label_left_it_is_the_answer():
    rng = np.random.default_rng(3)
    x, y = rows_and_labels(rng, 20, 60, 3, 2, own=1)
    path = RidgePath(RidgeClassifier(), x[:60], x[60:], y[:60], y[60:])
    (fitted,) = path.walk(np.arange(20), [20])
    assert set(fitted.predict(x)) == {0}


def test_sweep_gives_what_refitting_gives(monkeypatch):
    rng = np.random.default_rng(4)
    x, y = rows_and_labels(rng, 60, 180, 6, 3, own=2)
    x += 1.5 * np.eye(6)[y]
    task = UnlearningTask(X=x, y=y, forget=np.arange(240) >= 180, name="classes")
    setting = (["random", "lr-maha"], [0, 0.25, 0.5, 1], [0, 1])
    fast = sweep(task, RidgeClassifier(), *setting)
    slow = sweep(task, RidgeClassifier(class_weight={0: 1, 1: 1, 2: 1}), *setting)
    np.testing.assert_array_equal(fast["value"], slow["value"])
    assert fast["value"].nunique() > 10
    monkeypatch.setattr("distunlearn_lite.unlearners.ridge.MOST_FORGET_ROWS", 10)
    monkeypatch.setattr(RidgePath, "walk", None)
    pd.testing.assert_frame_equal(sweep(task, RidgeClassifier(), *setting), slow)


def test_a_walk_of_one_budget():
    rng = np.random.default_rng(5)
    x, y = rows_and_labels(rng, 10, 30, 3, 3)
    path = RidgePath(RidgeClassifier(), x[:30], x[30:], y[:30], y[30:])
    (fitted,) = path.walk(np.arange(10), [0])
    refit = refitted(RidgeClassifier(solver="cholesky"), x, y, 30, np.arange(10), 0)
    np.testing.assert_allclose(fitted.decision_function(x), refit.decision_function(x), atol=1e-9)


@pytest.mark.parametrize(
    ("classifier", "rows", "n1"),
    [
        (LogisticRegression(), np.ones((3, 2)), 1),
        (RidgeClassifier(class_weight="balanced"), np.ones((3, 2)), 1),
        (RidgeClassifier(positive=True), np.ones((3, 2)), 1),
        (type("Own", (RidgeClassifier,), {})(), np.ones((3, 2)), 1),
        (RidgeClassifier(alpha=0), np.ones((3, 2)), 1),
        (RidgeClassifier(), sparse.csr_array(np.ones((3, 2))), 1),
        (RidgeClassifier(), np.ones((3, 2)), MOST_FORGET_ROWS + 1),
    ],
)
def test_anything_else_is_refitted_as_usual(classifier, rows, n1):
    assert RidgePath.serves(RidgeClassifier(), np.ones((3, 2)), 1)
    assert not RidgePath.serves(classifier, rows, n1)


def test_an_alpha_that_rounding_hides_is_an_error():
    x = np.repeat(1e9 * np.arange(1.0, 11.0)[:, None], 3, axis=1)
    y = np.arange(10) % 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="alpha of RidgeClassifier is too small"):
            RidgePath(RidgeClassifier(alpha=1e-6), x[:6], x[6:], y[:6], y[6:])
