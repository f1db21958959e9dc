"""Paths of a metric along the budgets, one a rule and seed, and where they reach a target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..validation import FloatArray, choice, proper_fraction
from .sweeping import COLUMNS

TARGETS = ("half", "half-gap")
KEY = ["rule", "seed", "budget", "metric"]


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


def first_crossing(budgets: FloatArray, values: FloatArray, level: float) -> float:
    """First budget at which values, joined by straight lines, are on a level; infinite if never.

    Parameters
    ----------
    budgets, values : ndarray, shape (k,)
        Rising budgets (fractions), and a curve over them, such as ``DeletionCurve.removal``.
    level : float
        In the unit of the values.

    Returns
    -------
    float
        A fraction.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.sweeps import first_crossing
    >>> first_crossing(np.array([0.0, 0.5, 1.0]), np.array([4.0, 3.0, 0.0]), 2.0)
    0.6666666666666666
    """
    gap = values - level
    beyond = np.flatnonzero(gap * np.sign(gap[0]) <= 0)
    if beyond.size == 0:
        return float("inf")
    i = int(beyond[0])
    if i == 0:
        return float(budgets[0])
    step = budgets[i] - budgets[i - 1]
    return float(budgets[i - 1] + step * gap[i - 1] / (gap[i - 1] - gap[i]))


def share_to_go(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    r"""Share of the way to full deletion that a metric still has to go, at every budget.

    .. math:: g(b) = \frac{m(b) - m(1)}{m(0) - m(1)}

    in each rule and seed, m(b) the metric at budget b: from 1 down to 0, whether the metric falls
    (recall) or rises (a divergence). Below 0 it has overshot.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result of ``sweep`` for one task, with budgets 0 and 1.
    metric : str
        One of its metrics.

    Returns
    -------
    pandas.DataFrame
        The rows of that metric in the columns of ``sweep``, values replaced by g. With
        ``budget_to_reach`` a target t then asks for the budget that leaves the share t to go, so
        that 0.5 is the ``half-gap`` of the metric itself.

    Raises
    ------
    TypeError
        Where `frame` is no DataFrame.
    ValueError
        Where columns, budget 0 or budget 1 are missing, several tasks are mixed, or a walk ends at
        the value it starts from.

    Notes
    -----
    Source: chapter 11. For a metric that falls to 0, g(b) = m(b)/m(0).

    Examples
    --------
    >>> import pandas as pd
    >>> from distunlearn_lite.sweeps import share_to_go
    >>> frame = pd.DataFrame(
    ...     [("toy", "random", b, 0, "kl_removal", v) for b, v in [(0.0, 1), (0.5, 2), (1.0, 5)]],
    ...     columns=["task", "rule", "budget", "seed", "metric", "value"],
    ... )
    >>> share_to_go(frame, "kl_removal")["value"].tolist()
    [1.0, 0.75, 0.0]
    """
    long = shares(frame, metric).reset_index().melt(["rule", "seed"], var_name="budget")
    long = long.astype({"budget": np.float64}).assign(task=frame["task"].iloc[0], metric=metric)
    return long[list(COLUMNS)]


def shares(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Share to go, one row a (rule, seed), one column a budget."""
    values = walks(frame, metric)
    budgets_of(values, (0.0, 1.0), "the share still to go")
    gap = values[0.0] - values[1.0]
    if (gap == 0).any():
        rule, seed = gap.index[gap == 0][0]
        raise ValueError(
            f"{metric} of {rule}, seed {seed} is {values[0.0][rule, seed]:g} at budgets 0 and 1, "
            "so there is no way to go; take a metric that full deletion changes"
        )
    return 1 - (-values).add(values[0.0], axis=0).div(gap, axis=0)


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
    if walk[0] == level:
        raise ValueError(
            f"the metric of {where} is {walk[0]:g} at budget 0, which is its target already, so "
            "no budget to reach it can be given"
        )
    return first_crossing(budgets, walk, level)
