"""Reading archives: every packing and order, and archives that are damaged or mean harm."""

import gzip
import lzma
import tarfile

import numpy as np
import pytest

from distunlearn_lite.data.archives import read_members
from distunlearn_lite.data.manifest import Member
from tests.data.files import holding, put, tarred

# Bytes that no packing shortens, so that a cut archive ends inside a member.
CONTENTS = {f"part_{k}": np.random.default_rng(k).bytes(40_000 + k) for k in range(3)}
EXPECTED = [
    holding(Member(f"set/box/{name}", f"box/{name}"), data) for name, data in CONTENTS.items()
]
PACKINGS = {"gz": gzip.compress, "xz": lzma.compress}


def inside(contents=CONTENTS, folder="box"):
    return [(f"{folder}/{name}", data) for name, data in contents.items()]


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


@pytest.mark.parametrize("packing", PACKINGS)
def test_members_come_in_the_order_of_the_archive(packing, tmp_path):
    entries = [("box/about", b"x"), *inside()[::-1], ("box/last", b"y")]
    path = put(tmp_path, f"box.tar.{packing}", PACKINGS[packing](tarred(entries)))
    found = list(read_members([path], EXPECTED))
    assert [name for name, _ in found] == list(CONTENTS)[::-1]
    assert dict(found) == CONTENTS
    assert list(tmp_path.iterdir()) == [path]


def test_plain_files_are_read_in_the_order_expected(tmp_path):
    paths = [put(tmp_path, name, data) for name, data in CONTENTS.items()]
    assert dict(read_members(paths, EXPECTED)) == CONTENTS
    paths[1].write_bytes(b"other")
    with pytest.raises(ValueError, match="does not hold the original box/part_1"):
        list(read_members(paths, EXPECTED))


DAMAGE = {
    "empty": lambda raw: b"",
    "cut in the middle": lambda raw: raw[: len(raw) // 2],
    "cut near the end": lambda raw: raw[: len(raw) * 99 // 100],
    "altered": lambda raw: raw[:50_000] + bytes(8) + raw[50_008:],
    "a page": lambda raw: b"<html>moved</html>",
    "no tar": lambda raw: gzip.compress(b"no tar at all " * 100),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("packing", PACKINGS)
def test_a_damaged_archive(packing, damage, tmp_path):
    raw = DAMAGE[damage](PACKINGS[packing](tarred(inside())))
    path = put(tmp_path, f"box.tar.{packing}", raw)
    with pytest.raises(ValueError, match=r"(cut short|does not hold).*delete or replace the file"):
        list(read_members([path], EXPECTED))


LACKS, LINK = "lacks the original box/part_2", "cannot extract .*link"
HARM = {
    "altered": (
        inside(CONTENTS | {"part_1": bytes(40_001)}),
        "does not hold .*box/part_1.*SHA-256",
    ),
    "missing": (inside()[:2], LACKS),
    "other folder": (inside(folder="bag"), "lacks .*box/part_0, box/part_1, box/part_2"),
    "way out": ([*inside()[:2], ("box/../box/part_2", CONTENTS["part_2"])], LACKS),
    "symlink": ([*inside()[:2], link("box/part_2", "/etc/hostname")], LINK),
    "hard link": ([*inside()[:2], link("box/part_2", "box/part_1", tarfile.LNKTYPE)], LINK),
    "device": ([*inside()[:2], link("box/part_2", "", tarfile.CHRTYPE)], LACKS),
}


@pytest.mark.parametrize("harm", HARM)
def test_an_archive_that_is_not_the_original(harm, tmp_path):
    entries, message = HARM[harm]
    path = put(tmp_path, "box.tar.gz", gzip.compress(tarred(entries)))
    with pytest.raises(ValueError, match=message):
        list(read_members([path], EXPECTED))
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_files_of_one_name_the_first_counts(tmp_path):
    entries = [inside()[0], ("box/part_0", b"abc"), *inside()]
    path = put(tmp_path, "box.tar.gz", gzip.compress(tarred(entries)))
    assert dict(read_members([path], EXPECTED)) == CONTENTS


def test_a_file_that_may_not_be_read_is_no_damaged_archive(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(read_members([tmp_path / "missing.tar.gz"], EXPECTED))
