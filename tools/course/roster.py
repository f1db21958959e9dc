"""Who takes the course: a list of one's own, or an export of Canvas or Moodle.

A student is known by an id (in one's own list the column `student`) and, in file names and in
exports, by any other entry of the row that belongs to nobody else: number, login, address, name.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

CANVAS, MOODLE = "ID", "Identifier"
# The id's column, and the name's, by the kind of list.
COLUMNS = {
    "plain": ("student", "name"),
    "canvas": (CANVAS, "Student"),
    "moodle": (MOODLE, "Full name"),
}


@dataclass(frozen=True)
class Table:
    """A list as it was read: its kind, and its rows, the header first."""

    kind: str
    rows: list[list[str]]

    def column(self, name: str) -> int:
        """The place of a column, or -1."""
        return self.rows[0].index(name) if name in self.rows[0] else -1

    def people(self) -> list[list[str]]:
        """The rows that are students'; Canvas has a row of the points possible as well."""
        place = self.column(COLUMNS[self.kind][0])
        return [row for row in self.rows[1:] if len(row) > place and row[place].strip()]

    def id(self, row: list[str]) -> str:
        """The student's id; Moodle writes it as `Participant 123`."""
        return row[self.column(COLUMNS[self.kind][0])].removeprefix("Participant ").strip()


def text_of(path: Path) -> str:
    """The text of a file that a person or an LMS wrote."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SystemExit(f"{path} is not in UTF-8 (byte {error.start}): save it as UTF-8") from None


def table(path: Path) -> Table | None:
    """The list in a file, or None where it is none."""
    rows = list(csv.reader(io.StringIO(text_of(path))))
    header = set(rows[0]) if rows else set()
    for kind, needed in COLUMNS.items():
        if needed[0] in header and (kind == "plain" or needed[1] in header):
            return Table(kind, rows)
    return None


def key(text: str) -> str:
    """A name as file names write it: letters and digits only."""
    return re.sub(r"\W", "", text).casefold()


@dataclass(frozen=True)
class Roster:
    """Names by id, and ids by all that is a student's own."""

    names: dict[str, str]
    aliases: dict[str, str]

    def student(self, *words: str) -> str:
        """The id of the student whom one of the words names, or nothing."""
        return next((self.aliases[key(word)] for word in words if key(word) in self.aliases), "")


def roster(found: Table) -> Roster:
    """The students of a list, whatever its kind."""
    name = found.column(COLUMNS[found.kind][1])
    people = {found.id(row): row for row in found.people()}
    entries = [{key(found.id(row)), *map(key, row)} - {""} for row in people.values()]
    times = Counter(entry for row in entries for entry in row)
    aliases = {
        entry: student
        for student, row in zip(people, entries, strict=True)
        for entry in row
        if times[entry] == 1
    }
    aliases |= {key(student): student for student in people}
    names = {student: row[name] if name >= 0 else "" for student, row in people.items()}
    return Roster(names, aliases)


def read(path: Path) -> Roster:
    """The students of a file."""
    found = table(path)
    if found is None:
        raise SystemExit(
            f"{path} is no list of students: it needs a column `student` and commas between the "
            "columns, or must be a gradebook exported from Canvas or a grading worksheet from "
            "Moodle"
        )
    ids = Counter(found.id(row) for row in found.people())
    twice = sorted(student for student, times in ids.items() if times > 1)
    if twice:
        raise SystemExit(f"{path}: each id may stand there once, these do not: {', '.join(twice)}")
    return roster(found)


def file_name(student: str) -> str:
    """The student's id as the name of a file."""
    return re.sub(r"[^\w.@-]", "-", student).lstrip(".") or "nobody"
