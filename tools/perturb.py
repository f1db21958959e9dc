"""Break every proved statement on purpose and see its check fail.

`python tasks.py perturb [NAME ...]` reads tests/book/perturbations/NN.csv (claim, what, old, new),
writes `new` for `old` into the folded cell that checks the claim, runs that cell where it stands in
its chapter, and records what was caught, for the tests in RECORD and for readers in TABLE. Only a
failed assertion counts.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.execution import FAILS, PASSES, code_cells, copied, run
from tools.notebooks import FOLDER, chapters, checked_claims

ROOT = FOLDER.parent
BROKEN = ROOT / "tests" / "book" / "perturbations"
RECORD = BROKEN / "recorded.csv"
TABLE = ROOT / "book" / "perturbations.csv"
COLUMNS = ("chapter", "claim", "what", "checks")


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
    """What was caught, by chapter, with the state of the chapter's checks when it was."""
    if not RECORD.is_file():
        return []
    with RECORD.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def table(record: list[dict[str, str]]) -> list[tuple[str, str]]:
    """The table of the claims page: each statement, and the ways in which it was broken."""
    ways: dict[str, list[str]] = {}
    for row in record:
        ways.setdefault(row["claim"], []).append(row["what"])
    return [
        (f"{{prf:ref}}`{claim}`", "\n".join(f"- {what}" for what in found))
        for claim, found in ways.items()
    ]


def main(wanted: list[str]) -> None:
    """Break the statements of the named chapters, or of all; stop where one is not noticed."""
    os.environ["MPLBACKEND"] = "Agg"  # the cells draw figures that nobody looks at
    asked = [c for c in chapters() if not wanted or any(name in c.stem for name in wanted)]
    kept = [row for row in recorded() if row["chapter"] not in {c.stem[:2] for c in asked}]
    survivors = []
    for chapter in asked:
        for row, said in verdicts(chapter):
            if said == FAILS:
                values = (chapter.stem[:2], row["claim"], row["what"], fingerprint(chapter))
                kept.append(dict(zip(COLUMNS, values, strict=True)))
            else:
                survivors.append(f"{chapter.stem[:2]} {row['claim']}: {row['what']}: {said}")
    print("\n".join([*survivors, f"{len(kept)} stand in the record, {len(survivors)} survived"]))
    if survivors:
        sys.exit(1)
    kept.sort(key=lambda row: row["chapter"])
    _write(RECORD, COLUMNS, [tuple(row.values()) for row in kept])
    _write(TABLE, ("statement", "broken in these ways"), table(kept))


def _write(path: Path, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


if __name__ == "__main__":
    main(sys.argv[1:])
