"""The replications: the result first, in words that follow from the tables, and short pages."""

import csv
import re

import nbformat
import pytest

from distunlearn_lite.replication.protocol import ROWS, STATUSES
from tools.figures import VERDICTS
from tools.notebooks import chapters
from tools.reading import FOLDED, FOLDS

CHAPTERS = [path for path in chapters() if "07" <= path.stem[:2] <= "11"]
# The table of each chapter; the scoreboard has all of them.
TABLES = {"07": ["gaussians"], "08": ["sms"], "09": ["jigsaw"], "10": ["cifar10"]}
MOST_WORDS = 7_000


def name(path):
    return path.stem


def notebook(path):
    return nbformat.read(path, as_version=4)


def judged_lines(path):
    """Lines of the table of verdicts on the savings against random deletion in a chapter."""
    tables = TABLES.get(path.stem[:2], [row.table for row in ROWS])
    rows = {row.name for row in ROWS if row.table in tables}
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return [line for line in lines if line["data"] in rows and line["fewer than"] == "random"]


def box(path):
    first = notebook(path).cells[0].source
    found = re.search(r":::\{admonition\} Result\n(.*?)\n:::", first, re.DOTALL)
    assert found, "the chapter opens with a box of three lines: paper, ours, verdict"
    return found[1].replace("\u00a0", " ")


def shown(line):
    """An estimate with its interval as a sentence shows it."""
    estimate, ends = line["ours"].split(" ", 1)
    return f"{estimate} % {ends}"


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_opens_with_its_result(path):
    text = box(path)
    lines = re.findall(r"^- \*\*(.+?)\*\*", text, re.MULTILINE)
    assert [line.rstrip(".:") for line in lines] == ["The paper says", "We found", "Verdict"]
    said = text.partition("**Verdict")[2]
    assert {status for status in STATUSES if status in said} == {
        line["verdict"] for line in judged_lines(path)
    }


@pytest.mark.parametrize("path", [p for p in CHAPTERS if p.stem[:2] in TABLES], ids=name)
def test_the_numbers_of_the_box_are_those_of_the_tables(path):
    text = box(path)
    for line in judged_lines(path):
        assert shown(line) in text, f"{line['data']}, {line['rule']}: {shown(line)}"
        assert f"{line['paper']} %" in text


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_a_chapter_is_short(path):
    total = 0
    for cell in notebook(path).cells:
        folded = FOLDS & {*cell.metadata.get("tags", [])}
        if cell.cell_type == "markdown":
            total += len(FOLDED.sub(" ", cell.source).split())
        elif "hide-cell" not in folded:
            total += 0 if folded else len(cell.source.split())
            total += sum(
                len(str(output.get("text", "")).split()) for output in cell.get("outputs", [])
            )
    assert total <= MOST_WORDS, f"{total} words"


@pytest.mark.parametrize("path", CHAPTERS, ids=name)
def test_results_have_the_words_of_the_protocol(path):
    text = "\n".join(c.source for c in notebook(path).cells if c.cell_type == "markdown")
    assert "{ref}`protocol`" in text
    assert not re.search(r"\b(is|are|was|were|not) reproduced\b|: reproduced", text)
