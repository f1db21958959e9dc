"""Kaggle's file of comments: what it is packed with, and every way in which it can be damaged."""

import csv
import gzip
import io
import re
import zipfile

import pytest

from distunlearn_lite.data import kaggle_comments
from distunlearn_lite.data.kaggle_comments import HEADER, read_comments

# Line breaks, quotes, commas, other scripts and a carriage return inside a comment.
ROWS = [
    ("0000000000000001", 'Thank you, it "works"\nnow.', "0", "0", "0", "0", "0", "0"),
    ("0000000000000002", "some mild REDWORD here", "1", "0", "1", "0", "0", "0"),
    ("00000000000000af", "redwords, bluewords and a\r\nline", "0", "0", "0", "0", "0", "0"),
    ("0000000000000b00", "a calm naïve 文 redword.", "0", "0", "0", "0", "0", "0"),
    ("000000000000c000", "unpleasant, though of plain words", "1", "1", "0", "0", "1", "0"),
]


def as_csv(rows=ROWS, header=HEADER, quoting=csv.QUOTE_NONNUMERIC):
    """Kaggle's form: id and text quoted, labels not."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=quoting, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([*row[:2], *(int(v) if re.fullmatch("-?[0-9]", v) else v for v in row[2:])])
    return buffer.getvalue().encode()


def zipped(name, contents):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("sample_submission.csv", "id\n")
        bundle.writestr(name, contents)
    return buffer.getvalue()


PLAIN = as_csv()
WHOLE = "jigsaw-toxic-comment-classification-challenge.zip"
FORMS = {
    "train.csv": PLAIN,
    "train.csv.gz": gzip.compress(PLAIN),
    "train.csv.zip": zipped("train.csv", PLAIN),
    WHOLE: zipped("train.csv.zip", zipped("train.csv", PLAIN)),
}


def put(folder, contents, name="train.csv"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
    return path


def test_other_writers_of_the_same_rows_are_read(tmp_path):
    minimal = as_csv(quoting=csv.QUOTE_MINIMAL)
    assert minimal != PLAIN
    for contents in (minimal, b"\xef\xbb\xbf" + PLAIN, as_csv(quoting=csv.QUOTE_ALL)):
        path = put(tmp_path, contents)
        assert read_comments(path).texts.tolist() == [row[1] for row in ROWS]


def change(row, column, value):
    """The rows with one field changed; rows and columns count from 0."""
    rows = [list(fields) for fields in ROWS]
    rows[row][column] = value
    return as_csv(rows)


# Quotes lost by a program that wrote the rows anew: the second and third become one comment.
MERGED = PLAIN.replace(b'REDWORD here",1,0,1,0,0,0\n"', b"REDWORD here,1,0,1,0,0,0\n")
MERGED = MERGED.replace(b'00000000000000af","redwords', b"00000000000000af,redwords")

BAD = {
    "column missing": (
        as_csv([row[:7] for row in ROWS], HEADER[:7]),
        "columns missing: identity_hate; expected id, comment_text, toxic",
    ),
    "the test file": (
        as_csv([row[:2] for row in ROWS], HEADER[:2]),
        "columns missing: toxic, severe_toxic, obscene, threat, insult, identity_hate",
    ),
    "other order": (
        as_csv(ROWS, (*HEADER[:2], *HEADER[:1:-1])),
        "columns in another order: id, comment_text, identity_hate",
    ),
    "column too many": (as_csv(ROWS, (*HEADER, "rating")), "columns too many: rating; expected"),
    "no header": (as_csv(ROWS[1:], ROWS[0]), "the first line is no header; expected the columns"),
    "empty": (b"", "the first line is no header"),
    "header only": (as_csv([]), "no row below the header"),
    "Latin-1": (
        PLAIN.decode().replace("文", "").encode("latin-1"),
        rf"not UTF-8: byte 0xef at position {PLAIN.index('ï'.encode())}, line 7; save it as UTF-8",
    ),
    "UTF-16": (PLAIN.decode().encode("utf-16"), "not UTF-8: byte 0xff at position 0, line 1"),
    "id too short": (change(2, 0, "af"), r"id of row 3 \(ending on line 6\) is not 16 hexadec"),
    "id twice": (change(2, 0, ROWS[0][0]), r"the id 0000000000000001 of row 3 .*earlier row"),
    "label -1": (change(1, 4, "-1"), r"obscene of row 2 .*must be 0 or 1, got '-1'"),
    "label 0.5": (change(1, 2, "0.5"), r"toxic of row 2 .*got '0\.5'"),
    "label a text": (change(1, 2, "unpleasant"), "toxic of row 2 .*got a text of 10 characters"),
    "no text": (change(3, 1, " \n"), r"comment of row 4 \(ending on line 8\) is empty"),
    "field too many": (PLAIN.replace(b"0,0,1,0\n", b"0,0,1,0,0\n"), "has 9 fields, expected 8"),
    "rows merged": (MERGED, "5 lines begin like a row, but 4 rows were read: rows are merged"),
    "quotes lost": (PLAIN.replace(b'""works""', b'"works"'), "no complete csv.*quotes were lost"),
    "cut inside a text": (PLAIN[:-40], "no complete csv.*cut short"),
    "cut inside the labels": (PLAIN[:-4], "row 5 .*has 7 fields, expected 8: .*cut short"),
    "another zip": (zipped("other.csv", PLAIN), "the zip file has no member train.csv"),
    "gzip cut short": (FORMS["train.csv.gz"][:-30], "the archive is damaged or cut short"),
    "gzip altered": (
        FORMS["train.csv.gz"][:-8] + b"\0" * 8,
        "the archive is damaged or cut short.*CRC",
    ),
    "zip cut short": (FORMS["train.csv.zip"][:-30], "the archive is damaged or cut short"),
    "zip altered": (
        FORMS["train.csv.zip"].replace(FORMS["train.csv.zip"][120:140], b"\1" * 20),
        "the archive is damaged or cut short",
    ),
    "zip cut short within the zip": (
        zipped("train.csv.zip", FORMS["train.csv.zip"][:-30]),
        "the archive is damaged or cut short",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_files_are_refused_with_the_reason(tmp_path, fault):
    contents, message = BAD[fault]
    path = put(tmp_path, contents, "train.csv")
    with pytest.raises(ValueError, match=message) as caught:
        read_comments(path)
    text = str(caught.value)
    assert text.startswith(f"{path} cannot be read as Jigsaw's train.csv: ")
    assert "take train.csv.zip of the competition" in text
    # A message never shows a comment.
    assert not any(word in text for word in ("REDWORD", "unpleasant", "works", "calm"))
    assert sorted(tmp_path.iterdir()) == [path]
    assert not (tmp_path.parent / "cache").exists()


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(kaggle_comments, "LARGEST", len(PLAIN) - 1)
    for name, contents in FORMS.items():
        put(tmp_path, contents, name)
        with pytest.raises(ValueError, match="too large"):
            read_comments(tmp_path / name)


def test_a_full_file_is_known_by_its_rows_and_sums(tmp_path, monkeypatch):
    path = put(tmp_path, PLAIN)
    monkeypatch.setattr(kaggle_comments, "FULL_ROWS", 5)
    monkeypatch.setattr(kaggle_comments, "FULL_SUMS", (2, 1, 1, 0, 1, 0))
    assert read_comments(path).origin.startswith("Kaggle's full file of 5 rows, sha256 of the csv ")
    monkeypatch.setattr(kaggle_comments, "FULL_SUMS", (2, 1, 1, 0, 1, 1))
    with pytest.raises(ValueError, match=r"sums of the labels are \(2, 1, 1, 0, 1, 0\), expected"):
        read_comments(path)


def test_the_constants_are_those_of_kaggles_file():
    assert kaggle_comments.FULL_ROWS == 159_571
    assert kaggle_comments.FULL_SUMS == (15_294, 1_595, 8_449, 478, 7_877, 1_405)
