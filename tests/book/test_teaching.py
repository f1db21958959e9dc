"""What makes a chapter readable: short visible cells, folded audits, hints, words, honest times."""

import re

import nbformat
import pytest

from tools.notebooks import FOLDER, chapters, checked_claims
from tools.reading import (
    EXERCISE_MINUTES,
    FOLDS,
    PROOF_SECONDS,
    PROOF_WORDS_A_MINUTE,
    SECONDS,
    WORDS_A_MINUTE,
    reading_time,
)

TAUGHT = chapters()
CORE = [path for path in TAUGHT if path.stem[:2] <= "06"]


def name(path):
    return path.stem


def cells(path, kind):
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == kind]


def visible(path):
    return [c for c in cells(path, "code") if not FOLDS & {*c.metadata.get("tags", [])}]


def prose(path):
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def spoken(text):
    """The words that a reader reads: without formulas, code and targets of references."""
    text = re.sub(r"(```|~~~).*?\1", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " X ", text, flags=re.DOTALL)
    return re.sub(r"`[^`]*`", " X ", text)


@pytest.mark.parametrize("path", TAUGHT, ids=name)
def test_at_most_a_fifth_of_the_visible_cells_asserts(path):
    asserting = sum(bool(re.search(r"^\s*assert ", c.source, re.MULTILINE)) for c in visible(path))
    assert asserting <= len(visible(path)) / 5


@pytest.mark.parametrize("path", TAUGHT, ids=name)
def test_visible_cells_are_short(path):
    for cell in visible(path):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        imports = all(re.match(r"(from|import|    \w|\)|plots)", line) for line in lines)
        assert imports or len(lines) <= 15, cell.source


@pytest.mark.parametrize("path", TAUGHT, ids=name)
def test_each_audit_says_in_one_line_what_it_tried(path):
    for cell in cells(path, "code"):
        if checked_claims(cell.source):
            said = "".join(output.get("text", "") for output in cell.outputs)
            assert said.count("\n") == 1, cell.source
            assert re.search(r"^\s*assert ", cell.source, re.MULTILINE), cell.source


@pytest.mark.parametrize("path", TAUGHT, ids=name)
def test_exercises_are_graded_and_the_harder_ones_have_two_hints(path):
    text = prose(path).partition("\n## Exercises")[2].partition("\n## Check yourself")[0]
    exercises = text.split(":::{exercise} ")[1:]
    assert len(exercises) >= (5 if path in CORE else 3)
    for exercise in exercises:
        grade, label = exercise[0], re.search(r":label: (\S+)", exercise)[1]
        asked, solved, answer = exercise.partition(f":::{{solution}} {label}")
        assert solved, label
        assert len(answer) > 60, label
        hints = re.findall(r":::\{admonition\} Hint (\d)\n:class: dropdown\n", asked)
        assert hints == ([] if grade == "○" else ["1", "2"]), label
        assert grade in EXERCISE_MINUTES, label


@pytest.mark.parametrize("path", TAUGHT, ids=name)
def test_a_word_means_one_thing(path):
    text = spoken(prose(path))
    for cell in cells(path, "code"):
        settings = cell.metadata.get("mystnb", {})
        text += "\n" + settings.get("figure", {}).get("caption", "")
        text += "\n" + settings.get("image", {}).get("alt", "")
    text = re.sub(r'["“][^"“”]*["”]', " ", text)  # words of others
    for found in re.finditer(r"\bpreservation\b(?!\s+loss)", text, re.IGNORECASE):
        raise AssertionError(f"preservation loss: ...{text[found.start() - 60 : found.end() + 30]}")
    act = r"\b(random|selective|distance)\s+removal\b"
    assert not re.search(act, text, re.IGNORECASE), re.search(f".*{act}.*", text, re.IGNORECASE)[0]


@pytest.mark.parametrize("path", chapters(), ids=name)
def test_no_promise_of_a_page_without_a_link(path):
    for sentence in re.split(r"(?<=[.!?])\s", prose(path)):
        promise = re.search(r"\b(later|further|next|another) chapters?\b", sentence)
        assert not promise or "{ref}" in sentence, sentence


@pytest.mark.parametrize("path", CORE, ids=name)
def test_a_core_chapter_fits_into_75_minutes(path):
    assert reading_time(nbformat.read(path, as_version=4)).body <= 75


def test_the_rule_for_reading_times_is_the_one_that_the_book_states():
    page = (FOLDER.parent / "book" / "how-to-use.md").read_text(encoding="utf-8")
    rule = page.partition("(sec-times)=")[2].partition("\n(")[0]
    stated = [int(number) for number in re.findall(r"\*\*(\d+)", rule)]
    assert stated == [
        WORDS_A_MINUTE,
        *SECONDS.values(),
        PROOF_WORDS_A_MINUTE,
        *PROOF_SECONDS.values(),
        *EXERCISE_MINUTES.values(),
    ]


def test_a_longer_text_takes_longer_and_folded_text_nothing():
    def minutes(*sources, tags=()):
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_markdown_cell(source) for source in sources[:1]]
        notebook.cells += [nbformat.v4.new_code_cell(source) for source in sources[1:]]
        for cell in notebook.cells[1:]:
            cell.metadata["tags"] = list(tags)
        return reading_time(notebook)

    text = "word " * 400
    assert minutes(text).body == pytest.approx(2)
    assert minutes(text + "$x$ " * 30).body == pytest.approx(4)
    assert minutes(text + "\n$$\nx\n$$\n" * 3).body == pytest.approx(3)
    assert minutes(text + "\n:::{admonition} Hint 1\n:class: dropdown\nmore\n:::\n").body < 2.1
    proved = minutes(text + "\n:::{prf:proof}\n" + "word " * 100 + "$x$ " * 3 + "\n:::\n")
    assert (proved.body, proved.proofs) == (pytest.approx(4, abs=0.05), pytest.approx(2, abs=0.05))
    assert minutes(text, "a = 1\n" * 15).body == pytest.approx(3)
    assert minutes(text, "a = 1\n" * 15, tags=["hide-input"]).body == pytest.approx(2)
    asked = minutes(text + "\n## Exercises\n:::{exercise} ○ A\n:::\n:::{exercise} ● B\n:::\n")
    assert (asked.body, asked.exercises) == (pytest.approx(2), 35)
