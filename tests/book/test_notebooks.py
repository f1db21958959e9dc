"""The guard of the chapters: stored form, executed cells, captions and alternative texts."""

from pathlib import Path

import nbformat
import pytest

from tools.notebooks import FOLDER, chapters, normal_form

CHAPTERS = chapters()
QUIET = ("nbval-ignore-output", "nbval-skip", "skip-execution", "raises-exception")


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request):
    return request.param


def test_there_are_chapters():
    assert len(CHAPTERS) >= 7


def test_stored_in_the_normal_form(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    stored = chapter.read_text(encoding="utf-8")
    assert normal_form(notebook) == stored, "run: python tasks.py notebooks " + chapter.stem


def test_every_cell_was_run_in_order_and_without_error(chapter):
    cells = code_cells(chapter)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


def test_no_output_is_exempt_without_a_reason(chapter):
    for cell in code_cells(chapter):
        for tag in QUIET:
            if tag in cell.metadata.get("tags", []):
                assert f"# {tag}: " in cell.source, f"{chapter.stem}: {tag} without a reason"


def test_no_output_shows_an_address_or_a_machine(chapter):
    for cell in code_cells(chapter):
        shown = str(cell.outputs)
        assert " at 0x" not in shown
        assert str(Path.home()) not in shown
        assert str(FOLDER.parent) not in shown
        assert "site-packages" not in shown


def test_each_figure_has_a_caption_and_says_what_is_seen(chapter):
    names = []
    for cell in code_cells(chapter):
        pictures = [
            o for o in cell.outputs if "<Figure" in str(o.get("data", {}).get("text/plain"))
        ]
        assert len(pictures) <= 1, "one figure a cell"
        if pictures:
            settings = cell.metadata["mystnb"]
            assert len(settings["image"]["alt"]) >= 60
            assert settings["figure"]["caption"].endswith((".", ")", "?"))
            assert {"hide-input", "hide-cell"} & {*cell.metadata["tags"]}
            names.append(settings["figure"]["name"])
    assert names, "a chapter has at least one figure"
    assert len(set(names)) == len(names)


def test_opening_and_closing_are_in_the_fixed_form(chapter):
    cells = nbformat.read(chapter, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert text.startswith("(ch-")
    for part in (
        "**You will be able to**",
        "**You need**",
        "**Reading**",
        "**running**",
        "**memory**",
    ):
        assert part in text
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    last = ["## Summary", "## Exercises", "## Check yourself", "## Further reading"]
    assert headings[-4:] == last
    printed = text.partition("\n## Exercises")[2].partition("\n## Check yourself")[0]
    asked, answered = printed.count("{exercise}"), text.count("{solution}")
    assert asked == answered >= 5
    assert any(word in text for word in ("(proof)", "Prove "))


def test_data_needs_are_declared(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    declared = notebook.metadata["distunlearn"]["data"]
    source = "".join(cell.source for cell in code_cells(chapter))
    assert ("sms_spam" in declared) == ("load_sms_spam" in source)
    assert ("jigsaw" in declared) == ("load_jigsaw" in source)
    assert ("cifar10" in declared) == ("load_cifar10" in source)


def folded(source, *tags):
    notebook = nbformat.v4.new_notebook(metadata={"distunlearn": {"data": []}})
    notebook.cells = [nbformat.v4.new_markdown_cell("text"), nbformat.v4.new_code_cell(source)]
    notebook.cells[1].metadata["tags"] = list(tags)
    return nbformat.reads(normal_form(notebook), as_version=4).cells[1].metadata


def test_a_check_is_folded_by_its_first_line_on_the_page_and_in_jupyterlab():
    theorem, figure = folded("# Check: thm-a\nassert 1"), folded("# Check: fig-1\nassert 1")
    assert theorem["tags"] == figure["tags"] == ["hide-input"]
    assert theorem["jupyter"] == {"source_hidden": True}
    assert theorem["mystnb"]["code_prompt_show"] == "Check this theorem"
    assert figure["mystnb"]["code_prompt_show"] == "Check this figure"


def test_what_a_prediction_hides_is_the_output():
    hidden, both, neither = folded("1", "hide-output"), folded("1", "hide-cell"), folded("1")
    assert hidden["jupyter"] == {"outputs_hidden": True}
    assert hidden["mystnb"]["code_prompt_show"] == "Show the output"
    assert both["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
    assert "jupyter" not in neither
    assert "mystnb" not in neither
