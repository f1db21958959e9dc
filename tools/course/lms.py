"""The LMS's own export with the assignment's column filled, to be imported again."""

from __future__ import annotations

import csv
import io

from .marks import Marked
from .roster import Roster, Table
from .source import Source


def _canvas_column(found: Table, source: Source) -> int:
    """The assignment's column: it is named, with its number behind, as the assignment is."""
    header = found.rows[0]
    for place, name in enumerate(header):
        plain = name.partition(" (")[0].strip().casefold()
        if plain in (source.name.casefold(), source.title.casefold()):
            return place
    width = len(header) + 1
    for row in found.rows:
        row += [""] * (width - len(row))
    header[-1] = source.title
    for row in found.rows[1:]:
        if "Points Possible" in row[0]:
            row[-1] = f"{sum(cell.points for cell in source.tasks.values()):g}"
    return len(header) - 1


def filled(found: Table, source: Source, roster: Roster, marks: dict[str, Marked]) -> str:
    """The export's text with the totals of all who are marked completely; nothing else changes."""
    rows = [list(row) for row in found.rows]
    copy = Table(found.kind, rows)
    place = _canvas_column(copy, source) if found.kind == "canvas" else copy.column("Grade")
    for row in copy.people():
        own = copy.id(row)
        mark = marks.get(own) or marks.get(roster.student(own, *row))
        if place >= 0 and mark and not mark.missing:
            row += [""] * (place + 1 - len(row))
            row[place] = f"{mark.total:g}" if found.kind == "canvas" else f"{mark.total:.2f}"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
