"""The look of figures: one style, and for every rule one colour, line and marker."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

import seaborn as sns
from cycler import cycler

__all__ = [
    "BLUE",
    "DOTTED",
    "GREY",
    "RULE_STYLES",
    "VERMILION",
    "RuleStyle",
    "rule_style",
    "use_style",
]


class RuleStyle(NamedTuple):
    """How a rule looks: colour, line style as matplotlib takes it, marker."""

    color: str
    linestyle: str | tuple[int, tuple[float, ...]]
    marker: str


BLACK, GREY, PURPLE, PLUM = "#1a1a1a", "#6e6e6e", "#CC79A7", "#550055"
BLUE, SKY, GREEN, FOREST, VIOLET = "#0072B2", "#56B4E9", "#009E73", "#335533", "#5500CC"
VERMILION, ORANGE, BROWN, OLIVE = "#D55E00", "#E69F00", "#8C510A", "#AAAA55"
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
    }
)
OTHER = RuleStyle(BROWN, DASH_DOT, "*")


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
    """Look of a rule; a rule of one's own gets a look no built-in rule has."""
    return RULE_STYLES.get(rule, OTHER)
