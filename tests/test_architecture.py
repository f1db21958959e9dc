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

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "distunlearn_lite"
SHARED = ("errors", "validation")
THEORY = (
    "gaussian",
    "gaussian_ray",
    "frontier",
    "logloss",
    "folded",
    "radial",
    "curves",
    "random_law",
    "bounds",
    "budgets",
)
DATA = (
    "resampling",
    "task",
    "manifest",
    "archives",
    "downloads",
    "fetching",
    "datasets",
    "comments",
    "jigsaw",
    "cifar10",
    "features",
    "patch_codes",
    "patches",
    "feature_cache",
    "domain_classifier",
    "domain_rules",
    "scores",
    "selection",
    "metrics",
    "ridge_path",
    "refit_path",
    "gaussian_walk",
    "sweep",
    "results",
    "comparison",
    "separability",
    "recording",
)
MEETING = ("plots", "cover", "recipes", "replications", "tables", "cli")
ORDER = (*SHARED, *THEORY, *DATA, *MEETING)
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def siblings_imported(module):
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [alias.name for alias in node.names]


def test_every_module_has_its_place():
    assert sorted(ORDER) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_from_right_to_left(module):
    for other in siblings_imported(module):
        assert ORDER.index(other) < ORDER.index(module), f"{module} imports {other}"
        if module in DATA:
            assert other not in THEORY, f"{module} of the data wing imports {other} of the theory"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_one_idea(module):
    lines = (PACKAGE / f"{module}.py").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(('"""', 'r"""'))
    assert "__all__" in (PACKAGE / f"{module}.py").read_text() or module == "validation"


def test_importing_brings_no_matplotlib_and_drawing_modules_change_no_setting():
    code = (
        "import sys, distunlearn_lite, distunlearn_lite.cli\n"
        "assert 'matplotlib' not in sys.modules, 'matplotlib imported'\n"
        "import matplotlib\n"
        "before = dict(matplotlib.rcParams)\n"
        "import distunlearn_lite.cover, distunlearn_lite.plots\n"
        "assert dict(matplotlib.rcParams) == before, 'settings changed'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_are_documented_and_tested():
    public = distunlearn_lite.__all__
    assert public == sorted(
        public, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )
    page = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    documented = set(
        re.findall(
            r"(?:auto(?:class|function|exception)|data):: distunlearn_lite\.(\w+)$", page, re.M
        )
    )
    assert documented == set(public)
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py"))
    for name in public:
        assert re.search(rf"\b{name}\b", tests), f"no test names {name}"


@pytest.mark.parametrize("name", distunlearn_lite.__all__)
def test_public_docstrings_are_complete(name):
    thing = getattr(distunlearn_lite, name)
    if isinstance(thing, dict):
        return
    text = thing.__doc__ or ""
    assert "Examples\n" in text, f"{name} shows no example"
    if not isinstance(thing, type):
        for heading in ("Parameters\n", "Returns\n", "Raises\n"):
            assert heading in text, f"{name} lacks {heading.strip()}"


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_docstrings_run(module):
    found = importlib.import_module(f"distunlearn_lite.{module}")
    outcome = doctest.testmod(found, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert outcome.failed == 0


def test_everything_the_package_exports_exists_once():
    assert len(set(distunlearn_lite.__all__)) == len(distunlearn_lite.__all__)
    assert distunlearn_lite.__version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
