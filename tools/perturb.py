"""Break every proved statement on purpose and see its check fail.

`python tasks.py perturb [NAME ...]` reads tests/book/perturbations/NN.csv (claim, what, old, new),
writes `new` for `old` into the folded cell that checks the claim, runs that cell where it stands in
its chapter, and records in book/perturbations.csv what was caught. Only a failed assertion counts.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.execution import FAILS, PASSES, code_cells, copied, run
from tools.notebooks import FOLDER, chapters, checked_claims

ROOT = FOLDER.parent
BROKEN = ROOT / "tests" / "book" / "perturbations"
RECORD = ROOT / "book" / "perturbations.csv"
COLUMNS = ("statement", "broken on purpose", "then", "chapter", "state of its checks")


def perturbations(chapter: Path) -> list[dict[str, str]]:
    """Ways to break the statements of a chapter: claim, what is changed, old and new code."""
    path = BROKEN / f"{chapter.stem[:2]}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def fingerprint(chapter: Path) -> str:
    """Hash of a chapter's checks and of the ways in which they are broken."""
    cells = [s for s in code_cells(chapter) if checked_claims(s)]
    parts = [*cells, *(str(sorted(row.items())) for row in perturbations(chapter))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def verdicts(chapter: Path) -> Iterator[tuple[dict[str, str], str]]:
    """Each way to break a statement, and what its check then said."""
    waiting = perturbations(chapter)
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.chdir(FOLDER):
        for source in code_cells(chapter):
            claims = checked_claims(source)
            for row in [r for r in waiting if r["claim"] in claims and r["old"] in source]:
                waiting.remove(row)
                if source.count(row["old"]) != 1:
                    yield row, "the code to change stands there more than once"
                    continue
                yield row, run(source.replace(row["old"], row["new"]), copied(names))
            said = run(source, names)
            if said != PASSES:
                raise SystemExit(f"{chapter.name}: an untouched cell does not pass ({said})")
    for row in waiting:
        yield row, "no check of this claim holds the code to change"


def recorded() -> list[dict[str, str]]:
    """The table of the claims page."""
    if not RECORD.is_file():
        return []
    with RECORD.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def main(wanted: list[str]) -> None:
    """Break the statements of the named chapters, or of all; stop where one is not noticed."""
    os.environ["MPLBACKEND"] = "Agg"  # the cells draw figures that nobody looks at
    asked = [c for c in chapters() if not wanted or any(name in c.stem for name in wanted)]
    kept = [row for row in recorded() if row["chapter"] not in {c.stem[:2] for c in asked}]
    survivors = []
    for chapter in asked:
        for row, said in verdicts(chapter):
            if said != FAILS:
                survivors.append(f"{chapter.stem[:2]} {row['claim']}: {row['what']}: {said}")
                continue
            entry = (f"{{prf:ref}}`{row['claim']}`", row["what"], said)
            values = (*entry, chapter.stem[:2], fingerprint(chapter))
            kept.append(dict(zip(COLUMNS, values, strict=True)))
    print("\n".join([*survivors, f"{len(kept)} stand in the record, {len(survivors)} survived"]))
    if survivors:
        sys.exit(1)
    kept.sort(key=lambda row: row["chapter"])
    with RECORD.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(kept)


if __name__ == "__main__":
    main(sys.argv[1:])
