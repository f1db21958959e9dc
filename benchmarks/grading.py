"""Grading: what a submission costs beside the student's own time, and a class of sixty.

    python benchmarks/grading.py

The submission is the right one of assignment 1. The student's own time is that of its cells and
calls, measured by running the same in a process that has loaded the packages already; the rest is
the grader's: starting, loading, rebuilding, judging and writing.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path

import nbformat

from tools.course import checks, release, variants
from tools.course.course import Class
from tools.course.grading import grade
from tools.course.parts import reference
from tools.course.source import Source, sources

NAME, SEED, STUDENTS = "1-measure", "benchmark", 60


def cpu() -> float:
    """Seconds that this process and its children have worked."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(one)[:2]) for one in who)


def one_submission(source: Source) -> None:
    """Print what a single submission costs."""
    raw, right = checks.solved(source, SEED), reference(source, SEED)
    started = cpu()
    checks.graded_here(source, SEED, raw, right)
    own = cpu() - started
    started = cpu()
    grade(source, SEED, "", raw)
    whole = cpu() - started
    print(f"one submission: {whole:.1f} s CPU, of which {own:.1f} s the student's own")


def a_class(source: Source) -> None:
    """Print what sixty students with a version each cost."""
    with tempfile.TemporaryDirectory() as folder:
        place, roster = Path(folder, "class"), Path(folder, "roster.csv")
        students = [f"student{n:02d}" for n in range(STUDENTS)]
        roster.write_text("\n".join(["student", *students]) + "\n")
        for student in students:
            values = variants.given(source, SEED, student)
            (place / student).mkdir(parents=True)
            made = nbformat.writes(release.notebook(source, values, solved=True))
            (place / student / f"{source.name}.ipynb").write_text(made)
        for what in ("graded", "graded again, nothing new"):
            started, clock = cpu(), time.perf_counter()
            Class(place, SEED, roster, {source.name: source}).run(say=False)
            seconds = time.perf_counter() - clock
            print(
                f"{STUDENTS} students {what}: {seconds:.0f} s on {os.cpu_count()} cores, "
                f"{(cpu() - started) / STUDENTS:.2f} s CPU each"
            )


if __name__ == "__main__":
    assignment = sources()[NAME]
    one_submission(assignment)
    a_class(assignment)
