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

LARGEST_IMAGE, MOST_IMAGES = 1 << 21, 4


class NotANotebook(Exception):
    """The file cannot be read as a notebook."""


@dataclass(frozen=True)
class Handed:
    """A cell as it was handed in."""

    ids: tuple[str, ...]  # what may tell which released cell it was: grade id, then cell id
    kind: str
    text: str
    solution: bool
    images: tuple[str, ...]  # PNG, in base64


@dataclass(frozen=True)
class Rebuilt:
    """Cells to run, in the released order, and what had to be put right."""

    cells: tuple[Cell, ...]
    flags: tuple[str, ...]
    images: dict[str, list[str]]  # by the id of the cell that had drawn them


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
    images = []
    for output in cell.get("outputs") or ():
        image = (output.get("data") or {}).get("image/png", "")
        image = image if isinstance(image, str) else "".join(image)
        if 0 < len(image) <= LARGEST_IMAGE:
            images.append(image)
    solution = bool(mark.get("solution"))
    return Handed(ids, str(cell["cell_type"]), text, solution, tuple(images[:MOST_IMAGES]))


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
    before: int | None = None  # where the released cell before this one has gone
    for name, cell in released.items():
        if name not in match.values():
            free = [place for place in range(len(handed)) if place not in match]
            found = _found(cell, texts[name], handed, free, before)
            if found is not None:
                match[found] = name
                renamed.append(name)
        before = next((place for place in match if match[place] == name), None)
    return match, renamed


def _found(
    cell: Cell, text: str, handed: list[Handed], free: list[int], before: int | None
) -> int | None:
    """Where a cell is that has lost its name: by its text, its names, its mark, or its place."""
    if cell.role in ("given", "marked"):
        return next((place for place in free if _same(handed[place].text, text)), None)
    wanted = bound(text) if cell.kind == "code" else set()
    names = [place for place in free if wanted and wanted <= bound(handed[place].text)]
    marks = [p for p in free if handed[p].solution and handed[p].kind == cell.kind]
    near = [p for p in free if before is not None and p == before + 1]
    near = [place for place in near if handed[place].kind == cell.kind]
    return next(iter([*names, *marks, *near]), None)


def rebuild(source: Source, values: Given, handed: list[Handed]) -> Rebuilt:
    """Take only answers and the student's own cells; everything else is as it was released."""
    released = {cell.id: cell for cell in source.of("given", "answer", "marked", "manual")}
    texts = {name: released_text(cell, values) for name, cell in released.items()}
    match, renamed = _matched(handed, released, texts)
    own: dict[str, list[Cell]] = defaultdict(list)
    halves: dict[str, list[Handed]] = defaultdict(list)
    before = ""
    for place, half in enumerate(handed):
        if place in match:
            before = match[place]
            halves[before].append(half)
        elif half.kind == "code":
            number = sum(map(len, own.values())) + 1
            own[before].append(Cell(f"own-{number}", "own", "code", half.text))
    happened: dict[str, list[str]] = defaultdict(list, renamed=renamed)
    cells = [*own[""]]
    for name, cell in released.items():
        text, what = _put_back(halves[name], texts[name], cell)
        happened[what].append(name)
        if any(half.kind != cell.kind for half in halves[name]):
            happened["retyped"].append(name)
        cells += [Cell(name, cell.role, cell.kind, text, cell.points), *own[name]]
    order = [list(released).index(name) for name in halves if len(halves[name]) == 1]
    flags = ["cells moved"] if order != sorted(order) else []
    flags += [f"{what}: {', '.join(names)}" for what, names in happened.items() if what and names]
    drawn = {
        name: [image for half in halves[name] for image in half.images]
        for name, cell in released.items()
        if cell.role == "manual"
    }
    return Rebuilt(tuple(cells), tuple(flags), drawn)


def _put_back(halves: list[Handed], text: str, cell: Cell) -> tuple[str, str]:
    """The text to go on with, and what had happened to the cell."""
    if not halves:
        return ("" if cell.role in ("answer", "manual") else text), "deleted"
    if cell.role in ("answer", "manual"):
        return _joined(halves, text, cell.kind)
    if all(_same(half.text, text) for half in halves):
        return text, "duplicated" if len(halves) > 1 else ""
    if len(halves) > 1 and _same("\n".join(half.text for half in halves), text):
        return text, "split"
    return text, "numbers edited" if cell.role == "given" and cell.kind == "code" else "changed"
