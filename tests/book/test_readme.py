"""The ten lines on the front page and in README run, and are the same."""

import re
from pathlib import Path

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
