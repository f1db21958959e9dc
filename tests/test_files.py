"""Files: the place of the package's own, checksums, and writing whole or not at all."""

import errno
import hashlib
import os
from unittest import mock

import platformdirs
import pytest

from distunlearn_lite.files import cache_folder, file_sha256, open_whole, write_whole


def test_the_cache_folder_is_the_systems_and_not_made(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)
    assert cache_folder() == tmp_path / "distunlearn_lite"
    assert not cache_folder().exists()


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_the_checksum_is_that_of_all_bytes(size, tmp_path):
    raw = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "file").write_bytes(raw[:size])
    assert file_sha256(tmp_path / "file") == hashlib.sha256(raw[:size]).hexdigest()


def test_a_text_is_written_as_it_is(tmp_path):
    path = tmp_path / "table.csv"
    for text in ("a,b\r\n1,ü\n", ""):
        write_whole(path, text)
        assert path.read_bytes() == text.encode()
    assert os.listdir(tmp_path) == ["table.csv"]


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with open_whole(path) as stream, open_whole(path) as other:
        stream.write(b"half")
        stream.flush()
        other.write(b"other")
        assert path.read_text() == "old"
    assert path.read_text() == "half"
    assert os.listdir(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_what_breaks_off_leaves_the_file_as_it_was(fault, tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def break_off(path, text):
        with open_whole(path) as stream:
            stream.write(text.encode())
            raise fault

    monkeypatch.setattr(os, "replace", mock.Mock(side_effect=fault))
    for write in (break_off, write_whole):
        with pytest.raises(type(fault)):
            write(path, "half")
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["table.csv"]
