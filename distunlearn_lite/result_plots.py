"""Figures of the whole: the verdicts of all replications, and all their paths."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .plots import BLACK, FAINT, GREY, LIGHT, plot_trade_off, rule_style
from .replication.protocol import JUDGED_RULES, MARGIN, ROWS
from .sweeps.paths import share_to_go


def plot_scoreboard(table: pd.DataFrame) -> Figure:
    """Draw what selection saves against random deletion, the paper's number and ours.

    Parameters
    ----------
    table : pandas.DataFrame
        Result of ``replication.protocol.judged``.

    Returns
    -------
    matplotlib.figure.Figure
        One band a row of the paper: the paper's saving with the margin of the protocol, ours by
        both judged rules with their intervals, and the verdicts in words.

    Notes
    -----
    Source: the scoreboard chapter.
    """
    savings = table[table["effect"] == "fewer_than_random"]
    rows = list(dict.fromkeys(savings["row"]))
    figure, ax = plt.subplots(figsize=(9.0, 0.4 + 0.78 * len(rows)), layout="constrained")
    for place, row in enumerate(reversed(rows)):
        part = savings[savings["row"] == row].set_index("rule")
        claimed = part["claimed"].iloc[0]
        ax.fill_betweenx(
            *([place - 0.38, place + 0.38], claimed - MARGIN, claimed + MARGIN),
            color=LIGHT,
            linewidth=0,
            label="paper, five points each way" if place == 0 else None,
        )
        ax.plot([claimed] * 2, [place - 0.38, place + 0.38], color=BLACK, linewidth=1.6)
        for rule, shift in zip(JUDGED_RULES, (0.17, -0.17), strict=True):
            line, look = part.loc[rule], rule_style(rule)
            height = place + shift
            ax.plot([line["lower"], line["upper"]], [height] * 2, color=look.color, linewidth=2.4)
            ax.plot(
                *(line["estimate"], height, look.marker),
                color=look.color,
                markersize=8,
                label=rule if place == 0 else None,
            )
            ax.annotate(
                line["verdict"],
                (1.02, height),
                xycoords=("axes fraction", "data"),
                va="center",
                color=look.color,
                fontsize=10.5,
            )
    ax.axvline(0, color=GREY, linewidth=1)
    ax.set_yticks(range(len(rows)), rows[::-1])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_xlabel("fewer deletions than random deletion needs")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return figure


def plot_paths(
    frames: Mapping[str, pd.DataFrame],
    in_colour: tuple[str, ...] = ("random", *JUDGED_RULES, "cos-mu2", "refit-influence"),
) -> Figure:
    """Draw the paths of all rules on all rows of the paper, as small multiples.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Recorded sweeps by the name of their table.
    in_colour : tuple of str
        Rules to tell apart; the others are grey.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a row: share of the way to full deletion that is still to go, against budget.

    Notes
    -----
    Source: the scoreboard chapter.
    """
    rows = [row for row in ROWS if row.table in frames]
    figure, panels = plt.subplots(
        -(-len(rows) // 3),
        3,
        figsize=(9.0, 2.9 * -(-len(rows) // 3) + 0.5),
        sharex=True,
        sharey=True,
    )
    for row, ax in zip(rows, np.ravel(panels), strict=False):
        frame = frames[row.table]
        paths = share_to_go(frame[frame["task"] == row.task], row.metric)
        plot_trade_off(paths, row.metric, ax, in_colour=in_colour, draws=row.draws)
        ax.axhline(0.5, color=FAINT, linewidth=0.8, zorder=0)
        ax.get_legend().remove()
        ax.set(xlabel="", ylabel="", ylim=(-0.35, 1.25))
        ax.set_title(row.name, fontsize="medium", loc="left")
    for ax in np.ravel(panels)[len(rows) :]:
        ax.set_axis_off()
    handles = {
        line.get_label(): line
        for ax in np.ravel(panels)
        for line in ax.lines
        if not line.get_label().startswith("_")
    }
    names = [name for name in (*in_colour, "other rules") if name in handles]
    figure.legend([handles[name] for name in names], names, loc="outside upper center", ncols=3)
    figure.axes[-2].set_xlabel("deleted share of the forget set")
    figure.supylabel("share of the way still to go", fontsize="medium")
    return figure
