"""The ten lines on the front page and in README run, and are the same."""

import re
from pathlib import Path

import pytest

from distunlearn_lite.replication import load_recorded
from distunlearn_lite.sweeps import walks

ROOT = Path(__file__).resolve().parents[2]


def snippet(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)


def test_the_ten_lines_run_and_do_what_they_say():
    assert snippet("README.md") == snippet("book/index.md")
    names = {}
    exec(snippet("README.md"), names)
    assert names["rows"].shape == (300,)
    assert names["kept"].shape == (700, 5)
    left = set(range(1000)) - set(names["rows"].tolist())
    assert names["scores"][names["rows"]].min() >= names["scores"][sorted(left)].max()
    assert len(snippet("README.md").strip().splitlines()) <= 10


def test_readme_has_the_two_commands_and_the_disclaimer():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for part in ("make book", "make test", "python tasks.py book", "python tasks.py test"):
        assert part in text
    assert "does not guarantee" in text


@pytest.mark.parametrize("page", ["README.md", "book/index.md", "book/api.md"])
def test_the_warning_about_small_budgets_is_that_of_the_recorded_table(page):
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    frame = load_recorded("sms", ROOT / "book" / "results").frame
    left = walks(frame, "forget_recall")[0.2].groupby("rule").mean()
    worse = left.index[left > left["random"]]
    words = {8: "eight", 13: "thirteen"}
    assert f"{words[len(worse)]} of {words[len(left) - 1]} rules do so at a fifth" in text
    assert "lr-maha" in worse
    assert "Sweep your own data first; `deletion_budget` is a Gaussian's answer" in text
