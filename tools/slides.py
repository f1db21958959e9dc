"""Slides of the chapters, by one rule for all: `make slides [CHAPTERS=01,08] [OUT=...]`.

A chapter is run, and its text is cut into cells that carry the tags of a slide show: headings
begin slides; boxes, formulas, lists, tables, figures and visible code are shown; running text is
for the notes; proofs, checks and exercises are left out. The tagged notebook is written beside the
page, so that a teacher can change a tag or a text and export it `--again`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from tasks import TIMEOUT
from tools.myst import Block, blocks, plain
from tools.notebooks import FOLDER, chapters, checked_claims
from tools.slide_page import page

MATHJAX = FOLDER.parent / "book" / "_static" / "mathjax"
LEFT_OUT = ("Exercises", "Check yourself", "Further reading")
BOXES_LEFT_OUT = ("prf:proof", "exercise", "solution")
ROOM = 4  # what a slide holds, in the units below
TAKES = {"box": 2, "formula": 1, "list": 2, "table": 2, "code": 2, "figure": 3}


class Deck:
    """Cells of a slide show, while they are cut."""

    def __init__(self) -> None:
        self.cells: list[NotebookNode] = []
        self.heading, self.taken, self.left_out = "", 0, False

    def _add(self, cell: NotebookNode, kind: str) -> None:
        cell.metadata["slideshow"] = {"slide_type": kind}
        self.cells.append(cell)

    def begin(self, heading: str) -> None:
        """A new slide."""
        self.left_out = heading.lstrip("# ") in LEFT_OUT
        self.heading, self.taken = heading, 0
        if not self.left_out:
            self._add(nbformat.v4.new_markdown_cell(plain(heading)), "slide")

    def show(self, cell: NotebookNode, takes: int) -> None:
        """A cell on this slide or, where it is full, on another with the same heading."""
        if self.taken and self.taken + takes > ROOM:
            title = self.heading.lstrip("# ")
            self.begin(f"## {title}")
        self.taken += takes
        self._add(cell, "-")

    def note(self, text: str) -> None:
        """Text that is said and not shown."""
        self._add(nbformat.v4.new_markdown_cell(plain(text)), "notes")


def boxed(block: Block) -> str:
    """A box as a quotation, a folded one as an element that opens."""
    body = block.text
    if block.title == "This chapter":
        body = "\n\n".join(p for p in body.split("\n\n") if not p.startswith("**Reading**"))
    if block.folded:
        return f"<details><summary>{block.title}</summary>\n\n{plain(body)}\n\n</details>"
    kind = block.name.removeprefix("prf:")
    called = f"**{block.title}**" if block.name == "admonition" else f"**{kind.capitalize()}**"
    if block.name != "admonition" and block.title:
        called += f" ({plain(block.title)})"
    text = f"{called}\n\n{plain(body)}"
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _markdown(deck: Deck, source: str) -> None:
    for block in blocks(source):
        if block.kind == "heading":
            deck.begin(block.text)
        elif deck.left_out or block.name in BOXES_LEFT_OUT:
            continue
        elif block.kind == "paragraph":
            deck.note(block.text)
        else:
            text = boxed(block) if block.kind == "box" else plain(block.text)
            takes = 1 if block.folded else TAKES[block.kind] + len(text) // 900
            deck.show(nbformat.v4.new_markdown_cell(text), takes)


def _code(deck: Deck, cell: NotebookNode) -> None:
    folded = {"hide-input", "hide-cell"} & {*cell.metadata.get("tags", [])}
    if deck.left_out or checked_claims(cell.source) or (folded and not cell.outputs):
        return
    if re.match("import |from ", cell.source) and not cell.outputs:
        return
    deck.show(cell, TAKES["figure" if folded else "code"])


def tagged(notebook: NotebookNode) -> NotebookNode:
    """A slide show of a chapter that was run."""
    deck = Deck()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            _markdown(deck, cell.source)
        else:
            _code(deck, cell)
    made = nbformat.v4.new_notebook(cells=deck.cells, metadata=notebook.metadata)
    for number, cell in enumerate(made.cells, start=1):
        cell.id = f"slide-{number:03d}"
    return made


def export(notebook: NotebookNode, path: Path) -> None:
    """Write the page of a slide show, and what sets its formulas beside it."""
    shutil.copytree(MATHJAX, path.parent / "mathjax", dirs_exist_ok=True)
    path.write_text(page(notebook), encoding="utf-8")
    print(f"wrote {path}", flush=True)


def main(out: Path, names: list[str]) -> None:
    """Run and export the chapters whose names begin so, or all."""
    wanted = [p for p in chapters() if not names or any(p.stem.startswith(n) for n in names)]
    if not wanted:
        sys.exit(f"stopped: no chapter begins with {' or '.join(names)}")
    out.mkdir(parents=True, exist_ok=True)
    for path in wanted:
        notebook = nbformat.read(path, as_version=4)
        place = {"metadata": {"path": str(FOLDER)}}
        NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", resources=place).execute()
        show = tagged(notebook)
        nbformat.write(show, out / f"{path.stem}.slides.ipynb")
        export(show, out / f"{path.stem}.slides.html")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--again"]:
        for name in map(Path, sys.argv[2:]):
            export(nbformat.read(name, as_version=4), name.with_suffix(".html"))
    else:
        named = os.environ.get("CHAPTERS", "")
        main(Path(os.environ.get("OUT", "_build/slides")), named.split(",") if named else [])
