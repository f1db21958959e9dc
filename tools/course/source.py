"""The source of an assignment: one notebook that holds text, stubs, solutions, tests and rubrics.

README.md beside this file says how such a notebook looks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat

FOLDER = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"
# variant and rubric are never released; given is locked; answer is the student's code, judged by
# the marked cell after it; manual is the student's text or figure, read by a person; own is a cell
# that a student has added.
Role = Literal["variant", "rubric", "given", "answer", "marked", "manual", "own"]
SOLUTION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION[^\n]*\n(.*?)^[ \t]*### END SOLUTION[^\n]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
NO_ANSWER = "*Your answer here.*"


@dataclass(frozen=True)
class Cell:
    """A cell of a source, and what it is there for."""

    id: str
    role: Role
    kind: Literal["code", "markdown"]
    text: str
    points: float = 0.0

    @property
    def stub(self) -> str:
        """The text without solutions: in the body of a function `...` takes their place."""
        if self.kind == "markdown":
            return SOLUTION.sub(NO_ANSWER + "\n", self.text).strip()
        return SOLUTION.sub(lambda m: f"{m[1]}...\n" if m[1] else "", self.text).strip()

    @property
    def solution(self) -> str:
        """The text with its solutions and without the marks around them."""
        return SOLUTION.sub(lambda m: m[2], self.text).strip()


@dataclass(frozen=True)
class Source:
    """An assignment as its author wrote it; `name` is that of its file."""

    name: str
    cells: tuple[Cell, ...]

    def of(self, *roles: Role) -> list[Cell]:
        """The cells of these roles, in their order."""
        return [cell for cell in self.cells if cell.role in roles]

    @property
    def title(self) -> str:
        """The heading of the notebook."""
        found = re.search(r"^# (.+)$", self.of("given")[0].text, re.MULTILINE)
        return found[1] if found else self.name

    @property
    def tasks(self) -> dict[str, Cell]:
        """The cells that carry points, by id."""
        return {cell.id: cell for cell in self.of("marked", "manual")}

    def answers(self, task: str) -> list[str]:
        """The ids of the student's cells of a task: those between the task before it and it."""
        found: list[str] = []
        for cell in self.of("answer", "marked", "manual"):
            if cell.id == task:
                return found if cell.role == "marked" else [cell.id]
            found = [*found, cell.id] if cell.role == "answer" else []
        raise KeyError(task)


def _role(cell: nbformat.NotebookNode) -> Role:
    tags = cell.metadata.get("tags", [])
    for role in ("variant", "rubric"):
        if role in tags:
            return role  # type: ignore[return-value]
    mark: dict[str, Any] = cell.metadata.get("nbgrader", {})
    if mark.get("solution"):
        return "manual" if mark.get("grade") else "answer"
    return "marked" if mark.get("grade") else "given"


def read(path: Path) -> Source:
    """Read an assignment's source."""
    cells: list[Cell] = []
    for cell in nbformat.read(path, as_version=4).cells:
        role, mark = _role(cell), cell.metadata.get("nbgrader", {})
        name = mark.get("grade_id") or (
            cell.id if role == "variant" else f"{role}-{len(cells):02d}"
        )
        cells.append(Cell(name, role, cell.cell_type, cell.source, float(mark.get("points", 0))))
    names = [cell.id for cell in cells]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{path.name}: cells with the same id: {', '.join(twice)}")
    return Source(path.stem, tuple(cells))


def sources(folder: Path = FOLDER) -> dict[str, Source]:
    """All assignments by name."""
    return {path.stem: read(path) for path in sorted(folder.glob("*.ipynb"))}
