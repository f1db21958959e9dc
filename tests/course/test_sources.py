"""The sources of the assignments: their form, and what students never see of them."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from tests.course.assignments import graded_lines
from tools.course import checks, release, variants
from tools.course.source import FOLDER, NO_ANSWER, Cell, read, sources

ROOT = Path(__file__).resolve().parents[2]
ALL = sources()
TAUGHT = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("distunlearn_lite/**/*.py")]
SEED = "a seed that nobody knows"
MARK = {"cell_type", "grade", "grade_id", "locked", "schema_version", "solution", "task"}


@pytest.fixture(params=ALL.values(), ids=ALL)
def assignment(request):
    return request.param


def released(assignment, student="", solved=False):
    values = variants.given(assignment, SEED, student)
    return release.notebook(assignment, values, solved=solved)


def test_the_form_is_the_one_of_the_readme(assignment):
    assert [*checks.form(assignment), *checks.choices(assignment)] == []


def test_a_source_holds_no_output_and_names_its_cells(assignment):
    raw = json.loads((FOLDER / f"{assignment.name}.ipynb").read_text(encoding="utf-8"))
    assert all(not cell.get("outputs") for cell in raw["cells"])
    for cell in raw["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        assert not mark or MARK - {"cell_type"} <= mark.keys()
        assert mark.get("schema_version", 3) == 3


def test_released_cells_are_in_the_format_of_nbgrader(assignment):
    for cell in released(assignment).cells:
        mark = cell.metadata["nbgrader"]
        assert mark.keys() >= MARK
        assert ("points" in mark) == mark["grade"]
        assert cell.id == mark["grade_id"]


def test_stub_and_solution_agree_outside_solutions(assignment):
    stub, solved = released(assignment), released(assignment, solved=True)
    for one, other in zip(stub.cells, solved.cells, strict=True):
        mark = one.metadata["nbgrader"]
        if not mark["solution"]:
            assert one.source == other.source
        elif one.cell_type == "code":
            kept = [line for line in one.source.splitlines() if line.strip() not in ("", "...")]
            lines = iter(other.source.splitlines())
            assert all(line in lines for line in kept), one.source
    assert [c.id for c in stub.cells] == [c.id for c in solved.cells]


def test_students_see_no_solution_no_test_no_rubric_and_no_seed(assignment):
    lines = graded_lines(assignment)
    assert len(lines) > 20
    for student in ("", "eve", "bob"):
        text = json.dumps(released(assignment, student), ensure_ascii=False)
        plain = "\n".join(cell.source for cell in released(assignment, student).cells)
        assert SEED not in text
        assert not [line for line in lines if line in plain]
        assert not re.search(r"SOLUTION|HIDDEN|tools\.course|given\[", plain)


def test_versions_differ_and_come_again(assignment):
    made = {who: nbformat.writes(released(assignment, who)) for who in ("", "eve", "bob", "fay")}
    assert len(set(made.values())) == 4
    assert nbformat.writes(released(assignment, "eve")) == made["eve"]
    other = release.notebook(assignment, variants.given(assignment, "another seed", "eve"))
    assert nbformat.writes(other) != made["eve"]


def test_three_choices_at_least_are_not_numbers(assignment):
    """Truth values, words and whole numbers of few values, and lists of such, are choices."""
    drawn = [variants.given(assignment, f"seed {n}") for n in range(60)]
    kinds = {}
    for name, value in drawn[0].items():
        listed = isinstance(value, list) and all(isinstance(x, bool | str | int) for x in value)
        if listed or isinstance(value, bool | str | int):
            kinds[name] = {
                json.dumps(x)
                for values in drawn
                for x in (values[name] if listed else [values[name]])
            }
            varied = len({json.dumps(values[name]) for values in drawn}) > 1
            kinds[name] = kinds[name] if varied else set()
    assert sum(2 <= len(seen) <= 20 for seen in kinds.values()) >= 3, kinds


def test_the_wheel_holds_nothing_of_the_assignments(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        text = "\n".join(archive.read(name).decode("utf-8", "replace") for name in names)
    assert not [name for name in names if "assignments" in name or "tools" in name]
    assert not [line for one in ALL.values() for line in graded_lines(one) if line in text]


def test_the_built_site_holds_nothing_of_the_assignments():
    site = ROOT / "_build" / "html"
    if not site.exists():
        pytest.skip("make book has not been run")
    texts = [
        path.read_text(encoding="utf-8", errors="replace")
        for path in site.rglob("*")
        if path.suffix in (".html", ".ipynb", ".md", ".txt", ".js", ".json")
    ]
    lines = {line for one in ALL.values() for line in graded_lines(one)}
    # A line that a chapter or the library has of its own is what the book teaches; most are not.
    taught = "\n".join(path.read_text(encoding="utf-8") for path in TAUGHT)
    own = {line for line in lines if json.dumps(line)[1:-1] not in taught and line not in taught}
    assert len(own) > 0.9 * len(lines)
    assert not [line for line in own for text in texts if line in text]


def test_regions_are_cut_where_the_readme_says():
    code = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n"
    cell = Cell("f", "answer", "code", code)
    assert (cell.stub, cell.solution) == ("def f(x):\n    ...", "def f(x):\n    return x")
    code = "x = ...\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
    cell = Cell("x", "answer", "code", code)
    assert (cell.stub, cell.solution) == ("x = ...", "x = ...\nx = 1")
    text = "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    cell = Cell("why", "manual", "markdown", text)
    assert (cell.stub, cell.solution) == (NO_ANSWER, "Because.")


def test_placeholders_are_filled_and_formulas_left_alone():
    values = {"unit": "bits", "rows": [0, 2], "on": True}
    assert variants.fill("in <unit>, $a<b>c$ <b>x</b>", "markdown", values) == (
        "in bits, $a<b>c$ <b>x</b>"
    )
    assert variants.fill('f(given["rows"], given["on"], "<unit>")', "code", values) == (
        'f([0, 2], True, "<unit>")'
    )


def test_two_cells_of_one_name_are_refused(tmp_path):
    mark = {"nbgrader": {"grade_id": "a"}}
    cells = [nbformat.v4.new_code_cell(text, metadata=mark) for text in ("x", "y")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    (tmp_path / "9-x.ipynb").write_text(json.dumps(notebook))
    with pytest.raises(ValueError, match="same id: a"):
        read(tmp_path / "9-x.ipynb")


def test_the_course_lock_moves_no_version_of_the_book():
    def pins(name):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("--hash=sha256:") > 300
        return dict(re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", text, re.MULTILINE))

    book, course = pins("requirements.lock"), pins("requirements-course.lock")
    assert {
        name: course[name] for name in course.keys() & book.keys() if course[name] != book[name]
    } == {}
    assert "nbgrader" in course.keys() - book.keys()
