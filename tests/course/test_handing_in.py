"""From what a teacher downloads to a notebook for each student, and back to the LMS."""

import csv
import io
import json
import zipfile

import nbformat
import pytest

from tools.course import lms, manual, release, roster, submissions, variants
from tools.course.course import Class
from tools.course.library import called
from tools.course.marks import Marked
from tools.course.rebuild import NotANotebook, handed_in, rebuild
from tools.course.source import sources

SOURCE = sources()["1-measure"]
VALUES = variants.given(SOURCE, "seed")
RAW = nbformat.writes(release.notebook(SOURCE, VALUES, solved=True)).encode()
PLAIN = "student,name,canvas,login\njd42,Jane Doe,2001,jane@x.example\nbo,Bo Li,2002,bo@x.example\n"
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Measure (77),Final Score\n"
    "    Points Possible,,,,,100,(read only)\n"
    '"Doe, Jane",2001,s1,jane@x.example,A,,\n"Li, Bo",2002,s2,bo@x.example,A,12,\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed\n"
    "Participant 2001,Jane Doe,jane@x.example,Submitted,,100.00,Yes\n"
    "Participant 2002,Bo Li,bo@x.example,Submitted,,100.00,Yes\n"
)
NAMES = {
    "folders": {"jd42/1-measure.ipynb": "jd42", "bo/first/1-measure.ipynb": "bo"},
    "files": {"jd42.ipynb": "jd42", "bo.ipynb": "bo"},
    "canvas": {
        "doejane_2001_90001_1-measure.ipynb": "2001",
        "libo_LATE_2002_90002_1-measure-2.ipynb": "2002",
    },
    "moodle": {
        "Jane Doe_2001_assignsubmission_file_/1-measure.ipynb": "2001",
        "Bo Li_2002_assignsubmission_file_1-measure.ipynb": "2002",
    },
}


@pytest.fixture
def lists(tmp_path):
    paths = {}
    for kind, text in (("plain", PLAIN), ("canvas", CANVAS), ("moodle", MOODLE)):
        paths[kind] = tmp_path / f"{kind}.csv"
        paths[kind].write_text(text, encoding="utf-8-sig")
    return paths


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", NAMES)
def test_each_way_of_naming_gives_each_student_a_notebook(kind, packed, tmp_path):
    place = tmp_path / "class"
    for name in NAMES[kind]:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(RAW)
    (place / ".DS_Store").write_bytes(b"x")
    if packed:
        with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
            for path in place.rglob("*"):
                archive.write(path, path.relative_to(place))
        place = tmp_path / "class.zip"
    files, strangers = submissions.collected(place, None)
    assert (sorted(files), strangers) == (sorted(NAMES[kind].values()), {})
    assert submissions.assignment(files, {"1-measure": SOURCE}) == "1-measure"
    for student in files:
        found = submissions.chosen(student, files[student], SOURCE)
        assert found.raw == RAW
        assert bool(found.flags) == (kind == "files")  # the name is the student's, not the task's


def test_a_zip_within_belongs_to_its_student_and_a_broken_one_to_nobody_else(tmp_path):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("work/1-measure.ipynb", RAW)
        archive.writestr("__MACOSX/first/._1-measure.ipynb", b"x")
    for name in ("doejane_2001_9_work.zip", "jd42/any.zip", "alone.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(raw.getvalue())
    (tmp_path / "libo_2002_9_work.zip").write_bytes(b"PK no zip")
    (tmp_path / "nobody").mkdir()
    files, _ = submissions.collected(tmp_path, None)
    found = {who: submissions.chosen(who, files[who], SOURCE) for who in files}
    assert {who for who in found if found[who].raw == RAW} == {"2001", "jd42", "alone"}
    assert found["nobody"].flags == ("no file",)


def test_the_roster_knows_a_student_by_number_login_and_name(lists):
    known = roster.read(lists["plain"])
    assert known.names == {"jd42": "Jane Doe", "bo": "Bo Li"}
    for word in ("jd42", "2001", "jane@x.example", "janedoe", "Jane Doe"):
        assert known.student("nobody", word) == "jd42"
    assert known.student("eve") == ""
    assert roster.read(lists["canvas"]).student("doejane") == "2001"
    assert roster.read(lists["moodle"]).student("2002", "Bo Li") == "2002"
    # A section is shared, so it names nobody.
    assert roster.read(lists["canvas"]).student("A") == ""


def test_a_list_without_students_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SystemExit, match="needs a column `student`"):
        roster.read(tmp_path / "x.csv")


def test_whoever_is_not_on_the_roster_is_graded_and_flagged(tmp_path, lists):
    (tmp_path / "class").mkdir()
    for name in ("eve", "doejane_2001_9_1-measure"):
        (tmp_path / "class" / f"{name}.ipynb").write_bytes(RAW)
    files, strangers = submissions.collected(tmp_path / "class", roster.read(lists["plain"]))
    assert sorted(files) == ["eve", "jd42"]
    assert strangers == {"eve": "not on the roster"}


def marks(student, total):
    tasks = dict.fromkeys(SOURCE.tasks, 0.0) | {"kl": total}
    return Marked(student, {"parts": [], "flags": []}, tasks, {}, ())


@pytest.mark.parametrize(("kind", "column"), [("canvas", "Measure (77)"), ("moodle", "Grade")])
def test_the_export_of_an_lms_comes_back_with_one_column_filled(kind, column, lists):
    table, known = roster.table(lists[kind]), roster.read(lists["plain"])
    unread = Marked("bo", {}, dict.fromkeys(SOURCE.tasks), {}, ())
    text = lms.filled(table, SOURCE, known, {"jd42": marks("jd42", 27.5), "bo": unread})
    before, after = (
        list(csv.reader(io.StringIO(t))) for t in ({"canvas": CANVAS}.get(kind, MOODLE), text)
    )
    place = before[0].index(column)
    changed = {
        (line, n)
        for line, (one, other) in enumerate(zip(before, after, strict=True))
        for n, (x, y) in enumerate(zip(one, other, strict=True))
        if x != y
    }
    row = next(line for line, cells in enumerate(before) if "Jane" in "".join(cells))
    assert changed == {(row, place)}
    assert float(after[row][place]) == 27.5


def test_a_gradebook_without_the_assignment_gets_a_column(tmp_path):
    (tmp_path / "c.csv").write_text(CANVAS.replace("Measure (77)", "Other (5)"))
    text = lms.filled(
        roster.table(tmp_path / "c.csv"), SOURCE, roster.Roster({}, {}), {"2001": marks("2001", 9)}
    )
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[-1] for row in rows] == ["Measure", "100", "9", ""]


def test_points_by_hand_are_read_checked_and_never_overwritten(tmp_path):
    path = tmp_path / "manual.csv"
    manual.add_missing(path, [("bo", "why")])
    assert manual.read(path, SOURCE) == {}
    path.write_text(path.read_text() + 'jd42,why,"13,5",good\njd42,kl,30,by hand\n')
    manual.add_missing(path, [("bo", "why"), ("eve", "why"), ("jd42", "why")])
    assert path.read_text().count("bo,why") == 1
    assert path.read_text().endswith("eve,why,,\n")
    found = manual.read(path, SOURCE)
    assert found["jd42", "why"] == manual.Mark(13.5, "good")
    assert found["jd42", "kl"].points == 30
    for row in ("bo,why,21,", "bo,why,-1,", "bo,why,x,", "bo,nothing,1,"):
        path.write_text(f"student,task,points,comment\n{row}\n")
        with pytest.raises(SystemExit, match=r"row 2: points must be"):
            manual.read(path, SOURCE)


def test_a_list_that_says_too_little_or_too_much_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes("student,name\ns01,Müller\n".encode("cp1252"))
    with pytest.raises(SystemExit, match="is not in UTF-8"):
        roster.read(path)
    path.write_text("student;name\ns01;Ada\n")
    with pytest.raises(SystemExit, match="commas between"):
        roster.read(path)
    path.write_text("student,name\ns01,Ada\ns01,Bea\n")
    with pytest.raises(SystemExit, match="once, these do not: s01"):
        roster.read(path)


def test_points_for_nobody_are_refused_and_a_mark_of_an_empty_answer_is_shown(tmp_path):
    (tmp_path / "in").mkdir()
    stub = nbformat.writes(release.notebook(SOURCE, VALUES))
    (tmp_path / "in" / "bo.ipynb").write_text(stub, encoding="utf-8")
    (tmp_path / "list.csv").write_text("student\nbo\n")
    run = Class(tmp_path / "in", "seed", tmp_path / "list.csv", {SOURCE.name: SOURCE})
    run.run(say=False)
    points = run.out / "manual.csv"
    points.write_text("student,task,points,comment\n bo ,why,10,\n")
    run.run(say=False)
    assert "10 of 20" in (run.out / "feedback" / "bo.html").read_text()
    points.write_text("student,task,points,comment\nbob,why,10,\n")
    with pytest.raises(SystemExit, match="nobody has the id bob"):
        run.run(say=False)


CALLS = {
    "from distunlearn_lite import kl_divergence\nx = kl_divergence(p, q)": True,
    "from distunlearn_lite import kl_divergence as k\nx = k(p, q)": True,
    "import distunlearn_lite as d\nx = d.kl_divergence(p, q)": True,
    "import distunlearn_lite\nx = distunlearn_lite.theory.gaussian.kl_divergence(p, q)": True,
    "from distunlearn_lite.theory import gaussian\nx = gaussian.kl_divergence(p, q)": True,
    "from distunlearn_lite import *\nx = kl_divergence(p, q)": True,
    "def kl_divergence(p, q):\n    return 0\n\n\nx = kl_divergence(p, q)": False,
    "from mine import kl_divergence\nx = kl_divergence(p, q)": False,
    "from distunlearn_lite import Gaussian\nx = Gaussian(0, 1)": False,
    "kl_divergence = 3  # no import": False,
    "x = [": False,
}


@pytest.mark.parametrize("code", CALLS)
def test_a_call_of_the_library_is_seen_in_the_code(code):
    imports = "".join(line + "\n" for line in code.splitlines() if "import" in line)
    for answers in ([code], [code.removeprefix(imports)]):
        found = called(answers, [imports, *answers], ["distunlearn_lite.kl_divergence"])
        assert found == ("distunlearn_lite.kl_divergence" if CALLS[code] else "")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b'{"cells": 3}',
        b'{"cells": [3]}',
        b"\xff\xfe",
        b'{"cells": [{"cell_type": "code"}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_notebook_is_said_to_be_none(raw):
    with pytest.raises(NotANotebook):
        handed_in(raw)


def test_a_right_submission_comes_back_as_it_is():
    rebuilt = rebuild(SOURCE, VALUES, handed_in(RAW))
    assert rebuilt.flags == ()
    assert [cell.text for cell in rebuilt.cells] == [
        "".join(cell["source"]) for cell in json.loads(RAW)["cells"]
    ]
