"""The chapters' Markdown as blocks, in words that any Markdown reader understands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import nbformat

from tools.notebooks import chapters

OPENED = re.compile(r"^:{3,}\{([\w:-]+)\}\s*(.*)$")
CLOSED = re.compile(r"^:{3,}\s*$")
LABELLED = re.compile(r"\$\$\s*\((eq-[\w-]+)\)\s*$", re.MULTILINE)
ROLE = re.compile(r"\{([\w:]+)\}`(?:([^`<]*?)\s*<([^`>]+)>|([^`]+))`")


@dataclass
class Block:
    """A heading, box, formula, list, table, code or paragraph; of a box also what it is called."""

    kind: str
    lines: list[str] = field(default_factory=list)
    name: str = ""
    title: str = ""
    folded: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip("\n")


def _kind(line: str) -> str:
    if re.match(r"#{1,4} ", line):
        return "heading"
    if line.startswith("|"):
        return "table"
    if re.match(r"([-*]|\d+\.) ", line):
        return "list"
    return "paragraph"


def blocks(source: str) -> Iterator[Block]:
    """The blocks of a cell, in their order; labels of sections are left out."""
    lines = iter(source.splitlines())
    here: Block | None = None
    for line in lines:
        opened, fence = OPENED.match(line), re.match(r"(```|~~~)", line)
        shown = line.startswith("$$")
        if opened or fence or shown or not line.strip() or _kind(line) == "heading":
            if here:
                yield here
            here = None
        if opened:
            yield _box(opened[1], opened[2], lines)
        elif fence or shown:
            yield _until("code" if fence else "formula", fence[1] if fence else "$$", line, lines)
        elif _kind(line) == "heading":
            yield Block("heading", [line])
        elif line.strip() and not re.fullmatch(r"\([\w-]+\)=", line):
            here = here or Block(_kind(line))
            here.lines.append(line)
    if here:
        yield here


def _until(kind: str, mark: str, first: str, lines: Iterator[str]) -> Block:
    block = Block(kind, [first])
    if mark not in first[len(mark) :]:
        for line in lines:
            block.lines.append(line)
            if line.lstrip().startswith(mark) or (kind == "formula" and mark in line):
                break
    return block


def _box(name: str, title: str, lines: Iterator[str]) -> Block:
    block, depth = Block("box", name=name, title=title), 1
    for line in lines:
        depth += bool(OPENED.match(line)) - bool(CLOSED.match(line))
        if not depth:
            break
        option = re.match(r":(\w+): *(.*)$", line)
        if option and not block.text:
            block.folded |= "dropdown" in option[2]
        elif not (OPENED.match(line) or CLOSED.match(line)):
            block.lines.append(line)
    return block


@cache
def names() -> dict[str, str]:
    """What a label of any chapter is called."""
    found: dict[str, str] = {}
    for path in chapters():
        cells = nbformat.read(path, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        for label, title in re.findall(r"^\(([\w-]+)\)=\n+#+ (.+)$", text, re.MULTILINE):
            found[label] = f"*{title}*"
        for kind, title, label in re.findall(
            r"^:{3,}\{prf:(\w+)\} *(.*)\n:label: (\S+)", text, re.MULTILINE
        ):
            title = re.sub(r" *\{cite\}`[^`]*`", "", title)
            found[label] = f"{kind} *{title}*" if title else f"the {kind}"
        for number, label in enumerate(LABELLED.findall(text), start=1):
            found[label] = f"({number})"
    return found


def _role(found: re.Match[str]) -> str:
    kind, text, target = found[1], found[2], found[3] or found[4]
    if text:
        return text
    if kind == "cite":
        return f"[{target}]"
    if kind == "numref":
        return "the figure"
    called = names().get(target, "an exercise" if target.startswith("ex-") else target)
    chapter = re.match(r"eq-(\d+)-", target)
    return f"{called} of chapter {chapter[1]}" if chapter and called == target else called


def plain(text: str) -> str:
    """Text whose references are words, and whose labelled formulas carry their number."""

    def tag(found: re.Match[str]) -> str:
        return f"\\tag{{{names().get(found[1], '').strip('()')}}}\n$$"

    return ROLE.sub(_role, LABELLED.sub(tag, text))
