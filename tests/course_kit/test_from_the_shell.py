"""What a teacher types: release with a roster, grade a folder with spaces, a sandbox before it."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.course import checks, release, variants
from tools.course.grading import grade
from tools.course.source import sources

ROOT = Path(__file__).resolve().parents[2]
SEED = "of 2027 & 'more'"
ROSTER = "student,name\nann,Ann A\nbob,Bob B\ncyd,Cyd C\n"
NAME = "1-measure"
ALL = sources()


def make(target, cwd=ROOT, **settings):
    words = [f"{name}={value}" for name, value in settings.items()]
    command = ["make", "-s", target, f"PYTHON={sys.executable}", *words]
    environment = os.environ | {"DISTUNLEARN_HERE": "1"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    return done


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with a roster: released, one submission each of Ann and Bob."""
    folder = tmp_path_factory.mktemp("the course")
    (folder / "roster.csv").write_text(ROSTER)
    done = make("assignments", SEED=SEED, ROSTER=folder / "roster.csv", OUT=folder / "out of it")
    assert done.returncode == 0, done.stderr
    return folder


def test_each_student_gets_a_version_of_each_assignment(course):
    made = {
        path.relative_to(course / "out of it") for path in (course / "out of it").rglob("*.ipynb")
    }
    assert made == {Path(who, f"{name}.ipynb") for who in ("ann", "bob", "cyd") for name in ALL}
    texts = {(course / "out of it" / who / f"{NAME}.ipynb").read_text() for who in ("ann", "bob")}
    assert len(texts) == 2
    assert not [text for text in texts if SEED in text]


def test_own_versions_are_graded_and_another_s_answers_fail(course):
    source = ALL[NAME]
    for who, like in (("ann", "ann"), ("bob", "ann")):
        path = course / "my class" / who / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        solved = release.notebook(source, variants.given(source, SEED, like), solved=True)
        path.write_text(release.nbformat.writes(solved))
    done = make("grade", DIR=course / "my class", SEED=SEED, ROSTER=course / "roster.csv")
    assert done.returncode == 0, done.stderr
    with (course / "my class-graded" / "marks.csv").open() as stream:
        rows = {row["student"]: row for row in csv.DictReader(stream)}
    assert (rows["ann"]["total"], rows["ann"]["status"]) == ("80", "to be read: why")
    assert float(rows["bob"]["total"]) <= 40
    assert rows["cyd"]["status"] == "nothing handed in"
    report = (course / "my class-graded" / "report.md").read_text()
    assert "**bob**: changed: given-04" in report
    assert "Nothing handed in\n\ncyd" in report


@pytest.mark.parametrize(
    ("target", "settings", "said"),
    [
        ("assignments", {}, "SEED is missing"),
        ("grade", {"SEED": "x"}, "DIR is missing"),
        ("grade", {"SEED": "x", "DIR": "/nowhere at all"}, "no such folder"),
        ("grade", {"SEED": "x", "DIR": str(ROOT / "book"), "ROSTER": "/no.csv"}, "no such file"),
        ("grade", {"SEED": "x", "DIR": str(ROOT / "book")}, "no submission of any assignment"),
    ],
)
def test_what_is_missing_is_said(target, settings, said):
    done = make(target, **settings)
    assert done.returncode
    assert said in done.stderr


def test_a_sandbox_is_put_before_the_command(tmp_path, monkeypatch):
    """The stand-in notes what it is given, and passes input and output through, as they all do."""
    stand_in = tmp_path / "sand box.sh"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/log"\nshift 2\nexec "$@"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("DISTUNLEARN_SANDBOX", f"'{stand_in}' --bind {{scratch}}")
    source, seed = ALL[NAME], checks.SEEDS[0]
    record = grade(source, seed, "", checks.solved(source, seed))
    assert sum(part["earned"] for part in record["parts"]) == 80
    words = (tmp_path / "log").read_text().split()
    assert words[0] == "--bind"
    assert Path(words[1]).name.startswith("submission-")
    assert words[-1] == f"{words[1]}/library/inside.py"
    assert not Path(words[1]).exists()


def test_a_sandbox_that_fails_costs_no_other_marks_and_is_told(monkeypatch):
    monkeypatch.setenv("DISTUNLEARN_SANDBOX", "false")
    source, seed = ALL[NAME], checks.SEEDS[0]
    record = grade(source, seed, "", checks.solved(source, seed))
    assert record["flags"] == ["ended Python before the first cell"]
