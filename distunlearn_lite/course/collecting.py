"""What an answer gives on the inputs it is tried on, whatever the answer does."""

from __future__ import annotations

import copy
import dis
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from .exercise import Inputs
from .limits import OutOfTime, within
from .numbers import NotNumbers, Numbers, plain

SECONDS = 5.0  # for all inputs together
NOTHING = "it returns nothing: is a `return` missing?"


@dataclass(frozen=True)
class Outcome:
    """The numbers that came out for one input, or the problem that kept them from it."""

    numbers: Numbers | None = None
    problem: str = ""


def untouched(answer: Any) -> bool:
    """Whether there is no answer yet: `...`, None, or a function whose body is still empty."""
    if answer is None or answer is ...:
        return True
    if type(answer) is not type(untouched):
        return False
    code, known = answer.__code__, (None, ..., answer.__doc__)
    return _steps(code) == _steps((lambda: None).__code__) and all(
        any(constant is one for one in known) for constant in code.co_consts
    )


def _steps(code: CodeType) -> list[str]:
    return [step.opname for step in dis.get_instructions(code)]


def _changed(before: Any, after: Any) -> bool:
    """Whether an input is no longer what it was; NaN is equal to NaN."""
    if type(before) is not type(after):
        return True
    if isinstance(before, np.random.Generator):
        return False  # to be drawn from
    if isinstance(before, np.ndarray):
        if before.dtype != after.dtype or before.dtype == object:
            return before.dtype != after.dtype or _changed(before.tolist(), after.tolist())
        return not np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if isinstance(before, list | tuple):
        return len(before) != len(after) or any(map(_changed, before, after))
    if isinstance(before, dict):
        return _changed(list(before.items()), list(after.items()))
    if hasattr(before, "equals"):  # pandas
        return not before.equals(after)
    return bool(before != after) and bool(before == before)


def _told(error: BaseException) -> str:
    """An error in one line; its text is the answer's own code, which may fail as well."""
    try:
        text = " ".join(str(error).split())[:200]
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _one(answer: Callable[..., Any], inputs: Inputs) -> Outcome:
    given = {name: copy.deepcopy(value) for name, value in inputs.items()}
    try:
        returned = answer(*given.values())
        if returned is None:
            return Outcome(problem=NOTHING)
        numbers = plain(returned)
    except NotNumbers as error:
        return Outcome(problem=str(error))
    except (NotImplementedError, KeyboardInterrupt, OutOfTime):
        raise
    except SystemExit:
        return Outcome(problem="it tries to end Python")
    except BaseException as error:
        return Outcome(problem=_told(error))
    for name, value in given.items():
        if _changed(inputs[name], value):
            return Outcome(problem=f"it changes its input `{name}`: work on a copy")
    return Outcome(numbers)


def collect(
    answer: Any, kind: str, cases: Iterable[Inputs], seconds: float | None = None
) -> list[Outcome] | None:
    """The outcomes of an answer on the cases, or None if it has not been tried yet.

    All cases together have so many `seconds`. They are asked for one after the other, so that
    whoever hands them out knows which call runs.
    """
    if untouched(answer):
        return None
    if kind == "function" and not callable(answer):
        return [Outcome(problem=f"a function is asked, this is of type {type(answer).__name__}")]
    if kind == "value" and callable(answer):
        return [Outcome(problem="a value is asked, this is a function: call it")]
    found: list[Outcome] = []

    def run() -> None:
        if kind == "value":
            found.append(_one(lambda: answer, {}))
        else:
            found.extend(_one(answer, inputs) for inputs in cases)

    try:
        # A warning is no mistake, also where the reader's own settings turn it into an error.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            within(SECONDS if seconds is None else seconds, run)
    except TimeoutError as error:
        return [*found, Outcome(problem=str(error))]
    except NotImplementedError:
        return None
    return found
