"""What `make assignments` and `make grade` call; settings come in the environment.

SEED, and ROSTER if each student has a version of its own; OUT for the released notebooks; DIR is
the folder or zip of submissions. They are not on the command line, which every user may read.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import release, roster
from .course import Class
from .source import sources


def _needed(name: str, example: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        sys.exit(f"{name} is missing; for example {example}")
    return value


def _people() -> Path | None:
    value = os.environ.get("ROSTER")
    if value and not Path(value).is_file():
        sys.exit(f"ROSTER={value}: there is no such file")
    return Path(value) if value else None


def assignments() -> None:
    """Write the released notebooks."""
    seed = _needed("SEED", "make assignments SEED=autumn-2027")
    people, out = _people(), Path(_needed("OUT", "make assignments SEED=autumn-2027 OUT=released"))
    students = list(roster.read(people).names) if people else None
    written = release.write(sources(), out, seed, students)
    print(f"{len(written)} notebooks are in {out}")


def grade() -> None:
    """Grade a folder or zip of submissions."""
    example = "make grade DIR=submissions SEED=autumn-2027"
    place, seed = Path(_needed("DIR", example)), _needed("SEED", example)
    if not place.exists():
        sys.exit(f"DIR={place}: there is no such folder or zip")
    Class(place.resolve(), seed, _people(), sources()).run()


if __name__ == "__main__":
    {"assignments": assignments, "grade": grade}[sys.argv[1]]()
