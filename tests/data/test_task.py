"""Unlearning tasks: what they check, rows taken, and splits that keep equal rows together."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from distunlearn_lite.data.task import UnlearningTask
from distunlearn_lite.theory.gaussian import Gaussian

LINE, WIDE, PLANE = Gaussian(0.0, 1.0), Gaussian(0.0, 2.0), Gaussian([0.0, 0.0], np.eye(2))


def text_task(copies):
    """Text i stands copies[i] times; every third text is to be forgotten."""
    texts = [f"text {i}" for i, n in enumerate(copies) for _ in range(n)]
    forget = np.array([i % 3 == 0 for i, n in enumerate(copies) for _ in range(n)])
    return UnlearningTask(X=texts, y=forget.astype(int), forget=forget)


@pytest.fixture
def labelled():
    return UnlearningTask(
        ["a", "b", "c", "d"],
        np.array([1, 2, 3, 4]),
        [True, False, True, False],
        official_test=[False, False, True, True],
        name="n",
        provenance="p",
        standin=True,
        groups=["u", "v", "u", "w"],
    )


def test_fields_are_kept_and_read_only(labelled):
    y = np.array([0, 1])
    task = UnlearningTask(["a", "b"], y, [True, False])
    y[0] = 5
    assert task.y.tolist() == [0, 1]
    assert task.official_test is None
    assert task.groups is None
    assert labelled.X.dtype == object
    for array in (
        labelled.X,
        labelled.y,
        labelled.forget,
        labelled.official_test,
        labelled.groups,
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[2]
    with pytest.raises(AttributeError):
        labelled.name = "m"


@pytest.mark.parametrize(
    ("rows", "is_text"),
    [
        (["a", "b", "c"], True),
        (np.array(["a", "b", "c"]), True),
        (pd.Series(["a", "b", "c"]), True),
        (pd.DataFrame(np.eye(3)), False),
        (sparse.eye_array(3).tocoo(), False),
        ([1.0, 2.0, 3.0], False),
    ],
)
def test_texts_and_numbers_are_told_apart(rows, is_text):
    task = UnlearningTask(rows, ["x", "y", "x"], [True, False, False])
    assert task.is_text is is_text
    assert len(task) == 3
    assert task.X.shape[0] == 3
    assert task.take([2, 0]).y.tolist() == ["x", "x"]


def test_a_memory_mapped_matrix_stays_on_disk(tmp_path):
    rows = np.lib.format.open_memmap(tmp_path / "x.npy", mode="w+", dtype=np.float32, shape=(4, 2))
    task = UnlearningTask(rows, np.arange(4), np.arange(4) < 2)
    assert isinstance(task.X, np.memmap)
    assert np.shares_memory(task.X, rows)
    assert not task.X.flags.writeable


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": ["a", "b", None]}, TypeError, "one string a row.*row 2 is NoneType"),
        ({"X": [["a"], ["b"], ["c"]]}, ValueError, r"texts must have shape \(n,\), got \(3, 1\)"),
        ({"X": np.array([], dtype=object)}, ValueError, "at least one row"),
        ({"X": [[1.0], [np.nan], [np.inf]]}, ValueError, "X must be finite, got 2 NaN"),
        ({"X": np.array([1j, 0, 0])}, TypeError, "X must hold real numbers"),
        ({"y": [1, 2]}, ValueError, r"y must have shape \(3,\)"),
        ({"forget": [True, False]}, ValueError, r"forget must have shape \(3,\)"),
        ({"forget": [False] * 3}, ValueError, "at least one forget row"),
        ({"forget": [True] * 3}, ValueError, "at least one retained row"),
        ({"official_test": [True]}, ValueError, r"official_test must have shape \(3,\)"),
        (
            {"groups": [0, 1]},
            ValueError,
            r"groups must have shape \(3,\), one label a row, got \(2,",
        ),
        ({"groups": [[0], [1], [2]]}, ValueError, r"groups must have shape \(3,\)"),
        ({"groups": ["u", None, "v"]}, TypeError, "groups must hold labels that can be sorted"),
        ({"groups": [0.0, np.nan, np.nan]}, ValueError, "groups must be finite, got 2 NaN"),
        ({"truth": [0.0, 1.0]}, TypeError, "truth must be a pair of Gaussians or None, got list"),
        ({"truth": (LINE,)}, TypeError, "truth must be a pair of Gaussians"),
        ({"X": [1, 2, 3], "truth": (LINE, PLANE)}, ValueError, "dimension.*1 and 2"),
        ({"X": [1, 2, 3], "truth": (LINE, WIDE)}, ValueError, "share one covariance"),
    ],
)
def test_bad_fields_are_refused(change, error, message):
    fields = {"X": ["a", "b", "c"], "y": [0, 1, 1], "forget": [True, False, False]} | change
    with pytest.raises(error, match=message):
        UnlearningTask(**fields)


def test_take_follows_the_rows(labelled):
    part = labelled.take([3, 0, 0])
    assert part.X.tolist() == ["d", "a", "a"]
    assert part.y.tolist() == [4, 1, 1]
    assert part.forget.tolist() == [False, True, True]
    assert part.official_test.tolist() == [True, False, False]
    assert part.groups.tolist() == ["w", "u", "u"]
    assert (part.name, part.provenance, part.standin) == ("n", "p", True)
    assert labelled.take(np.array([True, True, False, False])).y.tolist() == [1, 2]
    with pytest.raises(ValueError, match="at least one retained row"):
        labelled.take([0, 2])
    with pytest.raises(ValueError, match="at least one row, got none"):
        labelled.take([])
    with pytest.raises(IndexError):
        labelled.take([4])
    with pytest.raises(ValueError, match=r"rows must have shape \(4,\)"):
        labelled.take([True, False])


copy_counts = st.lists(st.integers(1, 6), min_size=12, max_size=40)


@given(copy_counts, st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_a_split_is_stratified_and_keeps_equal_texts_on_one_side(copies, seed, share):
    task = text_task(copies)
    train, test = task.split(seed, test_fraction=share)
    assert not set(train.X) & set(test.X)
    assert sorted([*train.X, *test.X]) == sorted(task.X)
    for part in (train, test):
        assert (part.forget == [int(text[5:]) % 3 == 0 for text in part.X]).all()
        assert (part.y == part.forget).all()
    for which in (True, False):
        wanted = share * (task.forget == which).sum()
        # Whole groups cannot meet the wish more closely than by half of the largest, and one
        # group at least stands on each side.
        assert abs((test.forget == which).sum() - wanted) <= max(copies)


def test_without_copies_the_strata_are_met_exactly():
    y = np.repeat([0, 1, 2], [40, 20, 10])
    task = UnlearningTask(np.arange(70.0), y, y == 2)
    assert np.bincount(task.split(3)[1].y).tolist() == [12, 6, 3]


def test_every_group_is_as_likely_to_be_tested():
    copies = [1] * 30 + [4] * 10
    task = text_task(copies)
    tested = np.zeros(len(copies))
    for seed in range(400):
        _, test = task.split(seed)
        tested[[int(text[5:]) for text in set(test.X)]] += 1
    rates = tested / 400
    error = np.sqrt(0.3 * 0.7 / 400)
    for group in (rates[:30], rates[30:]):
        assert abs(group.mean() - 0.3) < 5 * error / np.sqrt(10) + 0.01
    assert np.abs(rates - 0.3).max() < 5 * error + 0.01


def test_copies_may_fall_on_both_sides_when_asked():
    task = text_task([5] * 30)
    train, test = task.split(0, group_equal=False)
    assert set(train.X) & set(test.X)
    assert len(test) == 45


@given(copy_counts, st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_a_split_keeps_groups_on_one_side(sizes, seed, share):
    group = np.repeat(np.arange(len(sizes)), sizes)
    forget = group % 3 == 0
    rows = np.arange(float(group.size))  # no two are equal
    task = UnlearningTask(rows, forget.astype(int), forget, groups=group)
    train, test = task.split(seed, test_fraction=share)
    assert not set(train.groups) & set(test.groups)
    assert sorted([*train.X[:, 0], *test.X[:, 0]]) == rows.tolist()
    for part in (train, test):
        assert (part.groups == group[part.X[:, 0].astype(int)]).all()
    for which in (True, False):
        wanted = share * (forget == which).sum()
        assert abs((test.forget == which).sum() - wanted) <= max(sizes)


def test_groups_stand_instead_of_equal_rows_and_their_names_mean_nothing():
    task = text_task([2] * 40)
    copies = np.repeat(np.arange(40), 2)
    for names in (copies, np.array([f"g{i}" for i in copies[::-1]]), 39.5 - copies):
        train, test = replace(task, groups=names).split(5)
        for part, same in zip((train, test), task.split(5), strict=True):
            assert part.X.tolist() == same.X.tolist()
    train, test = replace(task, groups=np.arange(80)).split(5)
    assert set(train.X) & set(test.X)
    train, test = replace(task, groups=copies).split(5, group_equal=False)
    assert set(train.groups) & set(test.groups)


def test_a_seed_means_one_split():
    task = text_task([1, 2] * 20)
    one, two = task.split(7), task.split(np.random.default_rng(7))
    assert (one[0].X == two[0].X).all()
    assert (one[1].X == two[1].X).all()
    assert list(task.split(8)[0].X) != list(one[0].X)


def test_a_part_does_not_keep_the_order_of_the_file():
    task = UnlearningTask(np.arange(200.0), np.arange(200) % 2, np.arange(200) % 2 == 1)
    train, _ = task.split(0)
    assert abs(np.corrcoef(train.X[:, 0], np.arange(len(train)))[0, 1]) < 0.3


def test_with_an_official_test_set_both_parts_are_bootstraps():
    official = np.arange(60) >= 40
    forget = np.arange(60) % 4 == 0
    task = UnlearningTask(np.arange(60.0), forget.astype(int), forget, official)
    seen = np.zeros(60)
    for seed in range(300):
        train, test = task.split(seed)
        assert (len(train), len(test)) == (40, 20)
        assert (train.X < 40).all()
        assert (test.X >= 40).all()
        assert (train.forget.sum(), test.forget.sum()) == (10, 5)
        assert train.official_test is None
        for part in (train, test):
            np.add.at(seen, part.X[:, 0].astype(int), 1)
    # Each row is drawn once on average; its number of draws is binomial with variance below 1.
    assert np.abs(seen / 300 - 1).max() < 5 / np.sqrt(300)
    assert len(set(train.X[:, 0])) < 40


def test_bootstraps_know_no_groups(labelled):
    task = replace(labelled.take(np.repeat([0, 1, 2, 3], 20)), groups=None)
    grouped = replace(task, groups=np.arange(80) % 7)
    for part, same in zip(grouped.split(3), task.split(3), strict=True):
        assert part.X.tolist() == same.X.tolist()
        assert part.groups.size == len(part)


def test_splits_that_cannot_be_are_refused():
    task = text_task([1] * 6)
    with pytest.raises(ValueError, match="test_fraction must lie strictly between 0 and 1"):
        task.split(0, test_fraction=1)
    with pytest.raises(TypeError, match="rng must be"):
        task.split(None)
    alike = UnlearningTask(["a", "a", "b", "c"], [1, 1, 0, 0], [True, True, False, False])
    with pytest.raises(ValueError, match="the test part has 0 forget and 1 retained rows"):
        alike.split(0)
    bare = UnlearningTask(["a", "b"], [1, 0], [True, False], official_test=[True, True])
    with pytest.raises(ValueError, match="the training part has 0 forget and 0 retained rows"):
        bare.split(0)


@given(st.floats(0.01, 0.99), st.integers(0, 1000))
def test_two_groups_of_a_stratum_always_part(share, seed):
    forget = np.array([True, True, True, False, False, False])
    task = UnlearningTask(list("aabccd"), forget.astype(int), forget)
    for part in task.split(seed, test_fraction=share):
        assert part.forget.any()
        assert not part.forget.all()
