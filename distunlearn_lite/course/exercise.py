"""What a checked exercise is, and what a student is told of an answer.

Nothing here is a stored result: the answer of an exercise is a recipe, and so is each of the slips
that its feedback can name. Texts name the inputs of an exercise as `<n1>`, so that one row serves
the page, which gives the first inputs, and a question bank, which draws fresh ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Inputs = Mapping[str, Any]
Recipe = Callable[..., Any]
State = Literal["not tried yet", "right", "wrong"]


@dataclass(frozen=True)
class Slip:
    """A typical wrong answer: why one arrives at it, and how it is computed."""

    reason: str
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A row of a chapter's table.

    Recipes take the inputs as positional arguments in their order. A `value` is asked for the first
    of the `cases` only; a `function` is called on each of them.
    """

    id: str
    title: str
    level: Literal["○", "◐", "●"]
    goal: str
    asked: str
    answer: Literal["value", "function"]
    recipe: Recipe
    cases: tuple[Inputs, ...]
    fresh: Callable[[np.random.Generator], Inputs]
    slips: tuple[Slip, ...]
    hints: tuple[str, ...]
    tolerance: float | None = None

    @property
    def rtol(self) -> float:
        """Relative tolerance: a value may be typed in, rounded to four digits; code may not."""
        if self.tolerance is not None:
            return self.tolerance
        return 1e-3 if self.answer == "value" else 1e-6

    @property
    def tried(self) -> tuple[Inputs, ...]:
        """The inputs on which an answer is judged."""
        return self.cases[:1] if self.answer == "value" else self.cases

    def question(self, inputs: Inputs | None = None) -> str:
        """The text for these inputs, by default those of the page."""
        text = self.asked
        for name, value in (self.cases[0] if inputs is None else inputs).items():
            text = text.replace(f"<{name}>", str(value))
        return text


@dataclass(frozen=True)
class Feedback:
    """What is said of an answer; shown as one line."""

    exercise_id: str
    state: State
    reason: str = ""

    def __repr__(self) -> str:
        said = f"{self.state}: {self.reason}" if self.reason else self.state
        return f"{self.exercise_id}: {said}"
