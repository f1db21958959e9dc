"""What a teacher has to look at: flags, what is still to be read, and what went wrong often."""

from __future__ import annotations

from collections import Counter

from .marks import Marked
from .source import Source

OFTEN = 5


def _averages(source: Source, found: list[Marked]) -> list[str]:
    lines = ["| task | points | mean | full marks |", "| --- | --- | --- | --- |"]
    for task, cell in source.tasks.items():
        earned = [one.tasks[task] for one in found]
        known = [points for points in earned if points is not None]
        mean = f"{sum(known) / len(known):.1f}" if known else "-"
        full = sum(points == cell.points for points in known)
        lines.append(f"| {task} | {cell.points:g} | {mean} | {full} of {len(known)} |")
    return lines


def report(source: Source, found: list[Marked], absent: list[str]) -> str:
    """The report as Markdown."""
    lines = [f"# {source.title}: {len(found)} submissions", "", *_averages(source, found), ""]
    lines += ["## Flags", ""]
    flagged = [one for one in found if one.record["flags"] or one.changed]
    for one in flagged:
        changed = [f"mark changed by hand: {task}" for task in one.changed]
        lines.append(f"- **{one.student}**: {'; '.join([*one.record['flags'], *changed])}")
    lines += [] if flagged else ["None."]
    unread = [f"{one.student} ({', '.join(one.missing)})" for one in found if one.missing]
    for title, who in (("Still to be read", unread), ("Nothing handed in", absent)):
        if who:
            lines += ["", f"## {title}", "", ", ".join(who)]
    reasons = Counter(
        (part["part"], part["reason"])
        for one in found
        for part in one.record["parts"]
        if part["earned"] < part["points"]
    )
    common = [
        entry for entry in sorted(reasons.items(), key=lambda e: (-e[1], e[0])) if entry[1] > 1
    ]
    if common:
        lines += ["", "## What was often told", ""]
        lines += [f"- {number} times in {part}: {why}" for (part, why), number in common[:OFTEN]]
    return "\n".join(lines) + "\n"
