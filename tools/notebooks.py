"""Run the chapters top to bottom and store them in the one normal form.

Stored: sources, text outputs, execution counts, tags and captions. Not stored: pictures, timings,
versions of the machine that ran them. A cell that begins with `# Check: LABEL` is folded, on the
page as in JupyterLab, and the reading time at the head of the chapter is computed.
`python tasks.py notebooks [NAME ...]` calls this.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tasks import TIMEOUT
from tools.reading import LINE, reading_time

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOK_KEYS = ("distunlearn", "mystnb")
CELL_KEYS = ("tags", "mystnb", "slideshow", "jupyter")
CHECK = "# Check: "
PROMPTS = {
    "theorem": ("Check this theorem", "Hide the check"),
    "figure": ("Check this figure", "Hide the check"),
    "output": ("Show the output", "Hide the output"),
}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def chapters() -> list[Path]:
    """The notebooks that are chapters."""
    return sorted(FOLDER.glob("*.ipynb"))


def normal_form(notebook: nbformat.NotebookNode) -> str:
    """The notebook's text as it is stored."""
    kept = {key: notebook.metadata[key] for key in NOTEBOOK_KEYS if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        {**kept, "kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:03d}"
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in CELL_KEYS if key in cell.metadata}
        )
        if cell.cell_type == "code":
            _fold(cell)
            cell.outputs = [_normal_output(output) for output in cell.outputs]
    notebook.cells[0].source = LINE.sub(
        f"**Reading** {reading_time(notebook)} · **running**", notebook.cells[0].source
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return text.rstrip("\n") + "\n"


def checked_claims(source: str) -> list[str]:
    """Labels of the statements, or the figure, that a folded cell checks; of others none."""
    first = source.partition("\n")[0]
    return first.removeprefix(CHECK).split(", ") if first.startswith(CHECK) else []


def _fold(cell: nbformat.NotebookNode) -> None:
    """Fold on the page and in JupyterLab what tags or a first line say is to be folded."""
    claims, tags = checked_claims(cell.source), cell.metadata.get("tags", [])
    if claims and "hide-input" not in tags:
        cell.metadata["tags"] = tags = [*tags, "hide-input"]
    folds = (("hide-input", "source_hidden"), ("hide-output", "outputs_hidden"))
    hidden = {key: True for tag, key in folds if {tag, "hide-cell"} & {*tags}}
    cell.metadata.pop("jupyter", None)
    if hidden:
        cell.metadata["jupyter"] = hidden
    prompt = "output" if "outputs_hidden" in hidden else None
    if claims:
        prompt = "figure" if claims[0].startswith("fig-") else "theorem"
    if prompt:
        settings = dict(zip(("code_prompt_show", "code_prompt_hide"), PROMPTS[prompt], strict=True))
        cell.metadata["mystnb"] = {**cell.metadata.get("mystnb", {}), **settings}


def _normal_output(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    if "data" in output:
        output.data = {
            kind: value for kind, value in output.data.items() if not kind.startswith("image/")
        }
        output.metadata = {}
    return output


def execute(path: Path) -> None:
    """Run one chapter in its own folder and store it; a failing one is left as it was."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
        coalesce_streams=True,  # where a slow cell's prints are cut depends on the machine
    ).execute()
    text = normal_form(notebook)
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def main(names: list[str]) -> None:
    """Store the named chapters (by any part of their names), or all of them."""
    wanted = [p for p in chapters() if not names or any(name in p.stem for name in names)]
    if not wanted:
        sys.exit(f"no chapter is named {' or '.join(names)}")
    for path in wanted:
        execute(path)
        print(f"stored {path.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
