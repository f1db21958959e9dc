"""Recipes: what they name exists, and a small run is recorded whole."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from distunlearn_lite import SCORING_RULES, UnlearningTask, deletion_curve, make_gaussians, sweep
from distunlearn_lite.files import write_whole
from distunlearn_lite.replication.experiments import RECIPES, synthetic_gaussians
from distunlearn_lite.replication.records import load_recorded
from distunlearn_lite.replication.runner import replicate, run

RESULTS = Path(__file__).resolve().parents[2] / "book" / "results"


def small_task(standin=False):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    leaning = np.stack([np.arange(1, 9), np.arange(8, 0, -1)]) / 36
    rows = [" ".join(rng.choice([f"word{j}" for j in range(8)], 12, p=leaning[v])) for v in y]
    return UnlearningTask(X=rows, y=y, forget=y == 1, name="tiny", standin=standin)


def small_recipe():
    return dataclasses.replace(
        RECIPES["sms"],
        name="tiny",
        load=lambda data_home, download: small_task(),
        rules=("random", "lr-cos"),
        budgets=(0.0, 0.5, 1.0),
        seeds=(0, 1),
    )


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_are_complete(name):
    recipe = RECIPES[name]
    assert recipe.name == name
    without = {"cos-mu2", "lr-cos", "tfidf-norm"} if name == "gaussians" else set()
    assert set(recipe.rules) == set(SCORING_RULES) - without
    assert recipe.budgets == tuple(round(0.05 * i, 2) for i in range(21))
    assert len(recipe.seeds) == {"gaussians": 20, "sms": 10, "jigsaw": 5, "cifar10": 2}[name]
    for task in recipe.variants:
        variant = recipe.of(task)
        assert {"random", "lr-maha"} <= set(variant.rules) <= set(SCORING_RULES)
        assert 0.0 in variant.budgets
        assert set(variant.budgets) <= set(recipe.budgets)
        assert len(variant.seeds) >= 2
    assert name == "gaussians" or recipe.model() is not recipe.model()


def test_several_tasks_are_recorded_in_one_table(tmp_path):
    tasks = [make_gaussians(20, 30, 1.0, rng=0, name=name) for name in ("near", "far")]
    recipe = dataclasses.replace(RECIPES["gaussians"], name="two", seeds=(0, 1))
    recorded = run(recipe, tasks, folder=tmp_path)
    assert list(dict.fromkeys(recorded.frame["task"])) == ["near", "far"]
    assert len(recorded.frame) == 2 * len(recipe.rules) * len(recipe.budgets) * 2 * 2
    assert [part["task"] for part in recorded.provenance["data"]] == ["near", "far"]
    assert recorded.provenance["model"] == "gaussian"


def test_the_synthetic_set_up_is_the_one_whose_exact_curves_give_the_papers_budgets():
    low, high = synthetic_gaussians()
    kept = np.linspace(1, 0, 10_001)
    for task, paper in ((low, 0.18), (high, 0.50)):
        n1 = int(task.forget.sum())
        ratio, separation = n1 / (len(task) - n1), float(task.truth[0].mean[0])
        assert task.X.shape[1] == 1
        assert not task.standin
        for rule, expected in (("random", 0.65), ("distance", paper)):
            curve = deletion_curve(rule, kept, ratio, separation)
            middle = (curve.removal[0] + curve.removal[-1]) / 2
            found = curve.budget[np.argmax(curve.removal >= middle)]
            assert found == pytest.approx(expected, abs=0.005)


def test_a_run_records_what_sweep_gives(tmp_path):
    recipe = small_recipe()
    recorded = run(recipe, small_task(), folder=tmp_path)
    direct = sweep(small_task(), recipe.model(), recipe.rules, recipe.budgets, recipe.seeds)
    pd.testing.assert_frame_equal(
        recorded.frame, direct.round(6), check_dtype=False, check_exact=False, atol=1e-6
    )
    assert recorded.provenance["command"] == "distunlearn replicate tiny"
    assert "LogisticRegression" in recorded.provenance["model"]
    assert load_recorded("tiny", tmp_path).provenance == recorded.provenance


def test_other_seeds_stand_in_the_command(tmp_path):
    recorded = run(small_recipe(), small_task(), seeds=[4, 7], folder=tmp_path)
    assert recorded.provenance["command"] == "distunlearn replicate tiny --seeds 4 7"
    assert recorded.provenance["seeds"] == [4, 7]


def test_replicate_loads_and_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("distunlearn_lite.replication.runner.RECIPES", {"tiny": small_recipe()})
    recorded = replicate("tiny", seeds=[0], folder=tmp_path / "results")
    assert (tmp_path / "results" / "tiny.csv").is_file()
    assert len(recorded.frame) == 2 * 3 * 6
    with pytest.raises(ValueError, match="unknown replication 'mnist'; the known ones are tiny"):
        replicate("mnist")


def test_a_stand_in_is_never_recorded(tmp_path):
    with pytest.raises(ValueError, match=r"stands in for the data of 'tiny'.*data fetch"):
        run(small_recipe(), small_task(standin=True), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def counted(monkeypatch, stop_after=None):
    """Count the sweeps that are run; stop by Ctrl-C after some."""
    done = []

    def spy(task, model, rules, budgets, seeds, **options):
        if len(done) == stop_after:
            raise KeyboardInterrupt
        done.append((task.name, *seeds))
        return sweep(task, model, rules, budgets, seeds, **options)

    monkeypatch.setattr("distunlearn_lite.replication.runner.sweep", spy)
    return done


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, monkeypatch):
    recipe = dataclasses.replace(small_recipe(), seeds=(0, 1, 2))
    with monkeypatch.context() as patch:
        first = counted(patch, stop_after=2)
        with pytest.raises(KeyboardInterrupt):
            run(recipe, small_task(), folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".tiny-cells"]
    with monkeypatch.context() as patch:
        second = counted(patch)
        resumed = run(recipe, small_task(), folder=tmp_path)
    assert first == [("tiny", 0), ("tiny", 1)]
    assert second == [("tiny", 2)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.csv", "tiny.json"]
    whole = run(recipe, small_task(), folder=tmp_path / "again")
    pd.testing.assert_frame_equal(resumed.frame, whole.frame)
    assert resumed.provenance == whole.provenance


def test_cells_of_other_settings_are_not_used(tmp_path, monkeypatch):
    recipe = small_recipe()
    with monkeypatch.context() as patch:
        counted(patch, stop_after=1)
        with pytest.raises(KeyboardInterrupt):
            run(recipe, small_task(), folder=tmp_path)
    done = counted(monkeypatch)
    run(dataclasses.replace(recipe, rules=("random", "lr-maha")), small_task(), folder=tmp_path)
    assert done == [("tiny", 0), ("tiny", 1)]


def test_a_full_disk_keeps_the_finished_cells(tmp_path, monkeypatch):
    recipe = small_recipe()
    written = []

    def full(path, text):
        if written:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        write_whole(path, text)

    with monkeypatch.context() as patch:
        patch.setattr("distunlearn_lite.replication.runner.write_whole", full)
        with pytest.raises(OSError, match=r"No space left on device.*tiny-1-"):
            run(recipe, small_task(), folder=tmp_path)
    done = counted(monkeypatch)
    run(recipe, small_task(), folder=tmp_path)
    assert done == [("tiny", 1)]


def test_a_task_may_have_a_plan_of_its_own(tmp_path):
    tasks = [make_gaussians(20, 30, 1.0, rng=0, name=name) for name in ("near", "far")]
    recipe = dataclasses.replace(
        RECIPES["gaussians"],
        name="two",
        seeds=(0,),
        variants={"far": {"seeds": (3, 4), "rules": ("random",)}},
    )
    recorded = run(recipe, tasks, folder=tmp_path, n_jobs=2)
    far = recorded.frame[recorded.frame.task == "far"]
    assert set(far["seed"]) == {3, 4}
    assert set(far["rule"]) == {"random"}
    assert set(recorded.frame[recorded.frame.task == "near"]["seed"]) == {0}
    assert recorded.provenance["variants"] == {"far": {"seeds": [3, 4], "rules": ["random"]}}
    near = recorded.provenance["data"][0]["separability"]
    assert 0.5 < near["auc"] < 1
