"""Features of a task in a file: hit, miss, damage, and disks that are full or closed."""

import errno
import itertools
import os
from dataclasses import replace
from unittest import mock

import numpy as np
import platformdirs
import pytest

from distunlearn_lite import UnlearningTask
from distunlearn_lite.features import patch_cache, patches
from distunlearn_lite.features.patch_cache import patch_features
from distunlearn_lite.features.patches import PatchFeatures

OPTIONS = {"n_filters": 6, "patch": 4, "stride": 2, "shape": (3, 10, 10), "n_patches": 300}


@pytest.fixture
def task():
    pixels = np.random.default_rng(0).integers(256, size=(40, 300), dtype=np.uint8)
    y = np.arange(40) % 4
    return UnlearningTask(
        X=pixels,
        y=y,
        forget=y == 1,
        official_test=np.arange(40) >= 30,
        name="noise",
        provenance="drawn",
    )


@pytest.fixture
def fits(monkeypatch):
    """Number of rows of each dictionary learnt while the test runs."""
    learnt = []
    original = PatchFeatures.fit

    def fit(self, X, y=None):
        learnt.append(len(X))
        return original(self, X, y)

    monkeypatch.setattr(PatchFeatures, "fit", fit)
    return learnt


def files(folder):
    return sorted(path.suffix for path in folder.iterdir())


def test_features_are_those_of_the_transformer(task, tmp_path, capfd):
    found = patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path / "new" / "place")
    expected = PatchFeatures(**OPTIONS).fit(task.X[:30]).transform(task.X)
    assert np.array_equal(found.X, expected)
    assert isinstance(found.X, np.memmap)
    assert (found.X.dtype, found.X.shape, found.X.flags.writeable) == (np.float32, (40, 24), False)
    for name in ("y", "forget", "official_test"):
        assert np.array_equal(getattr(found, name), getattr(task, name))
    assert (found.name, found.standin) == (task.name, task.standin)
    assert found.provenance.startswith("drawn; whitened k-means patches: mirror True, n_filters 6,")
    assert files(tmp_path / "new" / "place") == [".npy", ".sha256"]
    assert capfd.readouterr() == ("", "")


def test_a_file_is_made_once_and_shared_by_what_it_does_not_depend_on(task, fits, tmp_path):
    first = patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    other_class = replace(task, forget=task.y == 2, y=task.y[::-1], name="other", provenance="")
    same = OPTIONS | {"n_filters": np.int64(6), "n_jobs": 2}
    for again in (task, other_class, replace(task, X=task.X.copy())):
        found = patch_features(again, PatchFeatures(**same), folder=str(tmp_path))
        assert np.array_equal(found.X, first.X)
        assert found.name == again.name
    assert fits == [30]
    assert files(tmp_path) == [".npy", ".sha256"]


def test_whatever_the_numbers_depend_on_makes_another_file(task, fits, tmp_path, monkeypatch):
    patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    pixels = task.X.copy()
    pixels[39, 299] ^= 1
    changed = [
        (replace(task, X=pixels), {}),
        (replace(task, X=task.X.astype(float)), {}),
        (replace(task, official_test=None), {}),
        (replace(task, official_test=np.arange(40) >= 31), {}),
    ]
    others = {"n_filters": 7, "patch": 5, "stride": 1, "n_patches": 301}
    others |= {"mirror": False, "random_state": 1}
    changed += [(task, {name: value}) for name, value in others.items()]
    for number, (given, change) in enumerate(changed, start=2):
        patch_features(given, PatchFeatures(**OPTIONS | change), folder=tmp_path)
        assert len(fits) == number
    monkeypatch.setattr(patch_cache, "METHOD", -1)
    patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    assert len(fits) == len(changed) + 2
    assert fits[3:5] == [40, 31]
    assert len(files(tmp_path)) == 2 * len(fits)


DAMAGE = {
    "other numbers": lambda path: np.save(path, np.zeros((40, 24), np.float32)),
    "empty": lambda path: path.write_bytes(b""),
    "another shape": lambda path: np.save(path, np.zeros((24, 40), np.float32)),
    "an object": lambda path: np.save(path, np.array([{}]), allow_pickle=True),
    "no checksum": lambda path: path.with_suffix(".sha256").unlink(),
    "checksum is no text": lambda path: path.with_suffix(".sha256").write_bytes(b"\xff\xfe"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_made_anew(kind, task, fits, tmp_path):
    good = np.array(patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path).X)
    (path,) = tmp_path.glob("*.npy")
    DAMAGE[kind](path)
    assert np.array_equal(patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path).X, good)
    assert len(fits) == 2
    patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    assert len(fits) == 2
    assert files(tmp_path) == [".npy", ".sha256"]


def test_a_task_that_is_read_keeps_its_file_when_it_is_made_anew(task, tmp_path):
    first = patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    good = np.array(first.X)
    next(tmp_path.glob("*.sha256")).unlink()
    patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    assert np.array_equal(first.X, good)


def test_the_default_place_is_the_cache(task, tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache")
    patch_features(task, PatchFeatures(**OPTIONS))
    assert files(tmp_path / "cache" / "features") == [".npy", ".sha256"]


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("fault", [FULL, KeyboardInterrupt()])
def test_what_breaks_off_half_way_keeps_nothing(fault, n_jobs, task, tmp_path, monkeypatch):
    blocks = PatchFeatures.blocks

    def breaking_off(self, X):
        yield from itertools.islice(blocks(self, X), 3)
        raise fault

    monkeypatch.setattr(patches, "ENTRIES", 1)
    monkeypatch.setattr(PatchFeatures, "blocks", breaking_off)
    with pytest.raises(type(fault)):
        patch_features(task, PatchFeatures(**OPTIONS, n_jobs=n_jobs), folder=tmp_path)
    assert not files(tmp_path)


def test_a_disk_that_is_full_at_the_end_keeps_nothing_and_is_named(task, tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", mock.Mock(side_effect=FULL))
    with pytest.raises(OSError, match=r"No space left .* 3,840 bytes .*free some") as caught:
        patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert str(tmp_path) in str(caught.value)
    assert not files(tmp_path)


def test_a_place_that_is_a_file_is_named(task, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"(exists|directory): .*file, where .*folder="):
        patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path / "file")


def test_bad_arguments_are_refused_and_leave_nothing(task, tmp_path):
    texts = UnlearningTask(X=["a", "b"], y=[0, 1], forget=[True, False])
    for given, features, error, message in (
        (task, PatchFeatures(**OPTIONS | {"n_filters": 1}), ValueError, "n_filters must be"),
        (task, PatchFeatures(**OPTIONS | {"n_patches": 5}), ValueError, "n_patches must be"),
        (task, PatchFeatures(), ValueError, "3072 columns, as shape says, got 300"),
        (task, 800, TypeError, "features must be a PatchFeatures, got int"),
        (task.X, PatchFeatures(), TypeError, "task must be an UnlearningTask, got ndarray"),
        (texts, PatchFeatures(), TypeError, "must hold real numbers"),
    ):
        with pytest.raises(error, match=message):
            patch_features(given, features, folder=tmp_path)
    assert not files(tmp_path)
