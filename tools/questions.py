"""A bank of exam questions with fresh numbers, and an answer sheet apart from it.

`make questions SEED=... [OUT=...]` writes `questions.md` and `answers.md` from the tables of
checked exercises. The same seed gives the same bank: keep it to yourself, as the tables are public.
Settings come in the environment, since every user may read a command line.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from distunlearn_lite.course.exercise import Exercise, Inputs
from tools.course.variants import EVERYONE, generator
from tools.myst import plain
from tools.objectives import tables

FORMULA = re.compile(r"\{eq\}`(eq-(\d+)-[\w-]+)`")
LARGEST = 60  # numbers that a question may print
LEVELS = {"○": "One step", "◐": "Two to four steps", "●": "A proof or an experiment"}


def fresh(row: Exercise, seed: str) -> Inputs:
    """New inputs of an exercise, which follow from the seed."""
    return row.fresh(generator(seed, EVERYONE, row.id))


def shown(value: Any) -> str:
    """A value as a sheet prints it: four digits, arrays as lists."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, str):
        return repr(value)
    number = float(value)
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.4g}"


def _given(value: Any) -> str:
    """An input in full, since an answer is computed from it."""
    listed = value.tolist() if isinstance(value, np.ndarray) else value
    return " ".join(repr(listed).split())


def _computed(row: Exercise, recipe: Any, inputs: Inputs) -> str:
    try:
        with np.errstate(all="ignore"):
            return shown(recipe(*inputs.values()))
    except (ArithmeticError, IndexError, TypeError, ValueError):
        return "no value for these inputs"


def question(row: Exercise, inputs: Inputs) -> str:
    """The text of a question; a function is also asked for its result on small inputs."""
    text = FORMULA.sub(r"the formula `\1` of chapter \2", row.question(inputs))
    text = plain(text)
    if row.answer == "function" and small(inputs):
        given = "\n".join(f"- `{name} = {_given(value)}`" for name, value in inputs.items())
        text += f"\n\nWhat does it return for these inputs?\n\n{given}"
    return text


def small(inputs: Inputs) -> bool:
    """Whether a sheet can print these inputs."""
    try:
        arrays = [np.asarray(value) for value in inputs.values()]
    except ValueError:  # rows of unlike lengths
        return False
    return all(a.dtype.kind in "biufU" for a in arrays) and sum(a.size for a in arrays) <= LARGEST


def answer(row: Exercise, inputs: Inputs) -> str:
    """The answer, and what each typical error gives, with its reason."""
    if row.answer == "function" and not small(inputs):
        errors = "\n".join(f"- {slip.reason}" for slip in row.slips)
        return f'Run `check("{row.id}", ...)` on the code. Typical errors:\n\n{errors}'
    errors = "\n".join(
        f"- {_computed(row, slip.recipe, inputs)}: {slip.reason}" for slip in row.slips
    )
    right = _computed(row, row.recipe, inputs)
    return f"**{right}**\n\nTypical errors:\n\n{errors}"


def bank(seed: str, rows: dict[int, list[Exercise]]) -> tuple[str, str]:
    """The questions and the answers, by chapter and level."""
    asked = ["# Questions"]
    told = ["# Answers, not for students", f"Made with the seed `{seed}`."]
    for chapter, row in rows.items():
        heading = f"## Chapter {chapter}"
        asked.append(heading)
        told.append(heading)
        for each in sorted(row, key=lambda one: "○◐●".index(one.level)):
            title = f"### {chapter}.{row.index(each) + 1} {each.level} {each.title}"
            inputs = fresh(each, seed)
            note = f"*{LEVELS[each.level]}. Objective: {each.goal}.*"
            asked += [title, note, question(each, inputs)]
            told += [title, answer(each, inputs)]
    return "\n\n".join(asked) + "\n", "\n\n".join(told) + "\n"


def main() -> None:
    """Write the two sheets into a folder."""
    seed, out = os.environ.get("SEED"), Path(os.environ.get("OUT", "_build/questions"))
    if not seed:
        sys.exit("SEED is missing; for example make questions SEED=autumn-2027")
    out.mkdir(parents=True, exist_ok=True)
    for name, text in zip(("questions", "answers"), bank(seed, tables()), strict=True):
        path = out / f"{name}.md"
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
