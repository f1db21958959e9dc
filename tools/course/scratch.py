"""Where and as what a submission runs: folder, environment, command, and the end of it all.

The process sees a scratch folder with a copy of the library, a scrubbed environment, and no path to
this project. It still runs as you: what it may do beyond that is for a sandbox, whose command is
put before ours by DISTUNLEARN_SANDBOX (in which `{scratch}` stands for the folder).
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import distunlearn_lite

SANDBOX = "DISTUNLEARN_SANDBOX"
LIBRARY = Path(distunlearn_lite.__file__).parent
INSIDE = Path(__file__).with_name("inside.py")


@contextmanager
def folder() -> Iterator[Path]:
    """A folder with an empty `work`, a copy of the library, and the packages under another name."""
    made = Path(tempfile.mkdtemp(prefix="submission-"))
    try:
        (made / "work").mkdir()
        shutil.copytree(LIBRARY, made / "library" / LIBRARY.name)
        shutil.copy(INSIDE, made / "library" / INSIDE.name)
        (made / "packages").symlink_to(sysconfig.get_paths()["purelib"])
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def environment(folder: Path) -> dict[str, str]:
    """All that the process learns from its environment."""
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


def command(folder: Path) -> list[str]:
    """What starts the process, in a sandbox if there is one."""
    prefix = [
        part.replace("{scratch}", str(folder)) for part in shlex.split(os.environ.get(SANDBOX, ""))
    ]
    python = getattr(sys, "_base_executable", sys.executable)
    # -I and -S: no variable, no folder of this project and no .pth file leads anywhere.
    return [*prefix, python, "-I", "-S", str(folder / "library" / INSIDE.name)]


def cpu(session: int) -> float:
    """Seconds that the processes of a session have worked; infinite where that cannot be known."""
    if not Path("/proc/self/stat").exists():
        return float("inf")
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            numbers = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(numbers[3]) == session:
            ticks += sum(map(int, numbers[11:15]))  # own and those of children that are gone
    return ticks / os.sysconf("SC_CLK_TCK")


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


def end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Kill the process, its group, and what has left the group."""
    for kill, numbers in ((os.killpg, [process.pid]), (os.kill, _strays(folder))):
        for number in numbers:
            try:
                kill(number, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
    process.wait()
