"""The figures of the whole, and the table of verdicts on the claims page.

`python tasks.py figures` draws them from the recorded tables and stores them where the pages show
them.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from distunlearn_lite import plots
from distunlearn_lite.replication.protocol import ROWS, judged
from distunlearn_lite.replication.records import load_recorded
from distunlearn_lite.result_plots import plot_paths, plot_scoreboard

__all__ = ["FIGURES", "VERDICTS", "draw", "tables", "verdicts"]

BOOK = Path(__file__).resolve().parent.parent / "book"
FIGURES = {name: BOOK / "_static" / f"{name}.png" for name in ("scoreboard", "paths")}
VERDICTS = BOOK / "verdicts.csv"
EFFECTS = {"fewer_than_random": "random", "fewer_than_full": "full"}


def tables() -> dict[str, pd.DataFrame]:
    """The recorded tables that the protocol judges, by name."""
    names = dict.fromkeys(row.table for row in ROWS)
    return {name: load_recorded(name, BOOK / "results").frame for name in names}


def draw(name: str, frames: dict[str, pd.DataFrame]) -> Figure:
    """One of the figures, in the book's style."""
    plots.use_style()
    return plot_scoreboard(judged(frames)) if name == "scoreboard" else plot_paths(frames)


def per_cent(value: float) -> str:
    return f"{100 * value:.0f}".replace("-", "−")


def verdicts(table: pd.DataFrame) -> str:
    """The table of verdicts as the claims page shows it, in CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["data", "rule", "fewer than", "paper", "ours", "seeds", "verdict"])
    for line in table.itertuples():
        ends = f"[{per_cent(line.lower)}, {per_cent(line.upper)}]"
        writer.writerow(
            [
                *(line.row, f"`{line.rule}`", EFFECTS[line.effect]),
                *(per_cent(line.claimed), f"{per_cent(line.estimate)} {ends}"),
                *(line.seeds, line.verdict),
            ]
        )
    return text.getvalue()


def main() -> None:
    frames = tables()
    VERDICTS.write_text(verdicts(judged(frames)), encoding="utf-8")
    for name, path in FIGURES.items():
        draw(name, frames).savefig(path, dpi=160)
        plt.close("all")


if __name__ == "__main__":
    main()
