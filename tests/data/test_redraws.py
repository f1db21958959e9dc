"""Groups of equal rows, strata, grouped splits and bootstraps, each taken alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from distunlearn_lite.data.redraws import bootstrap, equal_rows, grouped_split, strata_of

small = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.integers(1, 3)),
    elements=st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-300]),
)


@given(small)
def test_groups_are_those_of_equal_rows(rows):
    truth = (rows[:, None, :] == rows[None, :, :]).all(axis=2)
    for kind in (rows, sparse.csr_array(rows), sparse.csr_matrix(rows)):
        groups = equal_rows(kind)
        assert (truth == (groups[:, None] == groups)).all()
    assert groups[0] == 0


def test_an_explicit_zero_is_no_difference():
    stored = sparse.csr_array(([1.0, 0.0, 1.0], [0, 1, 0], [0, 2, 3]), shape=(2, 2))
    doubled = sparse.csr_array(([0.5, 0.5, 1.0], [0, 0, 0], [0, 2, 3]), shape=(2, 2))
    assert equal_rows(stored).tolist() == [0, 0]
    assert equal_rows(doubled).tolist() == [0, 0]
    assert stored.nnz == 3  # the caller's matrix is left alone


def test_texts_are_compared_exactly():
    texts = np.array(["a", "A", "a ", "a", "é", "e\u0301"], dtype=object)
    assert equal_rows(texts).tolist() == [0, 1, 2, 0, 3, 4]


def test_strata_are_pairs_of_set_and_label():
    forget = np.array([True, True, False, False, True])
    y = np.array(["b", "a", "a", "b", "b"])
    assert strata_of(forget, y).tolist() == [3, 1, 0, 2, 3]


def test_a_group_of_two_strata_stays_whole():
    groups = np.array([0, 0, 1, 2, 3, 4])
    strata = np.array([0, 1, 0, 0, 1, 1])
    for seed in range(20):
        in_test = grouped_split(groups, strata, 0.4, np.random.default_rng(seed))
        assert in_test[0] == in_test[1]


def test_a_bootstrap_draws_within_strata():
    rows, strata = np.array([1, 3, 4, 6]), np.array([9, 0, 9, 0, 1, 9, 1])
    drawn = bootstrap(rows, strata, np.random.default_rng(0))
    assert np.isin(drawn, rows).all()
    assert sorted(strata[drawn]) == sorted(strata[rows])
    assert bootstrap(np.array([], dtype=int), strata, np.random.default_rng(0)).size == 0
