"""What a rule gains over its whole path, and what it costs: area, retained value at the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..validation import FloatArray
from .summaries import budgets_of, by_rule, crossings, interval, walks
from .sweeping import COLUMNS

__all__ = ["retained_at_target", "share_to_go", "trade_off_area"]

AGAINST = ("against_random", "against_lower", "against_upper")


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
    shares = _shares(frame, metric)
    long = shares.reset_index().melt(["rule", "seed"], var_name="budget")
    long = long.astype({"budget": np.float64}).assign(task=frame["task"].iloc[0], metric=metric)
    return long[list(COLUMNS)]


def trade_off_area(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    r"""Area under the trade-off curve, per rule, over the seeds.

    .. math:: A = \int_0^1 \max(g(b), 0)\, db, \qquad g(b) = \frac{m(b) - m(1)}{m(0) - m(1)}

    with straight lines between the budgets, m(b) the metric at budget b: the share of the way to
    full deletion that is still to go, averaged over all budgets; none where the metric is beyond
    its value at full deletion. Smaller forgets sooner; a straight line has 1/2, a metric that does
    not move before everything is deleted has almost 1.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result of ``sweep`` for one task, with budgets 0 and 1, the rule ``random`` and two seeds
        or more.
    metric : str
        One of its metrics, rising or falling.

    Returns
    -------
    pandas.DataFrame
        One row a rule, in the order of `frame`:

        - ``area``, ``lower``, ``upper``: mean over seeds and its 95 % t-interval;
        - ``against_random``, ``against_lower``, ``against_upper``: difference to the area of
          ``random`` within seeds, likewise; negative where the rule forgets sooner;
        - ``seeds``: their number.

    Raises
    ------
    TypeError
        Where `frame` is no DataFrame.
    ValueError
        Where ``share_to_go`` refuses `frame`, the rule ``random`` or a second seed is missing, or a
        rule lacks a seed.

    Notes
    -----
    Source: chapter 11. Where the metric falls monotonically to 0, the area is the mean over all t
    in (0, 1) of the budget that reaches t m(0): every meaning of "halve" weighs alike.

    Examples
    --------
    >>> import pandas as pd
    >>> from distunlearn_lite.sweeps import trade_off_area
    >>> paths = {("random", 0): [0.8, 0.6, 0.0], ("random", 1): [0.8, 0.8, 0.0],
    ...          ("lr-maha", 0): [0.8, 0.2, 0.0], ("lr-maha", 1): [0.8, 0.4, 0.0]}
    >>> frame = pd.DataFrame(
    ...     [("toy", rule, budget, seed, "forget_recall", value)
    ...      for (rule, seed), values in paths.items()
    ...      for budget, value in zip([0.0, 0.5, 1.0], values)],
    ...     columns=["task", "rule", "budget", "seed", "metric", "value"],
    ... )
    >>> trade_off_area(frame, "forget_recall")[["rule", "area", "against_random"]].round(3)
          rule   area  against_random
    0   random  0.688            0.00
    1  lr-maha  0.438           -0.25
    """
    shares = _shares(frame, metric)
    table = by_rule(_positive_area(shares), shares)
    rows = []
    for rule, area in zip(table.index, table.to_numpy(), strict=True):
        gap = area - table.loc["random"].to_numpy()
        row = _named(("area", "lower", "upper"), area) | _named(AGAINST, gap)
        rows.append({"rule": rule, **row, "seeds": area.size})
    return pd.DataFrame(rows)


def retained_at_target(
    frame: pd.DataFrame, metric: str, retained: str, target: str | float = "half"
) -> pd.DataFrame:
    """Retained performance at the budget where each rule reaches its target, over the seeds.

    In each seed the budget at which `metric` first reaches `target` is found as by
    ``budget_to_reach``, and `retained` is read off there, on the straight line between its
    neighbouring budgets. A seed that never crosses is read off at budget 1.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result of ``sweep`` for one task, with budget 0, the rule ``random`` and two seeds or more.
    metric : str
        The metric that is to reach the target, such as ``forget_recall``.
    retained : str
        The metric that is read off, such as ``retain_log_loss``.
    target : {"half", "half-gap"} or float
        What to reach, as ``budget_to_reach`` takes it.

    Returns
    -------
    pandas.DataFrame
        One row a rule, in the order of `frame`:

        - ``value``, ``lower``, ``upper``: mean of the retained metric and its 95 % t-interval;
        - ``change``, ``change_lower``, ``change_upper``: difference to budget 0 within seeds;
        - ``against_random``, ``against_lower``, ``against_upper``: difference within seeds to
          ``random`` at random's own budget;
        - ``reached``: share of seeds in which the target is crossed at all;
        - ``seeds``: their number.

    Raises
    ------
    TypeError
        Where `frame` is no DataFrame, or `target` neither a word nor a number.
    ValueError
        Where ``budget_to_reach`` refuses `frame`, `metric` or `target`; `retained` is unknown or
        lacks a rule or seed; or a seed never crosses and there is no budget 1 to read off.

    Notes
    -----
    Source: chapter 11.

    Examples
    --------
    >>> import pandas as pd
    >>> from distunlearn_lite.sweeps import retained_at_target
    >>> paths = {("random", "forget_recall"): [0.8, 0.6, 0.0],
    ...          ("random", "retain_recall"): [0.9, 0.8, 0.6],
    ...          ("lr-maha", "forget_recall"): [0.8, 0.4, 0.0],
    ...          ("lr-maha", "retain_recall"): [0.9, 0.8, 0.6]}
    >>> frame = pd.DataFrame(
    ...     [("toy", rule, budget, seed, metric, value)
    ...      for (rule, metric), values in paths.items()
    ...      for seed in (0, 1)
    ...      for budget, value in zip([0.0, 0.5, 1.0], values)],
    ...     columns=["task", "rule", "budget", "seed", "metric", "value"],
    ... )
    >>> table = retained_at_target(frame, "forget_recall", "retain_recall").set_index("rule")
    >>> table[["value", "change", "against_random"]].round(3)
             value  change  against_random
    rule
    random   0.733  -0.167           0.000
    lr-maha  0.800  -0.100           0.067
    """
    reached = crossings(frame, metric, target)
    paths = walks(frame, retained)
    needed = (0.0,) if np.isfinite(reached.to_numpy()).all() else (0.0, 1.0)
    budgets = budgets_of(paths, needed, f"reading off {retained}")
    found = reached.stack()
    if set(found.index) != set(paths.index):
        raise ValueError(
            f"{retained} and {metric} must be there for the same rules and seeds, but one of them "
            "lacks some; sweep them together"
        )
    places = found.loc[paths.index].to_numpy().clip(max=1.0)
    rows = zip(places, paths.to_numpy(), strict=True)
    values = [float(np.interp(place, budgets, path)) for place, path in rows]
    table, start = by_rule(values, paths), by_rule(paths[0.0].to_numpy(), paths)
    found_rows = []
    for rule, value in zip(table.index, table.to_numpy(), strict=True):
        row = _named(("value", "lower", "upper"), value)
        row |= _named(("change", "change_lower", "change_upper"), value - start.loc[rule])
        row |= _named(AGAINST, value - table.loc["random"])
        share = float(np.isfinite(reached.loc[rule]).mean())
        found_rows.append({"rule": rule, **row, "reached": share, "seeds": value.size})
    return pd.DataFrame(found_rows)


def _shares(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
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


def _positive_area(shares: pd.DataFrame) -> FloatArray:
    """Area of each walk above zero, exact for straight lines between the budgets."""
    heights, steps = shares.to_numpy(), np.diff(shares.columns.to_numpy(dtype=np.float64))
    low = np.minimum(heights[:, :-1], heights[:, 1:])
    high = np.maximum(heights[:, :-1], heights[:, 1:]).clip(min=0)
    cut = high**2 / 2 / np.where(low < 0, high - low, 1)  # a triangle
    areas: FloatArray = np.where(low < 0, cut, (low + high) / 2) @ steps
    return areas


def _named(names: tuple[str, str, str], values: FloatArray | pd.Series) -> dict[str, float]:
    """Mean and ends of its interval under three names."""
    return dict(zip(names, interval(np.asarray(values)), strict=True))
