"""Hash of the code that makes an experiment's table: of what it imports, not of the library."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable, Iterator
from importlib.util import resolve_name
from pathlib import Path

from . import cells
from .experiments.plan import Experiment

PACKAGE = Path(__file__).parents[1]


def code_sha256(experiment: Experiment, package: Path = PACKAGE) -> str:
    """SHA-256 of the modules that compute an experiment's values.

    Those are the module that computes a cell, the one that loads the experiment's data and names
    its models, and what they import from the library, directly or not. Comments, docstrings and
    blank lines do not count, nor does the version of Python.

    Parameters
    ----------
    experiment : Experiment
        Where its ``load`` comes from another package, only the computing of cells is covered.
    package : path
        Folder of the library, by default of this one.

    Returns
    -------
    str
        64 letters.
    """
    sources = _sources([cells.__name__, experiment.load.__module__], package)
    parts = (f"{module}\0{_code(text)}\0" for module, text in sorted(sources.items()))
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _sources(starts: Iterable[str], package: Path) -> dict[str, str]:
    """Texts of the modules of that names, and of all they import from the package."""
    found: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        module = waiting.pop()
        path = _file(module, package)
        if path is None or module in found:
            continue
        found[module] = path.read_text(encoding="utf-8")
        folder = module if path.name == "__init__.py" else module.rpartition(".")[0]
        waiting += _imported(found[module], folder, package)
    return found


def _file(module: str, package: Path) -> Path | None:
    root, *inner = module.split(".")
    place = package.joinpath(*inner)
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if root == package.name and path.is_file():
            return path
    return None


def _imported(text: str, folder: str, package: Path) -> Iterator[str]:
    """Names of the modules that a text in that folder imports anything from."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), folder)
            for alias in node.names:
                name = f"{origin}.{alias.name}"
                yield name if _file(name, package) else origin


def _code(text: str) -> str:
    """The lines that do something, without blanks at their ends."""
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=int(last)):
                lines[first - 1 : last] = [""] * (last - first + 1)  # a docstring
    return "\n".join(line.rstrip() for line in lines if line.strip())
