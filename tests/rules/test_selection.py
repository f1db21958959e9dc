"""Selections: nested, ties by index, budgets as counts and fractions; the sampler."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import _metadata_requests
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from distunlearn_lite.rules.scoring import SCORING_RULES, score
from distunlearn_lite.rules.selection import (
    SelectiveDeletion,
    deleted_rows,
    deletion_order,
    select_deletions,
)

score_lists = st.lists(st.integers(-3, 3) | st.floats(-1e6, 1e6), min_size=1, max_size=30)


@given(score_lists, st.integers(0, 30), st.integers(0, 30))
def test_selections_are_nested(scores, one, two):
    small, large = sorted(min(size, len(scores)) for size in (one, two))
    chosen = select_deletions(scores, large)
    assert len(chosen) == large
    assert (select_deletions(scores, small) == chosen[:small]).all()


@given(score_lists, st.floats(0, 1), st.floats(0, 1))
def test_fractions_give_nested_selections(scores, one, two):
    small, large = sorted((one, two))
    chosen, more = select_deletions(scores, small), select_deletions(scores, large)
    assert (more[: len(chosen)] == chosen).all()


@given(score_lists)
def test_the_order_is_by_score_and_then_by_index(scores):
    order = select_deletions(scores, len(scores))
    expected = sorted(range(len(scores)), key=lambda row: (-float(scores[row]), row))
    assert order.tolist() == expected


@given(score_lists, st.integers(0, 30))
def test_no_kept_row_scores_above_a_deleted_one(scores, size):
    deleted = select_deletions(scores, min(size, len(scores)))
    kept = np.delete(np.array(scores, float), deleted)
    if deleted.size and kept.size:
        assert np.array(scores, float)[deleted].min() >= kept.max()


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=20), st.floats(0, 1))
def test_a_rising_map_of_the_scores_changes_nothing(scores, budget):
    scores = np.array(scores, float)
    assert (select_deletions(scores, budget) == select_deletions(np.exp(scores / 9), budget)).all()


@given(st.integers(0, 1000), st.integers(0, 2000))
def test_fractions_go_to_the_nearest_row_halves_up(thousandths, n1):
    # The fraction as written, in exact arithmetic.
    exact = Fraction(thousandths, 1000) * n1
    assert deleted_rows(thousandths / 1000, n1) == (exact + Fraction(1, 2)).__floor__()
    assert deleted_rows(np.float32(thousandths / 1000), n1) == deleted_rows(thousandths / 1000, n1)


@pytest.mark.parametrize(
    ("budget", "n1", "rows"),
    [
        (0.5, 3, 2),
        (0.25, 10, 3),
        (0.15, 10, 2),
        (0.29, 50, 15),  # 14.499999999999998 in floating point
        (0.0, 7, 0),
        (1.0, 7, 7),
        (1, 7, 1),
        (0, 7, 0),
        (7, 7, 7),
        (np.int64(2), 7, 2),
        (np.uint8(2), 7, 2),
        (np.float32(0.3), 10, 3),
        (np.float64(1.0), 7, 7),
        (0.04, 10, 0),
    ],
)
def test_known_budgets(budget, n1, rows):
    assert deleted_rows(budget, n1) == rows
    chosen = select_deletions(np.zeros(n1), budget)
    assert chosen.tolist() == list(range(rows))
    assert chosen.dtype.kind == "i"


@pytest.mark.parametrize(
    ("scores", "budget", "error", "message"),
    [
        ([1, 2], True, TypeError, r"budget must be an int \(rows\) or a float.*got True \(bool\)"),
        ([1, 2], np.True_, TypeError, r"budget must be an int"),
        ([1, 2], "1", TypeError, r"got '1' \(str\)"),
        ([1, 2], None, TypeError, "NoneType"),
        ([1, 2], 3, ValueError, "budget, as a number of rows, must be .* at most 2, got 3"),
        ([1, 2], -1, ValueError, "must be at least 0 and at most 2, got -1"),
        ([1, 2], 1.5, ValueError, r"as a float, must be a fraction in \[0, 1\], got 1.5"),
        ([1, 2], -0.1, ValueError, r"fraction in \[0, 1\], got -0.1"),
        ([1, 2], np.nan, ValueError, "budget, as a float, must be finite"),
        ([], 0, ValueError, "at least one score"),
        ([1, np.nan], 1, ValueError, "scores must be finite, got 1 NaN"),
        ([[1, 2]], 1, ValueError, "scores must be one-dimensional"),
        (["a"], 1, TypeError, "scores must be an array of real numbers"),
    ],
)
def test_bad_selections_are_refused(scores, budget, error, message):
    with pytest.raises(error, match=message):
        select_deletions(scores, budget)


@pytest.mark.parametrize("rule", ["random", "l2-mu2", "maha-mu2", "knn-ratio", "margin"])
def test_a_shared_basis_reaches_the_rules_that_take_one(rule):
    rng = np.random.default_rng(2)
    forget, retain = rng.standard_normal((30, 8)) + 0.5, rng.standard_normal((50, 8))
    basis = np.eye(8)[:, [1, 4]]
    order = deletion_order(forget, retain, rule, 3, basis)
    assert sorted(order) == list(range(30))
    if rule in ("random", "l2-mu2"):
        assert (order == deletion_order(forget, retain, rule, 3)).all()
    else:
        chosen = [x[:, [1, 4]] for x in (forget, retain)]
        assert (order == deletion_order(*chosen, rule, 3)).all()
        assert (order != deletion_order(forget, retain, rule, 3)).any()


def two_classes(seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([0, 1], [30, 20]))
    return rng.standard_normal((50, 3)) + y[:, None], y


def test_the_sampler_deletes_what_score_and_select_say():
    X, y = two_classes()
    sampler = SelectiveDeletion(budget=0.25)
    X_kept, y_kept = sampler.fit_resample(X, y)
    scores = score(X[y == 1], X[y == 0], "lr-maha")
    deleted = np.flatnonzero(y == 1)[select_deletions(scores, 0.25)]
    assert (sampler.scores_ == scores).all()
    assert set(sampler.sample_indices_) == set(range(50)) - set(deleted)
    assert (np.diff(sampler.sample_indices_) > 0).all()
    assert (X_kept == X[sampler.sample_indices_]).all()
    assert np.bincount(y_kept).tolist() == [30, 15]


def test_containers_come_back_as_they_went_in():
    X, y = two_classes()
    kept = SelectiveDeletion(budget=3).fit_resample(X, y)[0]
    frame, series = pd.DataFrame(X, columns=list("abc"), index=range(100, 150)), pd.Series(y)
    X_frame, y_series = SelectiveDeletion(budget=3).fit_resample(frame, series)
    assert isinstance(X_frame, pd.DataFrame)
    assert isinstance(y_series, pd.Series)
    assert (X_frame.to_numpy() == kept).all()
    assert (X_frame.index - 100 == y_series.index).all()
    for kind in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array):
        X_sparse, _ = SelectiveDeletion(budget=3).fit_resample(kind(X), y)
        assert sparse.issparse(X_sparse)
        assert (X_sparse.toarray() == kept).all()
    X_list, y_list = SelectiveDeletion(budget=3).fit_resample(X.tolist(), y.tolist())
    assert (X_list == kept).all()
    assert y_list.size == 47


@pytest.mark.parametrize("rule", SCORING_RULES)
def test_the_sampler_knows_every_rule(rule):
    X, y = two_classes()
    sampler = SelectiveDeletion(rule=rule, budget=5)
    X_kept, _ = sampler.fit_resample(sparse.csr_array(X), y)
    assert X_kept.shape == (45, 3)
    expected = score(X[y == 1], X[y == 0], rule, rng=0)
    assert sampler.scores_ == pytest.approx(expected, abs=1e-6)


def test_labels_of_any_kind_mark_the_forget_rows():
    X, y = two_classes()
    names = np.where(y == 1, "spam", "ham")
    _, kept = SelectiveDeletion(forget="spam", budget=1.0).fit_resample(X, names)
    assert set(kept) == {"ham"}
    flipped = SelectiveDeletion(forget=0, budget=1.0).fit_resample(X, y)[1]
    assert set(flipped) == {1}


@pytest.mark.parametrize("kind", [int, bool, float])
def test_a_domain_takes_the_place_of_the_label(kind):
    X, y = two_classes()
    domain = (np.arange(50) < 10).astype(kind)
    sampler = SelectiveDeletion(budget=1.0)
    sampler.fit_resample(X, y, domain=domain)
    assert sampler.sample_indices_.tolist() == list(range(10, 50))
    assert sampler.scores_.size == 10


def test_options_and_the_seed_reach_the_rule():
    X, y = two_classes()
    one = SelectiveDeletion(rule="lr-maha", options={"squared": False})
    one.fit_resample(X, y)
    assert (one.scores_ == score(X[y == 1], X[y == 0], "lr-maha", squared=False)).all()
    drawn = [SelectiveDeletion(rule="random", random_state=seed) for seed in (0, 0, 1)]
    indices = [(sampler.fit_resample(X, y), sampler.sample_indices_)[1] for sampler in drawn]
    assert (indices[0] == indices[1]).all()
    assert set(indices[0]) != set(indices[2])


def test_it_is_an_estimator():
    sampler = SelectiveDeletion("lr-cos", 0.1, forget="x", options={}, random_state=3)
    parameters = {
        "rule": "lr-cos",
        "budget": 0.1,
        "forget": "x",
        "options": {},
        "random_state": 3,
    }
    assert sampler.get_params() == parameters
    assert clone(sampler).get_params() == parameters
    assert clone(sampler).set_params(budget=7).budget == 7
    assert repr(SelectiveDeletion(budget=0.25)) == "SelectiveDeletion(budget=0.25)"
    # A pipeline of samplers refuses steps that both sample and transform.
    assert not hasattr(sampler, "transform")


def test_metadata_routing_hands_the_domain_over(monkeypatch):
    # What importing imbalanced-learn does to scikit-learn: teach it the method fit_resample.
    monkeypatch.setattr(
        _metadata_requests,
        "SIMPLE_METHODS",
        [*_metadata_requests.SIMPLE_METHODS, "fit_resample"],
    )
    monkeypatch.setattr(
        _metadata_requests, "METHODS", [*_metadata_requests.METHODS, "fit_resample"]
    )

    class Steps:
        def get_metadata_routing(self):
            mapping = MethodMapping().add(caller="fit", callee="fit_resample")
            return MetadataRouter(owner="Steps").add(step=sampler, method_mapping=mapping)

    X, y = two_classes()
    domain = np.arange(50) < 10
    sampler = clone(SelectiveDeletion(budget=1.0))
    with sklearn.config_context(enable_metadata_routing=True):
        routed = process_routing(Steps(), "fit", domain=domain)
        sampler.fit_resample(X, y, **routed.step.fit_resample)
    assert sampler.sample_indices_.tolist() == list(range(10, 50))


@pytest.mark.parametrize(
    ("parameters", "rows", "labels", "error", "message"),
    [
        ({"forget": 5}, [[1.0], [2.0]], [0, 1], ValueError, "y == 5 holds for 0 of 2 rows; both"),
        ({}, [[1.0], [2.0]], [1, 1], ValueError, "y == 1 holds for 2 of 2 rows"),
        ({}, [[1.0], [2.0]], [1], ValueError, r"y must have shape \(2,\)"),
        ({"rule": "best"}, [[1.0], [2.0]], [0, 1], ValueError, "unknown rule 'best'"),
        ({"forget": [1, 2]}, [[1.0], [2.0]], [0, 1], ValueError, "one label, got .*by domain="),
        ({}, 3.0, [0, 1], ValueError, r"X must have shape \(n, d\), got 3.0"),
        ({"options": {"k": 1}}, [[1.0], [2.0]], [0, 1], TypeError, "no option 'k'"),
        ({"budget": 9, "rule": "l2-mu2"}, [[1.0], [2.0]], [0, 1], ValueError, "at most 1, got 9"),
        ({"rule": "l2-mu2"}, [[np.nan], [2.0]], [0, 1], ValueError, "must be finite"),
        ({"rule": "l2-mu2"}, ["a", "b"], [0, 1], TypeError, "must hold real numbers"),
        (
            {"rule": "random", "random_state": None},
            [[1.0], [2.0]],
            [0, 1],
            TypeError,
            "rng must be",
        ),
    ],
)
def test_bad_input_to_the_sampler_is_refused(parameters, rows, labels, error, message):
    with pytest.raises(error, match=message):
        SelectiveDeletion(**parameters).fit_resample(rows, labels)


def test_a_bad_domain_is_refused():
    X, y = two_classes()
    with pytest.raises(ValueError, match="domain == 1 holds for 0 of 50 rows"):
        SelectiveDeletion().fit_resample(X, y, domain=np.zeros(50))
    with pytest.raises(ValueError, match=r"domain must have shape \(50,\)"):
        SelectiveDeletion().fit_resample(X, y, domain=[1, 0])
