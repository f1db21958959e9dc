"""Means, norms, covariances, leading directions: by blocks or in one piece, sparse or dense."""

import numpy as np
import pytest
from scipy import sparse

from distunlearn_lite import matrices
from distunlearn_lite.matrices import (
    Covariance,
    column_mean,
    dense_blocks,
    project,
    row_blocks,
    row_norms,
    sample_matrix,
)
from distunlearn_lite.rules import subspace
from distunlearn_lite.rules.subspace import leading_subspace, working_basis, working_directions

RNG = np.random.default_rng(0)
ROWS = np.where(RNG.random((60, 12)) < 0.4, RNG.standard_normal((60, 12)), 0)
BASIS = np.linalg.qr(RNG.standard_normal((12, 3)))[0]
KINDS = [np.asarray, sparse.csr_array, sparse.csr_matrix]


@pytest.fixture(params=[None, 30], ids=["one block", "many blocks"])
def _blocks(request, monkeypatch):
    if request.param:
        small = lambda n, width: row_blocks(n, width, entries=request.param)  # noqa: E731
        for module in (matrices, subspace):
            monkeypatch.setattr(module, "row_blocks", small)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("kind", KINDS)
def test_sums_over_blocks_are_sums(kind):
    rows = kind(ROWS)
    assert column_mean(rows) == pytest.approx(ROWS.mean(axis=0))
    assert column_mean(rows, BASIS) == pytest.approx(ROWS.mean(axis=0) @ BASIS)
    assert project(rows, BASIS[:, 0]) == pytest.approx(ROWS @ BASIS[:, 0])
    assert row_norms(rows) == pytest.approx(np.linalg.norm(ROWS, axis=1))
    assert row_norms(rows, order=1) == pytest.approx(np.abs(ROWS).sum(axis=1))
    assert np.vstack(list(dense_blocks(rows))) == pytest.approx(ROWS)
    assert np.vstack(list(dense_blocks(rows, BASIS))) == pytest.approx(ROWS @ BASIS)


def test_blocks_are_small_and_cover_the_rows():
    slices = list(row_blocks(10, 4, entries=12))
    assert [(part.start, part.stop) for part in slices] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    assert len(list(row_blocks(3, 100, entries=12))) == 3


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, bool])
def test_whole_numbers_do_not_overflow(dtype):
    rows = np.full((300, 2), np.iinfo(dtype).max if dtype in (np.uint8, np.int16) else 1, dtype)
    top = float(rows[0, 0])
    for kind in KINDS:
        assert column_mean(kind(rows)) == pytest.approx([top, top])
        assert row_norms(kind(rows)) == pytest.approx(np.full(300, top * np.sqrt(2)))
        assert project(kind(rows), np.array([1.0, -1.0])) == pytest.approx(np.zeros(300))


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("kind", KINDS)
def test_leading_directions_are_those_of_the_svd(kind):
    scaled = ROWS * np.logspace(0, -2, 12)
    values, vectors = np.linalg.svd(scaled)[1:]
    found = leading_subspace(kind(scaled[:20]), kind(scaled[20:]), rank=4)
    assert found.T @ found == pytest.approx(np.eye(4), abs=1e-12)
    # Sines of the angles to the exact subspace, and the order of the directions.
    assert np.linalg.norm(found - vectors[:4].T @ (vectors[:4] @ found)) < 1e-6
    assert np.linalg.norm(scaled @ found, axis=0) == pytest.approx(values[:4])


def test_leading_directions_of_many_columns_come_close_to_the_svd():
    rows = sparse.random_array((300, 900), density=0.02, rng=np.random.default_rng(1)).tocsr()
    values = np.linalg.svd(rows.toarray(), compute_uv=False)
    found = leading_subspace(rows, rank=50)
    captured = np.linalg.norm(rows @ found) ** 2 / (values[:50] ** 2).sum()
    assert 0.98 < captured <= 1 + 1e-12
    assert (found == leading_subspace(rows, rank=50)).all()


@pytest.mark.usefixtures("_blocks")
def test_single_precision_gives_the_same_directions():
    # A common offset, as features have it: the first singular value is far above the others.
    scaled = (RNG.standard_normal((60, 12)) * np.logspace(0, -2, 12) + 3).astype(np.float32)
    exact = np.linalg.svd(scaled.astype(float))[2][:4]
    found = leading_subspace(scaled[:20], scaled[20:], rank=4)
    assert found.dtype == np.float64
    assert found.T @ found == pytest.approx(np.eye(4), abs=1e-12)
    assert np.linalg.norm(found - exact.T @ (exact @ found)) < 1e-4


def test_the_working_basis_is_for_sparse_and_for_many_columns():
    thin, wide = sparse.csr_array(ROWS), RNG.standard_normal((20, 1001))
    assert working_basis(ROWS, ROWS) is None
    assert working_basis(thin, thin) is None  # fewer columns than the hundred it would take
    assert working_basis(ROWS, ROWS, rank=12) is None
    assert working_basis(wide[:, :1000], wide[:, :1000]) is None
    assert working_basis(wide, wide).shape == (1001, 100)
    assert working_basis(sparse.csr_array(wide[:, :150]), wide[:, :150]).shape == (150, 100)
    found = working_basis(ROWS[:20], thin[20:], rank=3)
    assert abs(found.T @ leading_subspace(ROWS, rank=3)) == pytest.approx(np.eye(3), abs=1e-6)
    assert working_directions(ROWS, ROWS, None, BASIS) == pytest.approx(BASIS)
    assert (working_directions(ROWS[:20], thin[20:], 3, None) == found).all()


@pytest.mark.parametrize(
    ("rank", "basis", "message"),
    [
        (2, BASIS, "rank and basis must not be given both"),
        (None, BASIS[:5], r"must have shape \(12, r\) with r from 1 to 12.*got \(5, 3\)"),
        (None, np.empty((12, 0)), r"got \(12, 0\); make it with rules.working_basis"),
        (None, np.ones((12, 13)), r"got \(12, 13\)"),
        (None, np.ones(12), "basis must be two-dimensional"),
        (None, 2 * BASIS, "must have orthonormal columns; pass np.linalg.qr"),
        (0, None, "rank must be at least 1, got 0"),
    ],
)
def test_bad_directions_are_refused(rank, basis, message):
    with pytest.raises(ValueError, match=message):
        working_directions(ROWS, ROWS, rank, basis)


def test_fewer_independent_rows_than_directions_still_give_a_basis():
    rows = np.outer(RNG.standard_normal(9), RNG.standard_normal(12))  # all on one line
    for given in (rows, sparse.csr_array(rows), np.zeros((9, 12))):
        found = leading_subspace(given, rank=5)
        assert found.T @ found == pytest.approx(np.eye(5), abs=1e-12)
    line = rows[0] / np.linalg.norm(rows[0])
    assert abs(leading_subspace(rows, rank=5)[:, 0] @ line) == pytest.approx(1)


def test_leading_directions_refuse_huge_numbers():
    with pytest.raises(ValueError, match="too large for floating point; rescale the columns"):
        leading_subspace(np.full((3, 4), 1e200), rank=2)


def test_the_covariance_is_maximum_likelihood_within_sets():
    one, two = ROWS[:25, :4], ROWS[25:, :4] + 7
    means = [one.mean(axis=0), two.mean(axis=0)]
    centred = np.vstack([one - means[0], two - means[1]])
    truth = centred.T @ centred / 60
    cov = Covariance([one, two], means, None)
    assert cov.solve(truth @ np.arange(4.0)) == pytest.approx(np.arange(4.0))
    white = cov.whiten(centred)
    assert white.T @ white / 60 == pytest.approx(np.eye(4), abs=1e-12)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ROWS[:3, :4], "3 rows cannot determine it in 4 dimensions; pass a smaller rank="),
        (ROWS[:, [0, 1, 0]], "eigenvalue of its correlation.*drop dependent features or pass a sm"),
        (ROWS[:, :3] * [1, 0, 1], "feature 1 does not vary within the sets; drop it or pass a sma"),
        # The mean of seven times 0.1 is not 0.1, so that a variance comes out above zero.
        (np.c_[:7, [0.1] * 7], "feature 1 does not vary within the sets"),
        (ROWS[:, :3] * 1e200, "features are too large for floating point; rescale the columns"),
    ],
)
def test_singular_covariances_are_refused(rows, message):
    with pytest.raises(ValueError, match=message), np.errstate(over="ignore"):
        Covariance([rows], [rows.mean(axis=0)], None)


@pytest.mark.parametrize("kind", KINDS)
def test_norms_that_overflow_are_refused(kind):
    with pytest.raises(ValueError, match="too large"), np.errstate(over="ignore"):
        row_norms(kind(ROWS * 1e200))


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (["a"], TypeError, "forget must hold real numbers.*TfidfVectorizer"),
        (np.ones((2, 2, 2)), ValueError, r"must have shape \(n, d\), got \(2, 2, 2\)"),
        (sparse.coo_array(np.ones(3)), ValueError, "must have 2 axes, got a sparse array"),
        ([], ValueError, "must hold at least one sample"),
        (np.empty((3, 0)), ValueError, "must hold at least one sample"),
        ([np.nan, 1.0], ValueError, "must be finite, got 1 NaN"),
        (sparse.csr_array([[np.inf]]), ValueError, "must be finite, got 1 NaN or infinite"),
    ],
)
def test_what_holds_no_rows_of_numbers_is_refused(value, error, message):
    with pytest.raises(error, match=message):
        sample_matrix("forget", value)
