"""From a source to the notebook that a student is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from . import variants
from .source import Cell, Source
from .variants import EVERYONE, Given

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def _number(points: float) -> str:
    return f"{points:g} points" if points != 1 else "1 point"


def released_text(cell: Cell, values: Given, *, solved: bool = False) -> str:
    """What a student's version holds in this cell."""
    if cell.role == "marked":
        return f"# The answers above are marked: {_number(cell.points)}. Leave this cell as it is."
    return variants.solution(cell, values) if solved else variants.stub(cell, values)


def _mark(cell: Cell) -> dict[str, Any]:
    """The cell's part in the assignment, in nbgrader's words."""
    solution = cell.role in ("answer", "manual")
    grade = cell.role in ("marked", "manual")
    return {
        "cell_type": cell.kind,
        "grade": grade,
        "grade_id": cell.id,
        "locked": not solution,
        **({"points": cell.points} if grade else {}),
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def notebook(source: Source, values: Given, *, solved: bool = False) -> nbformat.NotebookNode:
    """A student's version, or the same with the right answers in it."""
    cells = []
    for cell in source.of("given", "answer", "marked", "manual"):
        new = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
        made = new(released_text(cell, values, solved=solved), metadata={"nbgrader": _mark(cell)})
        made.id = cell.id
        cells.append(made)
    metadata = {
        "distunlearn": {"assignment": source.name},
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
    }
    made = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(made)
    return made


def write(
    sources: dict[str, Source], out: Path, seed: str, students: list[str] | None = None
) -> list[Path]:
    """One version of each assignment for all, or one for each student in a folder of its own."""
    written = []
    for student in [EVERYONE] if students is None else students:
        folder = out / student if student else out
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in sources.items():
            made = notebook(source, variants.given(source, seed, student))
            path = folder / f"{name}.ipynb"
            path.write_text(nbformat.writes(made) + "\n", encoding="utf-8")
            written.append(path)
    return written
