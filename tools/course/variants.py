"""Variants: numbers and choices that follow from seed, student and task, and how texts take them.

In text, `<name>` is replaced; in code, `given["name"]`, so that a source stays valid Python.
"""

from __future__ import annotations

import hashlib
import pprint
import re
from typing import Any

import numpy as np

from .source import Cell, Source

EVERYONE = ""  # the student of a version for all
Given = dict[str, Any]


def generator(seed: str, student: str, task: str) -> np.random.Generator:
    """Random numbers that nobody can foretell who does not know the seed."""
    digest = hashlib.sha256("\0".join((seed, student, task)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def given(source: Source, seed: str, student: str = EVERYONE) -> Given:
    """What the variant cells of a source choose for this student."""
    values: Given = {}
    for cell in source.of("variant"):
        names: dict[str, Any] = {"given": dict(values)}  # an earlier cell's choices can be built on
        exec(compile(cell.text, f"<{source.name}: {cell.id}>", "exec"), names)
        chosen = names["variant"](generator(seed, student, f"{source.name}/{cell.id}"))
        twice = values.keys() & chosen.keys()
        if twice:
            raise ValueError(f"{source.name}: chosen by two variant cells: {sorted(twice)}")
        values |= chosen
    return values


def _literal(value: Any) -> str:
    return pprint.pformat(value, width=88, compact=True, sort_dicts=False)


def fill(text: str, kind: str, values: Given) -> str:
    """A cell's text with the values of a variant in the places of their names."""
    if kind == "code":
        return re.sub(r'\bgiven\["(\w+)"\]', lambda m: _literal(values[m[1]]), text)
    return re.sub(r"<(\w+)>", lambda m: str(values[m[1]]) if m[1] in values else m[0], text)


def stub(cell: Cell, values: Given) -> str:
    """What a student is given in this cell."""
    return fill(cell.stub, cell.kind, values)


def solution(cell: Cell, values: Given) -> str:
    """What the right answer in this cell is."""
    return fill(cell.solution, cell.kind, values)
