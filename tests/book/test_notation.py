"""The notation page is true: a letter that it gives to some chapters stands in no other."""

import re

import nbformat
import pytest

from tools.notebooks import FOLDER, chapters

PAGE = (FOLDER.parent / "book" / "notation.md").read_text(encoding="utf-8")
TAUGHT = {
    int(path.stem[:2]): path
    for path in chapters()
    if path.stem[:2] not in ("07", "08", "09", "10", "11")
}
NAMES = r"\\(?:mathrm|operatorname|text|mathbb|mathcal|label|tag|begin|end|boldsymbol)\*?\{[^{}]*\}"


def table():
    """Symbol, code names and chapters of each row of the page."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| $")]
    return [(line[0], line[2], line[-1]) for line in lines]


def letters(formulas):
    """The letters of some formulas, Greek ones as commands, without names and words."""
    for formula in formulas:
        bare = re.sub(NAMES, " ", formula)
        yield from re.findall(r"\\[A-Za-z]+|[A-Za-z]", bare)


def formulas(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"(```|~~~).*?\1", " ", text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", " ", text)
    shown = re.findall(r"\$\$.*?\$\$", text, re.DOTALL)
    return shown + re.findall(r"\$[^$]+\$", re.sub(r"\$\$.*?\$\$", " ", text, flags=re.DOTALL))


USED = {number: set(letters(formulas(path))) for number, path in TAUGHT.items()}
RESTRICTED = [
    (next(iter(letters([symbol.strip("$")]))), {int(n) for n in re.findall(r"\d+", where)})
    for symbol, _, where in table()
    if re.fullmatch(r"[\d, ]+", where)
]


@pytest.mark.parametrize(("letter", "where"), RESTRICTED, ids=lambda value: str(value))
def test_a_letter_stands_where_the_page_says_and_nowhere_else(letter, where):
    where = set().union(*(w for other, w in RESTRICTED if other == letter))  # beta_1 and beta_2
    assert {number for number, used in USED.items() if letter in used} == where


def test_the_page_lists_letters_of_chapters_that_are_there():
    assert len(RESTRICTED) >= 15
    assert set().union(*(where for _, where in RESTRICTED)) <= set(TAUGHT)


@pytest.mark.parametrize("path", TAUGHT.values(), ids=lambda path: path.stem)
def test_code_gives_no_second_meaning_to_a_name(path):
    cells = nbformat.read(path, as_version=4).cells
    source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert not re.search(r"^\s*(delta|lam|lambda_)\b[^\n]* = ", source, re.MULTILINE)
    assert not re.search(r"\bdelta\s*=", source)
