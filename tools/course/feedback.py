"""A page for each student: points and reasons, never tests or right answers."""

from __future__ import annotations

from html import escape

from .marks import Marked
from .source import Source

STYLE = """body { font: 16px/1.5 sans-serif; max-width: 46rem; margin: 2rem auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; }
tr { border-bottom: 1px solid #888; }
td.points { white-space: nowrap; text-align: right; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #eee; padding: .6rem; }
img { max-width: 100%; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #e8e8e8; }
pre { background: #2a2a2a; } }"""
SHOWN = 2000  # characters of one text


def page(title: str, body: str) -> str:
    """An HTML page that needs nothing else."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _row(*cells: str) -> str:
    what, points, why = cells
    return f'<tr><td>{what}</td><td class="points">{points}</td><td>{why}</td></tr>'


def _task(source: Source, marks: Marked, task: str) -> list[str]:
    earned, most = marks.tasks[task], source.tasks[task].points
    comment = escape(marks.comments.get(task, ""))
    if earned is None:
        return [_row(f"<strong>{escape(task)}</strong>", f"? of {most:g}", "is still to be read")]
    rows = [_row(f"<strong>{escape(task)}</strong>", f"{earned:g} of {most:g}", comment)]
    answered = marks.record["texts"].get(task) or task in marks.comments
    if source.tasks[task].role == "manual" and not answered:
        rows = [_row(f"<strong>{escape(task)}</strong>", f"0 of {most:g}", "not answered")]
    if task in marks.changed:
        rows.append(_row("", "", "this mark was set by a person"))
    for part in marks.record["parts"]:
        if part["task"] == task:
            why = part["reason"] or "right"
            points = f"{part['earned']:g} of {part['points']:g}"
            rows.append(_row(escape(part["asked"]), points, escape(why[:SHOWN])))
    return rows


def _list(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    items = "\n".join(f"<li>{escape(line[:SHOWN])}</li>" for line in lines)
    return f"<h2>{title}</h2>\n<ul>\n{items}\n</ul>\n"


def feedback(source: Source, marks: Marked) -> str:
    """The page of one student."""
    most = sum(cell.points for cell in source.tasks.values())
    so_far = " so far" if marks.missing else ""
    rows = "\n".join(row for task in source.tasks for row in _task(source, marks, task))
    errors = [f"{cell}: {text}" for cell, text in marks.record["errors"].items()]
    body = (
        f"<p>{escape(marks.student)}: "
        f"<strong>{marks.total:g} of {most:g} points</strong>{so_far}</p>\n"
        "<table>\n<tr><th>what</th><th>points</th><th>why</th></tr>\n" + rows + "\n</table>\n"
    )
    body += _list("Cells that ended with an error", errors)
    body += _list("What was noticed", marks.record["flags"])
    return page(source.title, body)


def by_hand(source: Source, task: str, found: list[Marked]) -> str:
    """All answers to one task that a person reads, with its rubric before them."""
    start = f"### Rubric for `{task}`"
    rubric = next((c.text for c in source.of("rubric") if c.text.startswith(start)), "")
    parts = [f"<pre>{escape(rubric)}</pre>"]
    for one in found:
        text, images = one.record["texts"].get(task, ""), one.record["images"].get(task, [])
        if not text and not images:
            continue
        points = one.tasks[task]
        given = "to be read" if points is None else f"{points:g} points"
        parts.append(f"<h2>{escape(one.student)}: {given}</h2>\n<pre>{escape(text)}</pre>")
        parts += [
            f'<img alt="figure" src="data:image/png;base64,{escape(image)}">' for image in images
        ]
    return page(f"{source.title}: {task}", "\n".join(parts))
