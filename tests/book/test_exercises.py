"""The section "Check yourself": one source, written by the tool, without any chapter being run."""

import re

import nbformat
import pytest

from distunlearn_lite.course.checking import chapters as with_table
from distunlearn_lite.course.checking import exercises
from tools.exercises import HEAD, NEXT, main, stub, write_section
from tools.notebooks import chapters, normal_form

CHAPTERS = chapters()


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request):
    return request.param


def rows(path):
    return exercises(int(path.stem[:2])).values()


def test_every_chapter_has_a_table_and_every_table_a_chapter():
    assert with_table() == [int(path.stem[:2]) for path in CHAPTERS]


def test_the_page_says_what_the_table_says(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    write_section(notebook, rows(chapter))
    stored = chapter.read_text(encoding="utf-8")
    again = f"run: python tasks.py exercises {chapter.stem[:2]}"
    assert normal_form(notebook) == stored, again


def test_at_least_three_exercises_are_asked_on_the_page(chapter):
    cells = nbformat.read(chapter, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    section = text.partition(HEAD)[2].partition(NEXT)[0]
    asked = re.findall(r"^:label: (ex-\S+)$", section, re.MULTILINE)
    assert asked == [row.id for row in rows(chapter)]
    assert len(asked) >= 3
    assert "{solution}" not in section


def test_a_stub_takes_no_name_that_the_chapter_calls(chapter):
    """Otherwise the answer's cell could not use what the chapter defines, or not twice."""
    cells = nbformat.read(chapter, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    before = code.partition("from distunlearn_lite import check, hint")[0]
    for row in rows(chapter):
        name = re.match(r"(?:def )?(\w+)", stub(row))[1]
        assert not re.search(rf"^def {name}\(|^(?:from|import) .*\b{name}\b", before, re.M), name


def notebook(*sources):
    made = nbformat.v4.new_notebook(metadata={"distunlearn": {"data": []}})
    for source in sources:
        kind = nbformat.v4.new_markdown_cell if source[0] in "#(t" else nbformat.v4.new_code_cell
        made.cells.append(kind(source))
    return made


def test_a_section_is_put_in_refreshed_and_left_alone():
    made = notebook("text", "1 + 1", f"## Exercises\n\ntext\n\n{NEXT}\n\n- a book")
    write_section(made, exercises(1).values())
    once = normal_form(made)
    assert [cell.source.partition("\n")[0] for cell in made.cells][-1] == NEXT
    assert made.cells[2].source == "## Exercises\n\ntext"
    assert [cell.get("execution_count") for cell in made.cells if cell.cell_type == "code"] == [
        *range(1, 5)
    ]
    write_section(made, exercises(1).values())
    assert normal_form(made) == once
    write_section(made, [*exercises(1).values()][:1])
    assert sum(cell.cell_type == "code" for cell in made.cells) == 2


def test_a_notebook_without_an_end_is_refused():
    with pytest.raises(ValueError, match="no heading '## Further reading'"):
        write_section(notebook("text"), exercises(1).values())


def test_chapters_are_named_by_number():
    with pytest.raises(SystemExit, match="by number, not by why"):
        main(["why"])
    with pytest.raises(SystemExit, match="no table of exercises for chapter 99"):
        main(["1", "99"])
