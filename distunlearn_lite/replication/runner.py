"""Running a recipe and recording its result, cell by cell, so that an interrupted run goes on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ..data.task import UnlearningTask
from ..files import write_whole
from ..rules.separation import separability
from ..sweeps.sweeping import in_order, sweep
from ..validation import choice, seed_list
from .experiments import RECIPES, Recipe
from .records import Recorded, environment, record

__all__ = ["replicate", "run"]


def replicate(
    name: str,
    *,
    seeds: Sequence[int] | None = None,
    n_jobs: int | None = 1,
    folder: str | os.PathLike[str] = Path("book", "results"),
    data_home: str | os.PathLike[str] | None = None,
    download: bool = True,
    progress: bool | None = None,
) -> Recorded:
    """Run a replication on its own data and record the result.

    Parameters
    ----------
    name : str
        Name of a recipe, a key of ``RECIPES``.
    seeds : sequence of int, optional
        Other seeds than those of the recipe.
    n_jobs : int, optional
        Seeds that run at a time; the values do not depend on it.
    folder : path
        Where the two files go.
    data_home, download
        As the loaders take them.
    progress : bool, optional
        As ``sweep`` takes it.

    Returns
    -------
    Recorded
        Table and provenance as written.

    Raises
    ------
    DatasetUnavailable
        Where the real data is not to be had; a stand-in is never recorded.
    ValueError
        Where the name is unknown, or seeds repeat.
    OSError
        Where the folder cannot be written, for example because the disk is full.

    Notes
    -----
    Source: the scoreboard chapter. A cell is one seed of one task. Finished cells wait in a folder
    ``.<name>-cells`` beside the results, so a run that was interrupted loses only the cells it was
    working on, and the same command goes on from there. Cells of other code, data or package
    versions are not used, and go when a run is recorded. One run of a recipe at a time: the first
    to end takes the cells of the other away, which then stops.
    """
    recipe = RECIPES[choice("replication", name, RECIPES)]
    task = recipe.load(data_home=data_home, download=download)
    return run(recipe, task, seeds=seeds, n_jobs=n_jobs, folder=folder, progress=progress)


def run(
    recipe: Recipe,
    task: UnlearningTask | Sequence[UnlearningTask],
    *,
    seeds: Sequence[int] | None = None,
    n_jobs: int | None = 1,
    folder: str | os.PathLike[str],
    progress: bool | None = None,
) -> Recorded:
    """Sweep a task as a recipe says, and record the result under the recipe's name.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    task : UnlearningTask or sequence of UnlearningTask
        What to do it to.
    seeds, n_jobs, folder, progress
        As in ``replicate``.

    Returns
    -------
    Recorded
        Table and provenance as written.

    Raises
    ------
    ValueError
        Where a task is a stand-in, or seeds repeat.
    """
    tasks = (task,) if isinstance(task, UnlearningTask) else tuple(task)
    for part in tasks:
        if part.standin:
            raise ValueError(
                f"{part.name} stands in for the data of {recipe.name!r} and is not to be recorded "
                "under its name; fetch the real data with `distunlearn data fetch`"
            )
    plans, seed_option = [recipe.of(part.name) for part in tasks], ""
    if seeds is not None:
        chosen = tuple(seed_list(seeds))
        plans = [replace(plan, seeds=chosen) for plan in plans]
        seed_option = f" --seeds {' '.join(map(str, chosen))}"
    made_by = environment()
    drafts = Path(folder) / f".{recipe.name}-cells"
    drafts.mkdir(parents=True, exist_ok=True)
    cells, measured = [], []
    for part, plan in zip(tasks, plans, strict=True):
        key = _key(part, plan, made_by)
        measured.append(drafts / f"{part.name}-{key}.json")
        cells.append([drafts / f"{part.name}-{seed}-{key}.csv" for seed in plan.seeds])
    jobs = [
        delayed(_sweep_cell)(path, part, plan, seed)
        for part, plan, paths in zip(tasks, plans, cells, strict=True)
        for path, seed in zip(paths, plan.seeds, strict=True)
    ] + [
        delayed(_measure_cell)(path, part, plan)
        for path, part, plan in zip(measured, tasks, plans, strict=True)
    ]
    finished = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs)
    disable = None if progress is None else not progress
    for _ in tqdm(finished, total=len(jobs), desc=f"replicate {recipe.name}", disable=disable):
        pass
    variants = {
        name: {key: value for key, value in changes.items() if key != "seeds" or seeds is None}
        | ({"model": _model(recipe.of(name))} if "model" in changes else {})
        for name, changes in recipe.variants.items()
    }
    frames = [_table(paths, plan) for paths, plan in zip(cells, plans, strict=True)]
    recorded = record(
        pd.concat(frames, ignore_index=True),
        recipe.name,
        folder,
        command=f"distunlearn replicate {recipe.name}{seed_option}",
        task=tasks,
        measured=[json.loads(path.read_text(encoding="utf-8")) for path in measured],
        settings={"model": _model(recipe)} | ({"variants": variants} if variants else {}),
        made_by=made_by,
    )
    shutil.rmtree(drafts)
    return recorded


def _key(task: UnlearningTask, plan: Recipe, made_by: Mapping[str, Any]) -> str:
    """What a cell depends on besides its seed, in a few letters."""
    parts = (task.name, task.provenance, len(task), _model(plan), plan.rules, plan.budgets, made_by)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def _model(plan: Recipe) -> str:
    return " ".join(str(plan.model()).split())


def _sweep_cell(path: Path, task: UnlearningTask, plan: Recipe, seed: int) -> None:
    """Sweep one seed of one task, unless that was done before."""
    if not path.is_file():
        frame = sweep(task, plan.model(), plan.rules, plan.budgets, [seed], progress=False)
        write_whole(path, frame.to_csv(index=False))


def _measure_cell(path: Path, task: UnlearningTask, plan: Recipe) -> None:
    """Measure how far apart the two sets of one task are, in the features of its model."""
    if path.is_file():
        return
    model = plan.model()
    part = task.official_test if task.official_test is not None else np.zeros(len(task), bool)
    rows, forget = task.X[~part], task.forget[~part]
    with threadpool_limits(limits=1):
        if isinstance(model, Pipeline):
            rows = model[:-1].fit_transform(rows)
        found = separability(rows[forget], rows[~forget])
    values = {"auc": round(found.auc, 4), "delta": round(found.delta, 4), "rank": found.rank}
    write_whole(path, json.dumps(values))


def _table(paths: Sequence[Path], plan: Recipe) -> pd.DataFrame:
    """The cells of one task, in the order of ``sweep``."""
    return in_order(pd.concat([pd.read_csv(path) for path in paths]), plan.rules)
