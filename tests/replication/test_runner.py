"""Running an experiment: what is recorded, by whatever workers and after whatever interruption."""

import os
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from distunlearn_lite import UnlearningTask, make_gaussians, sweep
from distunlearn_lite.files import write_whole
from distunlearn_lite.replication.cells import measured
from distunlearn_lite.replication.experiments import EXPERIMENTS
from distunlearn_lite.replication.experiments.models import penalties
from distunlearn_lite.replication.experiments.plan import Experiment, Plan
from distunlearn_lite.replication.records import load_recorded
from distunlearn_lite.replication.runner import _key, replicate, run
from distunlearn_lite.sweeps.metrics import METRICS


def without(word, C=1.0):
    """A model that differs from others beyond what scikit-learn prints of it."""
    ignored = [*(f"absent{j}" for j in range(99)), word]
    return make_pipeline(TfidfVectorizer(stop_words=ignored), LogisticRegression(C=C))


PLAN = Plan("tiny", lambda: without("word1"), ("random", "lr-cos"), (0.0, 0.5, 1.0), (0, 1))


def small_task(**changes):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    leaning = np.stack([np.arange(1, 9), np.arange(8, 0, -1)]) / 36
    rows = [" ".join(rng.choice([f"word{j}" for j in range(8)], 12, p=leaning[v])) for v in y]
    return UnlearningTask(**{"X": rows, "y": y, "forget": y == 1, "name": "tiny"} | changes)


def small_experiment(**changes):
    return Experiment("tiny", "", lambda **_: (small_task(),), (replace(PLAN, **changes),))


def small_run(folder, task=None, **changes):
    return run(small_experiment(**changes), [task or small_task()], folder=folder)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_cell_of_a_recorded_run_gets_a_model_of_its_own():
    for name, experiment in EXPERIMENTS.items():
        assert experiment.name == name
        for plan in experiment.plans:
            assert name == "gaussians" or plan.model() is not plan.model()


def test_a_run_records_what_sweep_gives(tmp_path):
    recorded = small_run(tmp_path)
    direct = sweep(small_task(), PLAN.model(), PLAN.rules, PLAN.budgets, PLAN.seeds)
    pd.testing.assert_frame_equal(recorded.frame, direct, check_dtype=False, rtol=1e-4)
    about = recorded.provenance
    assert about["command"] == "distunlearn replicate tiny"
    assert "LogisticRegression" in about["data"][0]["model"]
    assert 0.5 < about["data"][0]["separability"]["auc"] <= 1
    assert load_recorded("tiny", tmp_path).provenance == about
    assert files(tmp_path) == ["tiny.csv", "tiny.json"]


def test_each_task_has_a_plan_of_its_own(tmp_path):
    tasks = [make_gaussians(20, 30, 1.0, rng=0, name=name) for name in ("near", "far")]
    plans = (
        Plan("near", lambda: "gaussian", ("random", "maha-mu2"), (0.0, 1.0), (0,)),
        Plan("far", lambda: "gaussian", ("random",), (0.0, 0.5), (3, 4)),
    )
    experiment = Experiment("two", "", tuple, plans)
    frame = run(experiment, tasks, folder=tmp_path).frame
    expected = [
        sweep(task, "gaussian", plan.rules, plan.budgets, plan.seeds)
        for task, plan in zip(tasks, plans, strict=True)
    ]
    pd.testing.assert_frame_equal(
        frame, pd.concat(expected, ignore_index=True), check_dtype=False, rtol=1e-4
    )
    about = run(experiment, tasks, seeds=[4, 7], folder=tmp_path).provenance
    assert about["command"] == "distunlearn replicate two --seeds 4 7"
    assert about["seeds"] == [4, 7]
    assert [part["task"] for part in about["data"]] == ["near", "far"]
    for wrong in (tasks[:1], tasks[::-1]):
        with pytest.raises(ValueError, match="near, far"):
            run(experiment, wrong, folder=tmp_path)
    with pytest.raises(ValueError, match="distinct"):
        run(replace(experiment, plans=plans[:1] * 2), tasks[:1] * 2, folder=tmp_path)


def test_separability_is_measured_on_the_training_rows_of_an_official_split():
    rows = np.random.default_rng(0).standard_normal((80, 2))
    rows[40:] += 50.0 * (np.arange(40) % 2)[:, None]
    y = np.arange(80) % 2
    task = UnlearningTask(X=rows, y=y, forget=y == 1, official_test=np.arange(80) >= 40)
    alone = UnlearningTask(X=rows[:40], y=y[:40], forget=y[:40] == 1)
    plan = replace(PLAN, model=lambda: "gaussian")
    assert measured(task, plan) == measured(alone, plan)


def test_replicate_loads_and_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "distunlearn_lite.replication.runner.EXPERIMENTS", {"tiny": small_experiment()}
    )
    recorded = replicate("tiny", seeds=[0], folder=tmp_path / "results")
    assert (tmp_path / "results" / "tiny.csv").is_file()
    assert len(recorded.frame) == 2 * 3 * len(METRICS)
    with pytest.raises(ValueError, match="unknown replication 'mnist'; the known ones are tiny"):
        replicate("mnist")


def test_what_the_protocol_judges_is_a_run_of_its_own(tmp_path, monkeypatch):
    experiment = replace(small_experiment(task="sms_spam"), name="sms")
    known = {"sms": replace(experiment, load=lambda **_: (small_task(name="sms_spam"),))}
    monkeypatch.setattr("distunlearn_lite.replication.runner.EXPERIMENTS", known)
    recorded = replicate("sms", seeds=[7, 8], folder=tmp_path, judged=True)
    assert files(tmp_path) == ["sms-judged.csv", "sms-judged.json"]
    assert recorded.provenance["command"] == "distunlearn replicate sms --judged --seeds 7 8"
    assert set(recorded.frame["rule"]) == {"random", "maha-mu2", "lr-maha"}
    unjudged = replace(known["sms"], variations=True), small_experiment()
    for other in unjudged:
        monkeypatch.setattr("distunlearn_lite.replication.runner.EXPERIMENTS", {"other": other})
        with pytest.raises(ValueError, match="judges nothing"):
            replicate("other", judged=True, folder=tmp_path)


def test_variations_are_recorded_without_a_separability(tmp_path):
    experiment = replace(
        small_experiment(model=penalties(lambda C: without("word1", C), "C", (1, 2))),
        variations=True,
    )
    recorded = run(experiment, [small_task()], folder=tmp_path)
    assert "separability" not in recorded.provenance["data"][0]
    assert list(dict.fromkeys(recorded.frame["task"])) == ["tiny, C=1", "tiny, C=2"]


def test_a_stand_in_is_never_recorded(tmp_path):
    with pytest.raises(ValueError, match=r"stands in for the data of 'tiny'.*data fetch"):
        small_run(tmp_path, small_task(standin=True))
    assert files(tmp_path) == []


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_return_values_and_the_caller_writes_them(tmp_path, monkeypatch, backend):
    small_run(tmp_path / "serial")
    writers, sweepers = [], []

    def writing(path, text):
        writers.append((path.name, threading.current_thread()))
        write_whole(path, text)

    def sweeping(*args, **options):
        sweepers.append((threading.current_thread(), options["n_jobs"]))
        return sweep(*args, **options)

    monkeypatch.setattr("distunlearn_lite.replication.runner.write_whole", writing)
    if backend == "threading":  # processes would not see the spy
        monkeypatch.setattr("distunlearn_lite.replication.cells.sweep", sweeping)
    with parallel_config(backend, n_jobs=2):
        small_run(tmp_path / "parallel")
    serial, parallel = (tmp_path / kind / "tiny.csv" for kind in ("serial", "parallel"))
    assert parallel.read_bytes() == serial.read_bytes()
    assert len(writers) == 3  # two seeds, one separability
    assert {thread for _, thread in writers} == {threading.main_thread()}
    assert all(thread is not threading.main_thread() and jobs == 1 for thread, jobs in sweepers)


def watched(patch, before_each):
    """The list of the seeds swept so far; `before_each` sweep gets it."""
    swept = []

    def watching(task, model, rules, budgets, seeds, **options):
        swept.extend(seeds)
        before_each(swept)
        return sweep(task, model, rules, budgets, seeds, **options)

    patch.setattr("distunlearn_lite.replication.cells.sweep", watching)
    return swept


def killed_in_a_cell(patch):
    """Stop in the second sweep."""

    def stop(swept):
        if len(swept) == 2:
            raise KeyboardInterrupt

    watched(patch, stop)


def killed_in_writing(number):
    """Stop half-way through the file of that number, as `kill -9` does: nothing is tidied up."""

    def prepare(patch):
        calls = []
        move = os.replace

        def stopping(source, target):
            calls.append(target)
            if len(calls) == number:
                source.write_bytes(source.read_bytes()[:20])
                source.rename(source.with_suffix(".left"))
                raise KeyboardInterrupt
            move(source, target)

        patch.setattr(os, "replace", stopping)

    return prepare


def disk_full(patch):
    """No room for the second draft."""
    written = []

    def full(path, text):
        if written:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        write_whole(path, text)

    patch.setattr("distunlearn_lite.replication.runner.write_whole", full)


@pytest.mark.parametrize(
    "stop",
    [
        killed_in_a_cell,
        disk_full,
        pytest.param(killed_in_writing(2), id="killed_in_a_draft"),
        pytest.param(killed_in_writing(4), id="killed_in_the_table"),
        pytest.param(killed_in_writing(5), id="killed_between_table_and_provenance"),
    ],
)
def test_whatever_stops_a_run_the_next_one_ends_it(tmp_path, monkeypatch, stop):
    # Two tasks of one name and two models share a folder; each is stopped, and then ends.
    kinds = {
        "first": (small_task(), {}),
        "second": (small_task(y=np.arange(60) // 2 % 2), {"model": lambda: without("word2")}),
    }
    assert str(without("word1")) == str(without("word2"))
    for kind, (task, changes) in kinds.items():
        small_run(tmp_path / kind, task, **changes)
    folder = tmp_path / "shared"
    for task, changes in kinds.values():
        with monkeypatch.context() as patch:
            stop(patch)
            with pytest.raises((KeyboardInterrupt, OSError)):
                small_run(folder, task, **changes)
    for kind, (task, changes) in kinds.items():
        small_run(folder, task, **changes)
        assert (folder / "tiny.csv").read_bytes() == (tmp_path / kind / "tiny.csv").read_bytes()


CHANGES = {
    "forget": lambda: (small_task(forget=np.arange(60) < 20), {}),
    "y": lambda: (small_task(y=np.arange(60) // 2 % 2), {}),
    "rows": lambda: (small_task(X=small_task().X[::-1]), {}),
    "official_test": lambda: (small_task(official_test=np.arange(60) % 5 == 0), {}),
    "rules": lambda: (small_task(), {"rules": ("random", "lr-maha")}),
    "budgets": lambda: (small_task(), {"budgets": (0.0, 0.4, 1.0)}),
    "model": lambda: (small_task(), {"model": lambda: without("word2")}),
    "refit_features": lambda: (small_task(), {"refit_features": True}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_cell_of_anything_else_is_not_used(tmp_path, monkeypatch, change):
    with monkeypatch.context() as patch:
        killed_in_a_cell(patch)
        with pytest.raises(KeyboardInterrupt):
            small_run(tmp_path)
    (draft,) = (tmp_path / ".tiny-cells").iterdir()
    swept = watched(monkeypatch, len)
    task, changes = CHANGES[change]()
    small_run(tmp_path, task, **changes)
    assert swept == [0, 1]
    # The other run's cell is still there, for that run to go on with.
    assert draft.is_file()
    small_run(tmp_path)
    assert swept == [0, 1, 1]
    assert files(tmp_path) == ["tiny.csv", "tiny.json"]


def test_of_a_mapped_file_only_a_sample_is_read_again(tmp_path):
    def key(first, last):
        rows = np.full((5_000, 1), 0.5)
        rows[0], rows[-1] = first, last
        np.save(tmp_path / "rows.npy", rows)
        mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
        return _key(small_task(X=mapped, y=np.arange(5_000), forget=rows[:, 0] == 0.5), PLAN, {})

    assert key(0.0, 0.0) == key(0.0, 1.0) != key(1.0, 0.0)


def test_a_run_that_ends_does_not_disturb_another(tmp_path, monkeypatch):
    small_run(tmp_path / "alone")

    def others(swept):
        if len(swept) == 1:  # in the middle of this run another starts and ends
            small_run(tmp_path, seeds=(1, 0))
            small_run(tmp_path, seeds=(5,))

    watched(monkeypatch, others)
    small_run(tmp_path)
    assert (tmp_path / "tiny.csv").read_bytes() == (tmp_path / "alone" / "tiny.csv").read_bytes()
