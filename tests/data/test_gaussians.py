"""Synthetic Gaussians: drawn as asked, with their truth, and nonsense refused."""

import dataclasses

import numpy as np
import pytest

from distunlearn_lite.data.gaussians import make_gaussians
from distunlearn_lite.theory.gaussian import Gaussian


def test_gaussians_are_drawn_as_asked():
    task = make_gaussians(40_000, 20_000, 1.5, dim=3, rng=4, name="pair")
    assert task.X.shape == (60_000, 3)
    assert task.forget.tolist() == [True] * 40_000 + [False] * 20_000
    assert (task.y == task.forget).all()
    assert (task.name, task.standin) == ("pair", False)
    assert "synthetic: 40000 rows of N(1.5 e1, I) and 20000 of N(0, I)" in task.provenance
    assert "3 dimensions, seed 4" in task.provenance
    assert [p.mean.tolist() for p in task.truth] == [[1.5, 0, 0], [0, 0, 0]]
    assert all((p.cov == np.eye(3)).all() for p in task.truth)
    for rows, mean in ((task.X[task.forget], [1.5, 0, 0]), (task.X[~task.forget], [0, 0, 0])):
        noise = 1 / np.sqrt(len(rows))
        assert np.abs(rows.mean(axis=0) - mean).max() < 4 * noise
        assert np.abs(np.cov(rows.T) - np.eye(3)).max() < 6 * noise
    assert (make_gaussians(5, 6, 1.0, rng=1).X == make_gaussians(5, 6, 1.0, rng=1).X).all()
    assert (make_gaussians(5, 6, 1.0, rng=1).X != make_gaussians(5, 6, 1.0, rng=2).X).all()
    free = make_gaussians(5, 6, 0.0, rng=np.random.default_rng(0))
    assert "1 dimension;" in free.provenance


def test_parts_of_synthetic_gaussians_keep_the_truth():
    task = make_gaussians(30, 40, 1.0, rng=0)
    for part in (*task.split(rng=1), task.take(np.arange(20, 50))):
        assert part.truth is task.truth
        assert part.name == "gaussians"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n1": 0}, ValueError, "n1 must be at least 1, got 0"),
        ({"n2": 2.0}, TypeError, "n2 must be a whole number, got 2.0"),
        ({"separation": -1.0}, ValueError, "separation must be"),
        ({"separation": np.nan}, ValueError, "separation must be finite"),
        ({"separation": [1.0, 0.0]}, ValueError, "separation must be a number"),
        ({"separation": 1e200}, ValueError, "separation must be at most 1e150"),
        ({"dim": 0}, ValueError, "dim must be at least 1"),
        ({"dim": True}, TypeError, "dim must be a whole number"),
        ({"rng": None}, TypeError, r"rng must be a numpy.random.Generator.*default_rng\(0\)"),
    ],
)
def test_bad_gaussians_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        make_gaussians(**({"n1": 3, "n2": 3, "separation": 1.0, "dim": 1, "rng": 0} | change))


@pytest.mark.parametrize(
    ("truth", "error", "message"),
    [
        ([0.0, 1.0], TypeError, "truth must be a pair of Gaussians or None, got list"),
        ((Gaussian(0.0, 1.0),), TypeError, "a pair of Gaussians"),
        ((Gaussian(0.0, 1.0), Gaussian([0.0, 0.0], np.eye(2))), ValueError, "dimension.*1 and 2"),
        ((Gaussian(1.0, 1.0), Gaussian(0.0, 2.0)), ValueError, "share one covariance"),
    ],
)
def test_a_truth_of_another_kind_is_refused(truth, error, message):
    task = make_gaussians(3, 3, 1.0, rng=0)
    with pytest.raises(error, match=message):
        dataclasses.replace(task, truth=truth)
