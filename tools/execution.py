"""Run the cells of a chapter in this process, where their names can be looked at and copied."""

from __future__ import annotations

import contextlib
import copy
import io
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

PASSES = "passes"
FAILS = "its check fails"


def code_cells(chapter: Path) -> list[str]:
    """Sources of the code cells of a chapter, in order."""
    cells = nbformat.read(chapter, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def run(source: str, names: dict[str, Any]) -> str:
    """What became of a cell that ran on these names: it passes, a check fails, or it stops."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            exec(compile(source, "<cell>", "exec"), names)
    except AssertionError:
        return FAILS
    except Exception as error:
        return f"stops with {type(error).__name__}: {error}"
    return PASSES


def copied(names: dict[str, Any]) -> dict[str, Any]:
    """Names for one more cell, which cannot change the arrays and generators of the others."""
    own = (np.ndarray, np.random.Generator, list, dict, set)
    return {k: copy.deepcopy(v) if isinstance(v, own) else v for k, v in names.items()}
