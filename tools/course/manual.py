"""Points that a person gives: `manual.csv` beside the marks, or the gradebook of nbgrader."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from distunlearn_lite.files import write_whole

from .roster import text_of
from .source import Source

HEADER = ["student", "task", "points", "comment"]


@dataclass(frozen=True)
class Mark:
    """Points for a task, and what is said of them."""

    points: float
    comment: str


Marks = dict[tuple[str, str], Mark]  # by student and task


def _rows(path: Path) -> list[list[str]]:
    if not path.exists():
        return [HEADER]
    rows = list(csv.reader(io.StringIO(text_of(path))))
    if not rows or rows[0] != HEADER:
        raise SystemExit(f"{path}: the first line must be {','.join(HEADER)}")
    return [row for row in rows if row]


def read(path: Path, source: Source) -> Marks:
    """The points in the file; a row without points is still to be marked.

    A row for a task that is marked automatically takes the place of its mark.
    """
    marks: Marks = {}
    for number, row in enumerate(_rows(path)[1:], start=2):
        student, task, points, comment = (entry.strip() for entry in [*row, "", "", ""][:4])
        if not points.strip():
            continue
        most = source.tasks[task].points if task in source.tasks else -1.0
        try:
            given = float(points.replace(",", "."))
        except ValueError:
            given = -1.0
        if not 0 <= given <= most:
            asked = f"between 0 and {most:g}" if most >= 0 else f"for one of {list(source.tasks)}"
            raise SystemExit(f"{path}, row {number}: points must be {asked}, got {task} {points}")
        marks[student, task] = Mark(given, comment)
    return marks


def add_missing(path: Path, wanted: list[tuple[str, str]]) -> None:
    """Add a row without points for each answer that has none; what stands there stays."""
    rows = _rows(path)
    known = {(row[0], row[1]) for row in rows[1:] if len(row) > 1}
    new = [[student, task, "", ""] for student, task in wanted if (student, task) not in known]
    if new or not path.exists():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, *new])
        write_whole(path, text.getvalue())


def from_gradebook(path: Path, source: Source) -> Marks:
    """The points given in formgrader; students are named as their files are."""
    try:
        from nbgrader.api import Gradebook
    except ImportError:
        raise SystemExit(
            f"{path} can be read with nbgrader only: install the extra `course`"
        ) from None
    marks: Marks = {}
    with Gradebook(f"sqlite:///{path}") as book:
        for submission in book.assignment_submissions(source.name):
            for notebook in submission.notebooks:
                comments = {comment.name: comment.comment or "" for comment in notebook.comments}
                for grade in notebook.grades:
                    if grade.name in source.tasks and grade.manual_score is not None:
                        mark = Mark(float(grade.manual_score), comments.get(grade.name, ""))
                        marks[submission.student.id, grade.name] = mark
    return marks
