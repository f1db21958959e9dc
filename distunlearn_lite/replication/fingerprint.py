"""A hash of what a value is, the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, EllipsisType, FunctionType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..matrices import is_sparse

__all__ = ["fingerprint"]


def fingerprint(value: Any) -> str:
    """SHA-256 of a value: of its class and of all that it holds, never of an address.

    Arrays count by their entries, estimators by class and parameters, functions by name, byte
    code, defaults and what they enclose (not by the functions that they call), and other objects
    by what ``pickle`` would keep of them.

    Parameters
    ----------
    value : object
        Any value that could be pickled, or holds functions that could not.

    Returns
    -------
    str
        64 letters.

    Raises
    ------
    TypeError
        Where a value cannot be pickled, such as an open file.
    """
    if is_sparse(value):
        matrix = value.tocsr()
        return fingerprint((matrix.shape, matrix.data, matrix.indices, matrix.indptr))
    kind = type(value)
    return hashlib.sha256("\0".join((_named(kind), *_parts(value))).encode()).hexdigest()


def _parts(value: Any) -> Iterable[str]:
    match value:
        case None | bool() | int() | float() | complex() | str() | bytes() | EllipsisType():
            return [repr(value)]
        case np.ndarray() if value.dtype.hasobject:
            return [str(value.shape), *map(fingerprint, value.flat)]
        case np.ndarray():
            entries = hashlib.sha256(value.tobytes()).hexdigest()
            return [str(value.dtype), str(value.shape), entries]
        case list() | tuple():
            return map(fingerprint, value)
        case Mapping():
            return map(fingerprint, value.items())
        case set() | frozenset():
            return sorted(map(fingerprint, value))
        case type():
            return [_named(value)]
        case np.ufunc():
            return [value.__name__]
        case BaseEstimator():
            return [fingerprint(value.get_params(deep=False))]  # what it holds is hashed in turn
        case CodeType():
            return map(fingerprint, (value.co_code, value.co_names, value.co_consts))
        case FunctionType():
            enclosed = [cell.cell_contents for cell in value.__closure__ or ()]
            others = [thing for thing in enclosed if thing is not value]
            defaults = value.__defaults__, value.__kwdefaults__
            return [_named(value), *map(fingerprint, (value.__code__, *defaults, others))]
    kept = value.__reduce_ex__(4)
    if isinstance(kept, str):  # the name of something that its module holds
        return [kept]
    return [fingerprint(list(part) if isinstance(part, Iterator) else part) for part in kept]


def _named(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"
