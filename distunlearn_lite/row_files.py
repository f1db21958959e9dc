"""Rows of numbers read from files, and a selection of them written with its report and picture."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .files import write_together
from .validation import FloatArray


def read_rows(forget: Path, retain: Path) -> tuple[Any, Any]:
    """Return the rows of the two files, dense, memory-mapped or sparse.

    Two tables must name the same columns in the same order; arrays match by position.

    Raises
    ------
    ValueError
        Where a file is of another kind, damaged, empty, without column names or not of numbers, or
        the columns of two tables differ.
    """
    parts, headers = [], []
    for path in (forget, retain):
        if path.suffix in (".csv", ".parquet"):
            table = _table(path)
            headers.append([str(name) for name in table.columns])
            parts.append(table.to_numpy(dtype=np.float64))
        elif path.suffix in (".npy", ".npz"):
            parts.append(_array(path))
        else:
            raise ValueError(f"{path.name} must end in .npy, .npz, .csv or .parquet")
    if len(headers) == 2 and headers[0] != headers[1]:
        pairs = enumerate(zip_longest(*headers), start=1)
        column, names = next((column, names) for column, names in pairs if names[0] != names[1])
        one, two = ("nothing" if name is None else repr(name) for name in names)
        raise ValueError(
            f"{forget.name} and {retain.name} must have the same columns in the same order, got "
            f"{len(headers[0])} and {len(headers[1])} columns, and column {column} is {one} in the "
            f"first and {two} in the second"
        )
    return parts[0], parts[1]


def _array(path: Path) -> Any:
    with path.open("rb") as stream:
        try:
            if path.suffix == ".npy":
                return np.lib.format.open_memmap(path, mode="r")
            with np.lib.npyio.NpzFile(stream, allow_pickle=False) as arrays:
                names = arrays.files
                if "format" in names:  # as scipy.sparse.save_npz writes it
                    return _sparse(path)
                if len(names) == 1:
                    return arrays[names[0]]
        except Exception as error:  # numpy, zipfile and zlib raise ten kinds on damaged files
            raise ValueError(
                f"{path.name} must hold an array of numbers, but cannot be read as one: {error}; "
                "save the rows again with numpy.save, numpy.savez or scipy.sparse.save_npz"
            ) from error
    raise ValueError(
        f"{path.name} must hold one array, got {', '.join(names) or 'none'}; "
        "save each on its own as .npy"
    )


def _sparse(path: Path) -> Any:
    """Sparse matrix whose indices lie within it; others crash the process where they are used."""
    matrix: Any = sparse.load_npz(path)
    if hasattr(matrix, "indptr"):
        matrix.check_format(full_check=True)
        if (np.diff(matrix.indptr) < 0).any():  # not looked at where the last pointer is 0
            raise ValueError("indptr must not decrease")
    return sparse.csr_array(matrix)


def _table(path: Path) -> pd.DataFrame:
    try:
        table = _csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except ImportError:
        raise ValueError(
            f"reading {path.name} needs the package pyarrow, which is not installed; install "
            "it, or save the rows as .npy or .csv"
        ) from None
    if len(table) == 0:
        raise ValueError(f"{path.name} names columns but holds no row")
    for name, dtype in table.dtypes.items():
        if not pd.api.types.is_numeric_dtype(dtype):
            raise ValueError(
                f"{path.name} must hold numbers in named columns, but column {str(name)!r} does "
                "not; drop or encode it"
            )
    return table


def _csv(path: Path) -> pd.DataFrame:
    try:
        # Two lines as they are: in a table pandas makes 2.0 and 2.0.1 of names that are both 2.0,
        # and takes the first columns for an index where the rows have more fields than the header.
        lines = pd.read_csv(path, header=None, nrows=2, dtype=str, keep_default_na=False)
        table = pd.read_csv(path)
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path.name} is empty") from None
    except pd.errors.ParserError as error:
        raise ValueError(
            f"{path.name} must have as many fields in every row as names in its first line, got: "
            f"{str(error).strip()}; name every column, write decimals with a point, and end no row "
            "with a comma"
        ) from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} must be text in UTF-8: {error}; save it as such") from None
    names = [name.strip() for name in lines.iloc[0] if name.strip()]
    # A header of numbers is a row, except 0, 1, 2, ..., the names that pandas gives by itself.
    if all(map(_is_number, names)) and names != [str(k) for k in range(len(names))]:
        raise ValueError(
            f"{path.name} must begin with a line of column names, but its first line holds "
            "numbers; add names, or save the rows as .npy"
        )
    return table


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def check_output(output: Path, inputs: Iterable[Path], *, overwrite: bool = False) -> None:
    """Refuse a place where ``write_selection`` could not write, or would overwrite something.

    Raises
    ------
    ValueError
        Where the name has another ending, a file to write is one of the inputs, under whatever
        name, or is there already and `overwrite` does not allow that.
    OSError
        Where the folder is absent or cannot be written in.
    """
    if output.suffix not in (".npy", ".csv"):
        raise ValueError(f"the output must end in .npy or .csv, got {output.name!r}")
    try:
        tempfile.TemporaryFile(dir=output.parent).close()
    except OSError as error:
        raise OSError(
            f"the folder of the output must be there and open to writing, got {output.parent} "
            f"({error.strerror}); make it, or name another one"
        ) from None
    read = [path for path in inputs if path.exists()]
    for path in _files(output):
        if any(path.exists() and path.samefile(source) for source in read):
            raise ValueError(f"{path.name} is one of the inputs; give the output another name")
        if path.is_dir():
            raise ValueError(f"{path.name} is a folder; give the output another name")
        if os.path.lexists(path) and not overwrite:
            raise ValueError(
                f"{path.name} is there already; give the output another name, or overwrite the "
                "rows, the report and the picture with --force"
            )


def write_selection(
    output: Path, scores: FloatArray, rows: NDArray[np.intp], about: Mapping[str, Any]
) -> tuple[Path, Path]:
    """Write the selected rows, and beside them a report and a picture, which are returned.

    All three are made before the first is written. The rows come last: where they are, the report
    and the picture are theirs.
    """
    report, picture, _ = _files(output)
    stream = BytesIO()
    if output.suffix == ".npy":
        np.save(stream, rows)
    else:
        np.savetxt(stream, rows, fmt="%d", header="row", comments="")
    text = {
        **about,
        "output": output.name,  # rows of the other kind may stand beside it, from another run
        "deleted": int(rows.size),
        "deleted_fraction": round(rows.size / scores.size, 6),
        "least_score_deleted": round(float(scores[rows[-1]]), 6) if rows.size else None,
        "library": version("distunlearn-lite"),
    }
    write_together(
        {
            report: (json.dumps(text, indent=1) + "\n").encode(),
            picture: _histogram(scores, rows, about["rule"]),
            output: stream.getvalue(),
        }
    )
    return report, picture


def _files(output: Path) -> tuple[Path, Path, Path]:
    return output.with_suffix(".json"), output.with_suffix(".png"), output


def _histogram(scores: FloatArray, rows: NDArray[np.intp], rule: str) -> bytes:
    """Histogram of the scores, those of the deleted rows on top of the others, as PNG."""
    from matplotlib import style  # reading needs no drawing
    from matplotlib.figure import Figure

    parts = [np.delete(scores, rows), scores[rows]]
    labels = [f"kept ({parts[0].size})", f"deleted ({parts[1].size})"]
    # Given as edges, the bins may be narrower than floating point; as a number, they may not.
    low, high = scores.min(), scores.max()
    bins = np.linspace(low, high, 51).tolist() if low < high else 50
    stream = BytesIO()
    with style.context("default"):  # the same picture whatever the process has set
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        ax = figure.subplots()
        ax.hist(parts, bins=bins, stacked=True, color=["#6e6e6e", "#d55e00"], label=labels)
        ax.set(xlabel=f"score by {rule}", ylabel="rows of the forget set")
        ax.legend()
        figure.savefig(stream, dpi=150)
    return stream.getvalue()
