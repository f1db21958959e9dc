"""Run a rebuilt submission in a process of its own, with limits, and collect plain numbers.

A cell that ends the process, or does not end itself, is left out and the others run again. Limits
are of the processor's time, so that marks do not depend on what else the machine does; whoever
sleeps is given a multiple of it by the clock.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import scratch
from .inside import MEMORY

START = 60.0  # seconds until the first cell: packages are loaded
BY_THE_CLOCK = 10
LOOK = 0.25  # seconds between two looks at the time


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


def _job(folder: Path, cells: list[Any], parts: list[Any], limits: Limits) -> dict[str, Any]:
    forbidden = {name for thing in (*cells, *parts) for name in thing["forbidden"]}
    return {
        "path": [str(folder / "library"), str(folder / "packages")],
        "limits": {"RLIMIT_AS": limits.memory, "RLIMIT_FSIZE": limits.file, "RLIMIT_CORE": 0},
        "forbidden": sorted(forbidden),
        "cells": cells,
        "parts": parts,
    }


@dataclass
class _Watch:
    """A limit on what goes on now, or on all."""

    seconds: float
    why: str
    cpu: float = 0.0  # that was used before it began
    began: float = field(default_factory=time.monotonic)

    def over(self, session: int) -> bool:
        """Whether the processor has worked, or we have waited, for too long."""
        waited = time.monotonic() - self.began
        if waited <= self.seconds:  # one thread cannot have used more
            return False
        used = scratch.cpu(session) - self.cpu
        return used > self.seconds or waited > BY_THE_CLOCK * self.seconds


class _Attempt:
    """One process: reads its messages until it is done, dies, or takes too long."""

    def __init__(self, run: Run, seconds: dict[str, float], limits: Limits, left: float) -> None:
        self.run, self.limits = run, limits
        self.seconds = seconds  # that a call of a part may take
        self.now: tuple[str, str] = ("", "")  # what is going on: a cell or a part
        self.step = _Watch(START, "did not end in time")
        self.whole = _Watch(left, "took all the time there is")
        self.done, self.why = False, ""
        self._rest, self._read = b"", 0

    def _message(self, raw: bytes) -> None:
        try:
            message = json.loads(raw)
            kind = next(key for key in ("cell", "part", "library", "done") if key in message)
            what = str(message[kind])
            cpu = float(message.get("cpu", -1))
        except (ValueError, StopIteration, TypeError, AttributeError, RecursionError):
            return
        if kind == "done":
            self.done = True
        elif kind == "library":
            self.run.library[self.now[1]] = what
        elif cpu >= 0:
            self.now = (kind, what)
            allowed = self.limits.cell if kind == "cell" else self.seconds.get(what, 0.0)
            self.step = _Watch(allowed, self.step.why, cpu)
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
                over = [w.why for w in (self.whole, self.step) if w.over(process.pid)]
                if over:
                    self.why = over[0]
                    return
                for key, _ in ears.select(LOOK):
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
    result, left = Run(), limits.total
    seconds = {part["key"]: float(part["seconds"]) for part in parts}
    while True:
        left_cells = [cell for cell in cells if cell["id"] not in result.stopped]
        open_parts = [part for part in parts if part["key"] not in {*result.found, *result.stopped}]
        attempt = _Attempt(result, seconds, limits, left)
        with scratch.folder() as folder, tempfile.TemporaryFile() as job:
            job.write(json.dumps(_job(folder, left_cells, open_parts, limits)).encode())
            job.seek(0)
            process = subprocess.Popen(
                scratch.command(folder),
                stdin=job,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder / "work",
                env=scratch.environment(folder),
                start_new_session=True,
            )
            try:
                attempt.listen(process)
            finally:
                scratch.end(process, folder)
                for stream in (process.stdout, process.stderr):
                    assert stream is not None
                    stream.close()
        left -= attempt.step.cpu
        if attempt.done:
            break
        kind, what = attempt.now
        result.stopped[what] = attempt.why
        where = f": {kind} {what}" if what else " before the first cell"
        result.flags.append(f"{attempt.why}{where}")
        if not what or attempt.why == attempt.whole.why or left <= 0:
            break
    if result.printed > limits.output:
        result.flags.append("output cut")
    return result
