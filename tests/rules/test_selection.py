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

from distunlearn_lite.rules.scoring import score
from distunlearn_lite.rules.selection import (
    SelectiveDeletion,
    deleted_rows,
    deletion_order,
    select_deletions,
)
from tests.rules.sets import two_sets

RNG = np.random.default_rng(0)
Y = RNG.permutation(np.repeat([0, 1], [30, 20]))
X = RNG.standard_normal((50, 3)) + Y[:, None]


@given(
    st.lists(st.integers(-3, 3) | st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.integers(0, 30) | st.floats(0, 1),
)
def test_the_first_to_go_are_the_largest_scores_and_of_equal_ones_the_first_rows(scores, budget):
    budget = min(budget, len(scores))
    order = sorted(range(len(scores)), key=lambda row: (-float(scores[row]), row))
    chosen = select_deletions(scores, budget)
    assert chosen.tolist() == order[: deleted_rows(budget, len(scores))]


@given(st.integers(0, 1000), st.integers(0, 2000))
def test_fractions_go_to_the_nearest_row_halves_up(thousandths, n1):
    # The fraction as written, in exact arithmetic.
    exact = Fraction(thousandths, 1000) * n1
    assert deleted_rows(thousandths / 1000, n1) == (exact + Fraction(1, 2)).__floor__()
    assert deleted_rows(np.float32(thousandths / 1000), n1) == deleted_rows(thousandths / 1000, n1)


@pytest.mark.parametrize(
    ("budget", "n1", "rows"),
    [
        (0.29, 50, 15),  # 14.499999999999998 in floating point
        (np.float32(0.3), 10, 3),
        (1.0, 7, 7),
        (1, 7, 1),
        (np.uint8(2), 7, 2),
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
        ([1, 2], "1", TypeError, r"got '1' \(str\)"),
        ([1, 2], 3, ValueError, "budget, as a number of rows, must be .* at most 2, got 3"),
        ([1, 2], 1.5, ValueError, r"as a float, must be a fraction in \[0, 1\], got 1.5"),
        ([], 0, ValueError, "at least one score"),
        ([[1, 2]], 1, ValueError, "scores must be one-dimensional"),
    ],
)
def test_bad_selections_are_refused(scores, budget, error, message):
    with pytest.raises(error, match=message):
        select_deletions(scores, budget)


@pytest.mark.parametrize("rule", ["random", "l2-mu2", "maha-mu2", "knn-ratio", "margin"])
def test_a_shared_basis_reaches_the_rules_that_take_one(rule):
    forget, retain = two_sets(8, apart=0.5)
    basis = np.eye(8)[:, [1, 4]]
    order = deletion_order(forget, retain, rule, 3, basis)
    assert sorted(order) == list(range(40))
    if rule in ("random", "l2-mu2"):
        assert (order == deletion_order(forget, retain, rule, 3)).all()
    else:
        chosen = [x[:, [1, 4]] for x in (forget, retain)]
        assert (order == deletion_order(*chosen, rule, 3)).all()
        assert (order != deletion_order(forget, retain, rule, 3)).any()


def test_the_sampler_deletes_what_score_and_select_say():
    sampler = SelectiveDeletion(budget=0.25)
    X_kept, y_kept = sampler.fit_resample(X, Y)
    scores = score(X[Y == 1], X[Y == 0], "lr-maha")
    deleted = np.flatnonzero(Y == 1)[select_deletions(scores, 0.25)]
    assert (sampler.scores_ == scores).all()
    assert (sampler.sample_indices_ == np.delete(np.arange(50), deleted)).all()
    assert (X_kept == np.delete(X, deleted, axis=0)).all()
    assert (y_kept == np.delete(Y, deleted)).all()


def test_containers_come_back_as_they_went_in():
    sampler = SelectiveDeletion(budget=3)
    kept = sampler.fit_resample(X, Y)[0]
    frame, series = pd.DataFrame(X, columns=list("abc"), index=range(100, 150)), pd.Series(Y)
    X_frame, y_series = sampler.fit_resample(frame, series)
    pd.testing.assert_frame_equal(X_frame, frame.iloc[sampler.sample_indices_])
    pd.testing.assert_series_equal(y_series, series.iloc[sampler.sample_indices_])
    for kind in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array):
        X_sparse, _ = sampler.fit_resample(kind(X), Y)
        assert sparse.issparse(X_sparse)
        assert (X_sparse.toarray() == kept).all()
    X_list, y_list = sampler.fit_resample(X.tolist(), Y.tolist())
    assert (X_list == kept).all()
    assert y_list.size == 47


def test_labels_of_any_kind_mark_the_forget_rows():
    names = np.where(Y == 1, "spam", "ham")
    for labels, forget, left in ((names, "spam", "ham"), (Y, 0, 1)):
        _, kept = SelectiveDeletion(forget=forget, budget=1.0).fit_resample(X, labels)
        assert set(kept) == {left}


@pytest.mark.parametrize("kind", [int, bool, float])
def test_a_domain_takes_the_place_of_the_label(kind):
    sampler = SelectiveDeletion(budget=1.0)
    sampler.fit_resample(X, Y, domain=(np.arange(50) < 10).astype(kind))
    assert sampler.sample_indices_.tolist() == list(range(10, 50))
    assert sampler.scores_.size == 10


def test_options_and_the_seed_reach_the_rule():
    forget, retain = X[Y == 1], X[Y == 0]
    one = SelectiveDeletion(rule="lr-maha", options={"squared": False})
    one.fit_resample(X, Y)
    assert (one.scores_ == score(forget, retain, "lr-maha", squared=False)).all()
    drawn = SelectiveDeletion(rule="random", random_state=7)
    drawn.fit_resample(X, Y)
    assert (drawn.scores_ == score(forget, retain, "random", rng=7)).all()


def test_it_is_an_estimator():
    parameters = {"rule": "lr-cos", "budget": 0.1, "forget": "x", "options": {}, "random_state": 3}
    sampler = SelectiveDeletion(**parameters)
    assert sampler.get_params() == clone(sampler).get_params() == parameters
    assert clone(sampler).set_params(budget=7).budget == 7
    assert repr(SelectiveDeletion(budget=0.25)) == "SelectiveDeletion(budget=0.25)"
    # A pipeline of samplers refuses steps that both sample and transform.
    assert not hasattr(sampler, "transform")


def test_metadata_routing_hands_the_domain_over(monkeypatch):
    # What importing imbalanced-learn does to scikit-learn: teach it the method fit_resample.
    for name in ("SIMPLE_METHODS", "METHODS"):
        methods = getattr(_metadata_requests, name)
        monkeypatch.setattr(_metadata_requests, name, [*methods, "fit_resample"])

    class Steps:
        def get_metadata_routing(self):
            mapping = MethodMapping().add(caller="fit", callee="fit_resample")
            return MetadataRouter(owner="Steps").add(step=sampler, method_mapping=mapping)

    sampler = clone(SelectiveDeletion(budget=1.0))
    with sklearn.config_context(enable_metadata_routing=True):
        routed = process_routing(Steps(), "fit", domain=np.arange(50) < 10)
        sampler.fit_resample(X, Y, **routed.step.fit_resample)
    assert sampler.sample_indices_.tolist() == list(range(10, 50))


@pytest.mark.parametrize(
    ("forget", "arguments", "message"),
    [
        (5, (X, Y), "y == 5 holds for 0 of 50 rows; both"),
        (1, (X, np.ones(50)), "y == 1 holds for 50 of 50 rows"),
        ([1, 2], (X, Y), "one label, got .*by domain="),
        (1, (X, Y[:49]), r"y must have shape \(50,\)"),
        (1, (3.0, Y), r"X must have shape \(n, d\), got 3.0"),
        (1, (X, Y, np.zeros(50)), "domain == 1 holds for 0 of 50 rows"),
        (1, (X, Y, [1, 0]), r"domain must have shape \(50,\)"),
    ],
)
def test_bad_input_to_the_sampler_is_refused(forget, arguments, message):
    with pytest.raises(ValueError, match=message):
        SelectiveDeletion(forget=forget).fit_resample(*arguments)
