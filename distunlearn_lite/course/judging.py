"""From the outcomes of an answer to what the student is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .collecting import Outcome
from .exercise import Exercise, Feedback, Recipe
from .numbers import GENERIC, NotNumbers, Numbers, plain, same


def _numbers(recipe: Recipe, exercise: Exercise) -> list[Numbers | None]:
    """What a recipe gives on the tried inputs; None where a slip's breaks down."""
    found: list[Numbers | None] = []
    for inputs in exercise.tried:
        try:
            with np.errstate(all="ignore"):
                found.append(plain(recipe(*inputs.values())))
        except (ArithmeticError, IndexError, ValueError, NotNumbers):
            found.append(None)
    return found


def _agrees(found: Sequence[Any], with_these: Sequence[Any], rtol: float) -> bool:
    pairs = list(zip(found, with_these, strict=True))
    return all(a is not None and b is not None and same(a, b, rtol) for a, b in pairs)


def _named(exercise: Exercise, found: list[Numbers | None], right: list[Numbers | None]) -> str:
    """The reason of the first slip that gives the same on every input, or nothing."""
    for slip in exercise.slips:
        if _agrees(found, _numbers(slip.recipe, exercise), exercise.rtol):
            return slip.reason
    for reason, change in GENERIC:
        if _agrees(found, [None if x is None else change(x) for x in right], exercise.rtol):
            return reason
    if exercise.answer == "value" and _agrees(_sorted(found), _sorted(right), exercise.rtol):
        return "the numbers are right, their order is not"
    return ""


def _sorted(numbers: list[Numbers | None]) -> list[Numbers | None]:
    return [
        None if parts is None else tuple(np.sort(x, axis=None) for x in parts) for parts in numbers
    ]


def _shape(numbers: Numbers) -> str:
    shapes = [str(part.shape) if part.ndim else "one number" for part in numbers]
    return " and ".join(shapes)


def _unnamed(exercise: Exercise, hits: list[bool]) -> str:
    """What is said of a wrong answer that no slip gives."""
    if exercise.answer == "value":
        return f'another value; hint("{exercise.id}") helps'
    missed = exercise.tried[hits.index(False)]
    first = ", ".join(f"{name} = {_short(value)}" for name, value in missed.items())
    return f"{hits.count(False)} of {len(hits)} inputs fail, the first is {first}"


def judge(
    exercise: Exercise,
    outcomes: Sequence[Outcome] | None,
    unnamed: Callable[[Exercise, list[bool]], str] = _unnamed,
) -> Feedback:
    """What is said of an answer with these outcomes (None: it has not been tried yet).

    `unnamed` words what is said where no slip gives the same; `hits` says which inputs are right.
    """
    if outcomes is None:
        return Feedback(exercise.id, "not tried yet")
    for outcome in outcomes:
        if outcome.numbers is None:
            return Feedback(exercise.id, "wrong", outcome.problem)
    found = [outcome.numbers for outcome in outcomes]
    right = _numbers(exercise.recipe, exercise)
    hits = [
        a is not None and b is not None and same(a, b, exercise.rtol)
        for a, b in zip(found, right, strict=True)
    ]
    if all(hits):
        return Feedback(exercise.id, "right")
    why = _why(exercise, found, right) or unnamed(exercise, hits)
    return Feedback(exercise.id, "wrong", why)


def _why(exercise: Exercise, found: list[Numbers | None], right: list[Numbers | None]) -> str:
    for a, b in zip(found, right, strict=True):
        assert a is not None
        assert b is not None
        if [part.shape for part in a] != [part.shape for part in b]:
            return f"the answer has the wrong shape: it is {_shape(a)}"
        if any(np.isnan(part).any() for part in a):
            return "the answer holds NaN, not a number"
    return _named(exercise, found, right)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{type(value).__name__} of shape {np.shape(value)}"
