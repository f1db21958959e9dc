"""Kaggle's file of toxic comments: unpacked, decoded, every row checked."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import os
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LABELS = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
HEADER = ("id", "comment_text", *LABELS)

FULL_ROWS = 159_571
# Sums of the labels, in their order, that the full file has.
FULL_SUMS = (15_294, 1_595, 8_449, 478, 7_877, 1_405)
# The subset that this book's recorded results are computed on: the csv itself, unpacked.
SUBSET_SHA256 = "4cd49911c8353e48a0017d79c3c0d98da6736addfe7950a76969eedafc35bdc6"

LARGEST = 500_000_000  # bytes of the csv; the full file has 69 million
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

    Messages name rows, and never show a comment.

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
        raw = _unpacked(path)
        frame = _parsed(raw)
        labels = frame[list(LABELS)].astype(np.int64).to_numpy()
        origin = _origin(labels, hashlib.sha256(raw).hexdigest())
    except ValueError as error:
        raise ValueError(
            f"{path} cannot be read as Jigsaw's train.csv: {error}; {REMEDY}"
        ) from None
    return Comments(frame["comment_text"].to_numpy(object), labels, origin)


def _unpacked(path: Path) -> bytes:
    """The csv inside: Kaggle zips train.csv, and zips that again with the other files."""
    with path.open("rb") as stream:
        raw = _limited(stream)
    try:
        if raw.startswith(b"\x1f\x8b"):
            with gzip.open(io.BytesIO(raw)) as unpacked:
                raw = _limited(unpacked)
        for _ in range(2):
            if raw.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(raw)) as bundle:
                    plain = "train.csv" in bundle.namelist()
                    with bundle.open("train.csv" if plain else "train.csv.zip") as unpacked:
                        raw = _limited(unpacked)
    except KeyError:
        raise ValueError("the zip file has no member train.csv") from None
    except (
        *(EOFError, OSError, RuntimeError),
        *(lzma.LZMAError, zlib.error, zipfile.BadZipFile),
    ) as error:
        raise ValueError(f"the archive is damaged or cut short ({error})") from None
    return raw


def _limited(stream: gzip.GzipFile | IO[bytes]) -> bytes:
    """All bytes of a stream, or an error where they are too many to be the file."""
    raw = stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise ValueError(f"more than {LARGEST:,} bytes, which is too large")
    return raw


def _parsed(raw: bytes) -> pd.DataFrame:
    """All rows as texts, checked."""
    try:
        frame = pd.read_csv(io.BytesIO(raw), dtype=str, keep_default_na=False)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 ({error.reason}); save it as UTF-8") from None
    except ValueError as error:
        cause = str(error).strip()
        raise ValueError(
            f"no complete csv ({cause}): quotes were lost, or it is cut short"
        ) from None
    # The names that are there are not shown: without a header they are a comment.
    if tuple(frame.columns) != HEADER or not isinstance(frame.index, pd.RangeIndex):
        raise ValueError(f"the columns must be {', '.join(HEADER)}")
    if frame.empty:
        raise ValueError("no row below the header")
    wrong = ~frame[list(LABELS)].isin(["0", "1"]).all(axis=1)
    if wrong.any():
        raise ValueError(
            f"a label of row {wrong.argmax() + 1} is not 0 or 1, or the file is cut short there"
        )
    again = frame["id"].duplicated()
    if again.any():
        raise ValueError(f"the id of row {again.argmax() + 1} stands in an earlier row")
    # Quotes inside a text are doubled, and others stand at a comma or the end of a line.
    if re.search(rb'[ \w]"[ \w]', raw):
        raise ValueError("a lone quotation mark stands inside a text: quotes were lost")
    # Rows that a reader with wrong quoting has merged leave their beginnings inside a comment.
    beginnings = len(re.findall(rb'^"?[0-9a-f]{16}"?,', raw, re.MULTILINE))
    if beginnings != len(frame):
        raise ValueError(
            f"{beginnings} lines begin with an id of 16 hexadecimal digits, but {len(frame)} rows "
            "were read: rows are merged, as by a program that lost the quotes"
        )
    return frame


def _origin(labels: NDArray[np.int64], sha256: str) -> str:
    """Which of the known files it is, or that it is none of them."""
    rows, sums = len(labels), tuple(labels.sum(axis=0).tolist())
    if rows == FULL_ROWS and sums != FULL_SUMS:
        raise ValueError(
            f"as many rows as Kaggle's file, but the sums of the labels are {sums}, expected "
            f"{FULL_SUMS}: the file was altered"
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
