"""Reading archives: every packing and order, and archives that are damaged or mean harm."""

import gzip
import hashlib
import io
import lzma
import os
import tarfile

import numpy as np
import pytest

from distunlearn_lite.data.archives import read_members
from distunlearn_lite.data.manifest import Member

# Bytes that no packing shortens, so that a cut archive ends inside a member.
CONTENTS = {f"part_{k}": np.random.default_rng(k).bytes(40_000 + k) for k in range(3)}


def expect(contents):
    return tuple(
        Member(f"set/box/{name}", f"box/{name}", len(data), hashlib.sha256(data).hexdigest())
        for name, data in contents.items()
    )


EXPECTED = expect(CONTENTS)
PACKINGS = {"gz": gzip.compress, "xz": lzma.compress}


def tarred(entries):
    """A tar of (name or TarInfo, bytes) pairs."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as bundle:
        for entry, data in entries:
            info = entry if isinstance(entry, tarfile.TarInfo) else tarfile.TarInfo(entry)
            info.size = len(data)
            bundle.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def inside(contents=CONTENTS):
    return [(f"box/{name}", data) for name, data in contents.items()]


def write(folder, raw, packing="gz"):
    path = folder / f"box.tar.{packing}"
    path.write_bytes(PACKINGS[packing](raw))
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


@pytest.mark.parametrize("packing", PACKINGS)
def test_members_come_in_the_order_of_the_archive(packing, tmp_path):
    entries = [("box/about", b"x"), *inside()[::-1], ("box/last", b"y")]
    path = write(tmp_path, tarred(entries), packing)
    found = list(read_members([path], EXPECTED))
    assert [name for name, _ in found] == list(CONTENTS)[::-1]
    assert dict(found) == CONTENTS
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_plain_files_are_read_in_the_order_expected(tmp_path):
    paths = []
    for name, data in CONTENTS.items():
        (tmp_path / name).write_bytes(data)
        paths.append(tmp_path / name)
    assert dict(read_members(paths, EXPECTED)) == CONTENTS
    paths[1].write_bytes(b"other")
    with pytest.raises(ValueError, match="does not hold the original box/part_1"):
        list(read_members(paths, EXPECTED))


@pytest.mark.parametrize("share", [0.0001, 0.2, 0.5, 0.99])
@pytest.mark.parametrize("packing", PACKINGS)
def test_an_archive_cut_short(packing, share, tmp_path):
    path = write(tmp_path, tarred(inside()), packing)
    raw = path.read_bytes()
    path.write_bytes(raw[: max(8, int(share * len(raw)))])
    with pytest.raises(ValueError, match=r"cut short.*delete or replace the file"):
        list(read_members([path], EXPECTED))


@pytest.mark.parametrize("packing", PACKINGS)
def test_an_archive_with_flipped_bytes(packing, tmp_path):
    path = write(tmp_path, tarred(inside()), packing)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=r"cut short or damaged|does not hold the original"):
        list(read_members([path], EXPECTED))


@pytest.mark.parametrize(
    "raw",
    [b"", b"PK\x03\x04 a zip", b"<html>moved</html>", gzip.compress(b"no tar at all " * 100)],
    ids=["empty", "zip", "page", "no tar"],
)
def test_a_file_that_is_no_archive(raw, tmp_path):
    path = tmp_path / "box.tar.gz"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="cut short or damaged"):
        list(read_members([path], EXPECTED))


def altered(**changes):
    return inside(CONTENTS | changes)


SAME_SIZE = CONTENTS["part_1"][:-1] + b"!"
LACKS, LINK = "lacks the original box/part_2", "cannot extract .*link"
HARM = {
    "altered": (altered(part_1=SAME_SIZE), "does not hold the original box/part_1.*SHA-256"),
    "other size": (altered(part_2=b"abc"), "does not hold the original box/part_2"),
    "missing": (inside()[:2], LACKS),
    "other folder": (
        [(f"bag/{name}", data) for name, data in CONTENTS.items()],
        "lacks the original box/part_0, box/part_1, box/part_2",
    ),
    "way out": ([*inside()[:2], ("box/../box/part_2", CONTENTS["part_2"])], LACKS),
    "symlink": ([*inside()[:2], link("box/part_2", "/etc/hostname")], LINK),
    "hard link": ([*inside()[:2], link("box/part_2", "box/part_1", tarfile.LNKTYPE)], LINK),
    "device": ([*inside()[:2], link("box/part_2", "", tarfile.CHRTYPE)], LACKS),
}


@pytest.mark.parametrize("harm", HARM)
def test_an_archive_that_is_not_the_original(harm, tmp_path):
    entries, message = HARM[harm]
    path = write(tmp_path, tarred(entries))
    with pytest.raises(ValueError, match=message):
        list(read_members([path], EXPECTED))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_of_two_files_of_one_name_the_first_counts(tmp_path):
    path = write(tmp_path, tarred([inside()[0], ("box/part_0", b"abc"), *inside()]))
    assert dict(read_members([path], EXPECTED)) == CONTENTS


def test_a_file_that_may_not_be_read_is_no_damaged_archive(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(read_members([tmp_path / "missing.tar.gz"], EXPECTED))
    assert not os.listdir(tmp_path)
