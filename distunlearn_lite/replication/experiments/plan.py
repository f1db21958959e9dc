"""What an experiment is: data to load, and a plan for each of its tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator

from ...data.task import UnlearningTask
from ...rules.scoring import SCORING_RULES


@dataclass(frozen=True)
class Plan:
    """How one task is swept.

    Parameters
    ----------
    task : str
        Name of the task.
    model : callable
        Returns a new model for ``sweep``.
    rules : tuple of str, or of mappings from names to functions
        Scoring rules as ``sweep`` takes them, ``random`` among them.
    budgets : tuple of float
        Deleted fractions.
    seeds : tuple of int
        Seeds of the recorded run.
    """

    task: str
    model: Callable[[], BaseEstimator | str]
    rules: tuple[Any, ...] = tuple(SCORING_RULES)
    budgets: tuple[float, ...] = tuple(step / 20 for step in range(21))
    seeds: tuple[int, ...] = tuple(range(10))


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
    metric, target : str
        The headline, as ``budget_to_reach`` takes them.
    """

    name: str
    summary: str
    load: Callable[..., tuple[UnlearningTask, ...]]
    plans: tuple[Plan, ...]
    metric: str = "forget_recall"
    target: str = "half"
