"""Whether an answer calls a library function that it may not call, by reading its code."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from .rebuild import bound


def _tree(text: str) -> ast.AST:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _imported(texts: Iterable[str]) -> dict[str, str]:
    """What the imports of all cells bind: local name to dotted name; "*" to starred packages."""
    found: dict[str, str] = {}
    for text in texts:
        for node in ast.walk(_tree(text)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    local = alias.asname or alias.name.split(".")[0]
                    found[local] = alias.name if alias.asname else local
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def called(answers: list[str], all_texts: list[str], forbidden: Iterable[str]) -> str:
    """The first forbidden function that an answer names, or nothing."""
    imported = _imported(all_texts)
    own = set().union(*(bound(text) for text in all_texts)) - imported.keys()
    wanted = {(name.split(".")[0], name.split(".")[-1]): name for name in forbidden}
    for text in answers:
        for node in ast.walk(_tree(text)):
            if not isinstance(node, ast.Attribute | ast.Name):
                continue
            first, _, rest = _dotted(node).partition(".")
            if not first or first in own:
                continue
            whole = ".".join(filter(None, (imported.get(first, ""), rest)))
            steps = whole.split(".")
            if (steps[0], steps[-1]) in wanted:
                return wanted[steps[0], steps[-1]]
            starred = imported.get("*", "").split(".")[0]
            if first not in imported and (starred, first) in wanted:
                return wanted[starred, first]
    return ""
