"""What a sweep comes to: the budget at which a metric reaches its target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ..validation import FloatArray, choice, proper_fraction
from .sweeping import COLUMNS

__all__ = [
    "budget_to_reach",
    "budgets_of",
    "by_rule",
    "crossings",
    "in_percent",
    "interval",
    "walks",
]

TARGETS = ("half", "half-gap")
KEY = ["rule", "seed", "budget", "metric"]


def budget_to_reach(frame: pd.DataFrame, metric: str, target: str | float = "half") -> pd.DataFrame:
    r"""Deleted fraction at which a metric first reaches its target, per rule, over the seeds.

    In each seed the metric is joined up by straight lines between the budgets, and the first
    crossing of the target is taken: half the value at budget 0 (``half``), another share of it
    (a number), or the midpoint of the values at budgets 0 and 1 (``half-gap``, for divergences).
    A seed that never crosses counts with budget 1, as nothing short of full deletion is known to
    do.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result of ``sweep`` for one task, with budget 0, the rule ``random`` and two seeds or more.
    metric : str
        One of its metrics.
    target : {"half", "half-gap"} or float
        What to reach. A number t in (0, 1) asks for t times the value at budget 0, so that 0.5 is
        ``half``.

    Returns
    -------
    pandas.DataFrame
        One row a rule, in the order of `frame`:

        - ``budget``, ``lower``, ``upper``: mean over seeds of the fraction of the forget set,
          and its 95 % t-interval, cut to [0, 1];
        - ``reached``: share of seeds in which the target is crossed at all. Below 1, the true
          ``budget`` is at least the one given;
        - ``fewer_than_random``: 1 - budget / budget of ``random``, with ``fewer_lower`` and
          ``fewer_upper``, a 95 % t-interval from the differences within seeds;
        - ``fewer_than_full``: 1 - budget, the saving against deleting everything;
        - ``seeds``: their number.

    Raises
    ------
    TypeError
        Where `frame` is no DataFrame, or `target` neither a word nor a number.
    ValueError
        Where `target` is unknown or no number in (0, 1), columns, budget 0 (or 1), the rule
        ``random`` or a second seed are missing, a rule lacks a seed, several tasks are mixed, or
        the target equals the value at budget 0.

    Notes
    -----
    Source: the SMS Spam chapter. Seeds redraw the split of one data set, so the interval says how
    far the mean would move with other splits, not with other data. The interval of the ratio r of
    two means is that of the mean of ``budget - r * random``, divided by the mean of ``random``
    (delta method).

    Examples
    --------
    >>> import pandas as pd
    >>> from distunlearn_lite import budget_to_reach
    >>> walks = {("random", 0): [0.8, 0.6, 0.0], ("random", 1): [0.8, 0.7, 0.0],
    ...          ("lr-maha", 0): [0.8, 0.3, 0.0], ("lr-maha", 1): [0.8, 0.2, 0.0]}
    >>> frame = pd.DataFrame(
    ...     [("toy", rule, budget, seed, "forget_recall", value)
    ...      for (rule, seed), values in walks.items()
    ...      for budget, value in zip([0.0, 0.5, 1.0], values)],
    ...     columns=["task", "rule", "budget", "seed", "metric", "value"],
    ... )
    >>> table = budget_to_reach(frame, "forget_recall").set_index("rule")
    >>> table[["budget", "fewer_than_random", "fewer_than_full"]].round(3)
             budget  fewer_than_random  fewer_than_full
    rule
    random    0.690              0.000            0.310
    lr-maha   0.367              0.469            0.633
    """
    found_by_rule = crossings(frame, metric, target)
    reference = found_by_rule.loc["random"].to_numpy().clip(max=1.0)
    rows = []
    for rule, found in zip(found_by_rule.index, found_by_rule.to_numpy(), strict=True):
        spent = found.clip(max=1.0)
        mean, lower, upper = interval(spent)
        ratio = mean / reference.mean()
        _, low, high = interval((spent - ratio * reference) / reference.mean())
        rows.append(
            {
                "rule": rule,
                "budget": mean,
                "lower": max(lower, 0.0),
                "upper": min(upper, 1.0),
                "reached": float(np.isfinite(found).mean()),
                "fewer_than_random": 1 - ratio,
                "fewer_lower": 1 - ratio + low,
                "fewer_upper": 1 - ratio + high,
                "fewer_than_full": 1 - mean,
                "seeds": spent.size,
            }
        )
    return pd.DataFrame(rows)


def in_percent(table: pd.DataFrame) -> pd.DataFrame:
    """Return the result of ``budget_to_reach`` as it is printed: per cent, under short names."""
    names = {"budget": "budget", "lower": "from", "upper": "to", "fewer_than_random": "fewer"}
    names |= {"fewer_lower": "from ", "fewer_upper": "to ", "fewer_than_full": "than full"}
    per_cent = 100 * table.set_index("rule")[list(names)]
    return per_cent.round(1).rename(columns=names)


def interval(values: FloatArray, level: float = 0.95) -> tuple[float, float, float]:
    """Mean of independent values, with the lower and upper end of its t-interval."""
    if values.size < 2:
        raise ValueError(f"an interval needs at least two values, got {values.size}")
    mean = float(values.mean())
    half = float(
        stats.t.ppf((1 + level) / 2, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size)
    )
    return mean, mean - half, mean + half


def crossings(frame: pd.DataFrame, metric: str, target: str | float) -> pd.DataFrame:
    """Budget at which each rule (row) first reaches the target in each seed (column).

    Infinite where it never does. Arguments and errors as those of ``budget_to_reach``.
    """
    share = _share(target)
    values = walks(frame, metric)
    budgets = budgets_of(values, (0.0, 1.0) if share is None else (0.0,), f"target {target!r}")
    return by_rule(
        [_crossing(budgets, walk, share, where) for where, walk in _named_rows(values)], values
    )


def walks(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One row a (rule, seed) in the order of the rules in `frame`, one column a budget."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"frame must be a pandas.DataFrame of sweep, got {type(frame).__name__}")
    missing = set(COLUMNS) - set(frame.columns)
    if missing:
        raise ValueError(
            f"frame must have the columns of sweep, but lacks {', '.join(sorted(missing))}"
        )
    if frame["task"].nunique() != 1:
        raise ValueError(
            f"frame must hold one task, got {frame['task'].nunique()}; "
            "select one with frame[frame.task == name]"
        )
    choice("metric", metric, sorted(set(frame["metric"])))
    part = frame[frame["metric"] == metric]
    if part.duplicated(KEY).any():
        raise ValueError("frame holds the same rule, seed, budget and metric more than once")
    order = list(dict.fromkeys(part["rule"]))
    values = part.pivot(index=["rule", "seed"], columns="budget", values="value")
    if not np.isfinite(values.to_numpy()).all():
        raise ValueError(
            f"{metric} must be finite and present at every budget of every rule and seed"
        )
    return values.loc[order]


def budgets_of(values: pd.DataFrame, needed: tuple[float, ...], purpose: str) -> FloatArray:
    """Budgets of ``walks``, refused where one that is needed is not among them."""
    budgets = values.columns.to_numpy(dtype=np.float64)
    for budget in needed:
        if budget not in budgets:
            raise ValueError(
                f"{purpose} needs the metric at budget {budget:g}, but the sweep has "
                f"budgets {budgets.min():g} to {budgets.max():g}; add {budget:g} to its budgets"
            )
    return budgets


def by_rule(numbers: Sequence[float] | FloatArray, values: pd.DataFrame) -> pd.DataFrame:
    """One row a rule, one column a seed, from a number for each row of ``walks``.

    Refused where seeds cannot be compared: fewer than two, not the same ones for every rule, or
    no rule ``random``.
    """
    order = list(dict.fromkeys(values.index.get_level_values("rule")))
    table = pd.Series(numbers, index=values.index, dtype=np.float64).unstack("seed").loc[order]
    if table.shape[1] < 2:
        raise ValueError("an interval over seeds needs at least two seeds, got 1")
    if table.isna().to_numpy().any():
        rule = table.index[table.isna().any(axis=1)][0]
        raise ValueError(f"every rule must be swept with the same seeds, but {rule!r} lacks some")
    if "random" not in table.index:
        raise ValueError("savings are counted against the rule 'random'; add it to the sweep")
    return table


def _share(target: str | float) -> float | None:
    """Share of the first value to fall to; None for the midpoint of the first and the last."""
    if isinstance(target, str):
        return 0.5 if choice("target", target, TARGETS) == "half" else None
    return proper_fraction("target", target)


def _named_rows(values: pd.DataFrame) -> list[tuple[str, FloatArray]]:
    names = [f"{rule}, seed {seed}" for rule, seed in values.index]
    return list(zip(names, values.to_numpy(dtype=np.float64), strict=True))


def _crossing(budgets: FloatArray, walk: FloatArray, share: float | None, where: str) -> float:
    """First budget on the target; infinite where the walk never gets there."""
    level = (walk[0] + walk[-1]) / 2 if share is None else share * walk[0]
    gap = walk - level
    if gap[0] == 0:
        raise ValueError(
            f"the metric of {where} is {walk[0]:g} at budget 0, which is its target already, so "
            "no budget to reach it can be given"
        )
    beyond = np.flatnonzero(gap * np.sign(gap[0]) <= 0)
    if beyond.size == 0:
        return float("inf")
    i = int(beyond[0])
    step = budgets[i] - budgets[i - 1]
    return float(budgets[i - 1] + step * gap[i - 1] / (gap[i - 1] - gap[i]))
