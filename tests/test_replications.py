"""Recipes: what they name exists, and a small run is recorded whole."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from distunlearn_lite import (
    SCORING_RULES,
    UnlearningTask,
    deletion_curve,
    make_gaussians,
    sweep,
)
from distunlearn_lite.recording import load_recorded
from distunlearn_lite.replications import RECIPES, replicate, run, synthetic_gaussians

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"


def small_task(standin=False):
    rows = [f"{'win cash' if i % 2 else 'see you'} word{i % 7} w{i}" for i in range(60)]
    y = [i % 2 for i in range(60)]
    return UnlearningTask(X=rows, y=y, forget=[v == 1 for v in y], name="tiny", standin=standin)


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
    assert len(recipe.seeds) >= 10
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
        ratio, separation = n1 / (len(task) - n1), float(task.truth.mean1[0])
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
    monkeypatch.setattr("distunlearn_lite.replications.RECIPES", {"tiny": small_recipe()})
    recorded = replicate("tiny", seeds=[0], folder=tmp_path / "results")
    assert (tmp_path / "results" / "tiny.csv").is_file()
    assert len(recorded.frame) == 2 * 3 * 6
    with pytest.raises(ValueError, match="unknown replication 'mnist'; the known ones are tiny"):
        replicate("mnist")


def test_a_stand_in_is_never_recorded(tmp_path):
    with pytest.raises(ValueError, match=r"stands in for the data of 'tiny'.*data fetch"):
        run(small_recipe(), small_task(standin=True), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
