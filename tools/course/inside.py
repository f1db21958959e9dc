"""Runs in the student's process, and trusts nothing that comes after its first lines.

It reads a job from standard input: cells to run and names to ask for. It knows no right answer, no
seed and nobody's name. What it finds leaves as lines of JSON on the stream that was the standard
output; whatever the student prints goes elsewhere.
"""

from __future__ import annotations

import builtins
import importlib
import json
import linecache
import os
import re
import resource
import sys
import time
import types
from collections.abc import Iterator
from typing import Any

LIMITED_OUTSIDE = 1e6  # seconds of a call, here
MEMORY = 77  # exit code: a cell wanted more memory than there is


class Line:
    """The way out: one JSON object a line."""

    def __init__(self) -> None:
        self._file, self._dumps, self._write = os.dup(1), json.dumps, os.write
        self.clock = time.process_time
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)

    def tell(self, **message: Any) -> None:
        rest = self._dumps(message).encode() + b"\n"
        while rest:
            rest = rest[self._write(self._file, rest) :]


class Guard:
    """Stands before the library functions that an answer may not call, and says where one does."""

    def __init__(self, names: list[str], line: Line) -> None:
        self.closed: frozenset[str] = frozenset()
        self._line = line
        for name in names:
            self._stand_before(name)

    def _stand_before(self, name: str) -> None:
        steps = name.split(".")
        owner: Any = importlib.import_module(steps[0])
        for step in steps[1:-1]:
            owner = getattr(owner, step)
        original = getattr(owner, steps[-1])
        if isinstance(original, type):
            original.__init__ = self._guarded(name, original.__init__)  # type: ignore[misc]
            return
        guarded = self._guarded(name, original)
        setattr(owner, steps[-1], guarded)
        for known, module in list(sys.modules.items()):
            if known.split(".")[0] == steps[0]:
                for own, value in list(vars(module).items()):
                    if value is original:
                        setattr(module, own, guarded)

    def _guarded(self, name: str, original: Any) -> Any:
        def guarded(*args: Any, **options: Any) -> Any:
            if name in self.closed:
                self._line.tell(library=name)
                raise RuntimeError(f"{name} may not be called in this task")
            return original(*args, **options)

        guarded.__name__, guarded.__doc__ = original.__name__, original.__doc__
        return guarded


def thawed(value: Any) -> Any:
    """An input from its JSON."""
    import numpy as np

    if isinstance(value, dict) and "array" in value:
        return np.array(value["array"], dtype=value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict) and "rng" in value:
        return np.random.default_rng(value["rng"])
    return [thawed(entry) for entry in value] if isinstance(value, list) else value


def compiled(text: str, place: str) -> Any:
    """Code of a cell; lines that only Jupyter understands are left out."""
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    try:
        return compile(text, place, "exec")
    except SyntaxError:
        plain = re.sub(r"^([ \t]*)[%!?].*$", r"\1pass", text, flags=re.MULTILINE)
        return compile(plain, place, "exec")


def run_cells(cells: list[dict[str, Any]], names: dict[str, Any], guard: Guard, line: Line) -> None:
    """Run the cells one after the other; an error ends its own cell only."""
    for cell in cells:
        line.tell(cell=cell["id"], cpu=line.clock())
        guard.closed = frozenset(cell["forbidden"])
        try:
            exec(compiled(cell["text"], f"<{cell['id']}>"), names)
        except MemoryError:
            os._exit(MEMORY)
        except BaseException as error:
            line.tell(cell=cell["id"], error=f"{type(error).__name__}: {str(error)[:300]}")
        guard.closed = frozenset()


def called(part: dict[str, Any], line: Line) -> Iterator[dict[str, Any]]:
    """The inputs of a part, one call after the other; each call is told before it begins."""
    for case in part["cases"]:
        inputs = {name: thawed(value) for name, value in case.items()}
        line.tell(part=part["key"], cpu=line.clock())
        yield inputs


def outcomes(found: Any) -> list[dict[str, Any]] | None:
    """What came out, as plain JSON."""
    return found and [
        {
            "problem": outcome.problem,
            "numbers": outcome.numbers
            and [{"shape": part.shape, "flat": part.ravel().tolist()} for part in outcome.numbers],
        }
        for outcome in found
    ]


def main() -> None:
    job = json.load(sys.stdin)
    line = Line()
    sys.path += job["path"]
    for kind, most in job["limits"].items():
        resource.setrlimit(getattr(resource, kind), (most, most))
    from distunlearn_lite.course.collecting import collect

    guard = Guard(job["forbidden"], line)
    main_module = types.ModuleType("__main__")
    sys.modules["__main__"] = main_module
    names = vars(main_module)
    names["display"] = builtins.print
    run_cells(job["cells"], names, guard, line)
    for part in job["parts"]:
        if part["name"] not in names:
            line.tell(part=part["key"], missing=True)
            continue
        guard.closed = frozenset(part["forbidden"])
        cases = called(part, line)
        try:
            found = collect(names[part["name"]], part["answer"], cases, LIMITED_OUTSIDE)
            line.tell(part=part["key"], outcomes=outcomes(found))
        except MemoryError:
            os._exit(MEMORY)
        guard.closed = frozenset()
    line.tell(done=True)
    os._exit(0)


if __name__ == "__main__":
    main()
