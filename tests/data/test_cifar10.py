"""CIFAR-10: the real archive where it is, every accepted form, and files that mean harm."""

import dataclasses
import gzip
import hashlib
import io
import lzma
import pickle
import struct
import tarfile
from types import MappingProxyType

import numpy as np
import platformdirs
import pytest

from distunlearn_lite.data import cifar10, fetching
from distunlearn_lite.data.cifar10 import CIFAR10_CLASSES, load_cifar10
from distunlearn_lite.data.fetching import available, find, verify
from distunlearn_lite.data.manifest import MANIFEST
from distunlearn_lite.errors import DatasetUnavailable

ROWS = 30
NAMES = [member.path.rsplit("/")[-1] for member in MANIFEST["cifar10"].contents]


def text(value):
    """A string as Python 2 pickled it."""
    return b"T" + struct.pack("<i", len(value)) + value


def batch(images, labels):
    """A pickle with the opcodes of the official batches (Python 2, protocol 2)."""
    shape = b"".join(b"J" + struct.pack("<i", side) for side in images.shape)
    kind = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R"
    kind += b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b")
    array += b"\x87R(K\x01(" + shape + b"t" + kind + b"I00\n" + text(images.tobytes()) + b"tb"
    listed = b"(" + b"".join(b"K" + bytes([label]) for label in labels) + b"l"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + listed + b"u."


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A manifest and files of 30 images a batch, an empty cache, and no environment variable."""
    rng = np.random.default_rng(0)
    images = rng.integers(256, size=(6 * ROWS, 3072), dtype=np.uint8)
    labels = np.tile(np.arange(10), 18)
    contents = {
        name: batch(images[rows : rows + ROWS], labels[rows : rows + ROWS])
        for name, rows in zip(NAMES, range(0, 6 * ROWS, ROWS), strict=True)
    }
    monkeypatch.setattr(cifar10, "ROWS", ROWS)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache")
    monkeypatch.delenv("DISTUNLEARN_DATA", raising=False)

    def describe(contents):
        original = MANIFEST["cifar10"]
        members = tuple(
            dataclasses.replace(
                member, size=len(contents[name]), sha256=hashlib.sha256(contents[name]).hexdigest()
            )
            for name, member in zip(NAMES, original.contents, strict=True)
        )
        dataset = dataclasses.replace(
            original, contents=members, alternatives=(*original.alternatives[:-1], members)
        )
        entry = MappingProxyType({"cifar10": dataset})
        for module in (cifar10, fetching):
            monkeypatch.setattr(module, "MANIFEST", entry)

    describe(contents)
    return images, labels, contents, describe


def tarred(contents):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as bundle:
        for name, data in reversed(contents.items()):
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(data)
            bundle.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def as_gz(folder, contents):
    (folder / "cifar-10-python.tar.gz").write_bytes(gzip.compress(tarred(contents), 1))


def as_xz(folder, contents):
    (folder / "cifar-10-batches-py.tar.xz").write_bytes(lzma.compress(tarred(contents), preset=0))


def as_folder(folder, contents):
    (folder / "cifar-10-batches-py").mkdir()
    for name, data in contents.items():
        (folder / "cifar-10-batches-py" / name).write_bytes(data)


@pytest.mark.parametrize("put", [as_gz, as_xz, as_folder])
@pytest.mark.parametrize("within", [".", "cifar10"])
def test_every_accepted_form(put, within, tiny, tmp_path):
    images, labels, contents, _ = tiny
    home = tmp_path / "home"
    (home / within).mkdir(parents=True)
    put(home / within, contents)
    before = sorted(home.rglob("*"))
    task = load_cifar10(forget="frog", data_home=home, download=False)
    assert np.array_equal(task.X, images)
    assert task.X.dtype == np.uint8
    assert np.array_equal(task.y, labels)
    assert task.y.dtype == np.int64
    assert np.array_equal(task.forget, labels == 6)
    assert np.flatnonzero(task.official_test).tolist() == list(range(5 * ROWS, 6 * ROWS))
    assert (task.name, task.standin) == ("cifar10-frog", False)
    assert "CIFAR-10; A. Krizhevsky (2009)" in task.provenance
    assert sorted(home.rglob("*")) == before
    assert not (tmp_path / "cache").exists()
    assert verify("cifar10", home).place == "argument"
    assert available(home)["cifar10"].endswith("argument")


def test_the_unpacked_folder_itself_may_be_named(tiny, tmp_path):
    as_folder(tmp_path, tiny[2])
    task = load_cifar10(data_home=tmp_path / "cifar-10-batches-py", download=False)
    assert task.name == "cifar10-cat"


@pytest.mark.usefixtures("tiny")
def test_an_incomplete_folder_does_not_count(tiny, tmp_path):
    as_folder(tmp_path, {name: data for name, data in tiny[2].items() if name != "test_batch"})
    assert find("cifar10", tmp_path) is None
    with pytest.raises(DatasetUnavailable, match="distunlearn data fetch cifar10"):
        load_cifar10(data_home=tmp_path, download=False)


class Harm:
    """What a pickle can do to those who load it."""

    def __reduce__(self):
        return (open, ("harm-done", "w"))


@pytest.mark.parametrize("put", [as_gz, as_xz, as_folder])
def test_a_batch_of_another_checksum_is_never_unpickled(put, tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickled = pickle.dumps(Harm())
    size = len(tiny[2]["data_batch_3"])
    put(tmp_path, tiny[2] | {"data_batch_3": pickled + bytes(size - len(pickled))})
    with pytest.raises(ValueError, match=r"data_batch_3"):
        load_cifar10(data_home=tmp_path)
    assert not (tmp_path / "harm-done").exists()


@pytest.mark.parametrize("name", ["Cat", "cats", "", 3, None])
def test_an_unknown_class_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"unknown class .* the known ones are airplane, auto"):
        load_cifar10(forget=name, data_home=tmp_path)


@pytest.mark.skipif(find("cifar10") is None, reason="CIFAR-10 is not on this machine")
def test_the_real_images():
    task = load_cifar10(download=False)
    assert task.X.shape == (60_000, 3072)
    assert np.bincount(task.y).tolist() == [6000] * 10
    assert np.bincount(task.y[task.official_test]).tolist() == [1000] * 10
    first = [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981]
    assert np.bincount(task.y[:10_000]).tolist() == first
    assert int(task.forget.sum()) == 6000
    assert CIFAR10_CLASSES[task.y[task.forget][0]] == "cat"
    # The well-known first pictures: a frog, two trucks, a deer, an automobile.
    assert [CIFAR10_CLASSES[label] for label in task.y[:5]] == [
        *("frog", "truck", "truck", "deer", "automobile")
    ]
    assert task.X[0, :3].tolist() == [59, 43, 50]
