"""Checks of what callers pass in. Messages say what was given, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def real_array(
    name: str,
    value: ArrayLike,
    *,
    ndim: int | tuple[int, ...] | None = None,
    infinite: bool = False,
) -> FloatArray:
    """Return `value` as a float64 array without NaN, finite unless asked otherwise."""
    try:
        given = np.asarray(value)
        kind = given.dtype.kind
        texts = kind == "O" and any(isinstance(entry, (str, bytes)) for entry in given.flat)
        if value is None or texts or kind not in "biufO":  # None and "1" would turn into numbers
            raise TypeError(f"no number in {given.dtype}")
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(
            f"{name} must be an array of real numbers, got {type(value).__name__}: {error}"
        ) from None
    admitted = (ndim,) if isinstance(ndim, int) else ndim
    if admitted is not None and array.ndim not in admitted:
        shapes = {0: "a number", 1: "one-dimensional", 2: "two-dimensional"}
        expected = "be " + " or ".join(shapes[n] for n in admitted)
        raise ValueError(f"{name} must {expected}, got shape {array.shape}")
    bad = int((np.isnan(array) if infinite else ~np.isfinite(array)).sum())
    if bad:
        raise ValueError(
            f"{name} must be finite, got {bad} NaN or infinite entries; remove or impute them first"
        )
    return array


def nonnegative(name: str, value: ArrayLike, *, infinite: bool = False) -> FloatArray:
    """Return `value` as an array without negative entries, finite unless asked otherwise."""
    array = real_array(name, value, infinite=infinite)
    if (array < 0).any():
        raise ValueError(f"{name} must be non-negative, got {array.min():g}")
    return array


def positive_scalar(name: str, value: ArrayLike) -> float:
    """Return `value` as a float above zero."""
    number = float(real_array(name, value, ndim=0))
    if number <= 0:
        raise ValueError(f"{name} must be positive, got {number:g}")
    return number


def nonnegative_scalar(name: str, value: ArrayLike) -> float:
    """Return `value` as a float, zero or above."""
    return float(nonnegative(name, real_array(name, value, ndim=0)))


def proper_fraction(name: str, value: ArrayLike) -> float:
    """Return `value` as a float strictly between 0 and 1."""
    number = float(real_array(name, value, ndim=0))
    if not 0 < number < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {number:g}")
    return number


def separation_scalar(value: ArrayLike) -> float:
    """Return a Mahalanobis distance of two means, small enough for its square to be a float."""
    number = nonnegative_scalar("separation", value)
    if number > 1e150:
        raise ValueError(f"separation must be at most 1e150, got {number:g}; rescale the data")
    return number


def fractions(name: str, value: ArrayLike) -> FloatArray:
    """Return `value` as an array of fractions in [0, 1]."""
    array = real_array(name, value)
    if ((array < 0) | (array > 1)).any():
        worst = array.flat[int(np.argmax(np.abs(array - 0.5)))]
        raise ValueError(f"{name} must be a fraction in [0, 1], got {worst:g}")
    return array


def rising_fractions(name: str, value: ArrayLike) -> FloatArray:
    """Return `value` as a list of fractions in [0, 1] that rise without repeats."""
    steps = fractions(name, real_array(name, value, ndim=1))
    if steps.size == 0:
        raise ValueError(f"{name} must hold at least one fraction, got none")
    if (np.diff(steps) <= 0).any():
        raise ValueError(
            f"{name} must rise without repeats, got {steps.tolist()}; pass sorted(set({name}))"
        )
    return steps


def distinct(name: str, values: list[Any]) -> list[Any]:
    """Return `values` where there is at least one and none stands twice."""
    if not values:
        raise ValueError(f"{name} must hold at least one entry, got none")
    repeated = [value for value in values if values.count(value) > 1]
    if repeated:
        raise ValueError(f"{name} must be distinct, but {repeated[0]!r} stands more than once")
    return values


def seed_list(value: Any) -> list[int]:
    """Return `value` as distinct seeds, sorted."""
    if not isinstance(value, Iterable):
        raise TypeError(f"seeds must be a list of ints, got {value!r}; pass range({value!r})")
    return sorted(distinct("seeds", [count("seed", seed) for seed in value]))


def count(name: str, value: Any, *, least: int = 0, most: int | None = None) -> int:
    """Return `value` as an int within bounds; floats and booleans are refused."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r} ({type(value).__name__})")
    if value < least or (most is not None and value > most):
        upper = "" if most is None else f" and at most {most}"
        raise ValueError(f"{name} must be at least {least}{upper}, got {value}")
    return int(value)


def choice(name: str, value: str, known: Collection[str]) -> str:
    """Return `value` where it is one of the known names."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"unknown {name} {value!r}; the known ones are {', '.join(known)}")
    return value


def generator(rng: np.random.Generator | int | None) -> np.random.Generator:
    """Return a generator; an int is a seed, `None` is refused: every result can be had again."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        return np.random.default_rng(count("rng, as a seed,", rng))
    raise TypeError(
        f"rng must be a numpy.random.Generator or an int seed, got {type(rng).__name__}; "
        "pass rng=np.random.default_rng(0)"
    )


def boolean_mask(name: str, value: ArrayLike, n: int) -> NDArray[np.bool_]:
    """Return `value` as a read-only boolean array of n entries."""
    mask = np.array(value)
    if mask.dtype != np.bool_:
        raise TypeError(
            f"{name} must be boolean, got entries of type {mask.dtype}; pass for example y == 1"
        )
    if mask.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), one entry a row, got {mask.shape}")
    mask.flags.writeable = False
    return mask


def class_labels(name: str, value: ArrayLike, n: int) -> NDArray[Any]:
    """Return `value` as a read-only array of n labels."""
    labels = np.array(value)
    if labels.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), one label a row, got {labels.shape}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        bad = int((~np.isfinite(labels)).sum())
        raise ValueError(f"{name} must be finite, got {bad} NaN or infinite labels; drop the rows")
    if labels.dtype.kind == "O":
        try:
            np.unique(labels)
        except TypeError as error:
            raise TypeError(
                f"{name} must hold labels that can be sorted ({error}); drop rows without a label, "
                "and make all labels strings or all of them numbers"
            ) from None
    labels.flags.writeable = False
    return labels
