"""Run a rebuilt submission in a process of its own, with limits, and collect plain numbers.

A cell that ends the process, or does not end itself, is left out and the others run again. The
process sees a scratch folder with a copy of the library, a scrubbed environment, and no path to
this project. It still runs as you: what it may do beyond that is for a sandbox, whose command is
put before ours by DISTUNLEARN_SANDBOX (in which `{scratch}` stands for the folder).
"""

from __future__ import annotations

import json
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import distunlearn_lite

from .inside import MEMORY

SANDBOX = "DISTUNLEARN_SANDBOX"
LIBRARY = Path(distunlearn_lite.__file__).parent
INSIDE = Path(__file__).with_name("inside.py")
START = 60.0  # seconds until the first cell: packages are loaded


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds, and bytes."""

    cell: float = 60.0
    total: float = 600.0
    memory: int = 4 << 30
    file: int = 200 << 20
    output: int = 1 << 20
    answers: int = 64 << 20


@dataclass
class Run:
    """What came out, and what happened to cells (`errors`) and to the process (`stopped`)."""

    found: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    library: dict[str, str] = field(default_factory=dict)
    printed: int = 0
    flags: list[str] = field(default_factory=list)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder with an empty `work`, a copy of the library, and the packages under another name."""
    folder = Path(tempfile.mkdtemp(prefix="submission-"))
    try:
        (folder / "work").mkdir()
        shutil.copytree(LIBRARY, folder / "library" / LIBRARY.name)
        shutil.copy(INSIDE, folder / "library" / INSIDE.name)
        (folder / "packages").symlink_to(sysconfig.get_paths()["purelib"])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(folder / "work"),
        "TMPDIR": str(folder / "work"),
        "MPLCONFIGDIR": str(folder / "work"),
        "MPLBACKEND": "Agg",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _command(folder: Path) -> list[str]:
    prefix = [
        part.replace("{scratch}", str(folder)) for part in shlex.split(os.environ.get(SANDBOX, ""))
    ]
    python = getattr(sys, "_base_executable", sys.executable)
    # -I and -S: no variable, no folder of this project and no .pth file leads anywhere.
    return [*prefix, python, "-I", "-S", str(folder / "library" / INSIDE.name)]


def _job(folder: Path, cells: list[Any], parts: list[Any], limits: Limits) -> dict[str, Any]:
    forbidden = {name for thing in (*cells, *parts) for name in thing["forbidden"]}
    return {
        "path": [str(folder / "library"), str(folder / "packages")],
        "limits": {"RLIMIT_AS": limits.memory, "RLIMIT_FSIZE": limits.file, "RLIMIT_CORE": 0},
        "forbidden": sorted(forbidden),
        "cells": cells,
        "parts": parts,
    }


def _strays(folder: Path) -> list[int]:
    """Processes that have left the group but still name the scratch folder (on Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            named = str(folder).encode() in (entry / "environ").read_bytes()
            if named or os.readlink(entry / "cwd").startswith(str(folder)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    for kill, numbers in ((os.killpg, [process.pid]), (os.kill, _strays(folder))):
        for number in numbers:
            try:
                kill(number, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
    process.wait()


class _Attempt:
    """One process: reads its messages until it is done, dies, or takes too long."""

    def __init__(self, run: Run, seconds: dict[str, float], limits: Limits, end: float) -> None:
        self.run, self.limits, self.end = run, limits, end
        self.seconds = seconds  # that a part may take
        self.now: tuple[str, str] = ("", "")  # what is going on: a cell or a part
        self.deadline = time.monotonic() + START
        self.done, self.why = False, ""
        self._rest, self._read = b"", 0

    def _message(self, raw: bytes) -> None:
        try:
            message = json.loads(raw)
            kind = next(key for key in ("cell", "part", "library", "done") if key in message)
            what = str(message[kind])
        except (ValueError, StopIteration, TypeError, RecursionError):
            return
        if kind == "done":
            self.done = True
        elif kind == "library":
            self.run.library[self.now[1]] = what
        elif len(message) == 1:
            self.now = (kind, what)
            allowed = self.limits.cell if kind == "cell" else self.seconds.get(what, 0) + 2
            self.deadline = time.monotonic() + allowed
        elif kind == "cell":
            self.run.errors[what] = str(message.get("error"))[:400]
        elif what in self.seconds:
            self.run.found[what] = message

    def answers(self, raw: bytes) -> None:
        self._read += len(raw)
        if self._read > self.limits.answers:
            self.why = "gave more numbers than can be read"
            return
        *lines, self._rest = (self._rest + raw).split(b"\n")
        for line in lines:
            self._message(line)

    def printed(self, raw: bytes) -> None:
        self.run.printed += len(raw)

    def listen(self, process: subprocess.Popen[bytes]) -> None:
        """Read until there is nothing more to wait for."""
        with selectors.DefaultSelector() as ears:
            for stream, read in ((process.stdout, self.answers), (process.stderr, self.printed)):
                assert stream is not None
                ears.register(stream, selectors.EVENT_READ, read)
            while not (self.done or self.why):
                left = min(self.deadline, self.end) - time.monotonic()
                if left <= 0:
                    total = self.end <= self.deadline
                    self.why = "took all the time there is" if total else "did not end in time"
                    return
                for key, _ in ears.select(left):
                    raw = os.read(key.fd, 1 << 16)
                    if raw:
                        key.data(raw)
                    elif key.fileobj is process.stdout:
                        process.wait()
                        memory = process.returncode in (MEMORY, -signal.SIGSEGV)
                        self.why = "needed too much memory" if memory else "ended Python"
                        return
                    else:
                        ears.unregister(key.fileobj)


def run(cells: list[Any], parts: list[Any], limits: Limits) -> Run:
    """Run the cells, then ask for the parts; again without what stopped the process before.

    A cell has `id`, `text` and `forbidden`; a part `key`, `name`, `answer`, `cases`, `seconds` and
    `forbidden`.
    """
    result, end = Run(), time.monotonic() + limits.total
    seconds = {part["key"]: part["seconds"] * max(1, len(part["cases"])) for part in parts}
    while True:
        left_cells = [cell for cell in cells if cell["id"] not in result.stopped]
        open_parts = [part for part in parts if part["key"] not in {*result.found, *result.stopped}]
        attempt = _Attempt(result, seconds, limits, end)
        with scratch() as folder, tempfile.TemporaryFile() as job:
            job.write(json.dumps(_job(folder, left_cells, open_parts, limits)).encode())
            job.seek(0)
            process = subprocess.Popen(
                _command(folder),
                stdin=job,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder / "work",
                env=_environment(folder),
                start_new_session=True,
            )
            try:
                attempt.listen(process)
            finally:
                _end(process, folder)
                for stream in (process.stdout, process.stderr):
                    assert stream is not None
                    stream.close()
        if attempt.done:
            break
        kind, what = attempt.now
        result.stopped[what] = attempt.why
        result.flags.append(f"{attempt.why}: {kind} {what}".strip())
        if not what or time.monotonic() >= end:
            break
    if result.printed > limits.output:
        result.flags.append("output cut")
    return result
