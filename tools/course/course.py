"""Grade a class: every submission once, then marks, pages, report and exports from the records."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from distunlearn_lite.files import write_whole

from . import formgrader, manual, roster, submissions, variants
from .feedback import by_hand, feedback
from .grading import LIMITS, Record, grade
from .lms import filled
from .marks import Marked, as_csv, marked
from .parts import Reference, reference
from .report import report
from .roster import Roster, Table, file_name
from .running import Limits
from .scratch import LIBRARY, SANDBOX
from .source import FOLDER, Source
from .submissions import Submission
from .variants import EVERYONE

TOOLS = Path(__file__).parent


def _digest(*words: bytes) -> str:
    total = hashlib.sha256()
    for word in words:
        total.update(len(word).to_bytes(8, "big") + word)
    return total.hexdigest()


def _state(source: Path, seed: str, limits: Limits) -> str:
    """A hash of all that a record depends on beside the submission."""
    files = [source, *sorted(TOOLS.glob("*.py")), *sorted(LIBRARY.rglob("*.py"))]
    words = [seed, repr(limits), np.__version__, os.environ.get(SANDBOX, "")]
    return _digest(*(path.read_bytes() for path in files), *map(str.encode, words))


class Class:
    """The grading of one folder of submissions."""

    def __init__(
        self,
        place: Path,
        seed: str,
        people: Path | None,
        sources: dict[str, Source],
        folder: Path = FOLDER,
        limits: Limits = LIMITS,
    ) -> None:
        self.place, self.seed, self.limits = place, seed, limits
        self.out = place.with_name(f"{place.name.removesuffix('.zip')}-graded")
        self.own_versions = people is not None
        inside = sorted(place.glob("*.csv")) if place.is_dir() else []
        found = {path: roster.table(path) for path in ([people] if people else []) + inside}
        self.exports: dict[str, Table] = {
            path.name: table for path, table in found.items() if table and table.kind != "plain"
        }
        self.roster = roster.read(people) if people else None
        self.files, self.strangers = submissions.collected(place, self.roster)
        self.source = sources[submissions.assignment(self.files, sources)]
        self._state = _state(folder / f"{self.source.name}.ipynb", seed, limits)
        self._lock = threading.Lock()
        self._references: dict[str, Reference] = {}

    def _version(self, student: str) -> str:
        return student if self.own_versions else EVERYONE

    def _reference(self, version: str) -> Reference:
        with self._lock:  # solutions print, plot and warn: one at a time
            if version not in self._references:
                self._references[version] = reference(self.source, self.seed, version)
            return self._references[version]

    def record(self, student: str) -> Record:
        """The record of a student, made anew if anything behind it has changed."""
        handed = submissions.chosen(student, self.files[student], self.source)
        key = _digest(self._state.encode(), self._version(student).encode(), handed.raw)
        path = self.out / "records" / f"{file_name(student)}.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if kept.get("key") != key:
            kept = {"key": key, "student": student, "record": self._grade(handed)}
            write_whole(path, json.dumps(kept, indent=1, sort_keys=True) + "\n")
        record: Record = kept["record"]
        stranger = [self.strangers[student]] if student in self.strangers else []
        return record | {"flags": sorted({*record["flags"], *handed.flags, *stranger})}

    def _grade(self, handed: Submission) -> Record:
        version = self._version(handed.student)
        right = self._reference(version)
        return grade(self.source, self.seed, version, handed.raw, right, self.limits)

    def run(self, say: bool = True) -> None:
        """Grade what is new, and write everything."""
        (self.out / "records").mkdir(parents=True, exist_ok=True)
        records = {}
        with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
            for student, record in zip(self.files, pool.map(self.record, self.files), strict=True):
                records[student] = record
                if say:
                    flags = f" ({'; '.join(record['flags'])})" if record["flags"] else ""
                    print(f"{student}: graded{flags}", flush=True)
        self._write(records)
        if say:
            print(f"marks, feedback and report are in {self.out}")

    def _marks(self, records: dict[str, Record]) -> list[Marked]:
        book = self.out / "nbgrader" / "gradebook.db"
        found = manual.from_gradebook(book, self.source) if book.exists() else {}
        files = {file_name(student): student for student in records}
        marks = {(files[file], task): found[file, task] for file, task in found if file in files}
        written = manual.read(self.out / "manual.csv", self.source)
        known = records.keys() | (self.roster.names if self.roster else {}).keys()
        unknown = sorted({student for student, _ in written} - known)
        if unknown:
            raise SystemExit(f"{self.out / 'manual.csv'}: nobody has the id {', '.join(unknown)}")
        marks |= written
        return [marked(self.source, who, record, marks) for who, record in records.items()]

    def _write(self, records: dict[str, Record]) -> None:
        found = self._marks(records)
        unread = [(one.student, task) for one in found for task in one.missing]
        manual.add_missing(self.out / "manual.csv", unread)
        names = self.roster.names if self.roster else {}
        absent = sorted(names.keys() - records.keys())
        for folder in ("feedback", "by-hand"):
            (self.out / folder).mkdir(exist_ok=True)
        pages = {
            f"feedback/{file_name(one.student)}.html": feedback(self.source, one) for one in found
        }
        for cell in self.source.of("manual"):
            pages[f"by-hand/{cell.id}.html"] = by_hand(self.source, cell.id, found)
        pages["marks.csv"] = as_csv(self.source, names, found)
        pages["report.md"] = report(self.source, found, absent)
        totals = {one.student: one for one in found}
        nobody = Roster({}, {})
        for name, table in self.exports.items():
            pages[name] = filled(table, self.source, self.roster or nobody, totals)
        for name, text in pages.items():
            write_whole(self.out / name, text)
        versions = {
            student: variants.given(self.source, self.seed, self._version(student))
            for student in records
        }
        formgrader.write(self.out / "nbgrader", self.source, versions, records)
