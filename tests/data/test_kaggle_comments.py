"""Kaggle's file of comments: what it is packed with, and every way in which it can be damaged."""

import csv
import gzip
import io
import tracemalloc
import zipfile

import pytest

from distunlearn_lite.data import kaggle_comments
from distunlearn_lite.data.kaggle_comments import HEADER, read_comments
from tests.data.files import put, zipped

# Line breaks, quotes, commas, other scripts and a carriage return inside a comment.
ROWS = [
    ("0000000000000001", 'Thank you, it "works"\nnow.', 0, 0, 0, 0, 0, 0),
    ("0000000000000002", "some mild REDWORD here", 1, 0, 1, 0, 0, 0),
    ("00000000000000af", "redwords, bluewords and a\r\nline", 0, 0, 0, 0, 0, 0),
    ("0000000000000b00", "a calm naïve 文 redword.", 0, 0, 0, 0, 0, 0),
    ("000000000000c000", "unpleasant, though of plain words", 1, 1, 0, 0, 1, 0),
]


def as_csv(rows=ROWS, header=HEADER, quoting=csv.QUOTE_NONNUMERIC):
    """Kaggle's form: id and text quoted, labels not."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=quoting, lineterminator="\n").writerows([header, *rows])
    return buffer.getvalue().encode()


def competition(name, contents, method=zipfile.ZIP_DEFLATED):
    """A zip file of that and of another file."""
    return zipped({"sample_submission.csv": b"id\n", name: contents}, method)


PLAIN = as_csv()
WHOLE = "jigsaw-toxic-comment-classification-challenge.zip"
FORMS = {
    "train.csv": PLAIN,
    "train.csv.gz": gzip.compress(PLAIN),
    "train.csv.zip": competition("train.csv", PLAIN),
    WHOLE: competition("train.csv.zip", competition("train.csv", PLAIN)),
}


def test_other_writers_of_the_same_rows_are_read(tmp_path):
    for contents in (as_csv(quoting=csv.QUOTE_MINIMAL), b"\xef\xbb\xbf" + PLAIN):
        path = put(tmp_path, "train.csv", contents)
        assert read_comments(path).texts.tolist() == [row[1] for row in ROWS]
    assert read_comments(put(tmp_path, "train.csv", change(3, 1, "NA"))).texts[3] == "NA"


def change(row, column, value):
    """The rows with one field changed; rows and columns count from 0."""
    rows = [list(fields) for fields in ROWS]
    rows[row][column] = value
    return as_csv(rows)


# Quotes lost by a program that wrote the rows anew: the second and third become one comment.
MERGED = PLAIN.replace(b'REDWORD here",1,0,1,0,0,0\n"', b"REDWORD here,1,0,1,0,0,0\n")
MERGED = MERGED.replace(b'00000000000000af","redwords', b"00000000000000af,redwords")

DAMAGED = "the archive is damaged or cut short"


def spoilt(archive):
    """A zip file with packed bytes of train.csv altered, behind the header of the member."""
    start = archive.index(b"train.csv") + len("train.csv") + 9
    return archive[:start] + b"\xff" * 20 + archive[start + 20 :]


BAD = {
    "other order": (as_csv(ROWS, (*HEADER[:2], *HEADER[:1:-1])), "columns must be"),
    "no header": (as_csv(ROWS[1:], ROWS[0]), "columns must be"),
    "empty": (b"", "no complete csv"),
    "header only": (as_csv([]), "no row below the header"),
    "Latin-1": (PLAIN.decode().replace("文", "").encode("latin-1"), "not UTF-8"),
    "id too short": (change(2, 0, "af"), "4 lines begin with an id .*, but 5 rows"),
    "id twice": (change(2, 0, ROWS[0][0]), "id of row 3 stands in an earlier row"),
    "label a text": (change(1, 2, "unpleasant"), "label of row 2 is not 0 or 1"),
    "field too many": (PLAIN.replace(b"0,0,1,0\n", b"0,0,1,0,0\n"), "saw 9"),
    "field too many in each": (as_csv([(*row, 0) for row in ROWS]), "columns must be"),
    "rows merged": (MERGED, "5 lines begin .*, but 4 rows were read: rows are merged"),
    "quotes lost": (PLAIN.replace(b'""works""', b'"works"'), "label of row 1"),
    "quotes lost on one line": (
        PLAIN.replace(b"mild REDWORD", b'"mild" REDWORD'),
        "lone quotation mark",
    ),
    "cut inside a text": (PLAIN[:-40], "no complete csv.*cut short"),
    "cut inside the labels": (PLAIN[:-4], "label of row 5 .*cut short"),
    "another zip": (zipped({"other.csv": PLAIN}), "the zip file has no member train.csv"),
    "zip in a zip in a zip": (competition("train.csv.zip", FORMS[WHOLE]), "not UTF-8"),
    "gzip cut short": (FORMS["train.csv.gz"][:-30], DAMAGED),
    "gzip altered": (FORMS["train.csv.gz"][:-8] + b"\0" * 8, f"{DAMAGED}.*CRC"),
    "zip cut short": (FORMS["train.csv.zip"][:-30], DAMAGED),
    "zip altered": (spoilt(FORMS["train.csv.zip"]), DAMAGED),
    "zip of LZMA altered": (spoilt(competition("train.csv", PLAIN, zipfile.ZIP_LZMA)), DAMAGED),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_files_are_refused_with_the_reason(tmp_path, fault):
    contents, message = BAD[fault]
    path = put(tmp_path, "train.csv", contents)
    with pytest.raises(ValueError, match=message) as caught:
        read_comments(path)
    text = str(caught.value)
    assert text.startswith(f"{path} cannot be read as Jigsaw's train.csv: ")
    assert "take train.csv.zip of the competition" in text
    # A message never shows a comment.
    assert not any(word in text for word in ("REDWORD", "unpleasant", "works", "calm"))
    assert list(tmp_path.iterdir()) == [path]


def test_no_more_is_read_than_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(kaggle_comments, "LARGEST", 1_000_000)
    bomb = bytes(30_000_000)
    packed = zipped({"train.csv": bomb})
    for contents in (bomb, gzip.compress(bomb, 1), packed, zipped({"train.csv.zip": packed})):
        path = put(tmp_path, "train.csv", contents)
        tracemalloc.start()
        with pytest.raises(ValueError, match="too large"):
            read_comments(path)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert held < 6_000_000


def test_a_full_file_is_known_by_its_rows_and_sums(tmp_path, monkeypatch):
    path = put(tmp_path, "train.csv", PLAIN)
    monkeypatch.setattr(kaggle_comments, "FULL_ROWS", 5)
    monkeypatch.setattr(kaggle_comments, "FULL_SUMS", (2, 1, 1, 0, 1, 0))
    assert read_comments(path).origin.startswith("Kaggle's full file of 5 rows, sha256 of the csv ")
    monkeypatch.setattr(kaggle_comments, "FULL_SUMS", (2, 1, 1, 0, 1, 1))
    with pytest.raises(ValueError, match=r"sums of the labels are \(2, 1, 1, 0, 1, 0\), expected"):
        read_comments(path)
