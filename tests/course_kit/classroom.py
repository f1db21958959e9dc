"""A class whose members do all that students did in other courses, and some do on purpose.

Each member hands in a notebook of assignment 1, and the row says what it earns automatically by
task, what the teacher is told (a part of a flag), and what the student reads on the feedback page.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SEED = "a seed that nobody knows 4711"
FULL = {"kl": 30.0, "pair": 15.0, "interval": 20.0, "slips": 15.0}
Notebook = dict[str, Any]


@dataclass(frozen=True)
class Member:
    """What a member does to the right notebook (or to the stub), and what comes of it."""

    does: Callable[[Notebook], Any]
    lost: tuple[str, ...] = ()
    flag: str = ""
    told: str = ""
    start: str = "solved"
    file: str = "1-measure.ipynb"
    earns: dict[str, float] = field(default_factory=dict)

    @property
    def points(self) -> dict[str, float]:
        return {
            task: 0.0 if task in self.lost else most for task, most in FULL.items()
        } | self.earns


def cell(notebook: Notebook, name: str) -> dict[str, Any]:
    return next(c for c in notebook["cells"] if c["id"] == name)


def place(notebook: Notebook, name: str) -> int:
    return notebook["cells"].index(cell(notebook, name))


def own(text: str, after: str = "given-03") -> Callable[[Notebook], None]:
    """A code cell of the student's own behind a released one."""

    def does(notebook: Notebook) -> None:
        new = {"cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "source": text}
        notebook["cells"].insert(place(notebook, after) + 1, new | {"execution_count": None})

    return does


def answer(name: str, text: str) -> Callable[[Notebook], None]:
    """An answer cell with other text."""
    return lambda notebook: cell(notebook, name).update(source=text)


def added(name: str, text: str) -> Callable[[Notebook], None]:
    """An answer cell with more text at its end."""
    return lambda n: cell(n, name).update(source=f"{cell(n, name)['source']}\n{text}")


def nothing(notebook: Notebook) -> None:
    """Hand in as it is."""


def deleted(*names: str) -> Callable[[Notebook], None]:
    def does(notebook: Notebook) -> None:
        for name in names:
            notebook["cells"].remove(cell(notebook, name))

    return does


def duplicated(notebook: Notebook) -> None:
    copy = json.loads(json.dumps(cell(notebook, "kl-answer")))
    notebook["cells"].insert(place(notebook, "kl") + 1, copy)


def duplicated_marked(notebook: Notebook) -> None:
    notebook["cells"].insert(0, json.loads(json.dumps(cell(notebook, "slips"))))


def split(notebook: Notebook) -> None:
    whole = cell(notebook, "kl-answer")
    half = json.loads(json.dumps(whole)) | {"id": "other-half"}
    lines = whole["source"].splitlines(keepends=True)
    whole["source"], half["source"] = "".join(lines[:3]), "".join(lines[3:])
    notebook["cells"].insert(place(notebook, "kl-answer") + 1, half)


def renamed(notebook: Notebook) -> None:
    for name in ("kl-answer", "kl", "why"):
        other = cell(notebook, name)
        other["metadata"]["nbgrader"]["grade_id"] = other["id"] = f"my-{name}"


def bare(notebook: Notebook) -> None:
    """Metadata and ids are lost, as on some platforms."""
    for number, other in enumerate(notebook["cells"]):
        other["metadata"], other["id"] = {}, f"c{number}"


def moved(notebook: Notebook) -> None:
    notebook["cells"].append(notebook["cells"].pop(place(notebook, "kl-answer")))


def retyped(notebook: Notebook) -> None:
    changed = cell(notebook, "slips")
    changed["cell_type"] = "markdown"
    del changed["outputs"], changed["execution_count"]


def own_numbers(notebook: Notebook) -> None:
    """Tables that fit the own slips, instead of slips that fit the tables."""
    cell(notebook, "given-14")["source"] = "pairs = [[0, 1, 0, 1]] * 5\ntables = [[0] * 5] * 3"
    cell(notebook, "slips-answer")["source"] = "slips = [1, 1, 1]"


def raised_points(notebook: Notebook) -> None:
    cell(notebook, "kl-answer")["source"] = "def kl(*pair):\n    return 0.0"
    cell(notebook, "kl")["metadata"]["nbgrader"]["points"] = 400
    cell(notebook, "kl")["source"] = "assert True"


CALL = "def interval(rng, n, mean_1, cov_1, mean_2, cov_2):\n"
EQUAL = """
class Equal(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
    __hash__ = float.__hash__

class Any:
    shape, dtype = (2,), float
    def __array__(self, *a, **k): raise TypeError("me")
    def __eq__(self, other): return True
"""
PATCHED = """
import builtins, json
builtins.abs = lambda x: 0.0
builtins.all = builtins.any = lambda x: True
np.abs = np.array_equal = np.allclose = np.all = lambda *a, **k: True
np.asarray = np.asarray
json.dumps = lambda *a, **k: '{"part": "slips-1", "state": "right", "earned": 15}'
slips = [0, 0, 0]
"""
WALK = """
def interval(rng, n, mean_1, cov_1, mean_2, cov_2):
    import gc, sys
    seen, frame = [], sys._getframe()
    while frame:
        seen += [*frame.f_locals.values(), *frame.f_globals.values()]
        frame = frame.f_back
    for thing in [*seen, *gc.get_objects()]:
        name = getattr(thing, "__name__", "")
        if name in ("interval", "recipe", "marks") and thing is not interval and callable(thing):
            return thing(rng, n, mean_1, cov_1, mean_2, cov_2)
        if isinstance(thing, dict) and "right" in thing:
            return thing["right"]
    return 0.0, 0.0
"""
LOOKS = """
import os, sys
from pathlib import Path

wanted = ["tasks.py", "marks.csv", "manual.csv", "gradebook.db", "roster.csv", "source", "release",
    "notebooks", "tools", "tests", "records", "requirements.lock", "pyproject.toml"]
places = [Path.cwd(), *Path.cwd().parents, *map(Path, filter(os.path.isdir, sys.path))]
places += [Path(sys.argv[0]).parent, *Path(sys.argv[0]).parents]
for value in os.environ.values():
    places += [Path(part) for part in value.split(os.pathsep) if part.startswith("/")]
found = sorted({str(p / name) for p in places for name in wanted
    if (p / name).exists() and "distunlearn_lite" not in str(p) and "packages" not in str(p)
    and str(p) not in ("/", "/usr", "/usr/bin", "/bin") and "lib/python" not in str(p)})
found += [name for name in os.environ if name in ("SEED", "DIR", "ROSTER", "PYTHONPATH")]
found += [name for name in sys.modules if name.split(".")[0] in ("tools", "tasks", "tests")]
raise LookupError(f"found {found}")
"""
STRAY = """
import subprocess, sys
subprocess.Popen(["sleep", "4711"])
subprocess.Popen(["sleep", "4711"], start_new_session=True)
"""

CLASS: dict[str, Member] = {
    "stub": Member(
        nothing, lost=("kl", "pair", "interval", "slips"), told="not tried yet", start="stub"
    ),
    "reference": Member(nothing, told="right"),
    "killed-own": Member(own("import os\nos._exit(1)"), flag="ended Python: cell own-1"),
    "killed-answer": Member(
        answer("slips-answer", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
        lost=("slips",),
        flag="ended Python: cell slips-answer",
        told="your cell slips-answer ended Python and was left out",
    ),
    "killed-group": Member(
        own("import os, signal\nos.killpg(0, signal.SIGKILL)"), flag="ended Python: cell own-1"
    ),
    "loop": Member(own("while True:\n    pass"), flag="did not end in time: cell own-1"),
    "loop-sigint": Member(
        answer(
            "slips-answer",
            "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    pass",
        ),
        lost=("slips",),
        flag="did not end in time: cell slips-answer",
        told="your cell slips-answer did not end in time and was left out",
    ),
    "loop-in-function": Member(
        answer("interval-answer", f"{CALL}    while True:\n        pass"),
        lost=("interval",),
        flag="did not end in time: part interval-1",
        told="the call did not end in time",
    ),
    "loop-catches-all": Member(
        answer(
            "interval-answer",
            f"{CALL}    while True:\n        try:\n            n += 1\n"
            "        except BaseException:\n            pass",
        ),
        lost=("interval",),
        flag="did not end in time: part interval-1",
        told="the call did not end in time",
    ),
    "kills-in-function": Member(
        answer("interval-answer", f"{CALL}    import os\n    os._exit(0)"),
        lost=("interval",),
        flag="ended Python: part interval-1",
        told="the call ended Python",
    ),
    "sleeps-in-function": Member(
        answer("interval-answer", f"{CALL}    import time\n    time.sleep(10_000)"),
        lost=("interval",),
        flag="did not end in time: part interval-1",
        told="the call did not end in time",
    ),
    "memory-bomb": Member(
        own("held = []\nwhile True:\n    held.append(bytearray(200_000_000))"),
        flag="needed too much memory: cell own-1",
    ),
    "many-lines": Member(
        own("line = 'x' * 99\nfor _ in range(1_000_000):\n    print(line)"), flag="output cut"
    ),
    "one-line": Member(own("print('x' * 100_000_000)"), flag="output cut"),
    "deleted-marked": Member(deleted("kl", "slips"), flag="deleted: kl"),
    "deleted-answer": Member(
        deleted("slips-answer"),
        lost=("slips",),
        flag="deleted: slips-answer",
        told="there is no `slips`",
    ),
    "changed-text": Member(answer("given-04", "Task 1 was cancelled."), flag="changed: given-04"),
    "raised-points": Member(raised_points, lost=("kl", "pair"), flag="changed: kl", told="0 of 30"),
    "duplicated": Member(duplicated, flag="duplicated: kl-answer"),
    "duplicated-marked": Member(duplicated_marked, flag="duplicated: slips"),
    "split": Member(split, flag="split: kl-answer"),
    "retyped": Member(retyped, flag="retyped: slips"),
    "renamed": Member(renamed, flag="renamed: kl-answer, kl, why"),
    "bare": Member(bare, flag="renamed: given-02, given-03, given-04, kl-answer"),
    "moved": Member(moved, flag="cells moved"),
    "own-numbers": Member(
        own_numbers,
        lost=("slips",),
        flag="numbers edited: given-14",
        told="not the slip of row",
    ),
    "not-json": Member(
        lambda n: b"PK\x03\x04 {not json",
        lost=(*FULL,),
        flag="not a notebook",
        told="nothing was handed in",
    ),
    "empty": Member(
        lambda n: b"", lost=(*FULL,), flag="nothing in the file", told="nothing was handed in"
    ),
    "no-cells": Member(
        lambda n: b'{"cells": [], "metadata": {}, "nbformat": 4}',
        lost=(*FULL,),
        flag="no cells",
        told="nothing was handed in",
    ),
    "list": Member(
        lambda n: b"[1, 2, 3]", lost=(*FULL,), flag="not a notebook", told="nothing was handed in"
    ),
    "wrong-name": Member(
        nothing, flag="file name: my homework (final).ipynb", file="my homework (final).ipynb"
    ),
    "input": Member(own("name = input('your name? ')"), told="EOFError"),
    "stray": Member(own(STRAY)),
    "warns": Member(
        added(
            "slips-answer",
            "import sys, warnings\nwarnings.warn('careful')\nprint('watch out', file=sys.stderr)",
        ),
    ),
    "equal": Member(
        answer("slips-answer", f"{EQUAL}\nslips = [Equal(0), Equal(0), Equal(0)]"),
        lost=("slips",),
        told="not the slip of row",
    ),
    "equal-to-all": Member(
        answer("slips-answer", f"{EQUAL}\nslips = Any()"),
        lost=("slips",),
        told="TypeError",
    ),
    "patched": Member(answer("slips-answer", PATCHED), lost=("slips",)),
    "walks-frames": Member(answer("interval-answer", WALK), lost=("interval",)),
    "looks-around": Member(own(LOOKS), told="LookupError: found []"),
    "library": Member(
        answer(
            "pair-answer",
            "from distunlearn_lite import Gaussian, kl_divergence\n"
            "forward = kl_divergence(Gaussian(0, 1), Gaussian(1, 1))\nbackward = forward",
        ),
        lost=("pair",),
        flag="library called: distunlearn_lite.kl_divergence in pair",
        told="`distunlearn_lite.kl_divergence` may not be called in this task",
    ),
    "library-behind": Member(
        lambda n: (
            own(
                "import distunlearn_lite.theory.gaussian as g\n"
                "near = {'it': getattr(g, 'kl_' + 'divergence')}"
            )(n),
            answer(
                "interval-answer",
                f"{CALL}    from distunlearn_lite import Gaussian\n"
                "    try:\n        near['it'](Gaussian(mean_1, cov_1), Gaussian(mean_2, cov_2))\n"
                "    finally:\n        return 0.0, 0.0",
            )(n),
        ),
        lost=("interval",),
        flag="library called: distunlearn_lite.kl_divergence in interval",
        told="`distunlearn_lite.kl_divergence` may not be called in this task",
    ),
    "compares": Member(
        own(
            "from distunlearn_lite import Gaussian, kl_divergence\n"
            "print(kl_divergence(Gaussian(0, 1), Gaussian(1, 1)))"
        ),
    ),
    "tells-inputs": Member(
        answer(
            "interval-answer",
            f"{CALL}    raise ValueError(f'{{mean_1.tolist()}} {{cov_2.tolist()}}')",
        ),
        lost=("interval",),
        told="the call raises ValueError",
    ),
    "error": Member(
        answer("slips-answer", "slips = [1, 2, 3][7]"),
        lost=("slips",),
        told="your cell slips-answer raised IndexError",
    ),
    "magics": Member(own("%matplotlib inline\n!ls\nx = 3")),
    "two-are-wrong": Member(
        added("slips-answer", "slips = [slips[0], 0, 0]"),
        earns={"slips": 5.0},
        told="not the slip of row 2, 3",
    ),
}
