"""Slides: what the rule shows and leaves out, and a page that loads nothing."""

import re

import nbformat
import pytest

from tools import slides
from tools.myst import blocks, plain
from tools.notebooks import chapters
from tools.slide_page import page

PIXEL = "iVBORw0KGgo="
CHAPTER = """(ch-none)=
# Try a rule

:::{admonition} This chapter
:class: note
**You will be able to** try.

**Reading** 5 minutes
:::

Said, not shown, see {ref}`chapter 1 <ch-why>` and {numref}`fig-none`.

## A section

:::{prf:theorem} Small
:label: thm-none
It is $x$:

$$
x = 1
$$ (eq-none)
:::

:::{prf:proof}
Never shown.
:::

:::{admonition} What came out
:class: dropdown
Folded.
:::

## Exercises

:::{exercise} ○ One
:label: ex-none
Never shown.
:::
"""


def deck():
    figure = nbformat.v4.new_output("display_data", data={"image/png": PIXEL})
    printed = nbformat.v4.new_output("stream", text="<b>1</b>\n")
    seen = {"figure": {"caption": "A <pixel>"}, "image": {"alt": 'a "dot"'}}
    cells = [
        nbformat.v4.new_markdown_cell(CHAPTER.partition("## Exercises")[0]),
        nbformat.v4.new_code_cell("import numpy as np"),
        nbformat.v4.new_code_cell("# Check: thm-none\nassert True", outputs=[printed]),
        nbformat.v4.new_code_cell(
            "plot()", outputs=[figure], metadata={"tags": ["hide-input"], "mystnb": seen}
        ),
        nbformat.v4.new_code_cell(
            "print(1)", outputs=[printed], metadata={"tags": ["hide-output"]}
        ),
        nbformat.v4.new_markdown_cell("## Exercises" + CHAPTER.partition("## Exercises")[2]),
        nbformat.v4.new_code_cell("never = 'shown'"),
    ]
    return slides.tagged(nbformat.v4.new_notebook(cells=cells))


def test_the_rule():
    cells = [(cell.metadata["slideshow"]["slide_type"], cell.source) for cell in deck().cells]
    shown = "\n".join(text for kind, text in cells if kind != "notes")
    assert [text for kind, text in cells if kind == "slide"][:2] == ["# Try a rule", "## A section"]
    assert [text for kind, text in cells if kind == "notes"] == [
        "Said, not shown, see chapter 1 and the figure."
    ]
    assert "**You will be able to** try." in shown
    assert "> **Theorem** (Small)" in shown
    assert "<details><summary>What came out</summary>\n\nFolded." in shown
    assert "print(1)" in shown
    for part in ("Never", "never", "Reading", "import", "Check", ":::", "(eq-none)"):
        assert part not in shown, part


def test_a_full_slide_is_followed_by_one_of_the_same_heading():
    text = "## A section\n\n" + "\n\n".join(f"- point {n}" for n in range(1))
    cell = nbformat.v4.new_markdown_cell(text + "\n\nand\n\n- two\n\nand\n\n- three")
    made = slides.tagged(nbformat.v4.new_notebook(cells=[cell]))
    begun = [c.source for c in made.cells if c.metadata["slideshow"]["slide_type"] == "slide"]
    assert begun == ["## A section", "## A section"]


def test_the_page_shows_figures_with_their_texts_and_escapes_what_was_printed():
    text = page(deck())
    assert f'<img src="data:image/png;base64,{PIXEL}" alt="a &quot;dot&quot;">' in text
    assert "<figcaption>A &lt;pixel&gt;</figcaption>" in text
    assert "plot()" not in text
    assert "<summary>Show the output</summary><pre>&lt;b&gt;1&lt;/b&gt;" in text
    assert "<aside>" in text


class Stored:
    """Runs nothing: the stored outputs are the chapter's."""

    def __init__(self, notebook, **options):
        pass

    def execute(self):
        pass


def test_a_chapter_is_exported_and_loads_nothing_from_elsewhere(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(slides, "NotebookClient", Stored)
    slides.main(tmp_path, ["03"])
    (path,) = tmp_path.glob("*.html")
    text = path.read_text(encoding="utf-8")
    assert text.count("<section") >= 15
    assert not re.search(r"(src|href)=\"(https?:)?//", text)
    assert (tmp_path / "mathjax" / "tex-mml-chtml.js").is_file()
    saved = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    assert page(saved) == text
    with pytest.raises(SystemExit, match="no chapter begins with 99"):
        slides.main(tmp_path, ["99"])


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_no_markup_of_the_book_is_left(path):
    made = slides.tagged(nbformat.read(path, as_version=4))
    text = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    for mark in ("{ref}", "{numref}", "{prf:", "{cite}", "{eq}", "{doc}", ":::", "$$ ("):
        assert mark not in text, mark
    assert "Further reading" not in text


def test_blocks_come_in_their_order():
    text = (
        "(sec-x)=\n## Head\n\nOne\nline.\n\n| a |\n| --- |\n\n1. first\n\n```python\nx\n\ny\n```\n"
    )
    found = [(block.kind, block.text) for block in blocks(text)]
    assert found == [
        ("heading", "## Head"),
        ("paragraph", "One\nline."),
        ("table", "| a |\n| --- |"),
        ("list", "1. first"),
        ("code", "```python\nx\n\ny\n```"),
    ]
    assert plain("by {cite}`gibbs` in {ref}`ex-9-none`") == "by [gibbs] in an exercise"
