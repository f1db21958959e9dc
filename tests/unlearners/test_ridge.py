"""The ridge walk: the classifiers that scikit-learn would refit, at every budget."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from distunlearn_lite import UnlearningTask, sweep
from distunlearn_lite.unlearners import (
    RefitPath,
    batches_of,
    classifier_paths,
    elimination,
    normal_equations,
)
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


def path_of(model, x, y, n2):
    return RidgePath(model, x[:n2], x[n2:], y[:n2], y[n2:])


def agree(fitted, model, x, y, kept):
    """One model is the refit on the rows that are kept."""
    refit = clone(model).set_params(solver="cholesky").fit(x[kept], y[kept])
    values = refit.decision_function(x)
    values = values if values.ndim == 2 else np.stack([-values, values], axis=1)
    np.testing.assert_allclose(fitted.decision_function(x), values, atol=1e-6)
    np.testing.assert_array_equal(fitted.classes_, refit.classes_)


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
    model = RidgeClassifier(alpha=alpha, fit_intercept=intercept)
    path, order = path_of(model, x, y, n2), rng.permutation(n1)
    for sizes in ([0], sorted({0, 1, n1 // 2, n1})):
        for size, fitted in zip(sizes, path.walk(batches_of(order, sizes)), strict=True):
            agree(fitted, model, x, y, np.append(np.arange(n2), n2 + order[size:]))


def test_single_precision_rows_are_summed_in_double():
    x, y = rows_and_labels(np.random.default_rng(1), 60, 200, 50, 4)
    single = x.astype(np.float32)
    (fitted,) = path_of(RidgeClassifier(), single, y, 200).walk([np.arange(30)])
    agree(fitted, RidgeClassifier(), single.astype(float), y, np.r_[:200, 230:260])


@pytest.mark.parametrize(("kinds", "left"), [(3, [0, 2]), (2, [0])])
def test_a_class_that_is_gone_is_never_answered(kinds, left):
    x, y = rows_and_labels(np.random.default_rng(2), 20, 60, 3, kinds, own=1)
    before, after = path_of(RidgeClassifier(), x, y, 60).walk(batches_of(np.arange(20), [19, 20]))
    assert before.classes_.tolist() == list(range(kinds))
    assert after.classes_.tolist() == left
    assert set(after.predict(x)) == set(left)


def test_sweep_gives_what_refitting_gives(monkeypatch):
    x, y = rows_and_labels(np.random.default_rng(4), 60, 180, 6, 3, own=2)
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


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("kinds", "width"), [(2, 256), (4, 3)])
def test_fall_is_what_deleting_each_row_by_hand_does(monkeypatch, kinds, width, intercept):
    monkeypatch.setattr(elimination, "WIDTH", width)  # 3: its blocks cut across the batches
    n1, n2 = 24, 40
    rng = np.random.default_rng(kinds)
    x, y = rows_and_labels(rng, n1, n2, 12, kinds)
    model = RidgeClassifier(alpha=0.5, fit_intercept=intercept)
    path, order = path_of(model, x, y, n2), rng.permutation(n1)

    def decisions(kept, left):
        values = clone(model).fit(x[kept], y[kept]).decision_function(x[n2 + left])
        return values if values.ndim == 2 else np.stack([-values, values], axis=1)

    # Asked at every stage, or only late, when some rows were eliminated without being asked.
    sizes = [0, 1, 7, 7, 15, 20]
    for asked in (sizes, [7, 20]):
        for size, fitted in zip(sizes, path.walk(batches_of(order, sizes)), strict=True):
            if size not in asked:
                continue
            left = np.sort(order[size:])
            weights = rng.standard_normal((left.size, kinds))
            kept = np.append(np.arange(n2), n2 + left)
            fewer = [decisions(kept[kept != n2 + i], left) for i in left]
            now = decisions(kept, left)
            falls = [(weights * (now - after)).sum() for after in fewer]
            np.testing.assert_allclose(fitted.fall(weights), falls, atol=1e-9)
            agree(fitted, model, x, y, kept)


def test_weights_of_another_stage_or_a_row_twice_are_refused():
    x, y = rows_and_labels(np.random.default_rng(5), 6, 20, 3, 2)
    walk = path_of(RidgeClassifier(), x, y, 20).walk([np.array([1]), np.array([2]), np.array([1])])
    next(walk)
    fitted = next(walk)
    assert fitted.fall(np.ones((4, 2))).shape == (4,)
    with pytest.raises(ValueError, match=r"weights must have shape \(4, 2\), got \(5, 2\)"):
        fitted.fall(np.ones((5, 2)))
    with pytest.raises(ValueError, match="rows that are left, each once"):
        next(walk)


@pytest.mark.parametrize("intercept", [True, False])
def test_penalties_share_one_decomposition_and_give_what_each_gives_alone(monkeypatch, intercept):
    n1, n2 = 25, 60
    rng = np.random.default_rng(6)
    x, y = rows_and_labels(rng, n1, n2, 90, 3)  # more columns than rows: eigenvalues are zero
    sets, order = (x[:n2], x[n2:], y[:n2], y[n2:]), rng.permutation(n1)
    models = [RidgeClassifier(alpha, fit_intercept=intercept) for alpha in (0.01, 1.0, 300.0)]
    decompositions = count_calls(monkeypatch, normal_equations, "eigh")
    factors = count_calls(monkeypatch, normal_equations, "cholesky_factor")
    paths = classifier_paths(models, *sets)
    for model, path in zip(models, paths, strict=True):
        alone = RidgePath(model, *sets)
        walks = [each.walk(batches_of(order, [0, 10, n1])) for each in (path, alone)]
        for size, one, other in zip([0, 10, n1], *walks, strict=True):
            agree(one, model, x, y, np.append(np.arange(n2), n2 + order[size:]))
            np.testing.assert_allclose(one.coef, other.coef, atol=1e-9)
            weights = rng.standard_normal((n1 - size, 3))
            np.testing.assert_allclose(one.fall(weights), other.fall(weights), atol=1e-9)
    assert len(decompositions) == 1
    assert len(factors) == len(models)  # those of the paths alone


def count_calls(monkeypatch, module, name):
    """Calls of a function of a module, as they come."""
    calls, function = [], getattr(module, name)

    def counted(*args, **options):
        calls.append(name)
        return function(*args, **options)

    monkeypatch.setattr(module, name, counted)
    return calls


def test_classifiers_of_several_kinds_keep_their_order():
    x, y = rows_and_labels(np.random.default_rng(7), 20, 60, 3, 2)
    models = [
        RidgeClassifier(1.0),
        LogisticRegression(),
        RidgeClassifier(1.0, fit_intercept=False),
        RidgeClassifier(5.0),
    ]
    for model, path in zip(
        models, classifier_paths(models, x[:60], x[60:], y[:60], y[60:]), strict=True
    ):
        assert type(path) is (RefitPath if model is models[1] else RidgePath)
        (fitted,) = path.walk([np.array([], dtype=np.intp)])
        values = fitted.decision_function(x)
        expected = clone(model).fit(x, y).decision_function(x)
        np.testing.assert_allclose(values if values.ndim == 1 else values[:, 1], expected)


PLAIN, ROWS = RidgeClassifier(), np.ones((3, 2))


@pytest.mark.parametrize(
    ("classifier", "rows", "n1"),
    [
        (LogisticRegression(), ROWS, 1),
        (RidgeClassifier(class_weight="balanced"), ROWS, 1),
        (RidgeClassifier(positive=True), ROWS, 1),
        (type("Own", (RidgeClassifier,), {})(), ROWS, 1),
        (RidgeClassifier(alpha=0), ROWS, 1),
        (RidgeClassifier(alpha=[1.0, 2.0]), ROWS, 1),
        (PLAIN, sparse.csr_array(ROWS), 1),
        (PLAIN, ROWS, MOST_FORGET_ROWS + 1),
    ],
)
def test_anything_else_is_refitted_as_usual(classifier, rows, n1):
    assert RidgePath.serves(PLAIN, ROWS, MOST_FORGET_ROWS)
    assert not RidgePath.serves(classifier, rows, n1)


def test_an_alpha_that_rounding_hides_is_an_error():
    x = np.repeat(1e9 * np.arange(1.0, 11.0)[:, None], 3, axis=1)
    y = np.arange(10) % 2
    with pytest.raises(ValueError, match="alpha of RidgeClassifier is too small"):
        path_of(RidgeClassifier(alpha=1e-6), x, y, 6)
    several = [RidgeClassifier(alpha=alpha) for alpha in (1e-6, 1e-5)]
    with pytest.raises(ValueError, match="alpha of RidgeClassifier is too small"):
        next(classifier_paths(several, x[:6], x[6:], y[:6], y[6:]))
