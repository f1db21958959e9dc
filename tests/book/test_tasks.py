"""The task script: what is done again, what is not, and what an interruption leaves."""

import re
from pathlib import Path

import pytest

import tasks

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


def test_a_second_build_executes_nothing(project):
    _, commands = project
    tasks.book()
    assert commands == ["jcache", "jcache", "jupyter-book"]
    commands.clear()
    tasks.book()
    assert commands == ["jupyter-book"]


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


def test_every_task_can_be_made_and_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^(.*): *\n\t", makefile, re.MULTILINE).group(1).split()
    assert targets == [task.__name__ for task in tasks.TASKS]
    assert all(task.__doc__ for task in tasks.TASKS)


def test_a_failing_command_stops_the_task():
    with pytest.raises(SystemExit, match="failed with exit code 1"):
        tasks.run(tasks.PYTHON, "-c", "raise SystemExit(1)", quiet=True)
