"""Marks from the browser, where the extra `course` is installed."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.course import formgrader, release, variants
from tools.course.course import Class
from tools.course.source import sources

NAME = "1-measure"
SOURCE = sources()[NAME]


def test_points_given_in_the_gradebook_of_nbgrader_are_taken_up(tmp_path):
    api = pytest.importorskip("nbgrader.api", reason="the extra `course` is not installed")
    made = release.notebook(SOURCE, variants.given(SOURCE, "seed"))
    made.cells[-1].source = "Since p stands in second place."
    for student in ("eve", "bob b"):
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / f"{NAME}.ipynb").write_text(nbformat.writes(made))
    one = Class(tmp_path / "class", "seed", None, {NAME: SOURCE})
    one.run()
    folder = one.out / "nbgrader"
    tools = f"{Path(api.__file__).parents[1] / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for step in ("generate_assignment", "autograde"):
        command = [sys.executable, "-m", "nbgrader", step, NAME]
        environment = os.environ | {"PATH": tools, "HOME": str(tmp_path)}
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    with api.Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        grade = book.find_grade("why", NAME, NAME, "bob-b")
        grade.manual_score, grade.needs_manual_grade = 13.0, False
        book.find_comment("why", NAME, NAME, "bob-b").manual_comment = "two of three"
        book.db.commit()
    Class(tmp_path / "class", "seed", None, {NAME: SOURCE}).run()
    rows = (one.out / "marks.csv").read_text().splitlines()
    assert rows[1].startswith("bob b,,complete,13,")
    assert rows[2].startswith("eve,,to be read: why,0,")
    assert "two of three" in (one.out / "feedback" / "bob-b.html").read_text()


def test_an_assignment_without_submissions_makes_no_folder(tmp_path):
    formgrader.write(tmp_path, SOURCE, {}, {})
    assert not list(tmp_path.iterdir())
