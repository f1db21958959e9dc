"""Every command of the project, with the standard library only.

    python tasks.py book        build the book and print the page to open
    python tasks.py test        lint, type-check and test everything, notebooks and book included
    python tasks.py help        list the rest

A task first brings `.venv` to what `requirements.lock` says; an up-to-date one costs no time.
Where DISTUNLEARN_HERE is set, tasks use the Python that runs them instead, and install nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "_build"
WORKBOOK = ROOT / "workbook"
VENV = ROOT / ".venv"
SCRIPTS, NAME = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
HERE = bool(os.environ.get("DISTUNLEARN_HERE"))
BIN = Path(sysconfig.get_path("scripts")) if HERE else VENV / SCRIPTS
PYTHON = Path(sys.executable) if HERE else BIN / NAME
LOCK = ROOT / "requirements.lock"
EXECUTED, PAGES = BUILD / ".jupyter_cache", BUILD / ".doctrees"
STAMP = "inputs.sha256"
PAGE = BUILD / "html" / "index.html"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TABLES = (
    *("gaussians", "sms", "sms-variations", "jigsaw", "jigsaw-variations"),
    *("cifar10", "cifar10-classes", "cifar10-variations"),
)
SHOWN = ("numpy", "scipy", "scikit-learn", "pandas")
WORKERS = max(2, os.cpu_count() or 2)
TIMEOUT = 600  # seconds a cell may take; `_config.yml` says the same
SETTINGS = ("SEED", "ROSTER", "OUT", "DIR", "CHAPTERS")
PIP = ("-m", "pip", "--disable-pip-version-check", "install")


def call(*command: str | Path, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command of an environment in the project's root."""
    binaries = Path(command[0]).parent
    environment = os.environ | {
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(binaries.parent),
        # One thread a process: the kernels and test workers already use both cores, and sums
        # then come out the same whatever the machine's core count.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "JUPYTERCACHE": str(EXECUTED),
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )


def run(*command: str | Path, quiet: bool = False) -> str:
    """Run a command, and return what it printed if it is quiet; stop the task where it fails."""
    try:
        done = call(*command, quiet=quiet)
    except FileNotFoundError:
        remedy = "python -m pip install -e '.[book,test]'" if HERE else "delete .venv and try again"
        sys.exit(f"stopped: {command[0]} is missing; {remedy}")
    if done.returncode:
        if quiet:
            print(done.stdout)
        sys.exit(f"stopped: {Path(command[0]).name} failed with exit code {done.returncode}")
    return done.stdout


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
    try:
        tempfile.TemporaryFile(dir=ROOT).close()
    except OSError as error:
        sys.exit(
            f"{ROOT} cannot be written ({error.strerror}); copy the project to a folder that can"
        )
    if HERE:
        return
    packages = digest([LOCK], f"{sys.version} {ROOT}")
    project = digest([ROOT / "pyproject.toml"], packages)
    if not (_stamped(BIN, packages) and PYTHON.exists()):
        print("setting up .venv from requirements.lock (a minute or two, once) ...", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        if subprocess.run([sys.executable, "-m", "venv", VENV], cwd=ROOT, check=False).returncode:
            sys.exit(
                "the environment could not be made: this Python lacks `venv` or `ensurepip` "
                "(on Debian and Ubuntu: apt-get install python3-venv)"
            )
        run(PYTHON, *PIP, "--require-hashes", "-r", LOCK, quiet=True)
        _stamp(BIN, packages)
    if not _stamped(VENV, project):
        run(PYTHON, *PIP, "--no-deps", "--no-build-isolation", "-e", ".", quiet=True)
        _stamp(VENV, project)


def data_found() -> str:
    """Which real data the chapters would find, a line a data set: part of the cache's key."""
    return run(BIN / "distunlearn", "data", "list", quiet=True)


def inputs(found: str) -> str:
    """Hash of all that a chapter reads besides its own cells."""
    files = [*ROOT.glob("distunlearn_lite/**/*.py"), *ROOT.glob("book/results/*")]
    return digest([LOCK, *files], found)


def execute() -> None:
    """Run all chapters into the build's cache, two at a time; the build itself runs one by one.

    A chapter that fails is not cached: the build meets it again and says where.
    """
    run(BIN / "jcache", "notebook", "add", *sorted(ROOT.glob("notebooks/*.ipynb")))
    options = ("--executor", "local-parallel", "--timeout", str(TIMEOUT))
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
    pytest = (PYTHON, "-m", "pytest", "-n", str(WORKERS), "--dist", "loadfile")
    run(*pytest, "tests")
    for mode, paths in chapter_tests():
        run(*pytest, mode, "--nbval-cell-timeout", str(TIMEOUT), *paths)


def interpreters() -> dict[str, str]:
    """Every supported Python that runs here and can make environments, by its version.

    This one, one on the PATH (where a shim need not run), or one in pyenv's folder.
    """
    pyenv = shutil.which("pyenv")
    root = call(pyenv, "root", quiet=True).stdout.strip() if pyenv else ""
    question = "import ensurepip, sys, venv; print(*sys.version_info[:2], sep='.')"
    found: dict[str, str] = {}
    for version in PYTHONS:
        kept = sorted(Path(root).glob(f"versions/{version}.*/bin/python")) if root else []
        places = (sys.executable, shutil.which(f"python{version}"), *map(str, kept))
        for place in filter(None, places):
            if call(place, "-c", question, quiet=True).stdout.strip() == version:
                found.setdefault(version, place)
    return found


def oldest() -> list[str]:
    """The oldest dependencies that `pyproject.toml` admits, as pins."""
    import tomllib  # not before Python 3.11, which may be what is missing

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [requirement.replace(">=", "==") for requirement in project["dependencies"]]


def library_tests(
    python: str, pins: list[str], folder: str
) -> tuple[str, subprocess.CompletedProcess[str]]:
    """The versions in a new environment, and its tests or the step that stopped before them."""
    own = Path(folder) / SCRIPTS / NAME
    steps: list[list[str | Path]] = [
        [python, "-m", "venv", folder],
        [own, *PIP, "-e", ".[test]", *pins],
    ]
    for step in steps:
        done = call(*step, quiet=True)
        if done.returncode:
            return "not installed", done
    shown = f"print(*(name + ' ' + version(name) for name in {SHOWN}), sep=', ')"
    listed = call(own, "-c", f"from importlib.metadata import version; {shown}", quiet=True)
    # Old packages warn of what is newer than they are; the newest must not.
    options = ("-W", "default::DeprecationWarning") if pins else ()
    pytest = (own, "-m", "pytest", "-q", "-n", str(WORKERS), "--dist", "loadfile", *options)
    return listed.stdout.strip(), call(*pytest, "tests", "--ignore", "tests/book", quiet=True)


def versions() -> None:
    """Test the library on every Python here: newest dependencies and, on the oldest, oldest too."""
    found = interpreters()
    runs = [(version, "newest", list[str]()) for version in found]
    if PYTHONS[0] in found:
        runs.append((PYTHONS[0], "oldest", oldest()))
    else:
        print(f"Python {PYTHONS[0]} is not here: the oldest dependencies are not tried")
    failed = 0
    for version, age, pins in runs:
        with tempfile.TemporaryDirectory() as folder:
            installed, done = library_tests(found[version], pins, folder)
        if done.returncode:
            failed += 1
            print(done.stdout)
        verdict = "failed" if done.returncode else "passed"
        print(f"python {version}, {age}: {installed}: {verdict}", flush=True)
    if failed or not runs:
        sys.exit(f"stopped: {failed} of {len(runs)} environments failed")


def notebooks() -> None:
    """Run the chapters top to bottom and store them in the normal form (or only those named)."""
    environment()
    run(PYTHON, "-m", "tools.notebooks", *sys.argv[2:])


def exercises() -> None:
    """Write the section "Check yourself" from the tables of exercises (or of chapters NN only)."""
    environment()
    run(PYTHON, "-m", "tools.exercises", *sys.argv[2:])


def perturb() -> None:
    """Break every proved statement on purpose, and record that its check fails (or those named)."""
    environment()
    run(PYTHON, "-m", "tools.perturb", *sys.argv[2:])


def cover() -> None:
    """Draw the cover of README and front page anew."""
    environment()
    run(PYTHON, "-m", "tools.cover")


def figures() -> None:
    """Draw the figures of the whole and the table of verdicts from the recorded tables anew."""
    environment()
    run(PYTHON, "-m", "tools.figures")


def workbook() -> None:
    """Copy the chapters into workbook/, to be written in; what is there already is left alone."""
    WORKBOOK.mkdir(exist_ok=True)
    copied, left = [], []
    for chapter in sorted(ROOT.glob("notebooks/*.ipynb")):
        copy = WORKBOOK / chapter.name
        if copy.exists():
            left.append(copy.name)
            continue
        partial = copy.with_suffix(".partial")  # an interrupted copy is not taken for one
        shutil.copyfile(chapter, partial)
        os.replace(partial, copy)
        copied.append(copy.name)
    print(f"copied into {WORKBOOK.name}/: {', '.join(copied) or 'nothing'}")
    if left:
        print(f"left as they are: {', '.join(left)}")
        print("to have a chapter afresh, rename your copy of it and call this again")
    print("`lab` opens the folder from now on")


def guide() -> None:
    """Write the tables of the instructor guide anew, and name the holes in them."""
    environment()
    run(PYTHON, "-m", "tools.guide")


def settings() -> None:
    """Take NAME=VALUE behind the task's name into the environment; make puts it there itself."""
    for word in sys.argv[2:]:
        name, is_setting, value = word.partition("=")
        if is_setting and name in SETTINGS:
            os.environ[name] = value
    for name in ("ROSTER", "OUT", "DIR"):
        if os.environ.get(name):
            os.environ[name] = str(Path(os.environ[name]).resolve())


def questions() -> None:
    """Write exam questions with fresh numbers and their answers (SEED=..., OUT=folder)."""
    settings()
    environment()
    run(PYTHON, "-m", "tools.questions")


def slides() -> None:
    """Export the chapters as slides (CHAPTERS=01,08 for some, OUT=folder)."""
    settings()
    environment()
    run(PYTHON, "-m", "tools.slides")


def lab() -> None:
    """Open JupyterLab on the chapters, on your copies of them if there is a workbook."""
    environment()
    run(BIN / "jupyter-lab", WORKBOOK if WORKBOOK.is_dir() else ROOT / "notebooks")


def assignments() -> None:
    """Write the assignments: SEED=... [ROSTER=...] [OUT=...]; with a roster, one version each."""
    settings()
    os.environ["OUT"] = os.environ.get("OUT") or str(BUILD / "assignments")
    environment()
    run(PYTHON, "-m", "tools.course", "assignments")


def grade() -> None:
    """Grade what was handed in: DIR=... SEED=... [ROSTER=...]; results stand beside DIR."""
    settings()
    environment()
    run(PYTHON, "-m", "tools.course", "grade")


def course_test() -> None:
    """Test the assignments and their grading, in some minutes."""
    environment()
    pytest = (PYTHON, "-m", "pytest", "-n", str(WORKERS), "--dist", "loadfile")
    run(*pytest, "tests/course_kit")


def data() -> None:
    """Fetch every data set that needs no account (171 MB in all), and verify what is there."""
    environment()
    run(BIN / "distunlearn", "data", "fetch", "sms_spam", "cifar10")
    run(BIN / "distunlearn", "data", "verify")


def results() -> None:
    """Recompute the recorded result tables in book/results (some hours; needs the data)."""
    environment()
    for name in TABLES:
        run(BIN / "distunlearn", "replicate", name, "--jobs", "2")


def title(task: Callable[[], None]) -> str:
    """The name by which a task is called."""
    return task.__name__.replace("_", "-")


def help() -> None:
    """List the tasks."""
    for task in TASKS:
        print(f"  {title(task):<11} {(task.__doc__ or '').splitlines()[0]}")


TASKS = (
    *(book, test, course_test, versions, notebooks, exercises, perturb, cover, figures),
    *(guide, questions, slides, assignments, grade, workbook, lab, data, results, help),
)

if __name__ == "__main__":
    chosen = {title(task): task for task in TASKS}
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name not in chosen:
        sys.exit(f"no task {name!r}; the tasks are {', '.join(chosen)}")
    try:
        chosen[name]()
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command goes on from here")
