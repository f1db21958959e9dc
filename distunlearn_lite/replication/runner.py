"""Running an experiment and recording its result, cell by cell, so that a stopped run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from joblib import hash as value_hash
from tqdm import tqdm

from ..data.task import UnlearningTask
from ..files import write_whole
from ..sweeps.sweeping import in_order
from ..validation import choice, seed_list
from .cells import measured, swept
from .code_hash import code_sha256
from .experiments import EXPERIMENTS
from .experiments.cifar10 import CIFAR10
from .experiments.own_features import with_own_features
from .experiments.plan import Experiment, Plan
from .protocol import JUDGED_RULES, ROWS
from .records import Recorded, record, versions

# A memory-mapped file, which may be larger than memory, counts by so many of its rows.
LOOKED_AT = 1_000

Name = tuple[str, int | None]  # task, and seed or None for its separability
Cells = dict[Name, tuple[Path, Callable[[], Any]]]
Values = dict[Name, Any]


def replicate(
    name: str,
    *,
    seeds: Sequence[int] | None = None,
    n_jobs: int | None = None,
    folder: str | os.PathLike[str] = Path("book", "results"),
    data_home: str | os.PathLike[str] | None = None,
    download: bool = True,
    progress: bool | None = None,
    features: str | os.PathLike[str] | None = None,
    judged: bool = False,
) -> Recorded:
    """Run an experiment on its own data and record the result.

    Parameters
    ----------
    name : str
        Name of an experiment, a key of ``EXPERIMENTS``.
    seeds : sequence of int, optional
        Other seeds than those of the experiment.
    n_jobs : int, optional
        Cells that run at a time, as in joblib: None is one, or what ``joblib.parallel_config``
        says, a cluster included. The values do not depend on it.
    folder : path
        Where the two files go.
    data_home, download
        As the loaders take them.
    progress : bool, optional
        As ``sweep`` takes it.
    features : path, optional
        For ``cifar10`` only: features of one's own in a file as ``with_own_features`` takes it.
        The result is recorded as ``cifar10-features``.
    judged : bool
        Only the tasks and rules that the protocol judges; recorded under the experiment's name
        with ``-judged`` at its end.

    Returns
    -------
    Recorded
        Table and provenance as written.

    Raises
    ------
    DatasetUnavailable
        Where the real data is not to be had; a stand-in is never recorded.
    ValueError
        Where the name is unknown, seeds repeat, or features are given to another experiment or do
        not fit.
    OSError
        Where the folder cannot be written, for example because the disk is full.

    Notes
    -----
    Source: the scoreboard chapter. A cell is one seed of one task. Finished cells wait in a folder
    ``.<name>-cells`` beside the results, so a run that was interrupted loses only the cells it was
    working on, and the same command goes on from there. A cell is used again where data, model,
    rules, budgets, code and package versions are the same; of rows in a memory-mapped file
    provenance, shape, type and a thousand rows are compared. A run that is recorded takes its own
    cells away and no others.
    """
    experiment = EXPERIMENTS[choice("replication", name, EXPERIMENTS)]
    if features is not None:
        if name != CIFAR10.name:
            raise ValueError(
                f"features of one's own are taken for {CIFAR10.name!r} only, got {name!r}"
            )
        experiment = with_own_features(features, data_home=data_home, download=download)
    tasks = experiment.load(data_home=data_home, download=download)
    if judged:
        experiment = judged_part(experiment)
        tasks = tuple(task for task in tasks if task.name in {p.task for p in experiment.plans})
    return run(experiment, tasks, seeds=seeds, n_jobs=n_jobs, folder=folder, progress=progress)


def run(
    experiment: Experiment,
    tasks: Sequence[UnlearningTask],
    *,
    seeds: Sequence[int] | None = None,
    n_jobs: int | None = None,
    folder: str | os.PathLike[str],
    progress: bool | None = None,
) -> Recorded:
    """Sweep tasks as an experiment plans it, and record the result under the experiment's name.

    Parameters
    ----------
    experiment : Experiment
        What to do.
    tasks : sequence of UnlearningTask
        What to do it to: the tasks that the experiment has plans for, in that order.
    seeds, n_jobs, folder, progress
        As in ``replicate``.

    Returns
    -------
    Recorded
        Table and provenance as written.

    Raises
    ------
    ValueError
        Where a task is a stand-in or not planned, or seeds repeat.
    """
    planned = _planned(experiment, tasks, seeds)
    made_by = {"versions": versions(), "code_sha256": code_sha256(experiment)}
    drafts = Path(folder) / f".{experiment.name}-cells"
    cells = _cells(planned, made_by, drafts, apart=not experiment.variations)
    command = f"replicate {_arguments(experiment.name)}"
    values = _values(cells, n_jobs, progress, command)
    if seeds is not None:
        command += f" --seeds {' '.join(map(str, planned[0][1].seeds))}"
    data = [_described(task, plan, values.get((task.name, None))) for task, plan in planned]
    parts = [pd.DataFrame(values[part.name, k]) for part, plan in planned for k in plan.seeds]
    about = {"command": f"distunlearn {command}", "data": data, **made_by}
    recorded = record(in_order(pd.concat(parts)), experiment.name, folder, about)
    for draft, _ in cells.values():
        draft.unlink(missing_ok=True)
    with suppress(OSError):  # other runs keep their cells there
        drafts.rmdir()
    return recorded


def judged_part(experiment: Experiment) -> Experiment:
    """The part of an experiment that the protocol judges; ValueError where it judges none."""
    names = {row.task for row in ROWS}
    plans = tuple(
        replace(plan, rules=("random", *JUDGED_RULES))
        for plan in experiment.plans
        if plan.task in names
    )
    if experiment.variations or not plans:
        raise ValueError(f"the protocol judges nothing of {experiment.name!r}; run it as a whole")
    return replace(experiment, name=f"{experiment.name}-judged", plans=plans)


def _arguments(name: str) -> str:
    """What stands after ``replicate`` on the command line for an experiment of that name."""
    words = {"-judged": " --judged", "-features": " --features FILE.npy"}
    ending = next((ending for ending in words if name.endswith(ending)), "")
    return name.removesuffix(ending) + words.get(ending, "")


def _planned(
    experiment: Experiment, tasks: Sequence[UnlearningTask], seeds: Sequence[int] | None
) -> list[tuple[UnlearningTask, Plan]]:
    """Each task with its plan, with other seeds where some are given."""
    for task in tasks:
        if task.standin:
            raise ValueError(
                f"{task.name} stands in for the data of {experiment.name!r} and is not to be "
                "recorded under its name; fetch the real data with `distunlearn data fetch`"
            )
    plans = experiment.plans
    names, expected = [task.name for task in tasks], [plan.task for plan in plans]
    if names != expected or len(set(names)) < len(names):
        raise ValueError(
            f"experiment {experiment.name!r} must get tasks of distinct names, as planned "
            f"({', '.join(expected)}), got {', '.join(names)}; give it a Plan for each"
        )
    if seeds is not None:
        chosen = tuple(seed_list(seeds))
        plans = tuple(replace(plan, seeds=chosen) for plan in plans)
    return list(zip(tasks, plans, strict=True))


def _key(task: UnlearningTask, plan: Plan, made_by: Mapping[str, Any]) -> str:
    """What a cell depends on besides its seed, in a few letters."""
    about = {field.name: getattr(task, field.name) for field in fields(task)}
    if isinstance(task.X, np.memmap):
        sample = task.X[:: max(1, len(task) // LOOKED_AT)]
        about["X"] = (task.X.shape, np.array(sample))
    settings = (plan.model(), plan.rules, plan.budgets, plan.refit_features)
    return str(value_hash((about, settings, made_by)))[:16]


def _cells(
    planned: Iterable[tuple[UnlearningTask, Plan]],
    made_by: Mapping[str, Any],
    drafts: Path,
    *,
    apart: bool,
) -> Cells:
    """Draft and computation of each seed of each task, and of its separability if it is asked."""
    cells: Cells = {}
    for task, plan in planned:
        key = _key(task, plan, made_by)
        for seed in plan.seeds:
            cells[task.name, seed] = drafts / f"{key}-{seed}.json", partial(swept, task, plan, seed)
        if apart:
            draft = drafts / f"{key}-separability.json"
            cells[task.name, None] = draft, partial(measured, task, plan)
    return cells


def _values(cells: Cells, n_jobs: int | None, progress: bool | None, label: str) -> Values:
    """Values of all cells: those that wait among the drafts, and the others computed now.

    All are held here, so that a run which ends and takes its drafts away disturbs no other.
    """
    values: Values = {}
    for name, (draft, _) in cells.items():
        draft.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            values[name] = json.loads(draft.read_text(encoding="utf-8"))
    missing = [
        delayed(_labelled)(name, compute)
        for name, (_, compute) in cells.items()
        if name not in values
    ]
    finished = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(missing)
    disable = None if progress is None else not progress
    with tqdm(initial=len(values), total=len(cells), desc=label, disable=disable) as bar:
        for name, found in finished:
            draft = cells[name][0]
            draft.parent.mkdir(exist_ok=True)  # another run that ended may have taken it away
            write_whole(draft, json.dumps(found))
            values[name] = found
            bar.update()
    return values


def _labelled(name: Name, compute: Callable[[], Any]) -> tuple[Name, Any]:
    return name, compute()


def _described(task: UnlearningTask, plan: Plan, separability: Any) -> dict[str, Any]:
    about = {
        "task": task.name,
        "provenance": task.provenance,
        "standin": task.standin,
        "rows": len(task),
        "forget_rows": int(task.forget.sum()),
        "model": " ".join(str(plan.model()).split()),
    }
    return about if separability is None else about | {"separability": separability}
