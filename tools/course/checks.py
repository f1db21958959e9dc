"""Is a source sound? `python -m tools.course.checks N-title` says what is not, with three seeds.

Everything runs in this process, since sources are the teacher's own; the tests grade some of it in
processes as well.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import nbformat
import numpy as np

from distunlearn_lite.course.collecting import collect

from . import release, variants, wrong
from .inside import compiled, outcomes
from .judging import Result, judged, key, results
from .parts import Part, Reference, Slip, reference, thawed
from .rebuild import handed_in, rebuild
from .running import Run
from .source import Source, sources

SEEDS = ("autumn", "spring", "summer")
FEWEST_SLIPS = 8
MOST_FROM_ANOTHER = 0.4
LEVEL = re.compile(r'^- \*\*([0-3])\*\* .*"[^"\n]+"', re.MULTILINE)
SCRIPT = re.compile(r"^### Script ([AB]): level [0-3]$", re.MULTILINE)
NAMES: dict[str, object] = {"__name__": "__main__"}


def solved(source: Source, seed: str, more: str = "") -> bytes:
    """A right submission, with a cell of the student's own at its end."""
    made = release.notebook(source, variants.given(source, seed), solved=True)
    if more:
        made.cells.append(nbformat.v4.new_code_cell(more))
    return nbformat.writes(made).encode()


def graded_here(source: Source, seed: str, raw: bytes, right: Reference) -> list[Result]:
    """The same judgement as of a submission, without a process of its own."""
    cells = rebuild(source, variants.given(source, seed), handed_in(raw)).cells
    names, ran = dict(NAMES), Run()
    for cell in cells:
        if cell.kind == "code" and cell.role not in ("marked", "manual"):
            try:
                exec(compiled(cell.text, f"<{cell.id}>"), names)
            except Exception as error:
                ran.errors[cell.id] = f"{type(error).__name__}: {error}"
    for task, number, part in right.parts():
        cases = [{name: thawed(x) for name, x in case.items()} for case in part.cases]
        with np.errstate(all="ignore"):
            came = outcomes(collect(names.get(part.name), part.answer, cases, part.seconds))
        ran.found[key(task, number)] = {"outcomes": came}
    return [result for task in right.tasks for result in results(task, right, ran, "")]


def form(source: Source) -> Iterator[str]:
    """Points, head and rubrics."""
    total = sum(cell.points for cell in source.tasks.values())
    automatic = sum(cell.points for cell in source.of("marked"))
    if total != 100:
        yield f"the points add up to {total:g}, not to 100"
    if automatic < 60 and not source.name.startswith("C-"):  # a capstone is read
        yield f"only {automatic:g} points are automatic"
    head = source.of("given")[0].text
    for word in ("You show that you can", "**time**", "**points**"):
        if word not in head:
            yield f"the first cell does not say {word!r}"
    rubrics = [cell.text for cell in source.of("rubric")]
    for cell in source.of("manual"):
        own = [text for text in rubrics if text.startswith(f"### Rubric for `{cell.id}`")]
        if len(own) != 1:
            yield f"{cell.id} has {len(own)} rubrics"
        elif sorted(LEVEL.findall(own[0])) != [*"0123"] or SCRIPT.findall(own[0]) != [*"AB"]:
            yield f"the rubric for {cell.id} lacks a level with an example, or a script"


def choices(source: Source) -> Iterator[str]:
    """Choices that no cell takes up, and cells that show what is not theirs."""
    chosen = [variants.given(source, f"seed {n}") for n in range(20)]
    names = chosen[0].keys()
    for name in names:
        if f"<{name}>" not in (texts := " ".join(c.text for c in source.cells)) and (
            f'given["{name}"]' not in texts and f"given['{name}']" not in texts
        ):
            yield f"the choice {name!r} is not used"
    for cell in source.of("given", "answer", "manual"):
        text = variants.stub(cell, chosen[0])
        if re.search(r"given\[|BEGIN SOLUTION|END SOLUTION|HIDDEN TESTS", text):
            yield f"{cell.id} shows what it should not"


def _slips(source: Source, seed: str, right: Reference) -> Iterator[str]:
    for batch in wrong.batches(right):
        slips = {right.tasks[task].parts[number].name: slip for task, number, slip in batch}
        more = wrong.source([(right.tasks[t].parts[n], slip) for t, n, slip in batch])
        found = {r.part: r for r in graded_here(source, seed, solved(source, seed, more), right)}
        for task, number, slip in batch:
            result = found[key(right.tasks[task], number)]
            if result.reason != slip.reason or result.earned >= result.points:
                yield f"{seed}: {result.part}, {slip.reason!r}: told {result.reason!r}"
        for whole, number, part in right.parts():
            result, own = found[key(whole, number)], slips.get(part.name)
            due = part.points * (alone(part, own, right) if own else 1)
            if abs(result.earned - due) > 0.01:
                yield f"{seed}: {result.part} earns {result.earned:g}, not {due:g}: {result.reason}"


def alone(part: Part, slip: Slip, right: Reference) -> float:
    """The share of a part's points that a slip earns."""
    recipe = slip.recipe if part.cases else slip.recipe()
    cases = [{name: thawed(x) for name, x in case.items()} for case in part.cases]
    with np.errstate(all="ignore"):
        return judged(part, right, outcomes(collect(recipe, part.answer, cases)))[0]


def from_another(source: Source, pairs: int = 10) -> float:
    """Share of the automatic points that a reference made for another seed earns, on average."""
    shares = []
    for number in range(pairs):
        one, other = f"one {number}", f"other {number}"
        found = graded_here(source, other, solved(source, one), reference(source, other))
        shares.append(sum(r.earned for r in found) / sum(r.points for r in found))
    return float(np.mean(shares))


def judgements(source: Source, seed: str) -> Iterator[str]:
    """Where stub, reference or a slip does not earn what is due, or is told something else."""
    right = reference(source, seed)
    stub = nbformat.writes(release.notebook(source, variants.given(source, seed))).encode()
    for result in graded_here(source, seed, stub, right):
        if result.earned or result.reason != "not tried yet":
            yield f"{seed}: the stub is told {result.reason!r} in {result.part}"
    for result in graded_here(source, seed, solved(source, seed), right):
        if result.earned != result.points:
            yield f"{seed}: the reference is told {result.reason!r} in {result.part}"
    if sum(len(part.slips) for *_, part in right.parts()) < FEWEST_SLIPS:
        yield f"there are fewer than {FEWEST_SLIPS} slips"
    yield from _slips(source, seed, right)


def faults(source: Source) -> Iterator[str]:
    """What is wrong with a source."""
    yield from form(source)
    yield from choices(source)
    for seed in SEEDS:
        yield from judgements(source, seed)
    share = from_another(source)
    if share > MOST_FROM_ANOTHER:
        yield f"a reference for another seed earns {share:.0%}"


def main(names: list[str]) -> None:
    for name, source in sources().items():
        if not names or name in names:
            found = list(faults(source))
            print(f"{name}: {len(found)} faults", *found, sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:])
