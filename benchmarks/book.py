"""Build time of the book: from nothing, with nothing changed, and with one text page touched.

    python benchmarks/book.py

Runs in a copy of the tree with the environment that is there, one build after the other, and prints
each as a ratio to the first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns("_build", ".venv", ".git", ".*_cache", ".hypothesis")


def build(copy: Path) -> float:
    """Seconds of one `tasks.py book`."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "tasks.py", "book"], cwd=copy, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        os.symlink(ROOT / ".venv", copy / ".venv")
        cold = build(copy)
        unchanged = build(copy)
        page = copy / "book" / "preface.md"
        page.write_text(page.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        edited = build(copy)
    print(f"from nothing          1.00   ({cold:.0f} s here)")
    print(f"nothing changed       {unchanged / cold:.2f}   ({unchanged:.0f} s here)")
    print(f"one text page edited  {edited / cold:.2f}   ({edited:.0f} s here)")


if __name__ == "__main__":
    main()
