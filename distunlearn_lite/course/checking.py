"""The public functions: what a student calls in a chapter."""

from __future__ import annotations

import difflib
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .collecting import collect
from .exercise import Exercise, Feedback, State
from .judging import judge

_TABLES = Path(__file__).parent / "exercises"
# What this kernel has seen; nothing is stored, so that a chapter's outputs have no history.
_states: dict[str, State] = {}
_hinted: dict[str, int] = {}


class _Sentence(str):
    """Text that a notebook shows without quotation marks."""

    __repr__ = str.__str__


@dataclass(frozen=True)
class Progress:
    """How many exercises were tried and are right; `rows` holds chapter, right, tried, asked."""

    rows: tuple[tuple[int, int, int, int], ...]

    def __repr__(self) -> str:
        if not self.rows:
            return "no exercise has been checked in this kernel"
        return "\n".join(
            f"chapter {chapter}: {right} right, {tried - right} to be mended, "
            f"{asked - tried} not tried yet"
            for chapter, right, tried, asked in self.rows
        )


def chapters() -> list[int]:
    """The chapters that have a table of exercises."""
    return sorted(int(path.stem[-2:]) for path in _TABLES.glob("chapter_*.py"))


@cache
def exercises(chapter: int) -> dict[str, Exercise]:
    """The exercises of a chapter by id, loaded when they are asked for."""
    module = importlib.import_module(f".exercises.chapter_{chapter:02d}", __package__)
    return {exercise.id: exercise for exercise in module.EXERCISES}


def find(exercise_id: str) -> Exercise:
    """The exercise of this id."""
    form = re.match(r"ex-(\d+)-", str(exercise_id))
    known: dict[str, Exercise] = {}
    for chapter in chapters():
        if form is None or int(form[1]) == chapter:
            known |= exercises(chapter)
    if str(exercise_id) in known:
        return known[str(exercise_id)]
    near = difflib.get_close_matches(str(exercise_id), known, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else "an id looks like 'ex-2-kl'"
    raise ValueError(f"there is no exercise {exercise_id!r}; {remedy}")


def check(exercise_id: str, answer: Any) -> Feedback:
    """Say whether an answer to an exercise of the book is right and, if it is not, why.

    Parameters
    ----------
    exercise_id : str
        The id that stands beside the exercise, such as ``"ex-2-kl"``.
    answer : float, array_like or callable
        What the exercise asks for. Fractions are in [0, 1], divergences in nats. A typed value may
        be rounded to four digits.

    Returns
    -------
    Feedback
        Shows itself as one line. Its ``state`` is ``"not tried yet"`` (for ``...``, None or a
        function with an empty body), ``"right"`` or ``"wrong"``, its ``reason`` a sentence.

    Raises
    ------
    ValueError
        Where there is no exercise of that id. Whatever the answer does is told, not raised.

    Notes
    -----
    An answer is cut off after five seconds. A single call of compiled code, such as ``time.sleep``
    or a product of huge matrices, cannot be cut: ``check`` goes on without it after a sixth, and it
    ends when it returns. Code that never hands control back to Python stops ``check`` as well;
    interrupt or restart the kernel then. Warnings of an answer do not count, and what it prints is
    shown.

    Examples
    --------
    >>> from distunlearn_lite import check
    >>> check("ex-1-weights", ...)
    ex-1-weights: not tried yet
    """
    exercise = find(exercise_id)
    feedback = judge(exercise, collect(answer, exercise.answer, exercise.tried))
    _states[exercise.id] = feedback.state
    return feedback


def hint(exercise_id: str) -> str:
    """The next hint to an exercise of the book, each time one step further.

    Parameters
    ----------
    exercise_id : str
        The id that stands beside the exercise.

    Returns
    -------
    str
        One sentence or two. After the last hint, the last one again.

    Raises
    ------
    ValueError
        Where there is no exercise of that id.

    Examples
    --------
    >>> from distunlearn_lite import hint
    >>> hint("ex-1-weights").startswith("hint 1 of")
    True
    """
    exercise = find(exercise_id)
    given = min(_hinted.get(exercise.id, 0) + 1, len(exercise.hints))
    _hinted[exercise.id] = given
    return _Sentence(f"hint {given} of {len(exercise.hints)}: {exercise.hints[given - 1]}")


def progress() -> Progress:
    """How far one is, in each chapter of which an exercise was checked in this kernel.

    Nothing is stored: a new kernel begins at nothing.

    Parameters
    ----------
    None
        It takes no argument.

    Returns
    -------
    Progress
        Shows itself as one line for each chapter. Its ``rows`` hold the chapter's number and how
        many of its exercises are right, were tried, and are asked.

    Raises
    ------
    TypeError
        Where it is given an argument; it takes none.

    Examples
    --------
    >>> from distunlearn_lite import progress
    >>> progress().rows == () or len(progress().rows) > 0
    True
    """
    rows = []
    for chapter in chapters():
        seen = [state for name, state in _states.items() if name.startswith(f"ex-{chapter}-")]
        if seen:
            tried = [state for state in seen if state != "not tried yet"]
            rows.append((chapter, tried.count("right"), len(tried), len(exercises(chapter))))
    return Progress(tuple(rows))
