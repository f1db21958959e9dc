"""The task script: what is done again, what is not, and what an interruption leaves."""

import ast
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

import tasks
from distunlearn_lite.replication.experiments import EXPERIMENTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of one library file whose commands are only noted down."""
    (tmp_path / "distunlearn_lite").mkdir()
    (tmp_path / "distunlearn_lite" / "a.py").write_text("x = 1\n")
    (tmp_path / "requirements.lock").write_text("numpy==2\n")
    build = tmp_path / "_build"
    for name, value in {
        "ROOT": tmp_path,
        "BUILD": build,
        "LOCK": tmp_path / "requirements.lock",
        "EXECUTED": build / ".jupyter_cache",
        "PAGES": build / ".doctrees",
    }.items():
        monkeypatch.setattr(tasks, name, value)
    monkeypatch.setattr(tasks, "environment", lambda: None)
    monkeypatch.setattr(tasks, "data_found", lambda: "sms_spam: here\n")
    commands = []

    def run(*command, quiet=False):
        commands.append(Path(command[0]).name)
        (build / "html").mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(tasks, "run", run)
    return tmp_path, commands


@pytest.mark.parametrize("change", ["library", "lock", "data"])
def test_chapters_run_again_when_what_they_read_changed(project, change, monkeypatch):
    root, commands = project
    tasks.book()
    commands.clear()
    (root / "_build" / ".jupyter_cache" / "old").touch()
    if change == "library":
        (root / "distunlearn_lite" / "a.py").write_text("x = 2\n")
    elif change == "lock":
        (root / "requirements.lock").write_text("numpy==3\n")
    else:
        monkeypatch.setattr(tasks, "data_found", lambda: "sms_spam: absent\n")
    tasks.book()
    assert "jcache" in commands
    assert not (root / "_build" / ".jupyter_cache" / "old").exists()


def test_an_interrupted_build_starts_its_pages_afresh_and_keeps_its_chapters(project, monkeypatch):
    root, commands = project
    tasks.book()
    assert commands == ["jcache", "jcache", "jupyter-book"]
    working = tasks.run

    def interrupted(*command, quiet=False):
        (root / "_build" / "html" / "half.html").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tasks.book()
    monkeypatch.setattr(tasks, "run", working)
    commands.clear()
    tasks.book()
    assert commands == ["jupyter-book"]
    assert not (root / "_build" / "html" / "half.html").exists()


def test_a_chapter_without_its_data_is_tested_lax_and_says_so(project, monkeypatch, capsys):
    root, _ = project
    (root / "notebooks").mkdir()
    for name, needs in (("01-a", ""), ("02-b", '"sms_spam"')):
        text = f'{{"metadata": {{"distunlearn": {{"data": [{needs}]}}}}}}'
        (root / "notebooks" / f"{name}.ipynb").write_text(text)
    assert [mode for mode, _ in tasks.chapter_tests()] == ["--nbval"]
    monkeypatch.setattr(tasks, "data_found", lambda: "sms_spam: SMS; absent\n")
    modes = {mode: [path.stem for path in paths] for mode, paths in tasks.chapter_tests()}
    assert modes == {"--nbval": ["01-a"], "--nbval-lax": ["02-b"]}
    assert "02-b.ipynb: outputs not compared, since sms_spam is not here" in capsys.readouterr().out


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    """A project of two chapters without a workbook."""
    (tmp_path / "notebooks").mkdir()
    for name in ("01-a", "02-b"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text("as printed\n")
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks, "WORKBOOK", tmp_path / "workbook")
    monkeypatch.setattr(tasks, "environment", lambda: pytest.fail("nothing has to be set up"))
    return tmp_path / "workbook"


def test_chapters_are_copied_once_and_no_answer_is_overwritten(workbook, capsys):
    tasks.workbook()
    assert "copied into workbook/: 01-a.ipynb, 02-b.ipynb\n" in capsys.readouterr().out
    (workbook / "01-a.ipynb").write_text("my answers\n")
    (workbook / "02-b.ipynb").unlink()
    (workbook.parent / "notebooks" / "03-c.ipynb").write_text("new\n")
    tasks.workbook()
    said = capsys.readouterr().out
    assert "copied into workbook/: 02-b.ipynb, 03-c.ipynb\n" in said
    assert "left as they are: 01-a.ipynb\n" in said
    assert (workbook / "01-a.ipynb").read_text() == "my answers\n"
    assert (workbook / "02-b.ipynb").read_text() == "as printed\n"
    tasks.workbook()
    assert "copied into workbook/: nothing\n" in capsys.readouterr().out
    assert {path.suffix for path in workbook.iterdir()} == {".ipynb"}


def test_an_interrupted_copy_is_not_taken_for_a_chapter(workbook, monkeypatch):
    def interrupted(source, target):
        target.write_text("as pr")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tasks.shutil, "copyfile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tasks.workbook()
    tasks.workbook()
    assert (workbook / "01-a.ipynb").read_text() == "as printed\n"


def test_jupyterlab_opens_the_workbook_where_there_is_one(workbook, monkeypatch):
    opened = []
    monkeypatch.setattr(tasks, "environment", lambda: None)
    monkeypatch.setattr(tasks, "run", lambda *command: opened.append(command[1].name))
    tasks.lab()
    tasks.workbook()
    tasks.lab()
    assert opened == ["notebooks", "workbook"]


def test_neither_build_nor_lint_nor_git_takes_a_workbook_for_the_book():
    """And a copied chapter finds what it reads: its paths begin in the folder above."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert settings["only_build_toc_files"]
    assert "workbook/*" in settings["exclude_patterns"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert "workbook" in project["ruff"]["extend-exclude"]
    assert project["pytest"]["ini_options"]["testpaths"] == ["tests"]
    assert "workbook/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert tasks.WORKBOOK.parent == ROOT
    for chapter in (ROOT / "notebooks").glob("*.ipynb"):
        code = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
        text = "".join("".join(c["source"]) for c in code if c["cell_type"] == "code")
        assert set(re.findall(r"""["'](\.{1,2}/[\w./-]*|[\w-]+\.(?:csv|json|npy))""", text)) <= {
            "../book/results"
        }


def test_every_recorded_table_is_recomputed_by_the_task():
    assert tuple(EXPERIMENTS) == tasks.TABLES


def test_every_task_can_be_made_and_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^(.*): *\n\t", makefile, re.MULTILINE).group(1).split()
    assert targets == [tasks.title(task) for task in tasks.TASKS]
    assert all(task.__doc__ for task in tasks.TASKS)


def test_what_cannot_be_done_stops_the_task_with_a_remedy(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="failed with exit code 1"):
        tasks.run(sys.executable, "-c", "raise SystemExit(1)", quiet=True)
    with pytest.raises(SystemExit, match="jcache is missing"):
        tasks.run(tmp_path / "jcache")
    monkeypatch.setattr(tasks, "ROOT", tmp_path / "gone")
    with pytest.raises(SystemExit, match="gone cannot be written"):
        tasks.environment()


def test_a_reader_s_own_environment_is_used_as_it_is(tmp_path):
    code = (
        "import sys, tasks\n"
        "tasks.run = tasks.call = lambda *command, **options: sys.exit('installs something')\n"
        "tasks.environment()\n"
        "print(tasks.PYTHON)"
    )
    environment = tasks.os.environ | {"DISTUNLEARN_HERE": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (sys.executable, "")


def test_a_cell_may_take_as_long_in_the_build_as_in_the_tests():
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert settings["execute"]["timeout"] == tasks.TIMEOUT


def test_a_shim_that_does_not_run_is_passed_over(tmp_path, monkeypatch):
    """Neither this one nor the one on the PATH runs; two in the folder of pyenv do."""
    bin, kept = tmp_path / "bin", tmp_path / "versions"
    answers = {
        bin / "python3.11": "exit 127",
        bin / "python3.13": "echo not here; exit 1",
        bin / "pyenv": f"echo {tmp_path}",
        kept / "3.12.9" / "bin" / "python": "echo 3.12",
        kept / "3.13.0" / "bin" / "python": "echo 3.13",
    }
    for path, answer in answers.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{answer}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(bin))
    monkeypatch.setattr(tasks.sys, "executable", str(bin / "python3.11"))
    assert tasks.interpreters() == {
        "3.12": str(kept / "3.12.9" / "bin" / "python"),
        "3.13": str(kept / "3.13.0" / "bin" / "python"),
    }


def test_the_oldest_dependencies_are_exact_versions():
    for pin in tasks.oldest():
        assert re.fullmatch(r"[a-z0-9-]+==[\d.]+", pin)


def test_what_the_library_imports_is_declared():
    imported = set()
    for path in ROOT.glob("distunlearn_lite/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    origins = packages_distributions()
    needed = {origins[name][0] for name in imported - sys.stdlib_module_names}
    assert needed == {pin.split("==")[0] for pin in tasks.oldest()}


def test_one_failing_environment_fails_the_whole(monkeypatch, capsys):
    def tests(python, pins, folder):
        return "numpy 2", subprocess.CompletedProcess([], bool(pins) and outcome, "what failed\n")

    monkeypatch.setattr(tasks, "interpreters", lambda: {"3.11": "old", "3.13": "new"})
    monkeypatch.setattr(tasks, "library_tests", tests)
    outcome = 0
    tasks.versions()
    assert capsys.readouterr().out.splitlines() == [
        "python 3.11, newest: numpy 2: passed",
        "python 3.13, newest: numpy 2: passed",
        "python 3.11, oldest: numpy 2: passed",
    ]
    outcome = -9
    with pytest.raises(SystemExit, match="1 of 3"):
        tasks.versions()
    assert "what failed\n\npython 3.11, oldest: numpy 2: failed" in capsys.readouterr().out


def test_only_the_library_is_installed(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"distunlearn_lite"}
    assert "distunlearn_lite/py.typed" in names
