"""The cells of an experiment, each of which can run on another machine and returns its values."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from ..data.task import UnlearningTask
from ..rules.separation import separability
from ..sweeps.sweeping import sweep
from .experiments.plan import Plan


def swept(task: UnlearningTask, plan: Plan, seed: int) -> dict[Any, Any]:
    """Columns of the sweep of one seed."""
    frame = sweep(
        task,
        plan.model(),
        plan.rules,
        plan.budgets,
        [seed],
        n_jobs=1,
        progress=False,
        refit_features=plan.refit_features,
    )
    return frame.to_dict("list")


def measured(task: UnlearningTask, plan: Plan) -> dict[str, float]:
    """How far apart the two sets of a task are, in the features of its model."""
    model = plan.model()
    part = task.official_test if task.official_test is not None else np.zeros(len(task), bool)
    rows, forget = task.X[~part], task.forget[~part]
    with threadpool_limits(limits=1):
        if isinstance(model, Pipeline):
            rows = model[:-1].fit_transform(rows)
        found = separability(rows[forget], rows[~forget])
    return {
        "auc": round(found.auc, 4),
        "separation": round(found.separation, 4),
        "rank": found.rank,
    }
