"""From what came out of the student's process to points and reasons, outside of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from distunlearn_lite.course.collecting import Outcome
from distunlearn_lite.course.exercise import Exercise
from distunlearn_lite.course.judging import judge

from .parts import Part, Reference, Task, exercise
from .running import Run


@dataclass(frozen=True)
class Result:
    """What a part has earned, and why not more."""

    task: str
    part: str
    asked: str
    points: float
    earned: float
    reason: str

    def plain(self) -> dict[str, Any]:
        """The same for a file."""
        return asdict(self)


def key(task: Task, number: int) -> str:
    """The name of a part of a task."""
    return f"{task.id}-{number + 1}"


def _safe(problem: str) -> str:
    """A problem as it may be told: an error's text could hold the hidden inputs."""
    error = re.match(r"(\w{1,60})(: |$)", problem)
    if error:
        return f"the call raises {error[1]}"
    known = re.fullmatch(r"[^\d<>]{1,120}|it was stopped after \d+ seconds", problem)
    return problem if known else "no number came out"


def _numbers(outcome: Mapping[str, Any]) -> Outcome:
    try:
        if outcome["numbers"] is None:
            return Outcome(problem=_safe(str(outcome["problem"])))
        arrays = [
            np.array(part["flat"], dtype=np.float64).reshape([int(n) for n in part["shape"]])
            for part in outcome["numbers"]
        ]
        return Outcome(tuple(arrays))
    except (KeyError, TypeError, ValueError, OverflowError):
        return Outcome(problem="no number came out")


def _unnamed(row: Exercise, hits: list[bool]) -> str:
    if row.answer == "value":
        return "the value is wrong"
    return f"{hits.count(False)} of {len(hits)} inputs fail"


def judged(part: Part, reference: Reference, found: Any) -> tuple[float, str]:
    """Share of the points, and the reason where it is not all of them."""
    if found is None:
        return 0.0, "not tried yet"
    row = exercise(part, reference.names)
    outcomes = [_numbers(outcome) for outcome in found] if isinstance(found, list) else []
    problems = [outcome.problem for outcome in outcomes if outcome.numbers is None]
    if problems or len(outcomes) != len(row.tried):
        return 0.0, (problems or ["no number came out"])[0]
    if part.marks is None:
        said = judge(row, outcomes, _unnamed)
        return float(said.state == "right"), said.reason
    plain = [[*o.numbers] if len(o.numbers) > 1 else o.numbers[0] for o in outcomes if o.numbers]
    try:
        with np.errstate(all="ignore"):
            share, reason = part.marks(*plain)
    except (ArithmeticError, IndexError, TypeError, ValueError):
        return 0.0, "the answer has another form than the one asked for"
    return float(share), reason


def _history(run: Run, task: Task) -> str:
    """What happened to the answer's cells, if it may explain why something is not there."""
    for cell in task.answers:
        if cell in run.stopped:
            return f"your cell {cell} {run.stopped[cell]} and was left out"
        if cell in run.errors:
            return f"your cell {cell} raised {run.errors[cell]}"
    return ""


def results(task: Task, reference: Reference, run: Run, library: str) -> list[Result]:
    """The parts of a task; `library` names a function that was called where it may not be."""
    found = []
    for number, part in enumerate(task.parts):
        name = key(task, number)
        message = run.found.get(name)
        if library:
            share, reason = 0.0, f"`{library}` may not be called in this task"
        elif name in run.stopped:
            share, reason = 0.0, f"the call {run.stopped[name]}"
        elif message is None:
            share, reason = 0.0, "it was not reached: the notebook could not be run to its end"
        elif message.get("missing"):
            share, reason = 0.0, f"there is no `{part.name}`"
        else:
            share, reason = judged(part, reference, message.get("outcomes"))
        history = _history(run, task) if share == 0 and not library else ""
        if history and reason in ("not tried yet", f"there is no `{part.name}`"):
            reason = f"{reason}: {history}"
        earned = round(part.points * min(1.0, max(0.0, share)), 2)
        found.append(Result(task.id, name, part.asked, part.points, earned, reason))
    return found
