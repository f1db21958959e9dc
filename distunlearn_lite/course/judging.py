"""From the outcomes of an answer to what the student is told."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .collecting import Outcome
from .exercise import Exercise, Feedback, Recipe
from .numbers import GENERIC, NotNumbers, Numbers, plain, same


def _by(recipe: Recipe, exercise: Exercise) -> list[Numbers]:
    """What a recipe gives on the tried inputs."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [plain(recipe(*inputs.values())) for inputs in exercise.tried]


def _by_slip(recipe: Recipe, exercise: Exercise) -> list[Numbers] | None:
    """The same of a slip, which may break down on inputs that the right recipe can take."""
    try:
        return _by(recipe, exercise)
    except (ArithmeticError, IndexError, ValueError, NotNumbers):
        return None


def _hits(found: Sequence[Numbers], right: Sequence[Numbers], rtol: float) -> list[bool]:
    return [same(a, b, rtol) for a, b in zip(found, right, strict=True)]


def _named(exercise: Exercise, found: list[Numbers], right: list[Numbers]) -> str:
    """The reason of the slip that gives the same on every input, or nothing.

    The exercise's own slips come first. Of those that any number can have, several may fit.
    """
    for slip in exercise.slips:
        by_slip = _by_slip(slip.recipe, exercise)
        if by_slip is not None and all(_hits(found, by_slip, exercise.rtol)):
            return slip.reason
    fitting = [
        reason
        for reason, change in GENERIC
        if all(_hits(found, [change(x) for x in right], exercise.rtol))
    ]
    if fitting:
        return "; or ".join(fitting)
    if exercise.answer == "value" and _hits(_sorted(found), _sorted(right), exercise.rtol)[0]:
        return "the numbers are right, their order is not"
    return ""


def _sorted(numbers: list[Numbers]) -> list[Numbers]:
    return [tuple(np.sort(x, axis=None).reshape(x.shape) for x in parts) for parts in numbers]


def _shape(numbers: Numbers) -> str:
    shapes = [str(part.shape) if part.ndim else "one number" for part in numbers]
    return " and ".join(shapes)


def _asked(found: Numbers, right: Numbers) -> str:
    """What is asked, where the kind is wrong and not only a length."""
    if len(right) > 1 or (len(found) == 1 and found[0].ndim == right[0].ndim):
        return ""
    kinds = ("one number", "a row of numbers", "a table of numbers")
    return f"; {kinds[right[0].ndim]} is asked" if right[0].ndim < len(kinds) else ""


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
    found = [outcome.numbers for outcome in outcomes if outcome.numbers is not None]
    if len(found) != len(exercise.tried):
        return Feedback(exercise.id, "wrong", "not every input was answered")
    right = _by(exercise.recipe, exercise)
    hits = _hits(found, right, exercise.rtol)
    if all(hits):
        return Feedback(exercise.id, "right")
    why = _why(exercise, found, right) or unnamed(exercise, hits)
    return Feedback(exercise.id, "wrong", why)


def _why(exercise: Exercise, found: list[Numbers], right: list[Numbers]) -> str:
    named = _named(exercise, found, right)
    if named:
        return named
    for a, b in zip(found, right, strict=True):
        if [part.shape for part in a] != [part.shape for part in b]:
            return f"the answer has the wrong shape: it is {_shape(a)}{_asked(a, b)}"
        if any(np.isnan(part).any() for part in a):
            return "the answer holds NaN, not a number"
    return ""


def _short(value: Any) -> str:
    """An input in a few characters."""
    text = " ".join(repr(value).split())
    if len(text) <= 60 and " at 0x" not in text:
        return text
    kind = type(value).__name__
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"a {kind} of length {len(value)}" if hasattr(value, "__len__") else f"a {kind}"
