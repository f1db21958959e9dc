"""Build time of the book: from nothing, with nothing changed, and with one text page touched.

    python benchmarks/book.py

Builds with the environment that is there, one build after the other, and prints each as a ratio to
the first. The first one deletes `_build`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build() -> float:
    """Seconds of one `tasks.py book`."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "tasks.py", "book"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    shutil.rmtree(ROOT / "_build", ignore_errors=True)
    cold, unchanged = build(), build()
    (ROOT / "book" / "preface.md").touch()
    edited = build()
    print(f"from nothing          1.00   ({cold:.0f} s here)")
    print(f"nothing changed       {unchanged / cold:.2f}   ({unchanged:.0f} s here)")
    print(f"one text page edited  {edited / cold:.2f}   ({edited:.0f} s here)")


if __name__ == "__main__":
    main()
