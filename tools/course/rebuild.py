"""A submission put back on the released notebook: the student's answers and own cells, no more."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .release import released_text
from .source import Cell, Source
from .variants import Given


class NotANotebook(Exception):
    """The file cannot be read as a notebook."""


@dataclass(frozen=True)
class Handed:
    """A cell as it was handed in."""

    ids: tuple[str, ...]  # what may tell which released cell it was: grade id, then cell id
    kind: str
    text: str
    solution: bool


@dataclass(frozen=True)
class Rebuilt:
    """Cells to run, in the released order, and what had to be put right."""

    cells: tuple[Cell, ...]
    flags: tuple[str, ...]


def handed_in(raw: bytes) -> list[Handed]:
    """The cells of a submitted file."""
    try:
        content: Any = json.loads(raw.decode("utf-8-sig"))
        return [_handed(cell) for cell in content["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotANotebook from None


def _handed(cell: Any) -> Handed:
    text, metadata = cell["source"], cell.get("metadata") or {}
    mark = metadata.get("nbgrader") or {}
    text = text if isinstance(text, str) else "".join(text)
    ids = tuple(str(name) for name in (mark.get("grade_id"), cell.get("id")) if name)
    return Handed(ids, str(cell["cell_type"]), text, bool(mark.get("solution")))


def bound(text: str) -> set[str]:
    """Names that code binds at top level."""
    found: set[str] = set()
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return found
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (name for target in targets for name in ast.walk(target))
            found |= {name.id for name in names if isinstance(name, ast.Name)}
    return found


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _joined(cells: list[Handed], stub: str, kind: str) -> tuple[str, str]:
    """The text of an answer that came in several cells, and what had happened to it."""
    texts = [cell.text for cell in cells]
    if len(texts) == 1:
        return texts[0], ""
    tried = [text for text in texts if not _same(text, stub)]
    if len({" ".join(text.split()) for text in tried}) <= 1:
        return (tried or texts)[-1], "duplicated"
    whole = ("\n" if kind == "code" else "\n\n").join(tried)
    if kind == "code" and not _parses(whole):
        sound = [text for text in tried if _parses(text)]
        return (sound or [whole])[-1], "duplicated"
    names = [bound(text) for text in tried]
    repeats = kind == "code" and any(one & two for one, two in pairwise(names))
    return whole, "duplicated" if repeats else "split"


def _matched(
    handed: list[Handed], released: dict[str, Cell], texts: dict[str, str]
) -> tuple[dict[int, str], list[str]]:
    """For each cell of a submission the released cell that it was, where it was one."""
    match: dict[int, str] = {}
    for place, cell in enumerate(handed):
        known = [name for name in cell.ids if name in released]
        if known:
            match[place] = known[0]
    renamed = []
    for name, cell in released.items():
        if name in match.values():
            continue
        free = [place for place in range(len(handed)) if place not in match]
        wanted = bound(texts[name]) if cell.kind == "code" else set()
        answer = cell.role in ("answer", "manual")
        tests = (
            lambda h, name=name, answer=answer: not answer and _same(h.text, texts[name]),
            lambda h, wanted=wanted, answer=answer: (
                answer and bool(wanted) and wanted <= bound(h.text)
            ),
            lambda h, cell=cell, answer=answer: answer and h.solution and h.kind == cell.kind,
        )
        for test in tests:
            found = [place for place in free if test(handed[place])]
            if found:
                match[found[0]] = name
                renamed.append(name)
                break
    return match, renamed


def rebuild(source: Source, values: Given, handed: list[Handed]) -> Rebuilt:
    """Take only answers and the student's own cells; everything else is as it was released."""
    released = {cell.id: cell for cell in source.of("given", "answer", "marked", "manual")}
    texts = {name: released_text(cell, values) for name, cell in released.items()}
    match, renamed = _matched(handed, released, texts)
    flags = [f"renamed cell: {name}" for name in renamed]
    own: dict[str, list[Cell]] = defaultdict(list)
    before, halves = "", defaultdict(list)
    for place, cell in enumerate(handed):
        if place in match:
            before = match[place]
            halves[before].append(cell)
        elif cell.kind == "code":
            number = sum(map(len, own.values())) + 1
            own[before].append(Cell(f"own-{number}", "own", "code", cell.text))
    order = [list(released).index(name) for name in halves]
    if order != sorted(order):
        flags.append("cells moved")
    cells = [*own[""]]
    for name, cell in released.items():
        text = texts[name]
        if cell.role in ("answer", "manual"):
            text, happened = (
                _joined(halves[name], text, cell.kind) if halves[name] else ("", "deleted")
            )
        else:
            happened = _locked(halves[name], text, cell)
        if happened:
            flags.append(f"{happened} cell: {name}")
        if any(half.kind != cell.kind for half in halves[name]):
            flags.append(f"retyped cell: {name}")
        cells += [Cell(name, cell.role, cell.kind, text, cell.points), *own[name]]
    return Rebuilt(tuple(cells), tuple(flags))


def _locked(halves: list[Handed], text: str, cell: Cell) -> str:
    """What a student has done to a cell that was not the student's."""
    if not halves:
        return "deleted"
    if all(_same(half.text, text) for half in halves):
        return "duplicated" if len(halves) > 1 else ""
    if len(halves) > 1 and _same("\n".join(half.text for half in halves), text):
        return "split"
    return "edited numbers in" if cell.role == "given" and cell.kind == "code" else "changed"
