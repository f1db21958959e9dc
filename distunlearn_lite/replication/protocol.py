"""The protocol of the replications: what is compared with the paper, and one function to judge it.

It was committed before the tables of its edition were recorded; ``book/protocol.md`` gives the
reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ..sweeps.summaries import budget_to_reach

# Raised whenever seeds, rules, models, metrics or their rounding change: a table says which
# edition it was recorded under.
EDITION: Final = 2

# A saving is a fraction. The paper's budgets are multiples of five points, so its savings are not
# known to better than about five points either.
MARGIN: Final = 0.05

# The rules that are judged, named before any table was recorded: the rule of the paper's theorem,
# and the likelihood ratio.
JUDGED_RULES: Final = ("maha-mu2", "lr-maha")

COMPATIBLE: Final = "compatible with"
SAME: Final = "same direction"
NONE: Final = "no effect"
OTHER: Final = "other direction"
STATUSES: Final = (COMPATIBLE, SAME, NONE, OTHER)


@dataclass(frozen=True)
class Row:
    """A row of the paper's Table 2, and where ours is read off.

    Parameters
    ----------
    name : str
        What it is called here.
    table, task : str
        Recorded table and task.
    metric, target : str
        As ``budget_to_reach`` takes them.
    draws : str
        What the seeds redraw, as ``budget_to_reach`` takes it.
    random, selective : float
        The paper's budgets, fractions of the forget set.
    """

    name: str
    table: str
    task: str
    metric: str
    target: str
    draws: str
    random: float
    selective: float

    @property
    def claimed(self) -> dict[str, float]:
        """The paper's savings, by the names of the columns of ``budget_to_reach``."""
        return {
            "fewer_than_random": 1 - self.selective / self.random,
            "fewer_than_full": 1 - self.selective,
        }


ROWS: Final = (
    Row(
        "Gaussians, low separability",
        *("gaussians", "gaussians-low", "kl_removal", "half-gap", "independent"),
        *(0.65, 0.18),
    ),
    Row(
        "Gaussians, high separability",
        *("gaussians", "gaussians-high", "kl_removal", "half-gap", "independent"),
        *(0.65, 0.50),
    ),
    Row("SMS Spam", "sms", "sms_spam", "forget_recall", "half", "splits", 0.90, 0.75),
    Row("Jigsaw, label", "jigsaw", "jigsaw-toxic", "forget_recall", "half", "splits", 1.0, 0.85),
    Row(
        "Jigsaw, vocabulary",
        *("jigsaw", "jigsaw-keywords", "forget_recall", "half", "splits"),
        *(1.0, 0.85),
    ),
    Row("CIFAR-10, cat", "cifar10", "cifar10-cat", "forget_recall", "half", "bootstrap", 0.8, 0.5),
)


def verdict(
    estimate: float, lower: float, upper: float, claimed: float, margin: float = MARGIN
) -> str:
    """Judge an effect that was claimed by one that was measured.

    Parameters
    ----------
    estimate, lower, upper : float
        The measured effect and the ends of its interval.
    claimed : float
        The effect that was claimed, not 0, in the same unit.
    margin : float
        Difference up to which the two count as equal, in that unit.

    Returns
    -------
    str
        ``no effect`` where the interval holds 0; else ``other direction`` where the sign is not
        that of the claim; else ``compatible with`` where the estimate is within the margin of the
        claim, and ``same direction`` where it is not.

    Raises
    ------
    ValueError
        Where the numbers are not finite, the interval does not hold the estimate, nothing was
        claimed, or the margin is negative.

    Notes
    -----
    Source: the protocol of the replications. The interval decides whether there is an effect, and
    the margin alone whether it is the claimed one: a narrower interval around the same estimate
    never turns ``compatible with`` into anything else.

    Examples
    --------
    >>> from distunlearn_lite.replication.protocol import verdict
    >>> verdict(0.13, 0.08, 0.18, claimed=0.167), verdict(0.13, -0.01, 0.27, claimed=0.167)
    ('compatible with', 'no effect')
    >>> verdict(0.30, 0.25, 0.35, claimed=0.15), verdict(-0.30, -0.35, -0.25, claimed=0.15)
    ('same direction', 'other direction')
    """
    if not np.isfinite([estimate, lower, upper, claimed, margin]).all():
        raise ValueError(
            "a verdict needs finite numbers, got "
            f"{estimate} [{lower}, {upper}], claimed {claimed}, margin {margin}"
        )
    if not lower <= estimate <= upper:
        raise ValueError(f"the interval [{lower}, {upper}] does not hold the estimate {estimate}")
    if claimed == 0 or margin < 0:
        raise ValueError(
            f"a verdict needs a claimed effect, and a margin of 0 or more, got {claimed}, {margin}"
        )
    if lower <= 0 <= upper:
        return NONE
    if np.sign(estimate) != np.sign(claimed):
        return OTHER
    return COMPATIBLE if abs(estimate - claimed) <= margin else SAME


def judged(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Judge every row of the paper's table by recorded sweeps.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Sweeps by the name of their table; rows of the paper whose table is missing are left out.

    Returns
    -------
    pandas.DataFrame
        One line a row of the paper, judged rule and effect (``fewer_than_random`` or
        ``fewer_than_full``): ``row, rule, effect, claimed, estimate, lower, upper, verdict,
        seeds``; effects are fractions.

    Raises
    ------
    ValueError
        Where a table lacks a task, a rule or a metric of the protocol.
    """
    lines = []
    for row in ROWS:
        if row.table not in frames:
            continue
        frame = frames[row.table]
        part = frame[(frame["task"] == row.task) & frame["rule"].isin(("random", *JUDGED_RULES))]
        missing = {"random", *JUDGED_RULES} - set(part["rule"])
        if missing:
            raise ValueError(
                f"the table {row.table!r} has no rule {', '.join(sorted(missing))} for the task "
                f"{row.task!r}, which the protocol asks for; record it anew with "
                f"`distunlearn replicate {row.table}`"
            )
        found = budget_to_reach(part, row.metric, row.target, draws=row.draws)
        for rule in JUDGED_RULES:
            line = found.loc[rule].astype(float).to_dict()
            ends = {
                "fewer_than_random": ("fewer_than_random", "fewer_lower", "fewer_upper"),
                "fewer_than_full": ("fewer_than_full", "full_lower", "full_upper"),
            }
            line |= {"full_lower": 1 - line["upper"], "full_upper": 1 - line["lower"]}
            for effect, claimed in row.claimed.items():
                estimate, lower, upper = (line[name] for name in ends[effect])
                status = verdict(estimate, lower, upper, claimed)
                lines.append(
                    (row.name, rule, effect, claimed, estimate, lower, upper, status, line["seeds"])
                )
    names = ["row", "rule", "effect", "claimed", "estimate", "lower", "upper", "verdict", "seeds"]
    return pd.DataFrame(lines, columns=names).astype({"seeds": int})
