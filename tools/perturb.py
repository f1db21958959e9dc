"""Break every proved statement on purpose and see its check fail.

`python tasks.py perturb [NAME ...]` reads tests/book/perturbations/NN.csv (claim, what, old, new),
writes `new` for `old` into the folded cell that checks the claim, runs that cell where it stands in
its chapter, and records in book/perturbations.csv what was caught. Only a failed assertion counts.
"""

from __future__ import annotations

import contextlib
import copy
import csv
import hashlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from tools.notebooks import FOLDER, chapters, checked_claims

ROOT = FOLDER.parent
BROKEN = ROOT / "tests" / "book" / "perturbations"
RECORD = ROOT / "book" / "perturbations.csv"
COLUMNS = ("statement", "broken on purpose", "then", "chapter", "state of its checks")
CAUGHT = "its check fails"


def perturbations(chapter: Path) -> list[dict[str, str]]:
    """Ways to break the statements of a chapter: claim, what is changed, old and new code."""
    path = BROKEN / f"{chapter.stem[:2]}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def fingerprint(chapter: Path) -> str:
    """Hash of a chapter's checks and of the ways in which they are broken."""
    cells = [s for s in _code(chapter) if checked_claims(s)]
    parts = [*cells, *(str(sorted(row.items())) for row in perturbations(chapter))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def verdicts(chapter: Path) -> Iterator[tuple[dict[str, str], str]]:
    """Each way to break a statement, and what its check then said."""
    waiting = perturbations(chapter)
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.chdir(FOLDER):
        for source in _code(chapter):
            claims = checked_claims(source)
            for row in [r for r in waiting if r["claim"] in claims and r["old"] in source]:
                waiting.remove(row)
                if source.count(row["old"]) != 1:
                    yield row, "the code to change stands there more than once"
                    continue
                yield row, _run(source.replace(row["old"], row["new"]), _copied(names))
            said = _run(source, names)
            if said != "passes":
                raise SystemExit(f"{chapter.name}: an untouched cell does not pass ({said})")
    for row in waiting:
        yield row, "no check of this claim holds the code to change"


def _code(chapter: Path) -> list[str]:
    cells = nbformat.read(chapter, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def _copied(names: dict[str, Any]) -> dict[str, Any]:
    """A namespace of its own for one broken cell: arrays and generators are not shared."""
    own = (np.ndarray, np.random.Generator, list, dict, set)
    return {k: copy.deepcopy(v) if isinstance(v, own) else v for k, v in names.items()}


def _run(source: str, names: dict[str, Any]) -> str:
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            exec(compile(source, "<cell>", "exec"), names)
    except AssertionError:
        return CAUGHT
    except Exception as error:
        return f"stops with {type(error).__name__}: {error}"
    return "passes"


def recorded() -> list[dict[str, str]]:
    """The table of the claims page."""
    if not RECORD.is_file():
        return []
    with RECORD.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def main(wanted: list[str]) -> None:
    """Break the statements of the named chapters, or of all; stop where one is not noticed."""
    os.environ["MPLBACKEND"] = "Agg"
    asked = [c for c in chapters() if not wanted or any(name in c.stem for name in wanted)]
    kept = [row for row in recorded() if row["chapter"] not in {c.stem[:2] for c in asked}]
    survivors = []
    for chapter in asked:
        for row, said in verdicts(chapter):
            if said != CAUGHT:
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
