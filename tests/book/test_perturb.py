"""The tool that breaks statements: what it counts as caught, and what it refuses to count."""

import csv

import nbformat
import pytest

from tools import perturb
from tools.execution import FAILS

SOURCES = (
    "import numpy as np\nfactor = 2\ndraws = np.random.default_rng(0)",
    "# Check: thm-a\nn = draws.random()\nbound = factor * 3\nassert bound == 6\nprint('tried')",
    "# Check: thm-a, cor-b\nassert draws.random() != n\nassert factor**2 == 4",
)


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    monkeypatch.setattr(perturb, "FOLDER", tmp_path)
    monkeypatch.setattr(perturb, "BROKEN", tmp_path)
    monkeypatch.setattr(perturb, "RECORD", tmp_path / "record.csv")
    monkeypatch.setattr(perturb, "TABLE", tmp_path / "table.csv")
    path = tmp_path / "01-small.ipynb"
    monkeypatch.setattr(perturb, "chapters", lambda: [path])
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    nbformat.write(notebook, path)
    return path


def broken(chapter, *rows):
    with (chapter.parent / "01.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("claim", "what", "old", "new"))
        table.writerows(rows)


@pytest.mark.parametrize(
    ("claim", "old", "new", "said"),
    [
        ("thm-a", "factor * 3", "factor * 4", FAILS),
        ("cor-b", "factor**2", "factor**3", FAILS),
        ("thm-a", "factor * 3", "3 * factor", "passes"),
        (
            "thm-a",
            "factor * 3",
            "missing * 3",
            "stops with NameError: name 'missing' is not defined",
        ),
        ("thm-a", "bound", "bond", "the code to change stands there more than once"),
        ("thm-a", "not there", "x", "no check of this claim holds the code to change"),
        ("cor-b", "factor * 3", "x", "no check of this claim holds the code to change"),
    ],
)
def test_verdicts(chapter, claim, old, new, said):
    broken(chapter, (claim, "what", old, new))
    assert [verdict for _, verdict in perturb.verdicts(chapter)] == [said]


def test_only_what_was_caught_is_recorded_and_a_survivor_stops(chapter, capsys):
    broken(chapter, ("thm-a", "four for three", "factor * 3", "factor * 4"))
    perturb.main([])
    (row,) = perturb.recorded()
    assert (row["claim"], row["checks"]) == ("thm-a", perturb.fingerprint(chapter))
    assert "{prf:ref}`thm-a`,- four for three\n" in perturb.TABLE.read_text(encoding="utf-8")

    broken(chapter, ("thm-a", "the same", "factor * 3", "3 * factor"))
    assert row["checks"] != perturb.fingerprint(chapter)
    with pytest.raises(SystemExit):
        perturb.main([])
    assert "the same: passes" in capsys.readouterr().out
    assert perturb.recorded() == [row]


def test_a_chapter_whose_own_check_fails_is_not_judged(chapter):
    broken(chapter, ("cor-b", "what", "factor**2", "factor**3"))
    text = chapter.read_text(encoding="utf-8").replace("factor = 2", "factor = 3")
    chapter.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="does not pass"):
        list(perturb.verdicts(chapter))
