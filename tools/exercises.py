"""Write the section "Check yourself" of the chapters from their tables of exercises.

An exercise has one source, its row in `distunlearn_lite/course/exercises/`. The section holds, for
each row, the question and a cell with a stub; it stands before the further reading. Nothing is run:
what `check` says of a stub is known. `python tasks.py exercises [NN ...]` calls this.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

import nbformat

from distunlearn_lite.course.checking import chapters, exercises
from distunlearn_lite.course.exercise import Exercise
from distunlearn_lite.files import write_whole
from tools import notebooks

HEAD, NEXT = "## Check yourself", "## Further reading"
OPENING = f"""{HEAD}

The answers to these are not printed. Put yours in the place of the dots and run the cell: `check` \
says whether it is right and, for a slip that is often made, which one it is. A typed number may \
be rounded to four digits. `hint("ID")` gives one hint after the other, and `progress()` says how \
far you are since the kernel was started.

"""
IMPORTS = "from distunlearn_lite import check, hint, progress\n\n"


def stub(exercise: Exercise) -> str:
    """The cell that waits for the answer: a name, or a function of the signature that is asked."""
    signature = re.search(r"`(\w+)(\([^`]*\))`", exercise.asked)
    if exercise.answer == "value":
        name = exercise.id.split("-", 2)[2].replace("-", "_")
        return f'{name} = ...\ncheck("{exercise.id}", {name})'
    if not signature:
        raise ValueError(f"{exercise.id} asks for a function, but its text has no signature")
    name = signature[1]
    return f'def {name}{signature[2]}: ...\n\n\ncheck("{exercise.id}", {name})'


def section(rows: Iterable[Exercise]) -> list[nbformat.NotebookNode]:
    """The cells of the section."""
    cells = []
    opening, imports = OPENING, IMPORTS
    for row in rows:
        text = f":::{{exercise}} {row.level} {row.title}\n:label: {row.id}\n{row.question()}\n:::"
        cells.append(nbformat.v4.new_markdown_cell(opening + text))
        code = stub(row)
        blank = "\n" if imports and code.startswith("def") else ""
        shown = nbformat.v4.new_output(
            "execute_result", data={"text/plain": f"{row.id}: not tried yet"}
        )
        cells.append(nbformat.v4.new_code_cell(imports + blank + code, outputs=[shown]))
        opening = imports = ""
    return cells


def _begins(notebook: nbformat.NotebookNode, heading: str) -> int | None:
    """The number of the cell that begins with a heading."""
    heads = (
        number
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown" and cell.source.startswith(heading)
    )
    return next(heads, None)


def write_section(notebook: nbformat.NotebookNode, rows: Iterable[Exercise]) -> None:
    """Put the section into a notebook, in the place of an older one."""
    cells = notebook.cells
    if _begins(notebook, NEXT) is None:  # it still shares a cell with what stands before it
        for number, cell in enumerate(cells):
            before, found, after = cell.source.partition("\n" + NEXT)
            if cell.cell_type == "markdown" and found:
                cell.source = before.rstrip()
                cells.insert(number + 1, nbformat.v4.new_markdown_cell(NEXT + after))
                break
    end = _begins(notebook, NEXT)
    if end is None:
        raise ValueError(f"there is no heading {NEXT!r}")
    start = _begins(notebook, HEAD)
    cells[end if start is None else start : end] = section(rows)
    for count, cell in enumerate((c for c in cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count


def main(names: list[str]) -> None:
    """Write the sections of these chapters, given by number, or of all that have a table."""
    known = chapters()
    try:
        wanted = [int(name) for name in names] or known
    except ValueError:
        sys.exit(f"chapters are given by number, not by {' or '.join(names)}")
    if missing := [f"{number:02d}" for number in wanted if number not in known]:
        sys.exit(f"there is no table of exercises for chapter {' or '.join(missing)}")
    for path in notebooks.chapters():
        number = int(path.stem[:2])
        if number in wanted:
            notebook = nbformat.read(path, as_version=4)
            write_section(notebook, exercises(number).values())
            write_whole(path, notebooks.normal_form(notebook))
            print(f"wrote {len(exercises(number))} exercises into {path.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
