"""Answers as plain numbers: when two are the same, and the slips that any number can have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# An answer in its plain form: one array, or one for each part of a tuple of unlike shapes.
Numbers = tuple[NDArray[np.float64], ...]

ENTRIES = 10**7  # more than any exercise asks for, and few enough to be copied at once
ZERO = 1e-12  # what passes for zero where the whole answer is zero


class NotNumbers(Exception):
    """The answer is not made of numbers; the message says what it is instead."""


def _refuse(value: Any) -> None:
    """Say of what cannot be numbers what it is, before NumPy tries."""
    kind = "None" if value is None else f"a {type(value).__name__}"
    if isinstance(value, Iterator | range):
        raise NotNumbers(f"{kind} was given; make it an array or a list")
    if sparse.issparse(value):
        raise NotNumbers(f"{kind} was given; `.toarray()` makes it an array")
    if value is None or isinstance(value, str | bytes | dict | set | frozenset) or callable(value):
        raise NotNumbers(f"{kind} was given, numbers are asked")
    size = value.size if isinstance(value, np.ndarray) else 0
    if max(size, len(value) if isinstance(value, list | tuple) else 0) > ENTRIES:
        raise NotNumbers("it has many more entries than are asked")


def _array(value: Any) -> NDArray[np.float64]:
    _refuse(value)
    try:
        found = np.asarray(value)
    except ValueError:
        raise NotNumbers("it holds rows of unlike length") from None
    if found.dtype.kind == "c":
        raise NotNumbers("the numbers are complex, real ones are asked")
    if found.dtype.kind == "O" and found.size <= ENTRIES:
        entries = found.ravel().tolist()
        for entry in entries:
            _refuse(entry)
        if all(isinstance(entry, Real | Decimal) for entry in entries):
            found = np.array([float(entry) for entry in entries]).reshape(found.shape)
    if found.dtype.kind not in "biuf":
        raise NotNumbers(f"a {type(value).__name__} was given that does not consist of numbers")
    return np.array(found, dtype=np.float64)


def plain(answer: Any) -> Numbers:
    """The answer's numbers: arrays of float64, copied, whatever class they had."""
    _refuse(answer)
    if isinstance(answer, list | tuple):
        parts = [_array(part) for part in answer]
        if len({part.shape for part in parts}) > 1:
            return tuple(parts)
        return (np.array(parts),)
    return (_array(answer),)


def same(one: Numbers, other: Numbers, rtol: float) -> bool:
    """Whether two answers agree within the tolerance, relative to the largest entry of a part."""
    if [part.shape for part in one] != [part.shape for part in other]:
        return False
    return all(_close(a, b, rtol) for a, b in zip(one, other, strict=True))


def _close(a: NDArray[np.float64], b: NDArray[np.float64], rtol: float) -> bool:
    finite = np.isfinite(a) & np.isfinite(b)
    scale = np.abs(b[finite]).max(initial=0.0)
    near = np.abs(a[finite] - b[finite]) <= (rtol * scale or ZERO)
    return bool(near.all() and np.array_equal(a[~finite], b[~finite]))


def _each(
    change: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Callable[[Numbers], Numbers]:
    return lambda numbers: tuple(change(part) for part in numbers)


# What goes wrong whatever is computed; tried after the exercise's own slips.
GENERIC: tuple[tuple[str, Callable[[Numbers], Numbers]], ...] = (
    ("the sign is wrong", _each(lambda x: -x)),
    ("this is twice the answer: is a factor 1/2 missing?", _each(lambda x: 2 * x)),
    ("this is half the answer: is there a factor 1/2 too many?", _each(lambda x: x / 2)),
    (
        "this is in bits, with the logarithm to base 2; nats are asked",
        _each(lambda x: x / math.log(2)),
    ),
    ("this is ln 2 times the answer: it was in nats already", _each(lambda x: x * math.log(2))),
    ("this is the complement, 1 - x", _each(lambda x: 1 - x)),
    ("this is in per cent; a fraction is asked", _each(lambda x: 100 * x)),
    (
        "this is a hundredth of the answer: nothing has to be divided by 100",
        _each(lambda x: x / 100),
    ),
    ("this is rounded to a whole number", _each(np.round)),
    (
        "the order is reversed",
        lambda numbers: _each(lambda x: x[::-1] if x.ndim else x)(numbers[::-1]),
    ),
    ("rows and columns are swapped", _each(lambda x: x.T)),
)
