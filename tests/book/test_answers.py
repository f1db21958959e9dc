"""The code in the answers to the exercises runs in the namespace of its chapter.

A chapter is executed up to the last cell that binds a name which its answers read; the cells after
it cannot change what the answers see, and are run where the chapters are tested.
"""

import ast
import contextlib
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest
from markdown_it import MarkdownIt

from distunlearn_lite.data.fetching import available
from tools.execution import PASSES, code_cells, copied, run
from tools.notebooks import FOLDER, chapters

ANSWER = re.compile(r"^(:{3,})\{solution\} (\S+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
CODE = {("fence", "python"), ("code_block", "")}


def markdown(chapter: Path) -> str:
    cells = nbformat.read(chapter, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def answers(text: str) -> dict[str, str]:
    """The code of each answer that holds code, by its label; its blocks run one after the other."""
    found = {}
    for _, label, body in ANSWER.findall(text):
        blocks = MarkdownIt().parse(body)
        code = [block.content for block in blocks if (block.type, block.info.strip()) in CODE]
        if code:
            found[label] = "\n".join(code)
    return found


def bound(source: str) -> set[str]:
    """Names that the code binds."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(name.asname or name.name).partition(".")[0] for name in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def needed(cells: list[str], codes: list[str]) -> list[str]:
    """The cells up to the last one that binds what one of the codes reads."""
    reads = set()
    for code in codes:
        nodes = ast.walk(ast.parse(code))
        reads |= {node.id for node in nodes if isinstance(node, ast.Name)} - bound(code)
    last = max((number for number, cell in enumerate(cells) if bound(cell) & reads), default=-1)
    return cells[: last + 1]


CHAPTERS = [chapter for chapter in chapters() if answers(markdown(chapter))]


def test_every_answer_is_found():
    for chapter in chapters():
        text = markdown(chapter)
        assert len(ANSWER.findall(text)) == text.count("{solution}"), chapter.stem
    assert len(CHAPTERS) >= 7


def test_code_is_found_in_its_three_forms():
    tilde = ":::{solution} ex-a\n:class: dropdown\nText.\n\n~~~python\na = 1\n~~~\n:::\n"
    nested = (
        "::::{solution} ex-b\n:::{note}\nA note.\n:::\n```python\nb = 2\n```\n\n    c = 3\n::::\n"
    )
    none = ":::{solution} ex-c\n`d` alone.\n\n```text\nd\n```\n:::\n"
    assert answers(tilde + nested + none) == {"ex-a": "a = 1\n", "ex-b": "b = 2\n\nc = 3\n"}


def test_cells_after_the_last_one_that_an_answer_needs_are_left_out():
    cells = ["import numpy as np", "def f(x):\n    y = x", "rows = [f(1)]", "other = 1"]
    assert needed(cells, ["other = np.array(rows)\nother.sum()"]) == cells[:3]
    assert needed(cells, ["print(1)"]) == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_code_in_its_answers_runs(chapter):
    here = available()
    data = nbformat.read(chapter, as_version=4).metadata["distunlearn"]["data"]
    absent = [name for name in data if here[name] == "absent"]
    if absent:
        pytest.skip(f"{', '.join(absent)} is not here")
    codes = answers(markdown(chapter))
    names: dict[str, Any] = {"__name__": "__main__"}
    plt.switch_backend("Agg")
    with contextlib.chdir(FOLDER), mpl.rc_context():
        for source in needed(code_cells(chapter), list(codes.values())):
            assert run(source, names) == PASSES, source
            plt.close("all")
        said = {}
        for label, code in codes.items():
            said[label] = run(code, copied(names))
            plt.close("all")
    assert set(said.values()) == {PASSES}, said
