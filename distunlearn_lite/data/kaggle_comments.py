"""Kaggle's file of toxic comments: unpacked, decoded, every row checked."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Comments", "read_comments"]

LABELS = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
HEADER = ("id", "comment_text", *LABELS)

FULL_ROWS = 159_571
# Sums of the labels, in their order, that the full file has.
FULL_SUMS = (15_294, 1_595, 8_449, 478, 7_877, 1_405)
# The subset that this book's recorded results are computed on: the csv itself, unpacked.
SUBSET_SHA256 = "4cd49911c8353e48a0017d79c3c0d98da6736addfe7950a76969eedafc35bdc6"

LARGEST = 500_000_000  # bytes; the full file has 69 million
REMEDY = "take train.csv.zip of the competition as Kaggle serves it"


@dataclass(frozen=True, eq=False)
class Comments:
    """The rows of a file in Kaggle's form.

    Parameters
    ----------
    texts : ndarray of str, shape (n,)
        Comments, unaltered.
    labels : ndarray of int, shape (n, 6)
        0 or 1 for each of the six labels, in the order of the file.
    origin : str
        Which file it is, with its number of rows and the SHA-256 of the csv.
    """

    texts: NDArray[Any]
    labels: NDArray[np.int64]
    origin: str


def read_comments(path: str | os.PathLike[str]) -> Comments:
    """Read and check a file in Kaggle's form: plain, gzipped, zipped, or zipped twice.

    Messages name rows and lines, and never show a comment.

    Parameters
    ----------
    path : path
        The file; what it is packed with is told from its first bytes.

    Returns
    -------
    Comments
        All rows, in the order of the file.

    Raises
    ------
    ValueError
        Where the file cannot be unpacked, is not UTF-8, has other columns, or a row is malformed.
    """
    path = Path(path)
    try:
        raw = _unpacked(path.read_bytes())
        text = _decoded(raw)
        texts, labels = _parsed(text)
        origin = _origin(labels, hashlib.sha256(raw).hexdigest())
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as Jigsaw's train.csv: {error}") from None
    return Comments(texts, labels, origin)


def _unpacked(raw: bytes, depth: int = 0) -> bytes:
    """The csv inside: Kaggle zips train.csv, and zips that again with the other files."""
    try:
        if raw.startswith(b"\x1f\x8b"):
            with gzip.open(io.BytesIO(raw)) as stream:
                inside = stream.read(LARGEST + 1)
        elif raw.startswith(b"PK") and depth < 2:
            with zipfile.ZipFile(io.BytesIO(raw)) as bundle:
                names = [
                    name for name in ("train.csv", "train.csv.zip") if name in bundle.NameToInfo
                ]
                if not names:
                    raise ValueError(f"the zip file has no member train.csv; {REMEDY}")
                if bundle.getinfo(names[0]).file_size > LARGEST:
                    raise ValueError(f"{names[0]} in the zip file is too large; {REMEDY}")
                inside = _unpacked(bundle.read(names[0]), depth + 1)
        else:
            inside = raw
    except (EOFError, OSError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"the archive is damaged or cut short ({error}); {REMEDY}") from None
    if len(inside) > LARGEST:
        raise ValueError(f"more than {LARGEST:,} bytes, which is too large; {REMEDY}")
    return inside


def _decoded(raw: bytes) -> str:
    """UTF-8 with or without a byte order mark."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"not UTF-8: byte 0x{raw[error.start]:02x} at position {error.start}, line {line}; "
            f"save it as UTF-8, or {REMEDY}"
        ) from None


def _parsed(text: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Comments and labels of all rows, each row checked."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    ids: set[str] = set()
    texts: list[str] = []
    flags: list[list[str]] = []
    try:
        _check_header(tuple(next(reader, ())))
        for number, row in enumerate(reader, start=1):
            where = f"row {number} (ending on line {reader.line_num})"
            if len(row) != len(HEADER):
                raise ValueError(
                    f"{where} has {len(row)} fields, expected {len(HEADER)}: quotes or line breaks "
                    f"were lost, or the file is cut short; {REMEDY}"
                )
            if not re.fullmatch("[0-9a-f]{16}", row[0]):
                raise ValueError(f"the id of {where} is not 16 hexadecimal digits; {REMEDY}")
            if row[0] in ids:
                raise ValueError(f"the id {row[0]} of {where} stands in an earlier row; {REMEDY}")
            if not row[1].strip():
                raise ValueError(f"the comment of {where} is empty; drop the row, or {REMEDY}")
            for name, value in zip(LABELS, row[2:], strict=True):
                if value not in ("0", "1"):
                    shown = repr(value) if len(value) < 4 else f"a text of {len(value)} characters"
                    raise ValueError(f"{name} of {where} must be 0 or 1, got {shown}; {REMEDY}")
            ids.add(row[0])
            texts.append(row[1])
            flags.append(row[2:])
    except csv.Error as error:
        raise ValueError(
            f"no complete csv ({error}, after line {reader.line_num}): quotes were lost, or the "
            f"file is cut short; {REMEDY}"
        ) from None
    if not texts:
        raise ValueError(f"no row below the header; {REMEDY}")
    # Rows that a reader with wrong quoting has merged leave their beginnings inside a comment.
    beginnings = len(re.findall(r'^"?[0-9a-f]{16}"?,', text, re.MULTILINE))
    if beginnings != len(texts):
        raise ValueError(
            f"{beginnings} lines begin like a row, but {len(texts)} rows were read: rows are "
            f"merged, as by a program that lost the quotes; {REMEDY}"
        )
    return np.array(texts, dtype=object), np.array(flags).astype(np.int64)


def _check_header(header: tuple[str, ...]) -> None:
    if header == HEADER:
        return
    expected = ", ".join(HEADER)
    # What is no list of names is a row without a header, and a comment is not to be shown.
    if not header or not all(re.fullmatch(r"\w{1,20}", name) for name in header):
        raise ValueError(f"the first line is no header; expected the columns {expected}; {REMEDY}")
    missing = [name for name in HEADER if name not in header]
    extra = [name for name in header if name not in HEADER]
    fault = (
        f"columns missing: {', '.join(missing)}"
        if missing
        else f"columns too many: {', '.join(extra)}"
        if extra
        else f"columns in another order: {', '.join(header)}"
    )
    raise ValueError(f"{fault}; expected {expected}; {REMEDY}")


def _origin(labels: NDArray[np.int64], sha256: str) -> str:
    """Which of the known files it is, or that it is none of them."""
    rows, sums = len(labels), tuple(labels.sum(axis=0).tolist())
    if rows == FULL_ROWS and sums != FULL_SUMS:
        raise ValueError(
            f"as many rows as Kaggle's file, but the sums of the labels are {sums}, expected "
            f"{FULL_SUMS}: the file was altered; {REMEDY}"
        )
    if rows == FULL_ROWS:
        which = f"Kaggle's full file of {rows:,} rows"
    elif sha256 == SUBSET_SHA256:
        which = (
            f"the subset of the recorded results, {rows:,} of Kaggle's {FULL_ROWS:,} rows (28 %; "
            "33 % with the extra labelled rows that came with it, which are not used)"
        )
    else:
        which = f"a file of the reader's own of {rows:,} rows, not that of the recorded results"
    return f"{which}, sha256 of the csv {sha256}"
