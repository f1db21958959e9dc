"""Small frames in the form of a sweep, from walks written out."""

import numpy as np
import pandas as pd

from distunlearn_lite.sweeps.sweeping import COLUMNS


def frame_of(walks, budgets, metric="forget_recall", task="toy"):
    """Tidy frame of {(rule, seed): values} or {(rule, seed, metric): values}."""
    rows = [
        (task, rule, budget, seed, *(of or [metric]), value)
        for (rule, seed, *of), values in walks.items()
        for budget, value in zip(budgets, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def two_rules(budgets, random, mine, metric="forget_recall"):
    """Frame of the rules `random` and `mine` from their walks, one a seed."""
    walks = {("random", seed): walk for seed, walk in enumerate(random)}
    return frame_of(walks | {("mine", s): walk for s, walk in enumerate(mine)}, budgets, metric)


def without(frame, **equal):
    """The frame without the rows that have all these values."""
    gone = np.logical_and.reduce([frame[column] == value for column, value in equal.items()])
    return frame[~gone]
