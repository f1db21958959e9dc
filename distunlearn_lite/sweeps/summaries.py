"""What a sweep comes to: budget at a target, area, retained value, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from ..data.task import TEST_FRACTION
from ..validation import FloatArray, choice
from .paths import budgets_of, by_rule, crossings, shares, walks

VALUE = ("value", "lower", "upper")
CHANGE = ("change", "change_lower", "change_upper")
AGAINST = ("against_random", "against_lower", "against_upper")
DRAWS = ("independent", "splits", "bootstrap")


def budget_to_reach(
    frame: pd.DataFrame, metric: str, target: str | float = "half", *, draws: str = "independent"
) -> pd.DataFrame:
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
    draws : {"independent", "splits", "bootstrap"}
        What the seeds redraw, as ``interval`` takes it: new data each, as with synthetic Gaussians
        (``independent``); the split of one data set, as ``UnlearningTask.split`` does without an
        official test set (``splits``); bootstraps of one data set, as it does with one
        (``bootstrap``).

    Returns
    -------
    pandas.DataFrame
        One row a rule, its name the index, in the order of `frame`:

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
        Where `target` is unknown or no number in (0, 1), `draws` is unknown, columns, budget 0 (or
        1), the rule ``random`` or a second seed are missing, a rule lacks a seed, several tasks are
        mixed, or the target equals the value at budget 0.

    Notes
    -----
    Source: the SMS Spam chapter. The interval of the ratio r of two means is that of the mean of
    ``budget - r * random``, divided by the mean of ``random`` (delta method).

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
    >>> table = budget_to_reach(frame, "forget_recall")
    >>> table[["budget", "fewer_than_random", "fewer_than_full"]].round(3)
             budget  fewer_than_random  fewer_than_full
    rule
    random    0.690              0.000            0.310
    lr-maha   0.367              0.469            0.633
    """
    found = crossings(frame, metric, target)
    spent = found.clip(upper=1.0)
    random = spent.loc["random"]
    ratio = spent.mean(axis=1) / random.mean()
    apart = _intervals({AGAINST: (spent - np.outer(ratio, random)) / random.mean()}, draws)
    return (
        _intervals({("budget", "lower", "upper"): spent}, draws)
        .clip(0, 1)
        .assign(
            reached=np.isfinite(found).mean(axis=1),
            fewer_than_random=1 - ratio,
            fewer_lower=1 - ratio + apart["against_lower"],
            fewer_upper=1 - ratio + apart["against_upper"],
            fewer_than_full=lambda table: 1 - table["budget"],
            seeds=spent.shape[1],
        )
    )


def trade_off_area(frame: pd.DataFrame, metric: str, *, draws: str = "independent") -> pd.DataFrame:
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
    draws : {"independent", "splits", "bootstrap"}
        What the seeds redraw, as ``interval`` takes it.

    Returns
    -------
    pandas.DataFrame
        One row a rule, its name the index, in the order of `frame`:

        - ``area``, ``lower``, ``upper``: mean over seeds and its 95 % t-interval;
        - ``against_random``, ``against_lower``, ``against_upper``: difference to the area of
          ``random`` within seeds, likewise; negative where the rule forgets sooner;
        - ``seeds``: their number.

    Raises
    ------
    TypeError
        Where `frame` is no DataFrame.
    ValueError
        Where ``share_to_go`` refuses `frame`, `draws` is unknown, the rule ``random`` or a second
        seed is missing, or a rule lacks a seed.

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
    >>> trade_off_area(frame, "forget_recall")[["area", "against_random"]].round(3)
              area  against_random
    rule
    random   0.688            0.00
    lr-maha  0.438           -0.25
    """
    part = shares(frame, metric)
    area = by_rule(_positive_area(part), part)
    apart = area - area.loc["random"]
    table = _intervals({("area", "lower", "upper"): area, AGAINST: apart}, draws)
    return table.assign(seeds=area.shape[1])


def retained_at_target(
    frame: pd.DataFrame,
    metric: str,
    retained: str,
    target: str | float = "half",
    *,
    draws: str = "independent",
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
    draws : {"independent", "splits", "bootstrap"}
        What the seeds redraw, as ``interval`` takes it.

    Returns
    -------
    pandas.DataFrame
        One row a rule, its name the index, in the order of `frame`:

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
        Where ``budget_to_reach`` refuses `frame`, `metric`, `target` or `draws`; `retained` is
        unknown or lacks a rule or seed; or a seed never crosses and there is no budget 1 to read
        off.

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
    >>> table = retained_at_target(frame, "forget_recall", "retain_recall")
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
    return _intervals(
        {VALUE: table, CHANGE: table - start, AGAINST: table - table.loc["random"]}, draws
    ).assign(reached=np.isfinite(reached).mean(axis=1), seeds=table.shape[1])


def difference_at(
    frame: pd.DataFrame,
    metric: str,
    budget: float,
    rule: str,
    than: str = "random",
    *,
    draws: str = "independent",
) -> tuple[float, float, float]:
    """By how much a metric is larger under a rule than under another at a budget, over the seeds.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result of ``sweep`` for one task, with two seeds or more.
    metric : str
        One of its metrics.
    budget : float
        One of its budgets.
    rule, than : str
        Two of its rules.
    draws : {"independent", "splits", "bootstrap"}
        What the seeds redraw, as ``interval`` says.

    Returns
    -------
    mean, lower, upper : float
        Mean of the differences within seeds and the ends of its 95 % t-interval, in the unit of the
        metric.

    Raises
    ------
    TypeError
        Where `frame` is no DataFrame.
    ValueError
        Where `metric`, `budget`, a rule or `draws` is unknown, several tasks are mixed, or there
        are fewer than two seeds or not the same ones for both rules.

    Notes
    -----
    Source: the chapter on which rule for which refit.

    Examples
    --------
    >>> import pandas as pd
    >>> from distunlearn_lite.sweeps import difference_at
    >>> frame = pd.DataFrame(
    ...     [("toy", rule, 0.5, seed, "forget_recall", value)
    ...      for rule, values in {"random": [0.6, 0.8], "lr-maha": [0.5, 0.5]}.items()
    ...      for seed, value in enumerate(values)],
    ...     columns=["task", "rule", "budget", "seed", "metric", "value"],
    ... )
    >>> mean, lower, upper = difference_at(frame, "forget_recall", 0.5, "lr-maha")
    >>> round(mean, 2), lower < mean < upper
    (-0.2, True)
    """
    values = walks(frame, metric)
    budgets_of(values, (budget,), f"the difference of {rule!r} and {than!r}")
    by_seed = values[budget].unstack("seed")
    for name in (rule, than):
        choice("rule", name, list(by_seed.index))
    pair = by_seed.loc[[rule, than]].dropna(axis=1, how="all")
    if pair.isna().to_numpy().any():
        raise ValueError(f"{rule!r} and {than!r} must be swept with the same seeds")
    apart = np.asarray(pair.loc[rule] - pair.loc[than], dtype=np.float64)
    return interval(apart, draws=draws)


def in_percent(table: pd.DataFrame) -> pd.DataFrame:
    """Return the result of ``budget_to_reach`` as it is printed: per cent, under short names."""
    names = {"budget": "budget", "lower": "from", "upper": "to", "fewer_than_random": "fewer"}
    names |= {"fewer_lower": "from ", "fewer_upper": "to ", "fewer_than_full": "than full"}
    per_cent = 100 * table[list(names)]
    return per_cent.round(1).rename(columns=names)


def interval(
    values: FloatArray, level: float = 0.95, *, draws: str = "independent"
) -> tuple[float, float, float]:
    r"""Mean of one value a seed, with the lower and upper end of its t-interval.

    With J values of standard deviation s, the ends are :math:`\bar v \pm t_{J-1}\, s \sqrt{c}`,
    where c depends on what the seeds redraw:

    - ``independent``: :math:`c = 1/J`. New data each seed: the interval is one for the mean over
      all data of that kind.
    - ``splits``: :math:`c = 1/J + q/(1-q)`, with q = 0.3 the test fraction of
      ``UnlearningTask.split``. Random splits of one data set: their training parts overlap, so the
      values are alike and more of them do not make up for other data. Nadeau and Bengio (2003) take
      q for the correlation of any two values. For the mean over other data sets of that size.
    - ``bootstrap``: :math:`c = 1`. Bootstraps of one training (and test) set: s itself is the
      standard error, which more replicates determine better but do not shrink.

    Parameters
    ----------
    values : ndarray, shape (J,)
        One value a seed, J >= 2.
    level : float
        Coverage asked for, in (0, 1).
    draws : {"independent", "splits", "bootstrap"}
        What the seeds redraw.

    Returns
    -------
    mean, lower, upper : float
        In the unit of the values.

    Raises
    ------
    ValueError
        Where there are fewer than two values, or `draws` is unknown.

    Notes
    -----
    Source: C. Nadeau and Y. Bengio, Inference for the generalization error, Machine Learning 52
    (2003), for ``splits``. Applied to a difference of two rules within seeds, the values are the
    differences.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.sweeps import interval
    >>> values = np.array([0.4, 0.5, 0.6])
    >>> [round(end, 2) for end in interval(values)]
    [0.5, 0.25, 0.75]
    >>> [round(end, 2) for end in interval(values, draws="splits")]
    [0.5, 0.12, 0.88]
    >>> [round(end, 2) for end in interval(values, draws="bootstrap")]
    [0.5, 0.07, 0.93]
    """
    kind = choice("draws", draws, DRAWS)
    if values.size < 2:
        raise ValueError(f"an interval needs at least two values, got {values.size}")
    overlap = TEST_FRACTION / (1 - TEST_FRACTION) if kind == "splits" else 0.0
    factor = 1.0 if kind == "bootstrap" else 1 / values.size + overlap
    error = values.std(ddof=1) * np.sqrt(factor)
    mean, half = float(values.mean()), float(stats.t.ppf((1 + level) / 2, values.size - 1) * error)
    return mean, mean - half, mean + half


def _intervals(columns: Mapping[tuple[str, str, str], pd.DataFrame], draws: str) -> pd.DataFrame:
    """Mean and ends of the interval over seeds (columns) of each rule (row), under three names."""
    tables = [
        pd.DataFrame(
            [interval(row, draws=draws) for row in table.to_numpy()], table.index, list(names)
        )
        for names, table in columns.items()
    ]
    return pd.concat(tables, axis=1)


def _positive_area(shares: pd.DataFrame) -> FloatArray:
    """Area of each walk above zero, exact for straight lines between the budgets."""
    heights, steps = shares.to_numpy(), np.diff(shares.columns.to_numpy(dtype=np.float64))
    low = np.minimum(heights[:, :-1], heights[:, 1:])
    high = np.maximum(heights[:, :-1], heights[:, 1:]).clip(min=0)
    cut = high**2 / 2 / np.where(low < 0, high - low, 1)  # a triangle
    areas: FloatArray = np.where(low < 0, cut, (low + high) / 2) @ steps
    return areas
