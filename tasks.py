"""Every command of the project, with the standard library only.

    python tasks.py book        build the book and print the page to open
    python tasks.py test        lint, type-check and test everything, notebooks and book included
    python tasks.py help        list the rest

A task first brings `.venv` to what `requirements.lock` says; an up-to-date one costs no time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "_build"
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "requirements.lock"
EXECUTED, PAGES = BUILD / ".jupyter_cache", BUILD / ".doctrees"
STAMP = "inputs.sha256"
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
        "JUPYTERCACHE": str(EXECUTED),
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


def _stamped(folder: Path, key: str) -> bool:
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == key


def _stamp(folder: Path, key: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STAMP).write_text(key)


def environment() -> None:
    """Make `.venv` as the lock file says. Stamps are written last, so a broken one is redone."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the script may be started by any Python
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    packages = digest([LOCK], f"{sys.version} {ROOT}")
    project = digest([ROOT / "pyproject.toml"], packages)
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install")
    if not (_stamped(BIN, packages) and PYTHON.exists()):
        print("setting up .venv from requirements.lock (a minute or two, once) ...", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        if subprocess.run([sys.executable, "-m", "venv", VENV], cwd=ROOT, check=False).returncode:
            sys.exit(
                "the environment could not be made: this Python lacks `venv` or `ensurepip` "
                "(on Debian and Ubuntu: apt-get install python3-venv)"
            )
        run(*pip, "--require-hashes", "-r", LOCK, quiet=True)
        _stamp(BIN, packages)
    if not _stamped(VENV, project):
        run(*pip, "--no-deps", "--no-build-isolation", "-e", ".", quiet=True)
        _stamp(VENV, project)


def data_found() -> str:
    """Which real data the chapters would find, a line a data set: part of the cache's key."""
    done = subprocess.run(
        [BIN / "distunlearn", "data", "list"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr.strip())
    return done.stdout


def inputs(found: str) -> str:
    """Hash of all that a chapter reads besides its own cells."""
    files = [*ROOT.glob("distunlearn_lite/**/*.py"), *ROOT.glob("book/results/*")]
    return digest([LOCK, *files], found)


def execute() -> None:
    """Run all chapters into the build's cache, two at a time; the build itself runs one by one.

    A chapter that fails is not cached: the build meets it again and says where.
    """
    run(BIN / "jcache", "notebook", "add", *sorted(ROOT.glob("notebooks/*.ipynb")))
    options = ("--executor", "local-parallel", "--timeout", "600")
    run(BIN / "jcache", "project", "execute", *options)


def book() -> None:
    """Build the book into _build/html, executing only what changed."""
    environment()
    # The execution cache knows the notebooks' cells only; what else they depend on is in this key.
    # The pages' own stamp is away while a build runs, so that an interrupted one starts its pages
    # afresh but keeps the chapters it has executed.
    found = data_found()
    key = inputs(found)
    fresh = _stamped(EXECUTED, key) and _stamped(PAGES, key)
    if not _stamped(EXECUTED, key):
        shutil.rmtree(EXECUTED, ignore_errors=True)
        _stamp(EXECUTED, key)
        execute()
    if not _stamped(PAGES, key):
        for folder in (PAGES, BUILD / "html", BUILD / "jupyter_execute"):
            shutil.rmtree(folder, ignore_errors=True)
    (PAGES / STAMP).unlink(missing_ok=True)
    flags = ("-W", "-n", "--keep-going", "--toc", "book/_toc.yml")
    run(BIN / "jupyter-book", "build", ".", *flags)
    if not fresh and "absent" in found:
        key = inputs(data_found())  # a chapter may have fetched its data just now
    for folder in (EXECUTED, PAGES):
        _stamp(folder, key)
    print(f"the book is built; open {PAGE}")


def chapter_tests() -> list[tuple[str, list[Path]]]:
    """The nbval mode of each chapter: strict, or lax where the real data it reads is absent."""
    listed = data_found().splitlines()
    found = {line.split(":")[0] for line in listed if not line.endswith("absent")}
    modes: dict[str, list[Path]] = {"--nbval": [], "--nbval-lax": []}
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        needed = json.loads(path.read_text(encoding="utf-8"))["metadata"]["distunlearn"]["data"]
        missing = [name for name in needed if name not in found]
        modes["--nbval-lax" if missing else "--nbval"].append(path)
        if missing:
            print(f"{path.name}: outputs not compared, since {', '.join(missing)} is not here")
    return [(mode, paths) for mode, paths in modes.items() if paths]


def test() -> None:
    """Lint, check types, then test the library, its examples, the notebooks and the built book."""
    book()
    run(BIN / "ruff", "check", ".")
    run(BIN / "ruff", "format", "--check", ".")
    run(BIN / "mypy")
    pytest = (PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile")
    run(*pytest, "tests")
    for mode, paths in chapter_tests():
        run(*pytest, mode, *paths)


def notebooks() -> None:
    """Run the chapters top to bottom and store them in the normal form (or only those named)."""
    environment()
    run(PYTHON, "-m", "tools.notebooks", *sys.argv[2:])


def lab() -> None:
    """Open JupyterLab on the chapters."""
    environment()
    run(BIN / "jupyter-lab", "notebooks")


def data() -> None:
    """Fetch every data set that needs no account (171 MB in all), and verify what is there."""
    environment()
    run(BIN / "distunlearn", "data", "fetch", "sms_spam", "cifar10")
    run(BIN / "distunlearn", "data", "verify")


def results() -> None:
    """Recompute the recorded result tables in book/results (about an hour; needs the data)."""
    environment()
    for name in ("gaussians", "sms", "cifar10", "jigsaw"):
        run(BIN / "distunlearn", "replicate", name, "--jobs", "2")


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
    try:
        chosen[name]()
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on from here")
