"""The recorded tables: whole, plausible, with their origin, and what the code still gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from distunlearn_lite import (
    DatasetUnavailable,
    budget_to_reach,
    deletion_curve,
    load_cifar10,
    load_jigsaw,
    load_sms_spam,
    random_deletion_law,
    sweep,
)
from distunlearn_lite.data.cifar10 import CIFAR10_CLASSES
from distunlearn_lite.data.kaggle_comments import SUBSET_SHA256
from distunlearn_lite.data.manifest import MANIFEST
from distunlearn_lite.replication.experiments import RECIPES, small_cifar10, synthetic_gaussians
from distunlearn_lite.replication.records import PACKAGES, load_recorded
from distunlearn_lite.sweeps.metrics import METRICS
from distunlearn_lite.sweeps.sweeping import COLUMNS
from distunlearn_lite.unlearners.gaussian import GAUSSIAN_METRICS

FOLDER = Path(__file__).resolve().parents[2] / "book" / "results"
KEY = ["rule", "seed", "budget", "metric"]
RULES = ("random", "lr-cos")


@pytest.fixture(scope="module")
def recorded():
    return load_recorded("sms", FOLDER)


@pytest.fixture(scope="module")
def messages():
    try:
        return load_sms_spam(download=False)
    except DatasetUnavailable:
        reason = "SMS Spam is not on this machine, so no slice of the recorded table is recomputed"
        print(reason)
        pytest.skip(reason)


def walks(frame, metric):
    part = frame[frame["metric"] == metric]
    return part.pivot(index=["rule", "seed"], columns="budget", values="value")


def test_every_value_is_there_once(recorded):
    frame, recipe = recorded.frame, RECIPES["sms"]
    assert tuple(frame.columns) == COLUMNS
    assert set(frame["task"]) == {"sms_spam"}
    assert not frame.duplicated(KEY).any()
    assert list(dict.fromkeys(frame["rule"])) == list(recipe.rules)
    assert tuple(sorted(set(frame["budget"]))) == recipe.budgets
    assert tuple(sorted(set(frame["seed"]))) == recipe.seeds
    assert set(frame["metric"]) == set(METRICS)
    cells = len(recipe.rules) * len(recipe.budgets) * len(recipe.seeds)
    assert len(frame) == cells * len(METRICS)


def test_values_are_in_range_and_end_where_they_must(recorded):
    frame = recorded.frame
    assert np.isfinite(frame["value"]).all()
    loss = frame["metric"] == "retain_log_loss"
    assert frame.loc[loss, "value"].between(0, 0.1).all()
    assert frame.loc[~loss, "value"].between(0, 1).all()
    recall = walks(frame, "forget_recall")
    assert (recall[0.0] > 0.6).all()
    assert (recall[1.0] == 0).all()
    assert (walks(frame, "retain_recall")[1.0] == 1).all()
    assert (walks(frame, "retain_log_loss")[1.0] == 0).all()


def test_nothing_deleted_is_the_same_for_all_rules(recorded):
    untouched = recorded.frame[recorded.frame["budget"] == 0]
    assert (untouched.groupby(["seed", "metric"])["value"].nunique() == 1).all()


def test_on_unit_rows_two_rules_are_one(recorded):
    for metric in METRICS:
        table = walks(recorded.frame, metric)
        pd.testing.assert_frame_equal(table.loc["l2-mu2"], table.loc["cos-mu2"])


def test_on_a_line_several_rules_are_one(synthetic):
    for _, frame in synthetic.frame.groupby("task"):
        for metric in GAUSSIAN_METRICS:
            table = walks(frame, metric)
            pd.testing.assert_frame_equal(table.loc["l2-mu2"], table.loc["maha-mu2"])
            pd.testing.assert_frame_equal(table.loc["lr-maha"], table.loc["margin"])
            near = (table.loc["density-ratio"] - table.loc["lr-maha"]).abs()
            assert near.max(axis=None) < 3e-4


def test_the_provenance_is_complete(recorded):
    about, member = recorded.provenance, MANIFEST["sms_spam"].members[0]
    assert about["name"] == "sms"
    assert about["command"] == "distunlearn replicate sms"
    assert pd.Timestamp(about["date"]).year >= 2025
    assert (about["data"]["rows"], about["data"]["forget_rows"]) == (5574, 747)
    assert about["data"]["standin"] is False
    assert member.sha256 in about["data"]["provenance"]
    assert about["data"]["separability"]["auc"] == pytest.approx(0.98, abs=0.005)
    assert about["seeds"] == list(RECIPES["sms"].seeds)
    assert about["rules"] == list(RECIPES["sms"].rules)
    assert about["budgets"] == list(RECIPES["sms"].budgets)
    assert about["model"] == " ".join(repr(RECIPES["sms"].model()).split())
    assert set(about["versions"]) == {"python", *PACKAGES}
    assert all(about["versions"].values())
    assert len(about["library_sha256"]) == len(about["csv_sha256"]) == 64
    assert about["machine"]["cores"] >= 1


def test_the_chapters_headline_holds(recorded):
    table = budget_to_reach(recorded.frame, "forget_recall").set_index("rule")
    expected = {"random": 0.564, "lr-cos": 0.474, "cos-mu2": 0.478, "influence": 0.511}
    assert table["budget"].round(3)[list(expected)].to_dict() == expected
    assert table["fewer_than_random"]["lr-cos"] == pytest.approx(0.159, abs=5e-4)


def compare(frame, recorded):
    """Recall within one message of 224, log-loss within rounding."""
    both = recorded.gaps(frame)
    assert both["gap"].max() <= 0.005
    assert both.loc[both["metric"] == "retain_log_loss", "gap"].max() < 1e-5


def test_a_walk_in_longer_steps_gives_the_recorded_values(recorded, messages):
    recipe = RECIPES["sms"]
    compare(sweep(messages, recipe.model(), RULES, [0, 0.2, 0.45, 0.5, 0.8, 1], [0]), recorded)


def test_a_cold_start_gives_the_recorded_values(recorded, messages):
    cold = RECIPES["sms"].model().set_params(logisticregression__warm_start=False)
    compare(sweep(messages, cold, RULES, [0.1, 0.5, 0.9], [0]), recorded)


@pytest.fixture(scope="module")
def synthetic():
    return load_recorded("gaussians", FOLDER)


def test_every_value_of_the_gaussians_is_there_once(synthetic):
    frame, recipe = synthetic.frame, RECIPES["gaussians"]
    assert tuple(frame.columns) == COLUMNS
    assert list(dict.fromkeys(frame["task"])) == ["gaussians-low", "gaussians-high"]
    assert not frame.duplicated(["task", *KEY]).any()
    assert set(frame["metric"]) == set(GAUSSIAN_METRICS)
    cells = len(recipe.rules) * len(recipe.budgets) * len(recipe.seeds)
    assert len(frame) == 2 * cells * len(GAUSSIAN_METRICS)
    about = synthetic.provenance
    assert about["command"] == "distunlearn replicate gaussians"
    assert about["seeds"] == list(recipe.seeds)
    assert about["rules"] == list(recipe.rules)
    assert [part["provenance"] for part in about["data"]] == [
        task.provenance for task in synthetic_gaussians()
    ]


def test_the_gaussians_computed_now_are_the_recorded_ones(synthetic):
    recipe = RECIPES["gaussians"]
    for task in synthetic_gaussians():
        frame = sweep(task, recipe.model(), recipe.rules, [0, 0.15, 0.5, 0.65, 1], [0, 7, 19])
        assert synthetic.gaps(frame)["gap"].max() < 2e-6


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("gaussians-low", {"random": 0.65, "maha-mu2": 0.18, "lr-maha": 0.107, "influence": 0.95}),
        ("gaussians-high", {"random": 0.65, "maha-mu2": 0.50, "lr-maha": 0.50, "influence": 0.76}),
    ],
)
def test_the_budgets_of_the_gaussians_are_those_of_the_paper(synthetic, task, expected):
    frame = synthetic.frame[synthetic.frame["task"] == task]
    table = budget_to_reach(frame, "kl_removal", "half-gap").set_index("rule")
    assert (table["reached"] == 1).all()
    for rule, budget in expected.items():
        assert table["budget"][rule] == pytest.approx(budget, abs=0.005)


@pytest.mark.parametrize(("task", "separation"), [("gaussians-low", 0.4), ("gaussians-high", 3.2)])
def test_the_gaussians_lie_on_the_exact_curves(synthetic, task, separation):
    frame = synthetic.frame[synthetic.frame["task"] == task]
    population = {"maha-mu2": "distance", "lr-maha": "likelihood-ratio", "random": "random"}
    for metric, field in (("kl_removal", "removal"), ("kl_preservation", "preservation")):
        table = walks(frame, metric)
        for rule, name in population.items():
            values = table.loc[rule]
            curve = deletion_curve(name, 1 - values.columns.to_numpy(), 0.5, separation)
            error = values.std() / np.sqrt(len(values))
            # Sampling noise of the mean raises both divergences by at most about 1/n2.
            apart = (values.mean() - getattr(curve, field)).abs()
            assert (apart < 4 * error + 1e-4).all()
        for budget in (0.0, 0.5, 1.0):
            law = random_deletion_law(int(5_000 * budget), 5_000, 10_000, separation)
            values = table.loc["random"][budget]
            mean = getattr(law, f"{field}_mean")
            assert values.mean() == pytest.approx(mean, abs=4 * values.std() / np.sqrt(len(values)))


@pytest.fixture(scope="module")
def comments():
    return load_recorded("jigsaw", FOLDER)


def test_every_value_of_jigsaw_is_there_once(comments):
    frame, recipe, about = comments.frame, RECIPES["jigsaw"], comments.provenance
    assert tuple(frame.columns) == COLUMNS
    assert list(dict.fromkeys(frame["task"])) == ["jigsaw-toxic", "jigsaw-keywords"]
    assert not frame.duplicated(["task", *KEY]).any()
    assert list(dict.fromkeys(frame["rule"])) == list(recipe.rules) == about["rules"]
    cells = len(recipe.rules) * len(recipe.budgets) * len(recipe.seeds)
    assert len(frame) == 2 * cells * len(METRICS)
    assert about["command"] == "distunlearn replicate jigsaw"
    assert about["seeds"] == list(recipe.seeds)
    assert [(part["rows"], part["forget_rows"]) for part in about["data"]] == [
        (45_256, 4_341),
        (45_256, 2_577),
    ]
    for part in about["data"]:
        assert SUBSET_SHA256 in part["provenance"]
        assert not part["standin"]


def test_jigsaw_ends_where_it_must(comments):
    frame = comments.frame
    assert np.isfinite(frame["value"]).all()
    loss = frame["metric"] == "retain_log_loss"
    assert frame.loc[loss, "value"].between(0, 0.2).all()
    assert frame.loc[~loss, "value"].between(0, 1).all()
    toxic, keywords = (part for _, part in frame.groupby("task", sort=False))
    assert (walks(toxic, "forget_recall")[1.0] == 0).all()
    assert (walks(toxic, "retain_macro_f1")[1.0] == 1).all()
    for part in (toxic, keywords):
        ends = part[part["budget"].isin([0, 1])].groupby(["seed", "budget", "metric"])["value"]
        # All rules start from one fit, and end in fits of the same rows from different starts.
        assert (ends.max() - ends.min()).max() < 0.001
    assert walks(keywords, "forget_recall")[1.0].between(0.1, 0.25).all()


def test_a_slice_of_jigsaw_gives_the_recorded_values(comments):
    try:
        task = load_jigsaw(domain="keywords", download=False)
    except DatasetUnavailable:
        task = None
    if task is None or SUBSET_SHA256 not in task.provenance:
        reason = "the comments of the record are not on this machine, so no slice is recomputed"
        print(reason)
        pytest.skip(reason)
    compare(sweep(task, RECIPES["jigsaw"].model(), RULES, [0, 0.55, 1], [0]), comments)


@pytest.fixture(scope="module")
def photographs():
    return load_recorded("cifar10", FOLDER)


def test_every_value_of_cifar10_is_there_once(photographs):
    frame, recipe, about = photographs.frame, RECIPES["cifar10"], photographs.provenance
    names = [f"cifar10-{name}" for name in (*CIFAR10_CLASSES, "cat-logistic", "small")]
    assert list(dict.fromkeys(frame["task"])) == names
    assert not frame.duplicated(["task", *KEY]).any()
    for name, part in frame.groupby("task"):
        plan, metrics = recipe.of(name), set(METRICS)
        if name != "cifar10-cat-logistic":
            metrics -= {"retain_log_loss"}  # a ridge has no probabilities
        assert list(dict.fromkeys(part["rule"])) == list(plan.rules)
        assert set(part["seed"]) == set(plan.seeds)
        assert set(part["metric"]) == metrics
        assert len(part) == len(plan.rules) * len(plan.budgets) * len(plan.seeds) * len(metrics)
    assert about["command"] == "distunlearn replicate cifar10"
    assert [part["rows"] for part in about["data"]] == 11 * [60_000] + [12_000]
    for part in about["data"]:
        assert MANIFEST["cifar10"].sha256 in part["provenance"]
        assert not part["standin"]


def test_cifar10_starts_and_ends_where_it_must(photographs):
    assert np.isfinite(photographs.frame["value"]).all()
    for name, frame in photographs.frame.groupby("task"):
        recall, others = walks(frame, "forget_recall"), walks(frame, "retain_accuracy")
        # The forget domain is a label.
        pd.testing.assert_frame_equal(recall, walks(frame, "forget_accuracy"))
        assert (recall.loc["random"][0.0] > 0.4).all()
        if name == "cifar10-cat-logistic":
            continue
        assert (recall[1.0] == 0).all()
        assert (others.groupby("seed")[[0.0, 1.0]].nunique() == 1).all(axis=None)
        assert (others[1.0] > others[0.0]).all()
        # Ten classes of the same size.
        assert name == "cifar10-small" or (0.1 * recall[0.0] + 0.9 * others[0.0] > 0.7).all()


def test_the_headline_of_cifar10(photographs):
    frame = photographs.frame[photographs.frame["task"] == "cifar10-cat"]
    table = budget_to_reach(frame, "forget_accuracy").set_index("rule")
    expected = {"random": 0.442, "lr-maha": 0.316, "margin": 0.310, "l2-mu2": 0.470}
    assert table["budget"].round(3)[list(expected)].to_dict() == expected
    assert table["fewer_than_random"]["lr-maha"] == pytest.approx(0.285, abs=5e-4)
    assert table["fewer_lower"]["lr-maha"] > 0.2
    assert table["fewer_upper"].max() < 0.38
    assert table["fewer_than_random"]["cos-mu2"] == pytest.approx(-0.061, abs=1e-3)


def test_a_slice_of_cifar10_gives_the_recorded_values(photographs):
    try:
        task = small_cifar10(load_cifar10(download=False))
    except DatasetUnavailable:
        reason = "CIFAR-10 is not on this machine, so no slice of its table is recomputed"
        print(reason)
        pytest.skip(reason)
    frame = sweep(task, RECIPES["cifar10"].model(), ("random", "lr-maha"), [0, 0.2, 0.5, 1], [0])
    gap = photographs.gaps(frame)["gap"]
    assert gap.max() < 0.0055  # one of the 199 test images of the class
    assert gap.mean() < 1e-4


@pytest.mark.parametrize(
    ("name", "task", "metric", "expected"),
    [
        ("jigsaw", "jigsaw-toxic", "forget_recall", {"maha-mu2": 25, "lr-maha": 32}),
        ("jigsaw", "jigsaw-keywords", "forget_recall", {"maha-mu2": 17, "lr-maha": 31}),
        ("sms", "sms_spam", "forget_recall", {"maha-mu2": 15, "lr-maha": 14}),
        ("cifar10", "cifar10-cat", "forget_accuracy", {"maha-mu2": 1, "lr-maha": 29}),
    ],
)
def test_the_savings_of_the_scoreboard(name, task, metric, expected):
    frame = load_recorded(name, FOLDER).frame
    table = budget_to_reach(frame[frame["task"] == task], metric).set_index("rule")
    assert (table["reached"] == 1).all()
    for rule, fewer in expected.items():
        assert 100 * table["fewer_than_random"][rule] == pytest.approx(fewer, abs=0.5)
