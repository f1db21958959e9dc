"""Objectives, and what teaches and tests them: exercises, assignments, and the holes between.

The objective of a checked exercise is its `goal`; those of an assignment stand in the metadata of
its source. What teaches an assignment's objective is written by hand, in book/teaching/taught.csv.
"""

from __future__ import annotations

import ast
import csv
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from distunlearn_lite.course.checking import chapters as checked_chapters
from distunlearn_lite.course.checking import exercises
from distunlearn_lite.course.exercise import Exercise
from tools.course import source
from tools.notebooks import FOLDER, chapters

TAUGHT = FOLDER.parent / "book" / "teaching" / "taught.csv"


@dataclass(frozen=True)
class Task:
    """A cell of an assignment that carries points."""

    name: str
    points: float
    manual: bool
    errors: tuple[str, ...]


@dataclass(frozen=True)
class Assignment:
    """What the source of an assignment says of itself; the capstone's number is "C"."""

    number: str
    title: str
    hours: float
    objectives: tuple[str, ...]
    chapters: tuple[int, ...]
    tasks: tuple[Task, ...] = ()


def assignments(folder: Path = source.FOLDER) -> list[Assignment]:
    """The assignments in their order, the capstone last."""
    found = []
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        said = notebook.metadata.get("distunlearn", {}).get("assignment")
        if not said:
            raise ValueError(
                f"{path.name} needs metadata.distunlearn.assignment: number, title, ..."
            )
        found.append(
            Assignment(
                number=str(said["number"]),
                title=said["title"],
                hours=said["hours"],
                objectives=tuple(said["objectives"]),
                chapters=tuple(said["chapters"]),
                tasks=tuple(_tasks(source.read(path))),
            )
        )
    return found


def _tasks(assignment: source.Source) -> list[Task]:
    found = []
    for name, cell in assignment.tasks.items():
        manual = cell.role == "manual"
        found.append(Task(name, cell.points, manual, () if manual else tuple(_reasons(cell.text))))
    return found


def _reasons(code: str) -> list[str]:
    """The reasons of the slips that a marked cell names, but for those it puts together."""
    nodes = list(ast.walk(ast.parse(code)))
    named = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    calls = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Slip"]
    found = []
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        first = call.args[0]
        first = named.get(first.id, first) if isinstance(first, ast.Name) else first
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            found.append(first.value)
    return list(dict.fromkeys(found))


def taught(path: Path = TAUGHT) -> dict[tuple[str, str], list[str]]:
    """What teaches an assignment's objective: labels of exercises or sections."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["assignment"], row["objective"]): row["taught by"].split() for row in rows}


def labels() -> dict[str, int]:
    """Every label that stands in a chapter, with the chapter's number."""
    found = {}
    for path in chapters():
        text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells)
        names = re.findall(r"^(?::label: (\S+)|\(([\w-]+)\)=)$", text, re.MULTILINE)
        found |= {label or target: int(path.stem[:2]) for label, target in names}
    return found


def heads() -> dict[int, str]:
    """The label of each chapter."""
    return {number: name for name, number in labels().items() if name.startswith("ch-")}


def holes(
    tables: dict[int, list[Exercise]],
    assigned: list[Assignment],
    links: dict[tuple[str, str], list[str]],
    places: dict[str, int],
) -> list[str]:
    """What a course would find missing between objectives, chapters, exercises and assignments."""
    found = [
        f"chapter {chapter} has no objective"
        for chapter in sorted(set(places.values()))
        if not tables.get(chapter)
    ]
    goals = [row.goal for rows in tables.values() for row in rows]
    found += [f"two exercises have the goal {goal!r}" for goal in goals if goals.count(goal) > 1]
    known = {(each.number, objective): each for each in assigned for objective in each.objectives}
    found += [
        f"assignment {each.number} has no objective" for each in assigned if not each.objectives
    ]
    for (number, objective), each in known.items():
        by = links.get((number, objective), [])
        here = [name for name in by if places.get(name) in each.chapters]
        if not here:
            found.append(f"assignment {number}: no chapter of its own teaches {objective!r}")
        found += [f"assignment {number}: {name} is not in its chapters" for name in {*by} - {*here}]
    found += [f"assignment {n}: {what!r} is no objective of it" for n, what in links.keys() - known]
    return found


def tables() -> dict[int, list[Exercise]]:
    """The checked exercises of each chapter."""
    return {chapter: list(exercises(chapter).values()) for chapter in checked_chapters()}
