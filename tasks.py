"""Every command of the project, with the standard library only.

    python tasks.py book        build the book and print the page to open
    python tasks.py test        lint, type-check and test everything, notebooks and book included
    python tasks.py help        list the rest

A task first brings `.venv` to what `requirements.lock` says; an up-to-date one costs no time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "_build"
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "requirements.lock"
PAGE = BUILD / "html" / "index.html"


def run(*command: str | Path, quiet: bool = False) -> None:
    """Run a command of the environment in the project's root; stop the task where it fails."""
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(VENV),
        # One thread a process: the kernels and test workers already use both cores, and sums
        # then come out the same whatever the machine's core count.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    output = subprocess.PIPE if quiet else None
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )
    if done.returncode:
        if quiet:
            print(done.stdout)
        sys.exit(f"stopped: {Path(command[0]).name} failed with exit code {done.returncode}")


def digest(paths: list[Path], extra: str = "") -> str:
    """Hash of the files' names and bytes."""
    total = hashlib.sha256(extra.encode())
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def environment() -> None:
    """Make `.venv` as the lock file says. Its stamp is written last, so a broken one is redone."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the script may be started by any Python
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    stamp = VENV / "lock.sha256"
    wanted = digest([LOCK, ROOT / "pyproject.toml"], sys.version)
    if stamp.is_file() and stamp.read_text() == wanted and PYTHON.exists():
        return
    print("setting up .venv from requirements.lock (about a minute, once) ...", flush=True)
    stamp.unlink(missing_ok=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], cwd=ROOT, check=True)
    except subprocess.CalledProcessError:
        sys.exit(
            "the environment could not be made: this Python lacks `venv` or `ensurepip` "
            "(on Debian and Ubuntu: apt-get install python3-venv)"
        )
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install"]
    run(*pip, "--require-hashes", "-r", LOCK, quiet=True)
    run(*pip, "--no-deps", "--no-build-isolation", "-e", ".", quiet=True)
    stamp.write_text(wanted)


def data_found() -> str:
    """Names and sizes of the real data files a chapter would find: part of the cache's key."""
    listing = subprocess.run(
        [PYTHON, "-m", "distunlearn_lite.datasets"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        sys.exit(listing.stderr.strip().splitlines()[-1])
    return listing.stdout


def book() -> None:
    """Build the book into _build/html, executing only what changed."""
    environment()
    # The execution cache knows the notebooks' cells only; what the cells import and read is
    # compared here, and the key is written only after a build that went through.
    key = digest(
        [LOCK, *ROOT.glob("distunlearn_lite/**/*.py"), *ROOT.glob("book/results/*")], data_found()
    )
    stamp = BUILD / "inputs.sha256"
    if not stamp.is_file() or stamp.read_text() != key:
        stamp.unlink(missing_ok=True)
        for folder in (".jupyter_cache", ".doctrees", "html", "jupyter_execute"):
            shutil.rmtree(BUILD / folder, ignore_errors=True)
    started = time.monotonic()
    flags = ("-W", "-n", "--keep-going", "--toc", "book/_toc.yml")
    run(BIN / "jupyter-book", "build", ".", *flags)
    stamp.write_text(key)
    print(f"built in {time.monotonic() - started:.0f} s; open {PAGE}")


def test() -> None:
    """Lint, check types, then test the library, its examples, the notebooks and the built book."""
    book()
    run(BIN / "ruff", "check", ".")
    run(BIN / "ruff", "format", "--check", ".")
    run(BIN / "mypy")
    run(PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile", *sys.argv[2:])


def notebooks() -> None:
    """Run the chapters top to bottom and store them in the normal form (or only those named)."""
    environment()
    run(PYTHON, "-m", "tests.normalise", *sys.argv[2:])


def lab() -> None:
    """Open JupyterLab on the chapters."""
    environment()
    run(BIN / "jupyter-lab", "notebooks")


def data() -> None:
    """Fetch every data set that needs no account, and verify what is there."""
    environment()
    run(BIN / "distunlearn", "data", "fetch")


def results() -> None:
    """Recompute the recorded result tables in book/results."""
    environment()
    run(BIN / "distunlearn", "replicate", "sms")


def help() -> None:
    """List the tasks."""
    for task in TASKS:
        print(f"  {task.__name__:<10} {(task.__doc__ or '').splitlines()[0]}")


TASKS = (book, test, notebooks, lab, data, results, help)

if __name__ == "__main__":
    chosen = {task.__name__: task for task in TASKS}
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name not in chosen:
        sys.exit(f"no task {name!r}; the tasks are {', '.join(chosen)}")
    chosen[name]()
