"""What the instructor guide says of exercises and assignments, from their own tables and sources.

`python tasks.py guide` writes it between the lines `% begin NAME` and `% end NAME` of the pages in
book/teaching: the map of objectives, what `check` says of typical errors, tasks and points.
"""

from __future__ import annotations

import re
from pathlib import Path

from tools.objectives import TAUGHT, assignments, heads, holes, labels, tables, taught

PAGES = TAUGHT.parent


def plain(text: str) -> str:
    """A sentence in which only what stands in backticks is markup."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([*_$<|\[\]])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def _row(*entries: object) -> str:
    return "| " + " | ".join(str(entry) for entry in entries) + " |"


def objectives() -> str:
    """The map: objective, chapter, exercise, assignments."""
    links, names = taught(), heads()
    lines = [_row("chapter", "objective", "exercise", "assignments"), _row(*["---"] * 4)]
    for chapter, rows in tables().items():
        for row in rows:
            used = [number for (number, _), by in links.items() if row.id in by]
            shown = ", ".join(dict.fromkeys(used)) or "–"
            exercise = f"{row.level} {{ref}}`{row.id}`"
            lines.append(
                _row(f"{{ref}}`{chapter} <{names[chapter]}>`", plain(row.goal), exercise, shown)
            )
    return "\n".join(lines)


def assigned() -> str:
    """The assignments' objectives, each with what teaches it."""
    links = taught()
    lines = [_row("assignment", "objective", "taught by"), _row(*["---"] * 3)]
    for each in assignments():
        for objective in each.objectives:
            by = links.get((each.number, objective), [])
            refs = ", ".join(f"{{ref}}`{name}`" for name in by)
            lines.append(_row(f"{each.number} *{each.title}*", plain(objective), refs))
    return "\n".join(lines)


def points() -> str:
    """Tasks, points and kinds of each assignment."""
    lines = [
        _row("assignment", "hours", "chapters", "tasks and points", "automatic"),
        _row(*["---"] * 5),
    ]
    for each in assignments():
        tasks = ", ".join(
            f"`{task.name}` {task.points:g}{'*' * task.manual}" for task in each.tasks
        )
        automatic = sum(task.points for task in each.tasks if not task.manual)
        among = f"{min(each.chapters)}–{max(each.chapters)}" if len(each.chapters) > 3 else None
        where = among or ", ".join(map(str, each.chapters))
        tasks = tasks.replace("*", "\\*")
        lines.append(
            _row(f"{each.number} *{each.title}*", f"{each.hours:g}", where, tasks, f"{automatic:g}")
        )
    return "\n".join(lines)


def _folded(title: str, reasons: dict[str, tuple[str, ...]]) -> str:
    """A box that opens: what each name's reasons are."""
    lines = [f":::{{admonition}} {title}", ":class: dropdown"]
    for name, own in reasons.items():
        lines += [f"- {name}", *(f"  - {plain(reason)}" for reason in own)]
    return "\n".join([*lines, ":::"])


def common_errors() -> str:
    """The errors that grading tells apart, by assignment and task."""
    found = []
    for each in assignments():
        reasons = {f"`{task.name}`": task.errors for task in each.tasks if task.errors}
        if reasons:
            found.append(_folded(f"Assignment {each.number}, {each.title}", reasons))
    return "\n\n".join(found)


def misconceptions(chapter: int) -> str:
    """The errors that `check` names in a chapter, in its own words."""
    rows = tables().get(chapter, [])
    reasons = {f"{{ref}}`{row.id}`": tuple(slip.reason for slip in row.slips) for row in rows}
    return _folded("Misconceptions that `check` names", reasons) if rows else ""


def contents() -> dict[str, dict[str, str]]:
    """What is generated, by page and by name."""
    return {
        "objectives": {"objectives": objectives(), "assignments": assigned()},
        "assignments": {"points": points(), "errors": common_errors()},
        "lectures": {f"chapter-{n}": misconceptions(n) for n in sorted(set(labels().values()))},
    }


def refreshed(text: str, name: str, content: str) -> str:
    """A page with this content between the lines that name it."""
    begin, end = f"% begin {name}\n", f"% end {name}\n"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"a page needs one line {begin.strip()!r} and one {end.strip()!r}")
    before, _, rest = text.partition(begin)
    return before + begin + "\n" + content.strip() + "\n\n" + end + rest.partition(end)[2]


def pages() -> dict[Path, str]:
    """The pages as they should be."""
    found = {}
    for page, parts in contents().items():
        text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
        for name, content in parts.items():
            text = refreshed(text, name, content)
        found[PAGES / f"{page}.md"] = text
    return found


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    for hole in holes(tables(), assignments(), taught(), labels()):
        print(f"hole: {hole}")


if __name__ == "__main__":
    main()
