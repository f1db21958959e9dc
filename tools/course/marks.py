"""From the records to the marks of a student: points by task and in all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from .grading import Record
from .manual import Marks
from .source import Source


@dataclass(frozen=True)
class Marked:
    """A student's marks; a task that is still to be read by a person has None."""

    student: str
    record: Record
    tasks: dict[str, float | None]
    comments: dict[str, str]
    changed: tuple[str, ...]  # automatic tasks whose mark a person has set

    @property
    def missing(self) -> list[str]:
        """Tasks that nobody has marked yet."""
        return [task for task, points in self.tasks.items() if points is None]

    @property
    def total(self) -> float:
        """The points so far."""
        return round(sum(points or 0 for points in self.tasks.values()), 2)


def marked(source: Source, student: str, record: Record, manual: Marks) -> Marked:
    """Put together what was judged and what a person has given."""
    tasks: dict[str, float | None] = {}
    changed, comments = [], {}
    for name, cell in source.tasks.items():
        mark = manual.get((student, name))
        if mark:
            tasks[name] = mark.points
            comments[name] = mark.comment
            if cell.role == "marked":
                changed.append(name)
        elif cell.role == "marked":
            parts = [part["earned"] for part in record["parts"] if part["task"] == name]
            tasks[name] = round(sum(parts), 2)
        else:
            # An answer that was not written needs nobody to read it.
            tasks[name] = None if record["texts"].get(name) or record["images"].get(name) else 0.0
    return Marked(student, record, tasks, comments, tuple(changed))


def _number(points: float | None) -> str:
    return "" if points is None else f"{points:g}"


def as_csv(source: Source, names: dict[str, str], found: Iterable[Marked]) -> str:
    """One line a student: total, tasks, parts; and who on the roster handed nothing in."""
    rows = {one.student: one for one in found}
    any_record = next(iter(rows.values())).record if rows else {"parts": []}
    parts = [part["part"] for part in any_record["parts"]]
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["student", "name", "status", "total", *source.tasks, *parts])
    for student in sorted({*rows, *names}):
        one = rows.get(student)
        name = names.get(student, "")
        if one is None:
            out.writerow(
                [student, name, "nothing handed in"] + [""] * (1 + len(source.tasks) + len(parts))
            )
            continue
        status = f"to be read: {' '.join(one.missing)}" if one.missing else "complete"
        earned = {part["part"]: part["earned"] for part in one.record["parts"]}
        points = [_number(one.tasks[task]) for task in source.tasks]
        out.writerow(
            [
                student,
                name,
                status,
                _number(one.total),
                *points,
                *(_number(earned[p]) for p in parts),
            ]
        )
    return text.getvalue()
