"""How to use the book: the paths, the times and the table for teachers are true."""

import re

import nbformat
import pytest

from tools.notebooks import FOLDER, chapters
from tools.reading import in_fives, reading_time

PAGE = (FOLDER.parent / "book" / "how-to-use.md").read_text(encoding="utf-8")
CHAPTER = re.compile(r"\{ref\}`(?:[^`<]*<)?(ch-[\w-]+)")


def rows(anchor):
    """Rows of the table under an anchor, without its head."""
    text = PAGE.partition(anchor)[2].partition("\n## ")[2].partition("\n## ")[0]
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return table[2:]


def opening(path):
    return nbformat.read(path, as_version=4).cells[0].source


LABELS = {re.match(r"\((ch-[\w-]+)\)=", opening(path))[1]: path for path in chapters()}
NUMBERS = {label: int(path.stem[:2]) for label, path in LABELS.items()}


def needs(label):
    """Chapters that the head of a chapter asks for."""
    return CHAPTER.findall(re.search(r"\*\*You need\*\*(.*)", opening(LABELS[label]))[1])


@pytest.mark.parametrize("row", rows("(sec-paths)="), ids=lambda row: row[0].replace(" ", "-"))
def test_a_path_needs_nothing_that_it_skips(row):
    known = []
    theory = {r[0]: CHAPTER.findall(r[1]) for r in rows("(sec-paths)=")}["follow the theory"]
    for part in row[1].split("; "):
        if "the theory" in part:
            known += theory
        for label in CHAPTER.findall(part):
            if not part.startswith("the summary of"):
                assert set(needs(label)) <= set(known), f"{label} needs {needs(label)}"
            known.append(label)
    assert known or "claims" in row[1]


def test_the_table_for_teachers_says_what_the_chapters_say():
    table = rows("(sec-teach)=")
    assert [CHAPTER.findall(row[0])[0] for row in table] == [
        label for label in sorted(LABELS, key=NUMBERS.get) if NUMBERS[label] <= 11
    ]
    for row in table:
        (label,) = CHAPTER.findall(row[0])
        notebook = nbformat.read(LABELS[label], as_version=4)
        assert row[2] == str(in_fives(reading_time(notebook).body)), label
        after = [int(number) for number in re.findall(r"\d+", row[1])]
        assert after == sorted(NUMBERS[other] for other in needs(label)), label
        text = "".join(cell.source for cell in notebook.cells)
        for grade, cell in zip("○◐●", row[3:], strict=True):
            (exercise,) = re.findall(r"`(ex-[\w-]+)`", cell)
            assert re.search(rf"\{{exercise\}} {grade}[^\n]*\n:label: {exercise}\n", text), exercise
