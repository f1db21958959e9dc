"""What an answer gives on the inputs it is tried on, whatever the answer does."""

from __future__ import annotations

import copy
import ctypes
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .exercise import Inputs
from .numbers import NotNumbers, Numbers, plain

SECONDS = 5.0  # for one call
NOTHING = "it returns nothing: is a `return` missing?"


class _OutOfTime(BaseException):
    """Raised inside a call that takes too long; not an Exception, which an answer may catch."""


@dataclass(frozen=True)
class Outcome:
    """The numbers that came out for one input, or the problem that kept them from it."""

    numbers: Numbers | None = None
    problem: str = ""


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(error) if error else None
    )


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """The value of a call, or TimeoutError.

    Python code is cut off, even a loop that catches every exception, since the exception is raised
    again until the call is over. One call of compiled code, such as `time.sleep` or one product of
    matrices, cannot be cut: the exception waits until it returns.
    """
    thread, over = threading.get_ident(), threading.Event()

    def cut() -> None:
        if not over.wait(seconds):
            _raise_in(thread, _OutOfTime)
            while not over.wait(0.005):
                _raise_in(thread, _OutOfTime)

    watch = threading.Thread(target=cut, daemon=True)
    watch.start()
    try:
        try:
            return call()
        finally:
            over.set()
            watch.join()
            _raise_in(thread, None)
    except _OutOfTime:
        over.set()
        watch.join()
        _raise_in(thread, None)
        raise TimeoutError(f"it was stopped after {seconds:g} seconds") from None


def untouched(answer: Any) -> bool:
    """Whether there is no answer yet: `...`, None, or a function whose body is still empty."""
    if answer is None or answer is ...:
        return True
    code = getattr(answer, "__code__", None)
    if code is None or not hasattr(code, "co_consts"):
        return False
    empty = (lambda: None).__code__
    said = {None, ..., getattr(answer, "__doc__", None)}
    return (
        not code.co_names
        and len(code.co_code) == len(empty.co_code)
        and all(
            any(constant is known or constant == known for known in said)
            for constant in code.co_consts
        )
    )


def _changed(before: Any, after: Any) -> bool:
    if isinstance(before, np.random.Generator):
        return False  # to be drawn from
    try:
        return not np.array_equal(np.asarray(before), np.asarray(after), equal_nan=True)
    except (TypeError, ValueError):
        return bool(before != after)


def _one(answer: Callable[..., Any], inputs: Inputs) -> Outcome:
    given = {name: copy.deepcopy(value) for name, value in inputs.items()}
    try:
        returned = answer(*given.values())
        if returned is None:
            return Outcome(problem=NOTHING)
        numbers = plain(returned)
    except NotNumbers as error:
        return Outcome(problem=str(error))
    except NotImplementedError:
        raise
    except Exception as error:
        return Outcome(problem=f"{type(error).__name__}: {str(error)[:200]}")
    except SystemExit:
        return Outcome(problem="it tries to end Python")
    for name, value in given.items():
        if _changed(inputs[name], value):
            return Outcome(problem=f"it changes its input `{name}`: work on a copy")
    return Outcome(numbers)


def collect(
    answer: Any, kind: str, cases: Iterable[Inputs], seconds: float = SECONDS
) -> list[Outcome] | None:
    """The outcomes of an answer on the cases, or None if it has not been tried yet."""
    if untouched(answer):
        return None
    if kind == "function" and not callable(answer):
        return [Outcome(problem=f"a function is asked, this is of type {type(answer).__name__}")]
    if kind == "value" and callable(answer):
        return [Outcome(problem="a value is asked, this is a function: call it")]
    found: list[Outcome] = []
    try:
        if kind == "value":
            found.append(within(seconds, partial(_one, lambda: answer, {})))
        for inputs in cases if kind == "function" else ():
            found.append(within(seconds, partial(_one, answer, inputs)))
    except TimeoutError as error:
        found.append(Outcome(problem=str(error)))
    except NotImplementedError:
        return None
    return found
