"""Rows of numbers from files: NumPy arrays, sparse matrices, CSV and Parquet tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

__all__ = ["read_rows"]


def read_rows(forget: Path, retain: Path) -> tuple[Any, Any]:
    """Return the rows of the two files, dense, memory-mapped or sparse.

    Two tables must name the same columns in the same order; arrays match by position.

    Raises
    ------
    ValueError
        Where a file is of another kind, empty, without column names or not of numbers, or the
        columns of two tables differ.
    """
    parts, headers = [], []
    for path in (forget, retain):
        if path.suffix in (".csv", ".parquet"):
            table = _table(path)
            headers.append([str(name) for name in table.columns])
            parts.append(table.to_numpy(dtype=np.float64))
        else:
            parts.append(_array(path))
    if len(headers) == 2 and headers[0] != headers[1]:
        raise ValueError(
            f"{forget.name} and {retain.name} must have the same columns in the same order, got "
            f"{', '.join(headers[0])} and {', '.join(headers[1])}"
        )
    return parts[0], parts[1]


def _array(path: Path) -> Any:
    if path.suffix == ".npy":
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            raise ValueError(f"{path.name} must hold an array of numbers: {error}") from None
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            if "format" in arrays.files:  # as scipy.sparse.save_npz writes it
                return sparse.csr_array(sparse.load_npz(path))
            if len(arrays.files) != 1:
                raise ValueError(
                    f"{path.name} must hold one array, got {', '.join(arrays.files) or 'none'}; "
                    "save each on its own as .npy"
                )
            return arrays[arrays.files[0]]
    raise ValueError(f"{path.name} must end in .npy, .npz, .csv or .parquet")


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path.name} is empty") from None
    except ImportError:
        raise ValueError(
            f"reading {path.name} needs the package pyarrow, which is not installed; install "
            "it, or save the rows as .npy or .csv"
        ) from None
    names = [str(name) for name in table.columns]
    # A header of numbers is a row, except 0, 1, 2, ..., the names that pandas gives by itself.
    numbers = all(re.fullmatch(r"[-+]?\d[\d.]*(e[-+]?[\d.]+)?", name, re.I) for name in names)
    if path.suffix == ".csv" and numbers and names != [str(k) for k in range(len(names))]:
        raise ValueError(
            f"{path.name} must begin with a line of column names, but its first line holds "
            "numbers; add names, or save the rows as .npy"
        )
    words = [str(name) for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]
    if words:
        raise ValueError(
            f"{path.name} must hold numbers in named columns, but column "
            f"{words[0]!r} does not; drop or encode it"
        )
    return table
