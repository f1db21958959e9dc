"""The hash of the code behind a table: what changes it, and whether the tables are current."""

import shutil
from pathlib import Path

import pytest

from distunlearn_lite.replication.code_hash import PACKAGE, code_sha256
from distunlearn_lite.replication.experiments import EXPERIMENTS
from distunlearn_lite.replication.records import load_recorded

RESULTS = Path(__file__).resolve().parents[2] / "book" / "results"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_committed_code_made_the_committed_table(name):
    recorded_by = load_recorded(name, RESULTS).provenance.get("code_sha256")
    assert recorded_by == code_sha256(EXPERIMENTS[name]), (
        f"the code behind {name}.csv has changed; record it again: "
        f"distunlearn replicate {name} --jobs 2"
    )


@pytest.fixture(scope="module")
def before():
    return {name: code_sha256(experiment) for name, experiment in EXPERIMENTS.items()}


def reworded(text):
    """Other words in a docstring, a comment on a line and of its own, blank lines."""
    more = text.replace('"""', '"""More.\n\n# ', 1).replace("annotations\n", "annotations  # why\n")
    return more + "\n\n# The end.  \n"


def recoded(text):
    return text + "\nMORE = 1\n"


ALL = set(EXPERIMENTS)


@pytest.mark.parametrize(
    ("edit", "module", "changed"),
    [
        (reworded, "rules/scoring.py", set()),
        (reworded, "replication/cells.py", set()),
        (recoded, "plots.py", set()),
        (recoded, "cli.py", set()),
        (recoded, "theory/bounds.py", set()),
        (recoded, "data/__init__.py", set()),
        (recoded, "replication/records.py", set()),
        (recoded, "rules/scoring.py", ALL),
        (recoded, "unlearners/refit.py", ALL),
        (recoded, "replication/cells.py", ALL),
        (recoded, "data/jigsaw.py", {"jigsaw", "jigsaw-variations"}),
        (recoded, "features/patches.py", {"cifar10", "cifar10-classes", "cifar10-variations"}),
        (recoded, "replication/experiments/sms.py", {"sms", "sms-variations"}),
        (recoded, "replication/protocol.py", set()),
        (recoded, "replication/experiments/own_features.py", set()),
    ],
)
def test_the_hash_covers_what_makes_the_values_and_no_more(tmp_path, before, edit, module, changed):
    copy = tmp_path / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / module).read_text(encoding="utf-8")
    (copy / module).write_text(edit(text), encoding="utf-8")
    after = {name: code_sha256(experiment, copy) for name, experiment in EXPERIMENTS.items()}
    assert {name for name in EXPERIMENTS if after[name] != before[name]} == changed


def test_imports_are_followed_in_every_form(tmp_path):
    package = tmp_path / PACKAGE.name
    (package / "room").mkdir(parents=True)
    experiment = EXPERIMENTS["sms"]
    start = package / Path(*experiment.load.__module__.split(".")[1:]).with_suffix(".py")
    start.parent.mkdir(parents=True)
    start.write_text(
        f"import {PACKAGE.name}.a\nfrom {PACKAGE.name} import b\nfrom ...room import c\n"
        "def later():\n    from ...room.d import anything\n"
    )
    used = ["a.py", "b.py", "room/c.py", "room/d.py"]
    for module in (*used, "room/__init__.py", "e.py"):
        (package / module).write_text("x = 1\n")
    before = code_sha256(experiment, package)
    for module in ("e.py", "room/__init__.py"):
        (package / module).write_text("x = 2\n")
    assert code_sha256(experiment, package) == before
    for module in used:
        (package / module).write_text("x = 2\n")
        after = code_sha256(experiment, package)
        assert after != before, module
        before = after
