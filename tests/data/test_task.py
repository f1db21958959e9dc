"""Unlearning tasks: what they check, rows taken, and splits that keep equal rows together."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from distunlearn_lite.data.task import UnlearningTask


def text_task(copies, **options):
    """Text i stands copies[i] times; every third text is to be forgotten."""
    texts = [f"text {i}" for i, n in enumerate(copies) for _ in range(n)]
    forget = np.array([i % 3 == 0 for i, n in enumerate(copies) for _ in range(n)])
    return UnlearningTask(X=texts, y=forget.astype(int), forget=forget, **options)


def test_fields_are_kept_and_read_only():
    y = np.array([0, 1])
    task = UnlearningTask(["a", "b"], y, [True, False], name="n", provenance="p", standin=True)
    y[0] = 5
    assert task.y.tolist() == [0, 1]
    assert (task.name, task.provenance, task.standin, task.official_test) == ("n", "p", True, None)
    assert task.X.dtype == object
    for array in (task.X, task.y, task.forget):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    with pytest.raises(AttributeError):
        task.name = "m"


@pytest.mark.parametrize(
    ("rows", "is_text"),
    [
        (["a", "b", "c"], True),
        (np.array(["a", "b", "c"]), True),
        (pd.Series(["a", "b", "c"]), True),
        (np.eye(3), False),
        (np.eye(3, dtype=np.uint8), False),
        (pd.DataFrame(np.eye(3)), False),
        (sparse.eye_array(3).tocoo(), False),
        (sparse.csc_matrix(np.eye(3)), False),
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
        ({"X": np.empty((3, 0))}, ValueError, r"at least one sample, got shape \(3, 0\)"),
        ({"X": [[1.0], [np.nan], [np.inf]]}, ValueError, "X must be finite, got 2 NaN"),
        ({"X": np.zeros((3, 1, 1))}, ValueError, r"shape \(n, d\), got \(3, 1, 1\)"),
        ({"X": sparse.csr_array([[1.0], [np.nan], [0.0]])}, ValueError, "X must be finite, got 1"),
        ({"X": np.array([1j, 0, 0])}, TypeError, "real numbers, got entries of type complex128"),
        ({"y": [1, 2]}, ValueError, r"y must have shape \(3,\), one label a row, got \(2,\)"),
        ({"y": [1, 2, np.nan]}, ValueError, "y must be finite, got 1 NaN"),
        ({"y": ["a", None, "b"]}, TypeError, "y must hold labels that can be sorted.*drop rows"),
        ({"forget": [1, 0, 0]}, TypeError, "forget must be boolean.*int64.*y == 1"),
        ({"forget": [True, False]}, ValueError, r"forget must have shape \(3,\)"),
        ({"forget": [False] * 3}, ValueError, "at least one forget row, but forget is False for"),
        ({"forget": [True] * 3}, ValueError, "at least one retained row, but forget is True for"),
        ({"official_test": [0, 1, 0]}, TypeError, "official_test must be boolean"),
        ({"official_test": [True]}, ValueError, r"official_test must have shape \(3,\)"),
    ],
)
def test_bad_fields_are_refused(change, error, message):
    fields = {"X": ["a", "b", "c"], "y": [0, 1, 1], "forget": [True, False, False]} | change
    with pytest.raises(error, match=message):
        UnlearningTask(**fields)


def test_take_follows_the_rows():
    task = UnlearningTask(
        ["a", "b", "c", "d"],
        [1, 2, 3, 4],
        [True, False, True, False],
        official_test=[False, False, True, True],
        name="n",
        provenance="p",
        standin=True,
    )
    part = task.take([3, 0, 0])
    assert part.X.tolist() == ["d", "a", "a"]
    assert part.y.tolist() == [4, 1, 1]
    assert part.forget.tolist() == [False, True, True]
    assert part.official_test.tolist() == [True, False, False]
    assert (part.name, part.provenance, part.standin) == ("n", "p", True)
    assert task.take(np.array([True, True, False, False])).y.tolist() == [1, 2]
    with pytest.raises(ValueError, match="at least one retained row"):
        task.take([0, 2])
    with pytest.raises(ValueError, match="at least one row, got none"):
        task.take([])
    with pytest.raises(IndexError):
        task.take([4])
    with pytest.raises(ValueError, match=r"rows must have shape \(4,\)"):
        task.take([True, False])


copy_counts = st.lists(st.integers(1, 6), min_size=12, max_size=40)


@given(copy_counts, st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_a_split_keeps_equal_texts_on_one_side(copies, seed, share):
    task = text_task(copies)
    train, test = task.split(seed, test_fraction=share)
    assert not set(train.X) & set(test.X)
    assert sorted([*train.X, *test.X]) == sorted(task.X)
    for part in (train, test):
        assert (part.forget == [int(text[5:]) % 3 == 0 for text in part.X]).all()
        assert (part.y == part.forget).all()


@given(copy_counts, st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_a_split_is_stratified(copies, seed, share):
    task = text_task(copies)
    _, test = task.split(seed, test_fraction=share)
    for which in (True, False):
        wanted = share * (task.forget == which).sum()
        # Whole groups cannot meet the wish more closely than by half of the largest, and one
        # group at least stands on each side.
        assert abs((test.forget == which).sum() - wanted) <= max(copies)


def test_without_copies_the_strata_are_met_exactly():
    y = np.repeat([0, 1, 2], [40, 20, 10])
    task = UnlearningTask(np.arange(70.0), y, y == 2)
    train, test = task.split(3)
    assert np.bincount(test.y).tolist() == [12, 6, 3]
    assert np.bincount(train.y).tolist() == [28, 14, 7]


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


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
def test_equal_rows_of_numbers_count_as_equal(convert):
    rows = np.repeat(np.arange(12.0)[:, None] * [1, 0], 3, axis=0)
    rows[1::3] *= -1  # -0.0 in the second column
    rows[1::3, 0] *= -1
    task = UnlearningTask(convert(rows), np.arange(36) // 18, np.arange(36) < 18)
    train, test = task.split(0)
    one, two = (set(np.asarray(part.X[:, [0]].sum(axis=1)).ravel()) for part in (train, test))
    assert not one & two
    assert len(one) + len(two) == 12


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


def test_splits_that_cannot_be_are_refused():
    task = text_task([1] * 6)
    for share in (0, 1, -0.5, 1.5):
        with pytest.raises(ValueError, match="test_fraction must lie strictly between 0 and 1"):
            task.split(0, test_fraction=share)
    with pytest.raises(TypeError, match=r"pass rng=np\.random\.default_rng\(0\)"):
        task.split(None)
    alike = UnlearningTask(["a", "a", "b", "c"], [1, 1, 0, 0], [True, True, False, False])
    with pytest.raises(ValueError, match="the test part has 0 forget and 1 retained rows; both"):
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
