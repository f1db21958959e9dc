"""Rows from files: every kind that is read, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from distunlearn_lite.row_files import read_rows

ROWS = np.array([[1.5, 0.0], [-2.0, 3.0], [0.0, 1e-3]])


def write(folder, name):
    path = folder / name
    if path.suffix == ".npy":
        np.save(path, ROWS)
    elif name == "sparse.npz":
        sparse.save_npz(path, sparse.csr_array(ROWS))
    elif path.suffix == ".npz":
        np.savez(path, rows=ROWS)
    else:
        pd.DataFrame(ROWS, columns=["a", "b"]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["rows.npy", "rows.npz", "sparse.npz", "rows.csv"])
def test_every_kind_gives_the_same_rows(tmp_path, name):
    one, two = read_rows(write(tmp_path, name), write(tmp_path, "rows.npy"))
    assert (one.toarray() if sparse.issparse(one) else np.asarray(one)).tolist() == ROWS.tolist()
    assert np.asarray(two).tolist() == ROWS.tolist()


def test_an_array_file_is_not_read_into_memory(tmp_path):
    path = write(tmp_path, "rows.npy")
    assert isinstance(read_rows(path, path)[0], np.memmap)


def test_tables_must_have_the_same_columns_in_the_same_order(tmp_path):
    one, two = write(tmp_path, "one.csv"), tmp_path / "two.csv"
    pd.DataFrame(ROWS, columns=["b", "a"]).to_csv(two, index=False)
    with pytest.raises(
        ValueError, match=r"one\.csv and two\.csv must have the same columns in the"
    ):
        read_rows(one, two)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "1.5,2\n3,4\n", "must begin with a line of column names, but its first line"),
        ("a.csv", "", r"a\.csv is empty"),
        ("a.csv", "x,y\n1,red\n", "must hold numbers in named columns, but column 'y' does not"),
        ("a.npy", "not an array", r"a\.npy must hold an array of numbers"),
        ("a.txt", "1 2", r"a\.txt must end in \.npy, \.npz, \.csv or \.parquet"),
    ],
)
def test_other_files_are_refused(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_rows(path, path)


def test_the_header_that_pandas_gives_by_itself_is_a_header(tmp_path):
    path = tmp_path / "plain.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    assert read_rows(path, path)[0].tolist() == ROWS.tolist()


def test_arrays_of_objects_and_several_arrays_are_refused(tmp_path):
    objects, several = tmp_path / "objects.npy", tmp_path / "several.npz"
    np.save(objects, np.array([["a"]], dtype=object))
    np.savez(several, one=ROWS, two=ROWS)
    with pytest.raises(ValueError, match=r"objects\.npy must hold an array of numbers"):
        read_rows(objects, objects)
    with pytest.raises(ValueError, match=r"must hold one array, got one, two; save each"):
        read_rows(several, several)
