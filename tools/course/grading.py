"""Grade one submission: rebuild, run, judge. What is found is plain data, to be kept in a file."""

from __future__ import annotations

from typing import Any

from . import library, variants
from .judging import Result, key, results
from .parts import Reference, Task, plain_inputs, reference
from .rebuild import NotANotebook, Rebuilt, bound, handed_in, rebuild
from .running import Limits, Run, run
from .source import Cell, Source

Record = dict[str, Any]
LIMITS = Limits()


def _cells(rebuilt: Rebuilt, tasks: tuple[Task, ...]) -> list[dict[str, Any]]:
    """What is to be run: the code, but for marked cells."""
    forbidden = {name: task.forbidden for task in tasks for name in task.answers}
    return [
        {"id": cell.id, "text": cell.text, "forbidden": forbidden.get(cell.id, ())}
        for cell in rebuilt.cells
        if cell.kind == "code" and cell.role != "marked" and cell.text.strip()
    ]


def _parts(tasks: tuple[Task, ...]) -> list[dict[str, Any]]:
    return [
        {
            "key": key(task, number),
            "name": part.name,
            "answer": part.answer,
            "cases": [{name: plain_inputs(x) for name, x in case.items()} for case in part.cases],
            "seconds": part.seconds,
            "forbidden": task.forbidden if part.cases else (),
        }
        for task in tasks
        for number, part in enumerate(task.parts)
    ]


def _library(task: Task, rebuilt: Rebuilt, ran: Run) -> str:
    """A function that was called where it may not be: seen in the code, or when it was called."""
    names = {part.name for part in task.parts}
    code = [cell for cell in rebuilt.cells if cell.role in ("answer", "own", "given")]
    texts = [cell.text for cell in code if cell.kind == "code"]
    answers = [
        cell.text
        for cell in code
        if cell.id in task.answers or (cell.role == "own" and names & bound(cell.text))
    ]
    places = {*task.answers, *(key(task, number) for number in range(len(task.parts)))}
    seen = [name for place, name in ran.library.items() if place in places]
    return library.called(answers, texts, task.forbidden) or (seen or [""])[0]


def judge_rebuilt(rebuilt: Rebuilt, right: Reference, limits: Limits) -> tuple[Run, list[Result]]:
    """Run what was rebuilt and judge every part."""
    ran = run(_cells(rebuilt, right.tasks), _parts(right.tasks), limits)
    found: list[Result] = []
    for task in right.tasks:
        called = _library(task, rebuilt, ran)
        if called:
            ran.flags.append(f"library called: {called} in {task.id}")
        found += results(task, right, ran, called)
    return ran, found


def grade(
    source: Source,
    seed: str,
    student: str,
    raw: bytes,
    right: Reference | None = None,
    limits: Limits = LIMITS,
) -> Record:
    """The record of a submission: what each part has earned, flags, and texts to be read."""
    right = right or reference(source, seed, student)
    try:
        handed = handed_in(raw)
        flags = [] if handed else ["no cells"]
    except NotANotebook:
        handed, flags = [], ["not a notebook" if raw.strip() else "nothing in the file"]
    rebuilt = rebuild(source, variants.given(source, seed, student), handed)
    if not handed:
        nothing = [
            Result(task.id, key(task, n), part.asked, part.points, 0.0, "nothing was handed in")
            for task in right.tasks
            for n, part in enumerate(task.parts)
        ]
        return _record(nothing, flags)
    ran, found = judge_rebuilt(rebuilt, right, limits)
    errors = {cell: text for cell, text in ran.errors.items() if cell not in ran.stopped}
    texts = _read_by_hand(source, rebuilt)
    return _record(found, [*rebuilt.flags, *ran.flags], errors, texts, rebuilt.images)


def _read_by_hand(source: Source, rebuilt: Rebuilt) -> dict[str, str]:
    """Answers that a person marks; an untouched one is empty."""
    stubs: dict[str, Cell] = {cell.id: cell for cell in source.of("manual")}
    return {
        cell.id: "" if cell.text.split() == stubs[cell.id].stub.split() else cell.text
        for cell in rebuilt.cells
        if cell.role == "manual"
    }


def _record(
    found: list[Result],
    flags: list[str],
    errors: dict[str, str] | None = None,
    texts: dict[str, str] | None = None,
    images: dict[str, list[str]] | None = None,
) -> Record:
    return {
        "parts": [result.plain() for result in found],
        "flags": sorted(set(flags)),
        "errors": errors or {},
        "texts": texts or {},
        "images": images or {},
    }
