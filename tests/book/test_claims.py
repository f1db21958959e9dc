"""The claims table: complete, and every check it names exists."""

import csv
import re
from pathlib import Path

import nbformat

from tools.notebooks import chapters

ROOT = Path(__file__).resolve().parents[2]
STATUSES = {
    "proved",
    "quoted, checked numerically",
    "reproduced",
    "same direction",
    "differs",
}
KINDS = "theorem|proposition|corollary"


def table():
    with (ROOT / "book" / "claims.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def statements():
    """Label -> (chapter, index of its cell) of every numbered claim in the chapters."""
    found = {}
    for path in chapters():
        for index, cell in enumerate(nbformat.read(path, as_version=4).cells):
            pattern = rf":::\{{prf:(?:{KINDS})\}}[^\n]*\n:label: (\S+)"
            for label in re.findall(pattern, cell.source):
                found[label] = (path, index)
    return found


def test_every_numbered_claim_is_in_the_table_once():
    labels = re.findall(r"\{prf:ref\}`(.+?)`", " ".join(row["statement"] for row in table()))
    assert sorted(labels) == sorted(statements())


def test_every_row_has_a_known_status():
    assert {row["status"] for row in table()} <= STATUSES


def test_every_named_test_exists():
    for row in table():
        if row["check"] == "cell after the proof":
            continue
        file, name = row["check"].strip("`").split("::")
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"def {name}(" in source, row["check"]


def test_every_claim_of_a_chapter_is_followed_by_a_check():
    for label, (path, index) in statements().items():
        cells = nbformat.read(path, as_version=4).cells[index + 1 : index + 9]
        assert any(c.cell_type == "code" and "assert" in c.source for c in cells), label


def test_the_papers_numbers_have_a_verdict_of_a_replication():
    for row in table():
        if row["in the paper"].startswith("Table 2"):
            assert row["status"] in {"reproduced", "same direction", "differs"}
