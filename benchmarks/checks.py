"""What a check of an answer costs: beside the answer's own time, and in milliseconds.

    python benchmarks/checks.py

For every exercise that has a table, one side is `check`, the other the recipe alone, called on the
same inputs. A right answer is compared with the reference; a wrong one that is no typical slip is
the dearest, since every slip is computed for it. Both run in turns in one process; the least CPU
time (of all threads) of each counts.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np

from distunlearn_lite import check
from distunlearn_lite.course.checking import chapters, exercises
from distunlearn_lite.course.exercise import Exercise

ROUNDS, REPEATS = 15, 20  # a recipe alone is too short for one turn
LIMIT = 50  # milliseconds, the promise


def milliseconds(work: Callable[[], object]) -> float:
    """CPU milliseconds of all threads."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


def answers(row: Exercise) -> tuple[object, object]:
    """A right answer to an exercise and a wrong one that no slip explains."""

    def wrong(*given: object) -> object:
        return np.asarray(row.recipe(*given)) * 1.2345 + 0.0371

    if row.answer == "function":
        return row.recipe, wrong
    given = row.tried[0].values()
    return row.recipe(*given), wrong(*given)


def measure(row: Exercise) -> tuple[float, float, float]:
    """Milliseconds of the recipe alone, of checking a right answer, and of a wrong one."""
    right, wrong = answers(row)
    assert check(row.id, right).state == "right"
    assert check(row.id, wrong).state == "wrong"
    works = (
        lambda: [row.recipe(*inputs.values()) for _ in range(REPEATS) for inputs in row.tried],
        lambda: check(row.id, right),
        lambda: check(row.id, wrong),
    )
    rounds = [[milliseconds(work) for work in works] for _ in range(ROUNDS)]
    alone, good, bad = np.min(rounds, axis=0)
    return float(alone) / REPEATS, float(good), float(bad)


def main() -> None:
    """Print one line a chapter: its dearest exercise, in turn for a right and a wrong answer."""
    print("chapter  exercise              recipe      right      wrong  wrong / recipe")
    dearest = 0.0
    for chapter in chapters():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            times = {row.id: measure(row) for row in exercises(chapter).values()}
        name = max(times, key=lambda id: times[id][2])
        alone, right, wrong = times[name]
        dearest = max(dearest, right, wrong)
        line = f"{chapter:>7}  {name:20}{alone:>6.2f} ms  {right:>6.2f} ms  {wrong:>6.2f} ms"
        print(f"{line}  {wrong / alone:>14.0f}")
    print(f"the dearest check takes {dearest / LIMIT:.2f} of {LIMIT} ms")


if __name__ == "__main__":
    main()
