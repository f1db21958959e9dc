"""The cover figure: which points go, and what that saves.

`python tasks.py cover` stores it where README and the front page show it.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import PercentFormatter

from distunlearn_lite.plots import RULE_STYLES
from distunlearn_lite.rules.scoring import score
from distunlearn_lite.rules.selection import select_deletions
from distunlearn_lite.theory.deletion_curves import deletion_curve
from distunlearn_lite.theory.gaussian import Gaussian

__all__ = ["COVER", "plot_cover", "store"]

COVER = Path(__file__).resolve().parent.parent / "book" / "_static" / "cover.png"

# Not the colours of the rules: a cloud is no curve.
UNWANTED, WANTED, INK, FAINT = "#A8437F", "#00805D", "#1a1a1a", "#6e6e6e"
SEPARATION, POINTS, BUDGET, SEED = 1.5, 110, 0.5, 37
LABELS = {"random": "random", "distance": "distance", "likelihood-ratio": "likelihood ratio"}


def plot_cover() -> Figure:
    """Draw the cover: two clouds with the deleted points, and removal against deletions.

    Left, samples of the unwanted distribution p1 and of the retained p2; the half of p1 that the
    likelihood ratio deletes first is hollow. Right, the exact removal of three rules in two
    dimensions at the same separation, with as many points of p1 as of p2.

    Returns
    -------
    matplotlib.figure.Figure
        Ten by four inches.

    Notes
    -----
    Source: chapters 1 and 6.
    """
    look = {"font.size": 15, "axes.labelsize": 15, "font.family": "DejaVu Sans"}
    with plt.style.context(["default", look]):  # the same cover whatever style the reader has set
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(10, 4.1), layout="constrained", width_ratios=(1, 1), facecolor="white"
        )
        _clouds(left)
        _savings(right)
    return figure


def _clouds(ax: Axes) -> None:
    """Samples of p1 and p2, the deleted ones hollow."""
    rng = np.random.default_rng(SEED)
    means = np.array([[SEPARATION / 2, 0.0], [-SEPARATION / 2, 0.0]])
    unwanted, wanted = (Gaussian(mean, np.eye(2)).sample(POINTS, rng) for mean in means)
    gone = np.zeros(POINTS, dtype=bool)
    gone[select_deletions(score(unwanted, wanted, "lr-maha"), BUDGET)] = True
    ax.scatter(
        unwanted[gone, 0],
        unwanted[gone, 1],
        s=34,
        facecolor="none",
        edgecolor=UNWANTED,
        linewidth=1.1,
    )
    ax.scatter(wanted[:, 0], wanted[:, 1], s=38, color=WANTED, edgecolor="white", linewidth=0.5)
    ax.scatter(
        unwanted[~gone, 0],
        unwanted[~gone, 1],
        s=38,
        color=UNWANTED,
        marker="s",
        edgecolor="white",
        linewidth=0.5,
    )
    for mean, color, words, shift in (
        (means[1], WANTED, "keep $p_2$", -1.0),
        (means[0], UNWANTED, "forget $p_1$", 1.0),
    ):
        ax.add_patch(Circle(tuple(mean), 2.15, facecolor=color, alpha=0.09, linewidth=0))
        ax.text(mean[0] + shift, 2.6, words, color=color, ha="center", va="bottom", fontsize=17)
    ax.scatter(0.75, -2.9, s=44, facecolor="none", edgecolor=UNWANTED, linewidth=1.4)
    ax.text(1.0, -2.9, "deleted first", color=UNWANTED, va="center")
    ax.set(xlim=(-3.4, 3.6), ylim=(-3.2, 3.3), aspect="equal")
    ax.set_axis_off()


def _savings(ax: Axes) -> None:
    """Exact removal of three rules, and how many deletions the best of them saves."""
    kept = np.linspace(1, 0, 401)
    budget = 1 - kept
    removal = {rule: deletion_curve(rule, kept, 1.0, SEPARATION, dim=2).removal for rule in LABELS}
    for rule, values in removal.items():
        look = RULE_STYLES[rule]
        ax.plot(
            budget, values, color=look.color, linestyle=look.linestyle, lw=3, label=LABELS[rule]
        )
    level = 0.7 * SEPARATION**2 / 2
    reach = {rule: float(budget[np.argmax(values >= level)]) for rule, values in removal.items()}
    first, last = reach["likelihood-ratio"], reach["random"]
    ax.annotate(
        "",
        (first, level),
        (last, level),
        arrowprops={
            "arrowstyle": "-|>",
            "color": INK,
            "linewidth": 1.6,
            "shrinkA": 0,
            "shrinkB": 2,
        },
    )
    ax.text(last + 0.045, level - 0.03, f"{1 - first / last:.0%}\nfewer", va="top", color=INK)
    ax.legend(loc="lower right", frameon=False, handlelength=2.0, borderaxespad=0.1)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_xticks([0, 0.5, 1])
    ax.set(
        xlabel="deleted share of $p_1$",
        ylabel=r"removal $\mathrm{KL}(p_1\,\|\,p)$",
        xlim=(0, 1.0),
        ylim=(0, 1.25),
        yticks=[0, 0.5, 1],
    )
    ax.grid(visible=True, color="#e9e9e9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)
    ax.tick_params(colors=INK, length=0, pad=7)


def store(target: Path | BinaryIO = COVER) -> None:
    """Write the cover as a PNG."""
    figure = plot_cover()
    figure.savefig(target, dpi=130, format="png")
    plt.close(figure)


if __name__ == "__main__":
    store()
    print(f"stored {COVER.name}")
