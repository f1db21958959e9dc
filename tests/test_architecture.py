"""The shape of the package: which way imports run, what importing costs, what is public."""

import ast
import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import distunlearn_lite

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "distunlearn_lite"

# The rooms, from the ground up: a module imports from its own room and from those to its left.
# Rooms in one pair of brackets stand side by side and know nothing of each other.
ROOMS = (
    ("errors",),
    ("validation",),
    ("matrices", "files"),
    ("theory",),
    ("data",),
    ("features", "rules"),
    ("unlearners",),
    ("sweeps",),
    ("replication",),
    ("plots", "row_files", "course"),
    ("result_plots",),
    ("cli",),
)
# Unlearners see arrays and an order, never who chose it or where the rows came from.
BLIND = {"unlearners": {"data", "features", "rules"}}

FLOOR = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if path != PACKAGE / "__init__.py"
)


def source(module):
    return (PACKAGE / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")


def rooms_imported(module):
    """Rooms that a module of the package imports from, its own included."""
    depth = module.count(".") + 1
    for node in ast.walk(ast.parse(source(module))):
        if isinstance(node, ast.ImportFrom) and node.level:
            named = (node.module or "").split(".")[0]
            yield named if node.level == depth else module.split(".")[0]


def test_every_room_is_on_the_plan():
    assert {module.split(".")[0] for module in MODULES} == set(FLOOR)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_from_right_to_left(module):
    room = module.split(".")[0]
    for other in set(rooms_imported(module)) - {room}:
        assert FLOOR[other] < FLOOR[room], f"{module} imports from {other}"
        assert other not in BLIND.get(room, ()), f"{module} imports from {other}"


def code_lines(text):
    """Lines of code: neither blank, nor a comment, nor part of a docstring."""
    documented = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            documented |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        bool(line.strip()) and line.strip()[0] != "#" and number not in documented
        for number, line in lines
    )


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_one_idea_and_says_which(module):
    text = source(module)
    assert text.startswith(('"""', 'r"""'))
    assert code_lines(text) <= 220, "more than one idea?"


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=str)
def test_chapters_import_from_the_top_or_from_a_room(notebook):
    text = notebook.read_text(encoding="utf-8")
    for room, names in re.findall(r'"from distunlearn_lite\.([\w.]+) import ([\w, ]+)', text):
        assert room in FLOOR, f"{notebook.name} imports from {room}"
        public = set(names.split(", ")) & set(distunlearn_lite.__all__)
        assert not public, f"{notebook.name}: {public} can be had from the top"


def test_importing_brings_no_matplotlib_and_drawing_changes_no_setting():
    code = (
        "import sys, distunlearn_lite, distunlearn_lite.cli\n"
        "for name in ('matplotlib', 'sphinx', 'dask', 'torch'):\n"
        "    assert name not in sys.modules, name + ' imported'\n"
        "import matplotlib\n"
        "before = dict(matplotlib.rcParams)\n"
        "import distunlearn_lite.plots\n"
        "assert dict(matplotlib.rcParams) == before, 'settings changed'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_are_documented():
    public = distunlearn_lite.__all__
    assert public == sorted(
        set(public), key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )
    page = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    documented = set(
        re.findall(
            r"(?:auto(?:class|function|exception)|data):: distunlearn_lite\.(\w+)$", page, re.M
        )
    )
    assert documented == set(public)
    assert distunlearn_lite.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", distunlearn_lite.__all__)
def test_public_docstrings_are_complete(name):
    thing = getattr(distunlearn_lite, name)
    if not callable(thing):
        return
    text = thing.__doc__ or ""
    assert "Examples\n" in text, f"{name} shows no example"
    if not isinstance(thing, type):
        for heading in ("Parameters\n", "Returns\n", "Raises\n"):
            assert heading in text, f"{name} lacks {heading.strip()}"


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_docstrings_run(module):
    found = importlib.import_module(f"distunlearn_lite.{module}".removesuffix(".__init__"))
    outcome = doctest.testmod(found, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert outcome.failed == 0


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_had_by_its_name(module):
    """`import distunlearn_lite.x as m` gives the module and no function of the same name."""
    name = f"distunlearn_lite.{module}".removesuffix(".__init__")
    room, _, own = name.rpartition(".")
    module_itself = importlib.import_module(name)
    assert getattr(importlib.import_module(room), own) is module_itself
