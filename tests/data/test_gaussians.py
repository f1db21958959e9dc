"""Synthetic Gaussians: drawn as asked, with their truth, and nonsense refused."""

import numpy as np
import pytest

from distunlearn_lite.data.gaussians import make_gaussians


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
        ({"n1": 0}, ValueError, "n1 must be at least 1"),
        ({"n2": 0}, ValueError, "n2 must be at least 1"),
        ({"separation": 1e200}, ValueError, "separation must be at most 1e150"),
        ({"dim": 0}, ValueError, "dim must be at least 1"),
        ({"rng": None}, TypeError, "rng must be"),
    ],
)
def test_bad_gaussians_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        make_gaussians(**({"n1": 3, "n2": 3, "separation": 1.0, "dim": 1, "rng": 0} | change))
