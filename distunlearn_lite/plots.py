"""Figures: every rule with one colour, line and marker wherever it is drawn."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from types import MappingProxyType
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.rcsetup import cycler
from matplotlib.ticker import PercentFormatter

from .data.task import UnlearningTask
from .sweeps.paths import walks
from .sweeps.summaries import interval
from .theory.frontier import max_removal
from .validation import positive_scalar


class RuleStyle(NamedTuple):
    """How a rule looks: colour, line style as matplotlib takes it, marker."""

    color: str
    linestyle: str | tuple[int, tuple[float, ...]]
    marker: str | tuple[int, int, int]


BLACK, GREY, LIGHT, PURPLE, PLUM = "#1a1a1a", "#6e6e6e", "#d9d9d9", "#CC79A7", "#550055"
FAINT = "#bdbdbd"
BLUE, SKY, GREEN, FOREST, VIOLET = "#0072B2", "#56B4E9", "#009E73", "#335533", "#5500CC"
VERMILION, ORANGE, BROWN, OLIVE = "#D55E00", "#E69F00", "#8C510A", "#AAAA55"
MAGENTA = "#A80090"
DASHED, DOTTED = (0, (5.0, 2.0)), (0, (1.2, 1.6))
DASH_DOT, LONG = (0, (6.0, 1.8, 1.2, 1.8)), (0, (9.0, 2.0))

# Colours of Okabe and Ito, and four as far apart in every common form of colour blindness; markers
# repeat the message in grey. Population names look like the rule they are the limit of.
_DISTANCE = RuleStyle(BLUE, "-", "o")
_LIKELIHOOD_RATIO = RuleStyle(VERMILION, "-", "s")
RULE_STYLES = MappingProxyType(
    {
        "random": RuleStyle(GREY, DASHED, "X"),
        "distance": _DISTANCE,
        "maha-mu2": _DISTANCE,
        "likelihood-ratio": _LIKELIHOOD_RATIO,
        "lr-maha": _LIKELIHOOD_RATIO,
        "l2-mu2": RuleStyle(GREEN, DASH_DOT, "v"),
        "cos-mu2": RuleStyle(SKY, LONG, "^"),
        "lr-cos": RuleStyle(ORANGE, "-", "D"),
        "tfidf-norm": RuleStyle(PURPLE, DASHED, "P"),
        "coreset": RuleStyle(BLACK, DOTTED, "d"),
        "knn-ratio": RuleStyle(VIOLET, "-", "<"),
        "density-ratio": RuleStyle(OLIVE, LONG, ">"),
        "margin": RuleStyle(PLUM, DASH_DOT, "p"),
        "influence": RuleStyle(FOREST, DOTTED, "h"),
        "refit-influence": RuleStyle(MAGENTA, "-", (4, 1, 0)),
        "refit-influence-once": RuleStyle(MAGENTA, DOTTED, (4, 1, 45)),
    }
)
# Rules of one's own, in the order in which a figure meets them.
OTHERS = tuple(
    RuleStyle(BROWN, line, marker)
    for line, marker in ((DASH_DOT, "*"), (DASHED, "8"), (DOTTED, "H"))
)
# How markers are filled, one way a task.
FILLS = ("full", "none", "left", "right", "top", "bottom")

METRIC_LABELS = MappingProxyType(
    {
        "forget_recall": "recall on the forget domain",
        "retain_recall": "recall on the retained domain",
        "forget_auc": "AUC, forget against retained rows",
        "forget_log_loss": "log-loss on the forget domain (nats)",
        "forget_accuracy": "accuracy on the forget domain",
        "retain_accuracy": "accuracy on the retained domain",
        "retain_macro_f1": "macro F1 on the retained domain",
        "retain_log_loss": "log-loss on the retained domain (nats)",
        "kl_removal": r"removal $\mathrm{KL}(p_1\,\|\,p)$ (nats)",
        "kl_preservation": r"preservation $\mathrm{KL}(p_2\,\|\,p)$ (nats)",
    }
)


def use_style() -> None:
    """Set the style of all figures that follow: white ground, quiet grid, readable type.

    Examples
    --------
    >>> from distunlearn_lite import plots
    >>> plots.use_style()
    """
    sns.set_theme(
        context="notebook",
        style="whitegrid",
        rc={
            "figure.figsize": (7.0, 4.2),
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "savefig.transparent": False,
            "axes.facecolor": "white",
            "axes.edgecolor": GREY,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": cycler(color=[BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK]),
            "text.color": BLACK,
            "grid.color": "#e6e6e6",
            "grid.linewidth": 0.8,
            "lines.linewidth": 2.0,
            "lines.markersize": 6.0,
            "legend.frameon": False,
        },
    )


def rule_style(rule: str) -> RuleStyle:
    """Look of a rule; a rule of one's own gets a look no built-in rule has.

    A variation such as ``lr-maha, reversed`` has the look of its rule, dotted.
    """
    plain, comma, _ = rule.partition(", ")
    if comma and plain in RULE_STYLES:
        return RULE_STYLES[plain]._replace(linestyle=DOTTED)
    return RULE_STYLES.get(rule, OTHERS[0])


def _looks(rules: Iterable[str]) -> dict[str, RuleStyle]:
    """A look for every rule, and different ones for several rules of one's own."""
    names = list(dict.fromkeys(rules))
    own = [rule for rule in names if rule.partition(", ")[0] not in RULE_STYLES]
    return {rule: rule_style(rule) for rule in names} | dict(
        zip(own, itertools.cycle(OTHERS), strict=False)
    )


def mark_standin(task: UnlearningTask, ax: Axes) -> None:
    """Say on a figure that it does not show the real data, where a stand-in takes its place.

    Parameters
    ----------
    task : UnlearningTask
        What the figure shows.
    ax : matplotlib.axes.Axes
        Axes that get the mark, above their right corner.
    """
    if task.standin:
        ax.set_title("stand-in data", loc="right", color=VERMILION, fontsize=10)


def plot_trade_off(
    frame: pd.DataFrame,
    metric: str,
    ax: Axes | None = None,
    *,
    in_colour: Iterable[str] | None = None,
    draws: str = "independent",
) -> Axes:
    """Metric against the deleted fraction: mean over seeds, with a 95 % band from two seeds on.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result of ``sweep``, or of several put together: each task fills its markers its own way.
    metric : str
        One of its metrics.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    in_colour : iterable of str, optional
        Rules to tell apart, by default all; the others are thin grey lines without a band.
    draws : {"independent", "splits", "bootstrap"}
        What the seeds redraw, as ``budget_to_reach`` takes it.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        Where `frame` has no such metric, or a rule or seed of a task lacks a budget.
    """
    parts = {str(task): walks(part, metric) for task, part in frame.groupby("task", sort=False)}
    looks = _looks(frame["rule"])
    lines = [(task, rule) for task, part in parts.items() for rule in part.index.unique("rule")]
    shown = set(frame["rule"] if in_colour is None else in_colour)
    told_apart = [(task, rule) for task, rule in lines if rule in shown]
    ax = _axes(ax)
    opacity = 0.16 if len(told_apart) < 5 else 0.07
    for task, rule in lines:
        if rule not in shown:
            ax.plot(parts[task].loc[rule].mean(), color=FAINT, linewidth=1, zorder=1)
    if len(told_apart) < len(lines):
        ax.lines[-1].set_label("other rules")
    for task, rule in told_apart:
        values = parts[task].loc[rule]
        budgets = values.columns.to_numpy(dtype=np.float64)
        look = looks[rule]
        ax.plot(
            budgets,
            values.mean(),
            label=rule if len(parts) == 1 else f"{rule}, {task}",
            **look._asdict(),
            fillstyle=FILLS[list(parts).index(task) % len(FILLS)],
            markevery=max(1, budgets.size // 10),
            markeredgecolor="white" if task == next(iter(parts)) else look.color,
            markeredgewidth=0.6,
            zorder=3,
        )
        if len(values) > 1:
            columns = values.to_numpy(dtype=np.float64).T
            bands = np.array([interval(column, draws=draws) for column in columns])
            # Not below 0, unless the values themselves go there.
            lower = bands[:, 1].clip(min=min(0.0, float(values.to_numpy().min())))
            ax.fill_between(
                budgets, lower, bands[:, 2], color=look.color, alpha=opacity, linewidth=0
            )
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set(xlabel="deleted share of the forget set", ylabel=METRIC_LABELS.get(metric, metric))
    ax.margins(x=0.01)
    if len(told_apart) > 8:  # no room among them
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=4, handlelength=3.2)
    else:
        ax.legend(ncols=1 if len(told_apart) < 5 else 2, handlelength=3.2)
    return ax


def plot_frontier(kappa: float, ax: Axes | None = None, *, eps_max: float | None = None) -> Axes:
    """Pareto frontier of removal and preservation for Gaussians of one covariance.

    Parameters
    ----------
    kappa : float
        KL(p1 || p2) in nats, positive.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    eps_max : float, optional
        Right end in nats; by default half of `kappa`.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        Where `kappa` or `eps_max` is not positive.
    """
    scale = positive_scalar("kappa", kappa)
    end = scale / 2 if eps_max is None else positive_scalar("eps_max", eps_max)
    ax = _axes(ax)
    eps = end * np.linspace(0, 1, 300) ** 2  # close together where the slope is infinite
    alpha = np.asarray(max_removal(eps, scale))
    ax.fill_between(eps, 0, alpha, color=BLUE, alpha=0.09, linewidth=0)
    ax.plot(eps, alpha, color=BLUE, label="frontier")
    ax.plot(0, scale, "o", color=VERMILION, clip_on=False, zorder=5, label="keep only $p_2$")
    ax.annotate("attainable", (0.62, 0.3), xycoords="axes fraction", ha="center", color=BLUE)
    ax.annotate("out of reach", (0.22, 0.92), xycoords="axes fraction", ha="center", color=GREY)
    ax.set(xlabel=METRIC_LABELS["kl_preservation"], ylabel=METRIC_LABELS["kl_removal"])
    ax.set(xlim=(0, end), ylim=(0, 1.08 * alpha[-1]))
    ax.legend(loc="lower right")
    return ax


def plot_budgets(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Budget at which each rule reaches its target, with its interval over seeds.

    Parameters
    ----------
    table : pandas.DataFrame
        Result of ``budget_to_reach``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on; the rule that needs least is on top.
    """
    ax = _axes(ax)
    rows = table.sort_values("budget", ascending=False, kind="stable")
    looks = _looks(rows.index)
    for place, (rule, row) in enumerate(rows.iterrows()):
        look = looks[str(rule)]
        ax.plot([row["lower"], row["upper"]], [place, place], color=look.color, linewidth=2.5)
        ax.plot(row["budget"], place, marker=look.marker, color=look.color, markersize=8, zorder=3)
        ax.annotate(
            f"{row['budget']:.0%}",
            (row["budget"], place),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
    if "random" in rows.index:
        ax.axvline(rows["budget"]["random"], color=GREY, linestyle=DOTTED, linewidth=1.2, zorder=1)
    ax.set_yticks(range(len(rows)), list(rows.index))
    ax.set_ylim(-0.6, len(rows) - 0.2)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_xlabel("deleted share of the forget set at the target")
    ax.grid(axis="y", visible=False)
    return ax


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots()[1] if ax is None else ax
