"""Rows from files: every kind that is read, what is refused, and how a selection is written."""

import errno
import itertools
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from distunlearn_lite.files import open_whole
from distunlearn_lite.row_files import read_rows, write_selection
from tests.data.files import Trap

ROOT = Path(__file__).resolve().parents[1]
ROWS = np.array([[1.5, 0.0], [-2.0, 3.0], [0.0, 1e-3]])
TABLE = pd.DataFrame(ROWS, columns=["a", "b"])


WRITERS = {
    "rows.npy": lambda path: np.save(path, ROWS),
    "rows.npz": lambda path: np.savez(path, rows=ROWS),
    "sparse.npz": lambda path: sparse.save_npz(path, sparse.csr_array(ROWS)),
    "rows.csv": lambda path: TABLE.to_csv(path, index=False),
    # The header that pandas gives by itself, 0 and 1, is a header.
    "plain.csv": lambda path: pd.DataFrame(ROWS).to_csv(path, index=False),
    "rows.parquet": lambda path: None,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_gives_the_same_rows(tmp_path, monkeypatch, name):
    # The engine is no dependency; what pandas reads with it is a data frame.
    monkeypatch.setattr("pandas.read_parquet", lambda path: TABLE)
    for each in (name, "rows.npy"):
        WRITERS[each](tmp_path / each)
    one, two = read_rows(tmp_path / name, tmp_path / "rows.npy")
    assert (one.toarray() if sparse.issparse(one) else np.asarray(one)).tolist() == ROWS.tolist()
    assert np.asarray(two).tolist() == ROWS.tolist()
    assert isinstance(two, np.memmap)


def test_tables_must_have_the_same_columns_in_the_same_order(tmp_path):
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    names = [f"column {k}" for k in range(500)]
    pd.DataFrame(np.ones((2, 500)), columns=names).to_csv(one, index=False)
    for others, message in (
        (names[::-1], "500 and 500 columns.* 1 is 'column 0' .*'column 499'"),
        (names[:498], "500 and 498 columns.* 499 is 'column 498' .*nothing"),
    ):
        pd.DataFrame(np.ones((2, len(others))), columns=others).to_csv(two, index=False)
        with pytest.raises(ValueError, match=rf"one\.csv and two\.csv .*{message}") as caught:
            read_rows(one, two)
        assert len(str(caught.value)) < 250  # not all of the names


@pytest.mark.parametrize(
    "first", ["1.5,2", "1.5, 2.0", ".5,.25", "2.0,2.0", "1e5,-3", "nan,1", "1.5,", '"1","2"']
)
def test_a_line_of_numbers_is_no_header(tmp_path, first):
    path = tmp_path / "a.csv"
    path.write_text(f"{first}\n3,4\n5,6\n")
    with pytest.raises(ValueError, match=r"a\.csv must begin with a line of column names"):
        read_rows(path, path)


RAGGED = r"a\.csv must have as many fields .*saw .* with a point"
NO_ARRAY = r"must hold an array of numbers.*numpy\.save"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"a,b\n1,5,2,5\n3,5,4,5\n", RAGGED),
        ("a.csv", b"a,b\n0,1,2\n1,3,4\n", RAGGED),
        ("a.csv", b"a,b\n1,2,\n", RAGGED),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", RAGGED),
        ("a.csv", b"x,y\n", r"a\.csv names columns but holds no row"),
        ("a.csv", b"", r"a\.csv is empty"),
        ("a.csv", b"x,y\n1,red\n", "must hold numbers in named columns, but column 'y' does not"),
        ("a.csv", "größe,b\n1,2\n".encode("latin-1"), r"a\.csv must be text in UTF-8"),
        ("a.npy", b"not an array", NO_ARRAY),
        ("a.npy", b"", NO_ARRAY),
        ("a.npz", b"", NO_ARRAY),
        ("a.txt", b"1 2", r"a\.txt must end in \.npy, \.npz, \.csv or \.parquet"),
        ("a.parquet", b"", r"reading a\.parquet needs the package pyarrow"),
    ],
)
def test_other_files_are_refused(tmp_path, monkeypatch, name, content, message):
    monkeypatch.setattr("pandas.read_parquet", mock.Mock(side_effect=ImportError))
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_rows(path, path)


def test_several_arrays_are_refused(tmp_path):
    several = tmp_path / "several.npz"
    np.savez(several, one=ROWS, two=ROWS)
    with pytest.raises(ValueError, match=r"must hold one array, got one, two; save each"):
        read_rows(several, several)


def test_a_damaged_archive_is_named(tmp_path):
    path = tmp_path / "rows.npz"
    np.savez_compressed(path, rows=np.random.default_rng(0).standard_normal((50, 3)))
    content = path.read_bytes()
    middle = len(content) // 2
    for damaged in (content[:middle], content[:middle] + bytes(50) + content[middle + 50 :]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=rf"rows\.npz {NO_ARRAY}"):
            read_rows(path, path)


SPARSE = {
    "format": "csr",
    "data": np.ones(2),
    "indices": np.array([0, 1]),
    "indptr": np.array([0, 1, 2]),
    "shape": np.array([2, 2]),
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"indices": np.array([0, 10**6])},
        {"indices": np.array([0, -1])},
        {"indptr": np.array([0, 2, 0])},
        {"format": "csc", "indices": np.array([0, 10**6])},
        {"format": "coo", "row": np.array([0, 1]), "col": np.array([0, 10**6])},
        {"format": "unheard-of"},
        {"indices": None},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_a_malformed_sparse_matrix_is_refused_before_it_is_used(tmp_path, wrong):
    path = tmp_path / "sparse.npz"
    np.savez(path, **SPARSE)
    assert read_rows(path, path)[0].toarray().tolist() == [[1, 0], [0, 1]]
    arrays = {name: array for name, array in (SPARSE | wrong).items() if array is not None}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"sparse\.npz must hold an array of numbers"):
        read_rows(path, path)


@pytest.mark.parametrize("name", ["rows.npy", "rows.npz", "sparse.npz"])
def test_nothing_is_unpickled(tmp_path, name):
    path, mark = tmp_path / name, tmp_path / "unpickled"
    objects = np.array([Trap(mark)], dtype=object)
    if name == "rows.npy":
        np.save(path, objects)
    elif name == "rows.npz":
        np.savez(path, rows=objects)
    else:
        np.savez(path, **SPARSE | {"data": objects})
    with pytest.raises(ValueError, match="must hold an array of numbers"):
        read_rows(path, path)
    assert not mark.exists()


SCORES = np.linspace(0, 1, 20)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def write_rows(folder, deleted):
    rows = np.arange(20)[::-1][:deleted]
    write_selection(folder / "rows.npy", SCORES, rows, {"rule": "lr-maha"})
    return contents(folder)


@pytest.fixture(scope="module")
def versions(tmp_path_factory):
    """What is in a folder before and after."""
    folder = tmp_path_factory.mktemp("versions")
    return write_rows(folder, 3), write_rows(folder, 7)


def put(folder, files):
    for name, content in files.items():
        (folder / name).write_bytes(content)


@contextmanager
def breaking_in(moment, act):
    """Let `act` break in at that change to files: before it, or with a file half written."""
    changes = itertools.count()

    def look():
        if next(changes) == moment:
            act()

    def watched(change):
        def changed(*args, **options):
            look()
            return change(*args, **options)

        return changed

    @contextmanager
    def draft(path):
        with open_whole(path) as stream:

            def write(content):
                half = len(content) // 2
                stream.write(content[:half])
                look()
                stream.write(content[half:])

            yield mock.Mock(wraps=stream, **{"write.side_effect": write})

    with (
        mock.patch("distunlearn_lite.files.open_whole", draft),
        mock.patch.object(Path, "unlink", watched(Path.unlink)),
        mock.patch("os.replace", watched(os.replace)),
    ):
        yield


# Three drafts, two old files that go, then each new one that comes and its draft looked for again.
DRAFTED, MOVED, DONE = 3, 10, 11


def no_space():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def assert_of_one_version(found, versions):
    """The report, the picture, the rows: all, or the first of them, of one and the same version."""
    names = ("rows.json", "rows.png", "rows.npy")
    assert found in [{name: one[name] for name in names[:k]} for one in versions for k in range(4)]


@pytest.mark.parametrize("moment", range(MOVED))
def test_a_full_disk_leaves_files_of_one_version(tmp_path, versions, moment):
    put(tmp_path, versions[0])
    with breaking_in(moment, no_space), pytest.raises(OSError, match="No space left"):
        write_rows(tmp_path, 7)
    found = contents(tmp_path)
    assert_of_one_version(found, versions)
    assert (found == versions[0]) == (moment <= DRAFTED)


def test_a_picture_that_fails_leaves_what_was_there(tmp_path, versions, monkeypatch):
    put(tmp_path, versions[0])
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *args, **options: no_space())
    with pytest.raises(OSError, match="No space left"):
        write_rows(tmp_path, 7)
    assert contents(tmp_path) == versions[0]


KILL = """
import os, signal, sys
from pathlib import Path
from tests.test_row_files import DONE, breaking_in, put, write_rows

old = write_rows(Path(sys.argv[1]), 3)
for moment in range(DONE):
    folder = Path(sys.argv[1], str(moment))
    folder.mkdir()
    put(folder, old)
    child = os.fork()
    if child == 0:
        with breaking_in(moment, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            write_rows(folder, 7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
"""


def test_a_kill_at_any_moment_leaves_files_of_one_version(tmp_path, versions):
    single = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # it forks
    command = [sys.executable, "-c", KILL, str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT, env=single)
    for moment in range(DONE):
        found = contents(tmp_path / str(moment))
        visible = {name: found[name] for name in found if not name.endswith(".part")}
        assert_of_one_version(visible, versions)
        assert (visible == versions[0]) == (moment <= DRAFTED)
        assert (visible == versions[1]) == (moment >= MOVED)


def test_scores_closer_than_any_bin_are_drawn(tmp_path):
    scores = np.array([1.0, np.nextafter(1.0, 2.0), 1.0])
    report, picture = write_selection(tmp_path / "rows.csv", scores, np.array([1]), {"rule": "any"})
    assert json.loads(report.read_text())["deleted"] == 1
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "rows.csv").read_text() == "row\n1\n"
