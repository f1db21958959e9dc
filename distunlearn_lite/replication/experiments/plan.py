"""What an experiment is: data to load, and a plan for each of its tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator

from ...data.task import UnlearningTask
from ...rules.own import WALKED_RULES
from ...rules.scoring import SCORING_RULES

ALL_RULES = (*SCORING_RULES, *WALKED_RULES)


@dataclass(frozen=True)
class Plan:
    """How one task is swept.

    Parameters
    ----------
    task : str
        Name of the task.
    model : callable
        Returns a new model for ``sweep``, or several by name.
    rules : tuple of str, or of mappings from names to functions
        Scoring rules as ``sweep`` takes them, ``random`` among them.
    budgets : tuple of float
        Deleted fractions.
    seeds : tuple of int
        Seeds of the recorded run.
    refit_features : bool
        As ``sweep`` takes it.
    """

    task: str
    model: Callable[[], BaseEstimator | str | Mapping[str, BaseEstimator]]
    rules: tuple[Any, ...] = ALL_RULES
    budgets: tuple[float, ...] = tuple(step / 20 for step in range(21))
    seeds: tuple[int, ...] = tuple(range(10))
    refit_features: bool = False


@dataclass(frozen=True)
class Experiment:
    """What to load, and what to do with each task of it.

    Parameters
    ----------
    name : str
        Name on the command line and of the recorded files.
    summary : str
        One line on what it is.
    load : callable
        Returns a tuple of tasks; called with ``data_home`` and ``download``.
    plans : tuple of Plan
        One for each task, in the same order.
    metric, target, draws : str
        The headline, as ``budget_to_reach`` takes them.
    variations : bool
        Whether it varies another experiment, whose separability is known.
    """

    name: str
    summary: str
    load: Callable[..., tuple[UnlearningTask, ...]]
    plans: tuple[Plan, ...]
    metric: str = "forget_recall"
    target: str = "half"
    draws: str = "splits"
    variations: bool = False
