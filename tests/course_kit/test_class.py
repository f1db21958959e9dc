"""One class, graded in one run: points, flag and feedback page of each member."""

import csv
import json
import os
import re
import subprocess

import nbformat
import numpy as np
import pytest

from tests.course.assignments import graded_lines
from tests.course_kit.classroom import CLASS, FULL, SEED
from tools.course import release, variants
from tools.course.course import Class
from tools.course.parts import plain_inputs, reference
from tools.course.running import Limits
from tools.course.source import sources as all_sources

NAME = "1-measure"
LIMITS = Limits(cell=4, total=120, memory=3 << 29)


@pytest.fixture(scope="session")
def sources():
    return all_sources()


def versions(sources):
    """The released notebook and the right one, as JSON."""
    values = variants.given(sources[NAME], SEED)
    made = {
        kind: nbformat.writes(release.notebook(sources[NAME], values, solved=kind == "solved"))
        for kind in ("stub", "solved")
    }
    return made


def hand_in(folder, sources, members=CLASS):
    made = versions(sources)
    for name, member in members.items():
        notebook = json.loads(made[member.start])
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
        raw = member.does(notebook)
        raw = raw if isinstance(raw, bytes) else json.dumps(notebook).encode()
        (folder / name).mkdir(parents=True)
        (folder / name / member.file).write_bytes(raw)


@pytest.fixture(scope="session")
def graded(tmp_path_factory, sources):
    folder = tmp_path_factory.mktemp("course") / "a class"
    hand_in(folder, sources)
    one = Class(folder, SEED, None, sources, limits=LIMITS)
    one.run()
    return one.out


@pytest.fixture(scope="session")
def marks(graded):
    with (graded / "marks.csv").open(encoding="utf-8") as stream:
        return {row["student"]: row for row in csv.DictReader(stream)}


def page(graded, name):
    return (graded / "feedback" / f"{name}.html").read_text(encoding="utf-8")


def test_the_class_is_large_and_nobody_is_forgotten(marks):
    assert len(CLASS) >= 25
    assert sorted(marks) == sorted(CLASS)


@pytest.mark.parametrize("name", CLASS)
def test_each_member_earns_what_is_due(name, marks, graded):
    row = marks[name]
    earned = {task: float(row[task]) for task in FULL}
    assert earned == CLASS[name].points, page(graded, name)


@pytest.mark.parametrize("name", CLASS)
def test_each_member_is_flagged_where_there_is_a_reason(name, graded):
    report = (graded / "report.md").read_text(encoding="utf-8")
    line = re.search(rf"^- \*\*{name}\*\*: (.*)$", report, re.MULTILINE)
    assert bool(line) == bool(CLASS[name].flag), line and line[1]
    if line:
        assert CLASS[name].flag in line[1]


@pytest.mark.parametrize("name", CLASS)
def test_each_member_is_told_why(name, graded):
    text = page(graded, name).replace("&#x27;", "'")
    assert CLASS[name].told in text
    assert len(text) < 20_000


def test_no_process_is_left(graded):
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "sleep 4711" not in listed.stdout.splitlines()


def hidden(sources):
    """Numbers of hidden inputs, as they would be written."""
    found = set()
    for task in reference(sources[NAME], SEED).tasks:
        for part in task.parts:
            for case in part.cases:
                for value in case.values():
                    plain = plain_inputs(value)
                    array = plain.get("array") if isinstance(plain, dict) else plain
                    if array is not None:
                        flat = np.ravel(array)
                        found |= {repr(float(x)) for x in flat if len(repr(float(x))) > 12}
    return found


def test_no_page_holds_a_hidden_input_the_seed_or_a_solution(graded, sources):
    numbers, lines = hidden(sources), graded_lines(sources[NAME])
    assert len(numbers) > 100
    assert len(lines) > 10
    for path in [*(graded / "feedback").iterdir(), graded / "report.md", graded / "marks.csv"]:
        text = path.read_text(encoding="utf-8")
        assert SEED not in text
        assert not [number for number in numbers if number in text]
        assert not [line for line in lines if line in text]


def test_grading_again_gives_the_same_files_and_runs_nothing(graded, sources, monkeypatch):
    before = {path: path.read_bytes() for path in graded.rglob("*") if path.is_file()}
    folder = graded.with_name("a class")
    monkeypatch.setattr("tools.course.course.grade", None)
    Class(folder, SEED, None, sources, limits=LIMITS).run()
    assert {path: path.read_bytes() for path in graded.rglob("*") if path.is_file()} == before


def test_grading_anew_gives_the_same_files(tmp_path, sources):
    few = {name: CLASS[name] for name in ("reference", "stub", "error", "split", "killed-own")}
    files = []
    for attempt in ("one", "two"):
        hand_in(tmp_path / attempt / "class", sources, few)
        made = Class(tmp_path / attempt / "class", SEED, None, sources, limits=LIMITS)
        made.run()
        files.append({str(p.relative_to(made.out)): p.read_bytes() for p in made.out.rglob("*.*")})
    assert files[0] == files[1]
    assert len(files[0]) > 12


def test_a_new_submission_regrades_only_itself_and_a_broken_run_goes_on(
    tmp_path, sources, monkeypatch
):
    few = {name: CLASS[name] for name in ("reference", "stub", "error", "split")}
    hand_in(tmp_path / "class", sources, few)
    asked = []
    working = Class._grade

    def breaks(self, handed):
        asked.append(handed.student)
        if handed.student == "split":
            raise KeyboardInterrupt
        return working(self, handed)

    monkeypatch.setattr(Class, "_grade", breaks)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        Class(tmp_path / "class", SEED, None, sources, limits=LIMITS).run()
    assert asked == ["error", "reference", "split"] or set(asked) == {*few}
    done = set(asked) - {"split"}

    def notes(self, handed):
        asked.append(handed.student)
        return working(self, handed)

    monkeypatch.setattr(Class, "_grade", notes)
    asked.clear()
    Class(tmp_path / "class", SEED, None, sources, limits=LIMITS).run()
    assert set(asked) == {*few} - done
    asked.clear()
    made = versions(sources)["solved"]
    (tmp_path / "class" / "stub" / f"{NAME}.ipynb").write_text(made)
    Class(tmp_path / "class", SEED, None, sources, limits=LIMITS).run()
    assert asked == ["stub"]
