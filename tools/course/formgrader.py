"""Marking in the browser: a course folder for nbgrader that holds only what a person reads.

Nothing in it is run again. The extra `course` installs nbgrader; in the folder `nbgrader` beside
the marks, `nbgrader generate_assignment NAME` and `nbgrader autograde NAME` make the gradebook, and
JupyterLab's formgrader opens there.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

from distunlearn_lite.files import write_whole

from . import release
from .grading import Record
from .roster import file_name
from .source import Source
from .variants import Given

CONFIG = """c = get_config()
c.CourseDirectory.root = __import__("os").path.dirname(__import__("os").path.abspath(__file__))
c.Execute.enabled = False  # what students wrote was run already, and is not run here
c.ClearOutput.enabled = False  # nor are their figures taken away
"""


def _notebook(
    source: Source, values: Given, record: Record | None, number: int
) -> nbformat.NotebookNode:
    """The texts and the manual answers of a version, with a student's answers or as released."""
    made = release.notebook(source, values)
    manual = {cell.id for cell in source.of("manual")}
    made.cells = [cell for cell in made.cells if cell.id in manual or cell.cell_type == "markdown"]
    for cell in made.cells:
        if cell.id not in manual:  # else nbgrader would put one version's text in all places
            cell.metadata = {}
        elif record:
            cell.source = record["texts"].get(cell.id) or cell.source
            if cell.cell_type == "code":
                cell.execution_count = number
                cell.outputs = [
                    nbformat.v4.new_output("display_data", data={"image/png": image})
                    for image in record["images"].get(cell.id, [])
                ]
    return made


def write(
    folder: Path, source: Source, versions: dict[str, Given], records: dict[str, Record]
) -> None:
    """Write the course folder; `versions` are the choices of each student."""
    name = source.name
    any_version = next(iter(versions.values()), None)
    if any_version is None or not source.of("manual"):
        return
    notebooks = {f"source/{name}/{name}": _notebook(source, any_version, None, 0)}
    for student, record in records.items():
        path = f"submitted/{file_name(student)}/{name}/{name}"
        notebooks[path] = _notebook(source, versions[student], record, 1)
    for path, made in notebooks.items():
        place = folder / f"{path}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, nbformat.writes(made) + "\n")
    write_whole(folder / "nbgrader_config.py", CONFIG)
