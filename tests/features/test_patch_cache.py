"""Features of a task in a file: hit, miss, damage, and disks that are full or closed."""

import errno
import json
import os
from dataclasses import replace

import numpy as np
import platformdirs
import pytest
from joblib import Parallel, delayed

from distunlearn_lite import UnlearningTask
from distunlearn_lite.features import patch_cache
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
    for again in (task, other_class, replace(task, X=task.X.copy())):
        found = patch_features(again, PatchFeatures(**OPTIONS, n_jobs=2), folder=str(tmp_path))
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
        (task, {"n_filters": 7}),
        (task, {"patch": 5}),
        (task, {"stride": 1}),
        (task, {"n_patches": 301}),
        (task, {"random_state": 1}),
        (task, {"mirror": False}),
    ]
    for number, (given, change) in enumerate(changed, start=2):
        patch_features(given, PatchFeatures(**OPTIONS | change), folder=tmp_path)
        assert len(fits) == number
    monkeypatch.setattr(patch_cache, "METHOD", -1)
    patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    assert len(fits) == len(changed) + 2
    assert fits[3:5] == [40, 31]
    assert len(files(tmp_path)) == 2 * len(fits)


def damage_byte(path):
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 1
    path.write_bytes(raw)


DAMAGE = {
    "one bit": damage_byte,
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "empty": lambda path: path.write_bytes(b""),
    "another kind": lambda path: np.save(path, np.zeros((40, 24))),
    "another shape": lambda path: np.save(path, np.zeros((24, 40), np.float32)),
    "same shape, other numbers": lambda path: np.save(path, np.zeros((40, 24), np.float32)),
    "an object": lambda path: np.save(path, np.array([{}]), allow_pickle=True),
    "several arrays": lambda path: np.savez(path.open("wb"), np.zeros((40, 24), np.float32)),
    "text": lambda path: path.write_text("features"),
    "no checksum": lambda path: path.with_suffix(".sha256").unlink(),
    "checksum cut short": lambda path: path.with_suffix(".sha256").write_text("abc"),
    "checksum is no text": lambda path: path.with_suffix(".sha256").write_bytes(b"\xff\xfe"),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
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


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_disk_that_is_full_half_way_keeps_nothing(n_jobs, task, tmp_path, monkeypatch):
    blocks = PatchFeatures.blocks

    def until_full(self, X):
        for number, block in enumerate(blocks(self, X)):
            if number == 3:
                full()
            yield block

    with monkeypatch.context() as patch:
        patch.setattr("distunlearn_lite.features.patches.ENTRIES", 1)
        patch.setattr(PatchFeatures, "blocks", until_full)
        with pytest.raises(OSError, match=r"No space left .*free some, or name") as fault:
            patch_features(task, PatchFeatures(**OPTIONS, n_jobs=n_jobs), folder=tmp_path)
    assert fault.value.errno == errno.ENOSPC
    assert str(tmp_path) in str(fault.value)
    assert not files(tmp_path)
    assert len(patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)) == 40


@pytest.mark.parametrize("step", ["os.replace", "pathlib.Path.mkdir"])
def test_a_disk_that_fails_at_the_end_or_at_once_keeps_nothing(step, task, tmp_path, monkeypatch):
    monkeypatch.setattr(step, full)
    with pytest.raises(OSError, match=r"No space left .* 3,840 bytes"):
        patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    assert not files(tmp_path)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_run_keeps_nothing(error, task, tmp_path, monkeypatch):
    def interrupted(self, X):
        yield np.zeros((1, 24), np.float32)
        raise error

    monkeypatch.setattr(PatchFeatures, "blocks", interrupted)
    with pytest.raises(error):
        patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    assert not files(tmp_path)


def test_a_place_that_is_a_file_is_named(task, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"(exists|directory): .*file, where .*folder="):
        patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path / "file")


def rows_read(task):
    return float(task.X[:, 0].sum(dtype=np.float64)), type(task.X).__name__


def test_the_file_can_be_shared_by_processes(task, tmp_path):
    found = patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    here = rows_read(found)
    assert Parallel(n_jobs=2)(delayed(rows_read)(found) for _ in range(2)) == [here, here]
    train, test = found.split(0)
    assert (len(train), len(test), train.X.shape[1]) == (30, 10, 24)


def test_bad_arguments_are_refused_and_leave_nothing(task, tmp_path):
    for change, error, message in (
        ({"n_filters": 1}, ValueError, "n_filters must be at least 2"),
        ({"n_filters": 2.5}, TypeError, "n_filters must be a whole number"),
        ({"shape": (3, 32, 32)}, ValueError, "3072 columns, as shape says, got 300"),
        ({"patch": 10}, ValueError, "pass a smaller patch"),
        ({"n_patches": 5}, ValueError, "n_patches must be at least 6"),
    ):
        with pytest.raises(error, match=message):
            patch_features(task, PatchFeatures(**OPTIONS | change), folder=tmp_path)
    with pytest.raises(TypeError, match="task must be an UnlearningTask, got ndarray"):
        patch_features(task.X, PatchFeatures(), folder=tmp_path)
    with pytest.raises(TypeError, match="features must be a PatchFeatures, got int"):
        patch_features(task, 800, folder=tmp_path)
    texts = UnlearningTask(X=["a", "b"], y=[0, 1], forget=[True, False])
    with pytest.raises(TypeError, match="must hold real numbers"):
        patch_features(texts, PatchFeatures(), folder=tmp_path)
    assert not files(tmp_path)


def test_numpy_integers_are_the_same_parameters(task, fits, tmp_path):
    patch_features(task, PatchFeatures(**OPTIONS), folder=tmp_path)
    options = json.loads(json.dumps(OPTIONS)) | {"shape": (3, 10, 10)}
    options["n_filters"] = np.int64(6)
    patch_features(task, PatchFeatures(**options), folder=tmp_path)
    assert fits == [30]
