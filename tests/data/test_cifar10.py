"""CIFAR-10: the real archive where it is, every accepted form, and files that mean harm."""

import gzip
import lzma
import pickle
import struct
from dataclasses import replace

import numpy as np
import pytest

from distunlearn_lite.data import cifar10
from distunlearn_lite.data.cifar10 import CIFAR10_CLASSES, load_cifar10
from distunlearn_lite.data.fetching import find
from distunlearn_lite.data.manifest import MANIFEST
from distunlearn_lite.errors import DatasetUnavailable
from tests.data.files import Trap, holding, make_known, put, tarred

ROWS = 30
ORIGINAL = MANIFEST["cifar10"]
IMAGES = np.random.default_rng(0).integers(256, size=(6 * ROWS, 3072), dtype=np.uint8)
LABELS = np.tile(np.arange(10), 18)


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


CONTENTS = {
    member.inside: batch(IMAGES[rows : rows + ROWS], LABELS[rows : rows + ROWS])
    for member, rows in zip(ORIGINAL.contents, range(0, 6 * ROWS, ROWS), strict=True)
}


@pytest.fixture
def tiny(cache, monkeypatch):
    """A manifest of 30 images a batch, and an empty cache."""
    members = tuple(holding(member, CONTENTS[member.inside]) for member in ORIGINAL.contents)
    alternatives = (*ORIGINAL.alternatives[:-1], members)
    make_known(monkeypatch, replace(ORIGINAL, contents=members, alternatives=alternatives))
    monkeypatch.setattr(cifar10, "ROWS", ROWS)


def as_gz(folder, contents):
    raw = gzip.compress(tarred(reversed(contents.items())), 1)
    put(folder, "cifar-10-python.tar.gz", raw)


def as_xz(folder, contents):
    raw = lzma.compress(tarred(reversed(contents.items())), preset=0)
    put(folder, "cifar-10-batches-py.tar.xz", raw)


def as_folder(folder, contents):
    for name, data in contents.items():
        put(folder, name, data)


FORMS = pytest.mark.parametrize("put_into", [as_gz, as_xz, as_folder])


@FORMS
@pytest.mark.usefixtures("tiny")
def test_every_accepted_form(put_into, tmp_path, cache):
    home = tmp_path / "home"
    put_into(home / "cifar10", CONTENTS)
    before = sorted(home.rglob("*"))
    task = load_cifar10(forget="frog", data_home=home, download=False)
    assert np.array_equal(task.X, IMAGES)
    assert np.array_equal(task.y, LABELS)
    assert (task.X.dtype, task.y.dtype) == (np.uint8, np.int64)
    assert np.array_equal(task.forget, LABELS == 6)
    assert np.flatnonzero(task.official_test).tolist() == list(range(5 * ROWS, 6 * ROWS))
    assert (task.name, task.standin) == ("cifar10-frog", False)
    assert "CIFAR-10; A. Krizhevsky (2009)" in task.provenance
    assert sorted(home.rglob("*")) == before
    assert not cache.exists()


@pytest.mark.usefixtures("tiny")
def test_the_unpacked_folder_itself_may_be_named_where_it_is_complete(tmp_path):
    as_folder(tmp_path, CONTENTS)
    folder = tmp_path / "cifar-10-batches-py"
    assert load_cifar10(data_home=folder, download=False).name == "cifar10-cat"
    (folder / "test_batch").unlink()
    assert find("cifar10", folder) is None
    with pytest.raises(DatasetUnavailable, match="distunlearn data fetch cifar10"):
        load_cifar10(data_home=folder, download=False)


@FORMS
@pytest.mark.usefixtures("tiny")
def test_a_batch_of_another_checksum_is_never_unpickled(put_into, tmp_path):
    mark = tmp_path / "unpickled"
    name, pickled = ORIGINAL.contents[2].inside, pickle.dumps(Trap(mark))
    put_into(tmp_path, CONTENTS | {name: pickled.ljust(len(CONTENTS[name]), b"\0")})
    with pytest.raises(ValueError, match="data_batch_3"):
        load_cifar10(data_home=tmp_path)
    assert not mark.exists()


def test_an_unknown_class_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown class 'Cat'"):
        load_cifar10(forget="Cat", data_home=tmp_path)


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
