"""The instructor guide: what is generated is current, and what is written by hand is true."""

import re
from functools import cache

import nbformat
import pytest

from distunlearn_lite.course.checking import exercises
from tools import guide, objectives
from tools.notebooks import chapters

BOOK = guide.PAGES.parent
PAGES = sorted(guide.PAGES.glob("*.md"))
LECTURES = (guide.PAGES / "lectures.md").read_text(encoding="utf-8")
TAUGHT = {int(path.stem[:2]): path for path in chapters()}


@cache
def prose(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


@cache
def figures(path):
    return set(re.findall(r'"name": "(fig-[\w-]+)"', path.read_text(encoding="utf-8")))


def lecture(number):
    return re.search(rf"^## {number} .*?(?=^## |\Z)", LECTURES, re.MULTILINE | re.DOTALL)[0]


def test_the_generated_tables_are_current():
    for path, text in guide.pages().items():
        assert path.read_text(encoding="utf-8") == text, "run: python tasks.py guide"


def test_no_objective_is_without_exercise_or_teaching_and_no_chapter_without_objective():
    found = objectives.holes(
        *(objectives.tables(), objectives.assignments()),
        *(objectives.taught(), objectives.labels()),
    )
    assert not found


def test_each_hole_is_named():
    rows = list(exercises(1).values())
    goal = "weigh what is left"
    one = objectives.Assignment("1", "Weigh", 2, (goal,), (1,))
    places = {"ch-why": 1, "ex-1-weights": 1, "ch-gaussian-kl": 2, "ex-2-hand": 2}

    def holes(tables, assigned, links):
        return objectives.holes(tables, assigned, links, places)

    whole = {1: rows[:1], 2: rows[1:2]}
    link = {("1", goal): ["ex-1-weights"]}
    assert holes(whole, [one], link) == []
    assert holes({1: rows}, [one], link) == ["chapter 2 has no objective"]
    assert holes({1: rows[:1], 2: rows[:1]}, [], {})[0].startswith("two exercises have the goal")
    assert holes(whole, [one], {}) == [f"assignment 1: no chapter of its own teaches {goal!r}"]
    elsewhere = holes(whole, [one], {("1", goal): ["ex-2-hand"]})
    assert elsewhere[1] == "assignment 1: ex-2-hand is not in its chapters"
    nothing = objectives.Assignment("2", "Nothing", 2, (), (1,))
    assert holes(whole, [one, nothing], link) == ["assignment 2 has no objective"]
    stale = link | {("1", "gone"): ["ex-1-weights"]}
    assert holes(whole, [one], stale) == ["assignment 1: 'gone' is no objective of it"]


def test_an_assignment_is_read_from_its_source(tmp_path):
    said = {"number": 3, "title": "Bound", "hours": 3, "objectives": ["say it"], "chapters": [4]}
    hidden = 'WHY = "it is *twice*"\nslips = [Slip(WHY, None), Slip(f"{WHY}!", None)]'
    mark = {"grade": True, "solution": False, "grade_id": "excess", "points": 20}
    cells = [
        nbformat.v4.new_markdown_cell("# Bound"),
        nbformat.v4.new_code_cell(hidden, metadata={"nbgrader": mark}),
        nbformat.v4.new_markdown_cell(
            "", metadata={"nbgrader": mark | {"solution": True, "grade_id": "why"}}
        ),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, tmp_path / "3-bound.ipynb")
    with pytest.raises(ValueError, match=r"needs metadata\.distunlearn\.assignment"):
        objectives.assignments(tmp_path)
    notebook.metadata["distunlearn"] = {"assignment": said}
    nbformat.write(notebook, tmp_path / "3-bound.ipynb")
    (found,) = objectives.assignments(tmp_path)
    assert (found.number, found.objectives, found.chapters) == ("3", ("say it",), (4,))
    assert found.tasks == (
        objectives.Task("excess", 20, False, ("it is *twice*",)),
        objectives.Task("why", 20, True, ()),
    )


def test_a_sentence_keeps_its_characters_in_a_table():
    assert guide.plain("n1 * n2 | S_1 and `a*b_c`") == r"n1 \* n2 \| S\_1 and `a*b_c`"
    page = "a\n% begin x\nold\n% end x\nb\n"
    assert guide.refreshed(page, "x", "new") == "a\n% begin x\n\nnew\n\n% end x\nb\n"
    with pytest.raises(ValueError, match="needs one line"):
        guide.refreshed("a\n", "x", "new")


def test_every_chapter_has_its_lecture():
    heads = re.findall(r"^## (\d+) (.+)$", LECTURES, re.MULTILINE)
    titles = {n: re.search(r"^# (.+)$", prose(path), re.MULTILINE)[1] for n, path in TAUGHT.items()}
    assert {int(number): title for number, title in heads} == titles


@pytest.mark.parametrize("number", TAUGHT)
def test_a_lecture_names_sections_and_figures_of_its_chapter(number):
    text = lecture(number).partition("% begin")[0]
    parts = dict(re.findall(r"^- \*\*(.+?)\*\*:?,? (.+)$", text, re.MULTILINE))
    assert list(parts) == [
        "At the board",
        "The one picture",
        "Ask first",
        "What goes wrong",
        "Skip",
    ]
    sections = set(re.findall(r"^#{2,3} (.+)$", prose(TAUGHT[number]), re.MULTILINE))
    named = re.findall(r"\*([^*]+)\*", parts["At the board"] + parts["Skip"])
    assert named
    assert set(named) <= sections
    pictures = set(re.findall(r"\{numref\}`(.+?)`", parts["The one picture"]))
    assert pictures
    assert pictures <= figures(TAUGHT[number])


@pytest.mark.parametrize("number", [n for n in TAUGHT if n != 7])
def test_the_minutes_at_the_board_add_up(number):
    board = re.search(r"At the board\*\*, (\d+) minutes: (.+)$", lecture(number), re.MULTILINE)
    assert sum(map(int, re.findall(r" (\d+)(?=[,.])", board[2]))) == int(board[1])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_references_of_the_guide_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    known = set(objectives.labels())
    for path in [*BOOK.glob("*.md"), *PAGES]:
        known |= set(re.findall(r"^\(([\w-]+)\)=$", path.read_text(encoding="utf-8"), re.MULTILINE))
    for target in re.findall(r"\{ref\}`(?:[^`<]*<)?([\w-]+)>?`", text):
        assert target in known, target
    for target in re.findall(r"\{doc\}`(?:[^`<]*<)?([\w./-]+)>?`", text):
        assert (page.parent / f"{target}.md").is_file(), target


def test_the_page_that_leads_on_names_every_other():
    text = (guide.PAGES / "adopt.md").read_text(encoding="utf-8").partition("## What the other")[2]
    for page in PAGES:
        label = re.search(r"^\(([\w-]+)\)=$", page.read_text(encoding="utf-8"), re.MULTILINE)[1]
        assert page.stem == "adopt" or f"`{label}`" in text, page.stem
