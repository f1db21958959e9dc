"""How long a chapter takes to read, by one stated rule.

The speeds below reproduce, within a third, the hours that a careful reader took for four chapters
of the first edition: 35 minutes, and 2 1/2, 3 1/2 and 6 hours. The page "How to use this book"
states them, and a test compares the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import nbformat

WORDS_A_MINUTE, PROOF_WORDS_A_MINUTE = 200, 100
SECONDS = {"formula": 4, "display": 20, "code line": 4, "figure": 60}
PROOF_SECONDS = {"formula": 20, "display": 120}
EXERCISE_MINUTES = {"○": 5, "◐": 15, "●": 30}

FOLDS = {"hide-input", "hide-cell"}
PROOF = re.compile(r"^:::\{prf:proof\}.*?^:::$", re.MULTILINE | re.DOTALL)
FOLDED = re.compile(
    r"^:::+\{[^\n]*\n(?::(?!class)[^\n]*\n)*:class:[^\n]*dropdown.*?^:::+$",
    re.MULTILINE | re.DOTALL,
)
DISPLAY = re.compile(r"\$\$.*?\$\$", re.DOTALL)
INLINE = re.compile(r"\$[^$]+\$")
WORD = re.compile(r"[A-Za-zÀ-ÿ][\w'’-]*")
LINE = re.compile(r"\*\*Reading\*\* .*? · \*\*running\*\*")


@dataclass(frozen=True)
class ReadingTime:
    """Minutes for the body of a chapter, for its proofs among them, and for its exercises."""

    body: float
    proofs: float
    exercises: int

    def __str__(self) -> str:
        """The text between "Reading" and "running" at the head of a chapter."""
        proofs = f", {in_fives(self.proofs)} of them for proofs" if self.proofs >= 2.5 else ""
        return f"{in_fives(self.body)} minutes{proofs} · **exercises** {self.exercises} minutes"


def in_fives(minutes: float) -> int:
    """Rounded to five minutes, at least five."""
    return max(5, 5 * round(minutes / 5))


def reading_time(notebook: nbformat.NotebookNode) -> ReadingTime:
    """Reading time of a chapter; folded text and folded code are not counted."""
    text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    body, _, exercises = text.partition("\n## Exercises")
    heads = (n for n, c in enumerate(notebook.cells) if "\n## Exercises" in "\n" + c.source)
    code = [cell for cell in notebook.cells[: next(heads, None)] if cell.cell_type == "code"]
    open_code = [c for c in code if not FOLDS & {*c.metadata.get("tags", [])}]
    lines = sum(bool(line.strip()) for cell in open_code for line in cell.source.splitlines())
    figures = sum("figure" in cell.metadata.get("mystnb", {}) for cell in code)

    proofs = "\n".join(PROOF.findall(FOLDED.sub("", body)))
    words, formulas, displays = _count(proofs)
    in_proofs = words / PROOF_WORDS_A_MINUTE + _minutes(PROOF_SECONDS, formulas, displays)
    words, formulas, displays = _count(FOLDED.sub("", PROOF.sub("", body)))
    rest = words / WORDS_A_MINUTE + _minutes(SECONDS, formulas, displays)
    rest += (SECONDS["code line"] * lines + SECONDS["figure"] * figures) / 60
    asked = {grade: exercises.count("{exercise} " + grade) for grade in EXERCISE_MINUTES}
    for_them = sum(EXERCISE_MINUTES[grade] * number for grade, number in asked.items())
    return ReadingTime(rest + in_proofs, in_proofs, for_them)


def _count(text: str) -> tuple[int, int, int]:
    """Words, formulas in a line, and displayed formulas."""
    displays = len(DISPLAY.findall(text))
    text = DISPLAY.sub(" ", text)
    formulas = len(INLINE.findall(text))
    return len(WORD.findall(INLINE.sub(" ", text))), formulas, displays


def _minutes(seconds: dict[str, int], formulas: int, displays: int) -> float:
    return (seconds["formula"] * formulas + seconds["display"] * displays) / 60
