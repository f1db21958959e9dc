"""What a marked cell of a source declares: the parts of a task, and how each is judged.

The right answer is never written twice: it is what the solution cells of the same source bind.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distunlearn_lite.course.exercise import Exercise, Slip

from . import variants
from .source import Cell, Source
from .variants import EVERYONE, Given

__all__ = ["Part", "Rng", "Slip"]

# Share of the points, and the reason where it is not all of them. It is called with what came out,
# an array (or a list of arrays, for a tuple of unlike shapes) for each case.
Marks = Callable[..., tuple[float, str]]


@dataclass(frozen=True)
class Rng:
    """Stands among the inputs of a case for `np.random.default_rng(seed)`."""

    seed: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """Points for one name that the student binds: a value or, where there are cases, a function.

    `asked` is what the feedback page calls it. `marks` takes the place of the comparison with the
    right answer where more than one answer is right, or where a part of the points can be earned.
    `forbidden` are dotted names of library functions that may not be called.
    """

    name: str
    points: float
    asked: str
    cases: Sequence[Mapping[str, Any]] = ()
    slips: Sequence[Slip] = ()
    marks: Marks | None = None
    tolerance: float = 1e-6
    forbidden: Sequence[str] = ()
    seconds: float = 5.0

    @property
    def answer(self) -> str:
        """What kind of answer is asked for."""
        return "function" if self.cases else "value"


@dataclass(frozen=True)
class Task:
    """A marked cell with its parts."""

    id: str
    points: float
    parts: tuple[Part, ...]
    answers: tuple[str, ...]

    @property
    def forbidden(self) -> tuple[str, ...]:
        """Library functions that may not be called in the answer to this task."""
        return tuple(sorted({name for part in self.parts for name in part.forbidden}))


@dataclass(frozen=True)
class Reference:
    """The right answers of a variant, and its tasks."""

    names: dict[str, Any] = field(repr=False)
    tasks: tuple[Task, ...]

    def parts(self) -> Iterator[tuple[Task, int, Part]]:
        """All parts, each with its task and its number in it."""
        for task in self.tasks:
            for number, part in enumerate(task.parts):
                yield task, number, part


def _run(source: Source, cell: Cell, values: Given, names: dict[str, Any]) -> None:
    text = variants.solution(cell, values)
    place = f"<{source.name}: {cell.id}>"
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    exec(compile(text, place, "exec"), names)


def reference(source: Source, seed: str, student: str = EVERYONE) -> Reference:
    """Run the solutions of a variant, in this process: they are the teacher's."""
    values = variants.given(source, seed, student)
    names: dict[str, Any] = {"__name__": "__reference__"}
    tasks = []
    for cell in source.of("given", "answer", "marked"):
        if cell.kind != "code":
            continue
        before = dict(names)
        _run(source, cell, values, names)
        if cell.role == "marked":
            hidden = variants.generator(seed, student, f"{source.name}/{cell.id}/hidden")
            parts = tuple(names.pop("parts")(hidden))
            hurt = [part.name for part in parts if names[part.name] is not before[part.name]]
            if hurt:
                raise ValueError(f"{source.name}: {cell.id} changes the right answer {hurt[0]}")
            if abs(sum(part.points for part in parts) - cell.points) > 1e-9:
                raise ValueError(f"{source.name}: the parts of {cell.id} do not add up")
            tasks.append(Task(cell.id, cell.points, parts, tuple(source.answers(cell.id))))
    return Reference(names, tuple(tasks))


def thawed(value: Any) -> Any:
    """An input as a recipe gets it."""
    return np.random.default_rng(value.seed) if isinstance(value, Rng) else value


def exercise(part: Part, names: Mapping[str, Any]) -> Exercise:
    """The part as a row that the library can judge."""
    right = names[part.name]
    value = right if part.cases else (lambda: right)

    def given_inputs(recipe: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *inputs: recipe(*map(thawed, inputs))

    return Exercise(
        id=part.name,
        title=part.asked,
        level="◐",
        goal="",
        asked=part.asked,
        answer="function" if part.cases else "value",
        recipe=given_inputs(value),
        cases=tuple(part.cases) or ({},),
        fresh=lambda rng: {},
        slips=tuple(Slip(slip.reason, given_inputs(slip.recipe)) for slip in part.slips),
        hints=(),
        tolerance=part.tolerance,
    )


def plain_inputs(value: Any) -> Any:
    """An input in JSON, for the student's process."""
    if isinstance(value, Rng):
        return {"rng": value.seed}
    if isinstance(value, np.ndarray):
        array: NDArray[Any] = value
        return {"array": array.tolist(), "dtype": array.dtype.str, "shape": array.shape}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [plain_inputs(entry) for entry in value]
    return value
