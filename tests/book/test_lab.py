"""What a reader of the chapters sees in JupyterLab: only forms that it shows as the page does.

The forms below were seen in a browser with the extension of the lock: boxes are drawn, numbered
and referred to within a chapter, and what is folded on the page is folded there.
"""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest

from tools.notebooks import chapters

ROOT = Path(__file__).resolve().parents[2]
PROVED = {"theorem", "proposition", "lemma", "corollary", "definition", "remark", "proof"}
SHOWN = {"admonition", "note", "exercise", "solution", *(f"prf:{kind}" for kind in PROVED)}
ROLES = {"ref", "numref", "eq", "doc", "cite", "cite:t", "prf:ref"}
EXTENSION = "jupyterlab-myst"


@pytest.fixture(params=chapters(), ids=lambda path: path.stem)
def text(request):
    cells = nbformat.read(request.param, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_the_extension_is_installed_with_the_book():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(name.startswith(EXTENSION) for name in project["optional-dependencies"]["book"])
    assert f"\n{EXTENSION}==" in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_every_box_is_one_that_jupyterlab_draws(text):
    assert set(re.findall(r"^[ :`~]*[:`~]{3}\{([^}]+)\}", text, re.MULTILINE)) <= SHOWN
    assert set(re.findall(r"\{([a-z:]+)\}`", text)) <= ROLES


def test_only_boxes_that_fold_in_jupyterlab_are_to_be_folded(text):
    pattern = r"^:+\{([^}]+)\}[^\n]*\n(?::[^\n]*\n)*?:class:[^\n]*\bdropdown\b"
    folded = re.findall(pattern, text, re.MULTILINE)
    assert len(folded) == len(re.findall(r"^:class:.*\bdropdown\b", text, re.MULTILINE))
    assert set(folded) <= {"admonition", "solution", "prf:remark"}
