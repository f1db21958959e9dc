"""Separability: the bias correction by simulation, AUC against its formula, and bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import norm, special_ortho_group

from distunlearn_lite.rules.separation import Separability, separability, squared_distance
from tests.rules.sets import correlated_sets


def test_squared_distance_by_hand():
    # Pooled variance (2 + 6)/4 = 2, difference 5, four degrees of freedom, one dimension.
    forget, retain = np.array([4.0, 5.0, 6.0]), np.array([-2.0, 1.0, 1.0])
    assert squared_distance(forget, retain) == pytest.approx(25 / 2 * 2 / 4 - 2 / 3)
    assert squared_distance(retain, forget) == squared_distance(forget, retain)


@pytest.mark.parametrize(("n1", "n2", "dim", "delta"), [(8, 20, 5, 1.5), (40, 30, 20, 3.0)])
def test_the_estimate_is_unbiased_and_the_plain_one_is_not(n1, n2, dim, delta):
    found = [squared_distance(*correlated_sets(dim, seed, n1, n2, delta)) for seed in range(1500)]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - delta**2) < 4 * error
    freedom, noise = n1 + n2 - 2, dim * (1 / n1 + 1 / n2)
    plain = (np.array(found) + noise) * freedom / (freedom - dim - 1)
    assert plain.mean() - delta**2 > 15 * error
    # Without either of the two corrections it would fail.
    assert abs(plain.mean() - noise - delta**2) > 8 * error
    assert abs(np.mean(found) + noise - delta**2) > 8 * error


@pytest.mark.parametrize(("delta", "dim"), [(0.0, 2), (0.4, 1), (1.0, 5), (2.5, 10)])
def test_two_gaussians_have_the_area_of_the_formula(delta, dim):
    measured = separability(*correlated_sets(dim, dim, 6000, 9000, delta))
    area = norm.cdf(delta / np.sqrt(2))
    assert measured.auc == pytest.approx(area, abs=0.015)
    assert measured.separation == pytest.approx(delta, abs=0.08)
    assert measured.rank == dim


def test_alike_sets_have_nothing_to_tell_them_apart():
    rng, rows = np.random.default_rng(1), np.random.default_rng(0).standard_normal((300, 20))
    cuts = [np.split(rng.permutation(rows), [100]) for _ in range(20)]
    measured = [separability(*cut) for cut in cuts]
    assert abs(np.mean([found.auc for found in measured]) - 0.5) < 0.02
    below = [squared_distance(*cut) < 0 for cut in cuts]
    assert any(below)
    assert [found.separation == 0 for found in measured] == below


def test_sets_that_never_mix_have_area_one():
    forget, retain = correlated_sets(delta=40.0)
    measured = separability(forget, retain)
    assert measured.auc == 1
    assert measured.separation == pytest.approx(40, rel=0.2)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 5), st.floats(-3, 3))
def test_units_rotation_and_origin_do_not_matter(seed, dim, power):
    forget, retain = correlated_sets(dim, seed)
    turn = special_ortho_group.rvs(dim, random_state=seed) if dim > 1 else np.eye(1)
    units = 10.0 ** np.linspace(-power, power, dim)
    turned = [(rows @ turn) * units + 3.0 for rows in (forget, retain)]
    first, second = separability(forget, retain), separability(*turned)
    assert second.separation == pytest.approx(first.separation, abs=1e-5)
    assert second.auc == pytest.approx(first.auc, abs=2e-3)


def test_nothing_is_random_from_call_to_call():
    sets = correlated_sets()
    assert separability(*sets) == separability(*sets)


def test_sparse_dense_and_memory_mapped_rows_agree(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.random((400, 80)) * (rng.random((400, 80)) < 0.2)
    rows[:150, :10] *= 2
    rows = rows.astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    dense = separability(rows[:150], rows[150:], rank=20)
    assert dense.rank == 20
    for other in (sparse.csr_array(rows), mapped, rows.astype(np.float64)):
        found = separability(other[:150], other[150:], rank=20)
        assert (found.auc, found.separation) == pytest.approx(
            (dense.auc, dense.separation), abs=1e-4
        )


def test_rank_and_basis_say_which_directions_count():
    forget, retain = correlated_sets(6, 5, 300, 400)
    forget, retain = forget + 20 * np.eye(6)[5], retain + 20 * np.eye(6)[5]
    stacked = np.concatenate([forget, retain])
    leading = np.linalg.svd(stacked, full_matrices=False)[2].T
    three = separability(forget @ leading[:, :3], retain @ leading[:, :3])
    for found in (
        separability(forget, retain, rank=3),
        separability(forget, retain, basis=leading[:, :3]),
        separability(forget, retain, basis=leading, rank=3),
    ):
        assert found.rank == 3
        assert (found.auc, found.separation) == pytest.approx(
            (three.auc, three.separation), abs=1e-6
        )
    assert separability(forget, retain).separation > three.separation
    assert separability(forget[:, 0], retain[:, 0]).rank == 1


ONES = np.ones((9, 2))


@pytest.mark.parametrize(
    ("forget", "retain", "options", "message"),
    [
        (ONES, np.ones((9, 3)), {}, "the same columns, got 2 and 3"),
        (ONES[:4], ONES, {}, "forget must have at least 5 rows, .* got 4"),
        (ONES, ONES[:4], {}, "retain must have at least 5 rows, .* got 4"),
        (ONES, ONES, {}, "feature 0 does not vary within the sets"),
        (np.eye(9, 16), np.eye(9, 16), {}, "16 dimensions needs at least 20 rows, got 18; .*rank"),
        (ONES, ONES, {"rank": 0}, "rank must be at least 1, got 0"),
        (ONES, ONES, {"basis": np.eye(3)}, r"must have shape \(2, k\)"),
        (ONES, ONES, {"basis": np.ones((2, 0))}, r"got \(2, 0\)"),
    ],
)
def test_what_cannot_be_measured_is_refused(forget, retain, options, message):
    with pytest.raises(ValueError, match=message):
        separability(forget, retain, **options)


def test_a_distance_of_sets_with_other_columns_is_refused():
    with pytest.raises(ValueError, match="the same columns, got 2 and 3"):
        squared_distance(ONES, np.ones((9, 3)))


def test_the_result_is_frozen():
    measured = Separability(0.7, 1.0, 50)
    with pytest.raises(AttributeError):
        measured.auc = 0.9
