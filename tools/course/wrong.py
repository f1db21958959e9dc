"""Wrong submissions, made from the source of the slips that a marked cell declares."""

from __future__ import annotations

import ast
import linecache
from typing import Any

import numpy as np

from distunlearn_lite.course.exercise import Slip

from .parts import Part, Reference


class _Renamed(ast.NodeTransformer):
    """What the slip calls the right answer must not be the slip itself."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(f"right_{node.id}", node.ctx) if node.id in self.names else node


def _literal(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r})"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float | int | str | list | tuple | dict | None):
        return repr(value)
    raise ValueError(f"a slip reads a {type(value).__name__} of `parts`, which has no literal")


def _lambda(recipe: Any, tree: ast.Module) -> str:
    code = recipe.__code__
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
            made = compile(ast.Expression(node), "", "eval").co_consts[0]
            if made.co_code == code.co_code or code.co_freevars:
                values = [
                    ast.parse(_literal(x), mode="eval").body for x in recipe.__defaults__ or ()
                ]
                node.args.defaults = values
                return ast.unparse(node)
    raise ValueError(f"the source of a slip in line {code.co_firstlineno} is not found")


def _bound(part: Part, slip: Slip, names: set[str]) -> str:
    """Code that binds the part's name to the slip; helpers of its marked cell come with it."""
    recipe = slip.recipe
    code = recipe.__code__
    tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    kept = [
        node
        for node in tree.body
        if not (isinstance(node, ast.FunctionDef) and node.name == "parts")
        and not (isinstance(node, ast.ImportFrom) and node.module == "tools.course.parts")
    ]
    closure = zip(code.co_freevars, recipe.__closure__ or (), strict=True)
    lines = [f"{name} = {_literal(cell.cell_contents)}" for name, cell in closure]
    named = recipe.__name__
    if named == "<lambda>":
        named = ast.unparse(_Renamed(names).visit(ast.parse(_lambda(recipe, tree))))
    call = "" if part.cases else "()"
    helpers = ast.unparse(_Renamed(names).visit(ast.Module(kept, [])))
    return "\n".join([helpers, *lines, f"{part.name} = ({named}){call}"])


def source(slips: list[tuple[Part, Slip]]) -> str:
    """A cell that binds each part's name to a slip, in a notebook that has the right answers."""
    names = {part.name for part, _ in slips}
    lines = [f"right_{name} = {name}" for name in sorted(names)]
    return "\n".join([*lines, *(_bound(part, slip, names) for part, slip in slips)])


def batches(reference: Reference) -> list[list[tuple[int, int, Slip]]]:
    """All slips, in as few submissions as can be: one slip for each name in each of them.

    A slip comes as the numbers of its task and part, and itself.
    """
    by_name: dict[str, list[tuple[int, int, Slip]]] = {}
    for task_number, task in enumerate(reference.tasks):
        for number, part in enumerate(task.parts):
            rows = [(task_number, number, slip) for slip in part.slips]
            by_name.setdefault(part.name, []).extend(rows)
    most = max(map(len, by_name.values()), default=0)
    return [[rows[k] for rows in by_name.values() if k < len(rows)] for k in range(most)]
