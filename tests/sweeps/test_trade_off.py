"""Areas and retained values: worked by hand, as chapter 8 has them, and what cannot be read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distunlearn_lite import budget_to_reach
from distunlearn_lite.replication.records import load_recorded
from distunlearn_lite.sweeps.paths import share_to_go
from distunlearn_lite.sweeps.summaries import interval, retained_at_target, trade_off_area
from tests.sweeps.frames import two_rules, without

FOLDER = Path(__file__).resolve().parents[2] / "book" / "results"
BUDGETS = (0.0, 0.25, 0.5, 1.0)
LINE = (0.8, 0.6, 0.4, 0.0)
FALLING = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(
    lambda values: (1.0, *sorted(values, reverse=True)[:2], 0.0)
)


def area(walk):
    frame = two_rules(BUDGETS, [LINE] * 2, [walk] * 2)
    return trade_off_area(frame, "forget_recall").loc["mine"]


@pytest.mark.parametrize(
    ("walk", "expected"),
    [
        (LINE, 0.5),
        ((0.8, 0.8, 0.8, 0.0), 0.75),
        ((0.8, 0.0, 0.0, 0.0), 0.125),
        ((0.8, 0.4, 0.2, 0.0), (0.75 / 4 + 0.375 / 4 + 0.125 / 2)),
        ((0.9, 0.5, 0.3, 0.1), (0.75 / 4 + 0.375 / 4 + 0.125 / 2)),  # ends above zero
        ((1.0, 3.0, 4.0, 5.0), (0.75 / 4 + 0.375 / 4 + 0.125 / 2)),  # rises
        ((1.0, 5.0, 9.0, 5.0), 0.5 / 4),  # overshoots: nothing to go from there on
        ((0.0, 2.0, 6.0, 4.0), 0.75 / 4 + 0.25 / 4 / 2),  # in the middle of a step
        ((0.0, 8.0, 0.0, 4.0), (1 / 4 + 1 / 4) / 4 + 0.5 / 2),  # and comes back
    ],
)
def test_areas_worked_by_hand(walk, expected):
    row = area(walk)
    assert row["area"] == pytest.approx(expected)
    assert row["against_random"] == pytest.approx(expected - 0.5)
    assert row[["lower", "upper"]].tolist() == pytest.approx([expected] * 2)
    ends = row[["against_lower", "against_upper"]].tolist()
    assert ends == pytest.approx([expected - 0.5] * 2)
    assert row["seeds"] == 2


def test_intervals_of_areas_are_paired():
    rng = np.random.default_rng(0)
    shift = rng.uniform(0.2, 0.8, 9)  # what the split does to both rules
    jitter = rng.normal(0, 0.01, 9)
    random = [(1.0, s, s / 2, 0.0) for s in shift]
    mine = [(1.0, s - 0.1 + e, s / 2, 0.0) for s, e in zip(shift, jitter, strict=True)]
    table = trade_off_area(two_rules(BUDGETS, random, mine), "forget_recall")
    by_hand = np.trapezoid(mine, BUDGETS)
    row = table.loc["mine"]
    assert tuple(row[["area", "lower", "upper"]]) == pytest.approx(interval(by_hand))
    gap = interval(by_hand - np.trapezoid(random, BUDGETS))
    names = ["against_random", "against_lower", "against_upper"]
    assert tuple(row[names]) == pytest.approx(gap)
    assert row["against_upper"] - row["against_lower"] < 0.01 < row["upper"] - row["lower"]
    assert (table.loc["random", names] == 0).all()


@given(st.lists(st.floats(-1, 2), min_size=2, max_size=2))
def test_only_what_is_above_zero_counts(inner):
    fine = np.linspace(0, 1, 100_001)
    exact = np.interp(fine, BUDGETS, (1.0, *inner, 0.0)).clip(min=0)
    walk = (1.0, *inner, 0.0)
    assert area(walk)["area"] == pytest.approx(np.trapezoid(exact, fine), abs=1e-6)


@settings(max_examples=40)
@given(FALLING, st.floats(-5, 5), st.floats(0.1, 9), st.booleans())
def test_the_area_has_no_unit_and_no_direction(walk, offset, scale, rising):
    scale = -scale if rising else scale
    other = [offset + scale * value for value in walk]
    assert area(walk)["area"] == pytest.approx(area(other)["area"], abs=1e-6)


@settings(max_examples=40)
@given(FALLING)
def test_the_area_is_the_mean_of_the_budgets_over_all_levels(walk):
    frame = two_rules(BUDGETS, [LINE] * 2, [walk] * 2)
    # First crossing of a falling path, by the inverse of its straight lines.
    path, grid = np.array(walk), np.array(BUDGETS)

    def place(level):
        i = int(np.argmax(path <= level))
        share = (path[i - 1] - level) / (path[i - 1] - path[i])
        return grid[i - 1] + share * (grid[i] - grid[i - 1])

    mean = np.mean([place(level) for level in (np.arange(400) + 0.5) / 400])
    assert area(walk)["area"] == pytest.approx(mean, abs=0.003)
    for level in (0.2, 0.7):
        table = budget_to_reach(frame, "forget_recall", level)
        assert table["budget"]["mine"] == pytest.approx(place(level), abs=1e-9)


def test_the_share_to_go_keeps_the_form_of_a_sweep():
    mine = (1.0, 3.0, 6.0, 5.0), (2.0, 3.0, 3.0, 4.0)
    frame = two_rules(BUDGETS, [LINE] * 2, mine, metric="kl_removal")
    noise = frame.assign(metric="kl_preservation", value=7.0)
    shares = share_to_go(pd.concat([noise, frame]), "kl_removal")
    assert list(shares.columns) == list(frame.columns)
    assert len(shares) == len(frame)
    assert set(shares["metric"]) == {"kl_removal"}
    assert list(dict.fromkeys(shares["rule"])) == ["random", "mine"]
    found = shares.pivot(index=["rule", "seed"], columns="budget", values="value")
    assert found.loc["mine", 0].tolist() == [1.0, 0.5, -0.25, 0.0]
    assert found.loc["mine", 1].tolist() == [1.0, 0.5, 0.5, 0.0]
    half = budget_to_reach(shares, "kl_removal", 0.5)
    pd.testing.assert_frame_equal(half, budget_to_reach(frame, "kl_removal", "half-gap"))


GOOD = two_rules(BUDGETS, [LINE] * 2, [(0.8, 0.4, 0.2, 0.0), (0.8, 0.3, 0.2, 0.0)])
BACK = two_rules(BUDGETS, [LINE] * 2, [LINE, (0.7, 0.1, 0.2, 0.7)])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (GOOD.drop(columns="value"), "lacks value"),
        (without(GOOD, budget=0.0), "the share still to go needs the metric at budget 0"),
        (without(GOOD, budget=1.0), "the share still to go needs the metric at budget 1"),
        (BACK, "of mine, seed 1 is 0.7 at budgets 0 and 1, so there is no way"),
    ],
)
def test_frames_without_a_way_to_go_are_refused(frame, message):
    for function in (trade_off_area, share_to_go):
        with pytest.raises(ValueError, match=message):
            function(frame, "forget_recall")


def test_areas_that_cannot_be_compared_are_refused():
    with pytest.raises(ValueError, match="against the rule 'random'"):
        trade_off_area(without(GOOD, rule="random"), "forget_recall")


def pair(mine, price):
    """Two seeds of two rules with a forget and a retained metric; seed 1 retains 0.1 less."""
    prices = [[walk, np.subtract(walk, 0.1)] for walk in ((0.9, 0.9, 0.8, 0.6), price)]
    forgets = two_rules(BUDGETS, [LINE] * 2, [mine] * 2)
    return pd.concat([forgets, two_rules(BUDGETS, *prices, metric="retain_recall")])


def retained(frame, target="half"):
    return retained_at_target(frame, "forget_recall", "retain_recall", target)


@pytest.mark.parametrize(
    ("mine", "target", "value"),
    [
        ((0.8, 0.4, 0.2, 0.0), "half", 0.8),  # crossed on a budget
        ((0.8, 0.5, 0.3, 0.0), "half", 0.75),  # half-way between two
        ((0.8, 0.7, 0.6, 0.5), "half", 0.4),  # never: read off at full deletion
        ((0.8, 0.7, 0.6, 0.5), "half-gap", 0.75),  # 0.65 at budget 3/8
        ((0.8, 0.4, 0.2, 0.0), 0.75, 0.85),
    ],
)
def test_retained_values_worked_by_hand(mine, target, value):
    price = (0.9, 0.8, 0.7, 0.4)
    table = retained(pair(mine, price), target)
    row = table.loc["mine"]
    assert row["value"] == pytest.approx(value - 0.05)
    assert row["change"] == pytest.approx(value - 0.9)
    ends = row[["change_lower", "change_upper"]].tolist()
    assert ends == pytest.approx([row["change"]] * 2)  # paired: the seeds' gap cancels
    assert row["upper"] - row["lower"] > 1
    assert row["against_random"] == pytest.approx(row["value"] - table["value"]["random"])
    assert row["against_lower"] == pytest.approx(row["against_random"])
    assert row["reached"] == (mine[-1] <= 0.4 or target == "half-gap")
    assert row["seeds"] == 2


def test_random_is_read_off_at_its_own_budget():
    table = retained(pair((0.8, 0.0, 0.0, 0.0), (0.9, 0.7, 0.7, 0.7)))
    assert table["value"]["random"] == pytest.approx(0.75)  # budget 1/2, 0.8 and 0.7
    assert table["value"]["mine"] == pytest.approx(0.75)  # budget 1/8, 0.8 and 0.7
    assert table["against_random"].tolist() == pytest.approx([0, 0])
    assert list(table.index) == ["random", "mine"]


def test_the_price_on_ham_is_that_of_chapter_8():
    """The chapter's own computation, and what it printed (mnat, to random, recall halved)."""
    frame = load_recorded("sms", FOLDER).frame
    table = retained_at_target(frame, "forget_recall", "retain_log_loss", draws="splits")
    walks = frame.pivot(index=["metric", "rule", "seed"], columns="budget", values="value")
    for rule in table.index:
        loss = []
        for seed in range(40):
            recall, ham = (
                walks.loc[metric, rule, seed].to_numpy()
                for metric in ("forget_recall", "retain_log_loss")
            )
            i = np.argmax(recall <= recall[0] / 2)
            share = (recall[i - 1] - recall[0] / 2) / (recall[i - 1] - recall[i])
            loss.append(ham[i - 1] + share * (ham[i] - ham[i - 1]))
        assert table["value"][rule] == pytest.approx(np.mean(loss))
    printed = {
        "cos-mu2": (2.3, 0.2, 4.4),
        "lr-maha": (11.5, 9.5, 13.4),
        "lr-cos": (11.9, 10.2, 13.7),
        "tfidf-norm": (4.4, 2.3, 6.4),
    }
    names = ["against_random", "against_lower", "against_upper"]
    for rule, price in printed.items():
        assert (1000 * table.loc[rule, names]).round(1).tolist() == list(price)
    assert (table["change_upper"] < 0).all()  # the loss on ham falls with every deletion


@settings(max_examples=40)
@given(FALLING, st.lists(st.floats(0, 1), min_size=4, max_size=4), st.floats(0.05, 0.95))
def test_retained_values_lie_within_the_path(walk, price, target):
    frame = pair(walk, price)
    row = retained(frame, target).loc["mine"]
    assert min(price) - 1e-9 <= row["value"] + 0.05 <= max(price) + 1e-9
    assert row["change"] == pytest.approx(row["value"] + 0.05 - price[0])


PAIR = pair((0.8, 0.7, 0.6, 0.5), (0.9, 0.8, 0.7, 0.4))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (without(PAIR, metric="retain_recall"), "unknown metric 'retain_recall'"),
        (without(PAIR, metric="forget_recall"), "unknown metric 'forget_recall'"),
        (without(PAIR, budget=1.0), "reading off retain_recall needs the metric at budget 1"),
        (without(PAIR, metric="retain_recall", budget=0.0), "needs the metric at budget 0"),
        (without(PAIR, metric="retain_recall", seed=1), "for the same rules and seeds"),
    ],
)
def test_what_cannot_be_read_off_is_refused(frame, message):
    with pytest.raises(ValueError, match=message):
        retained(frame)


def test_where_every_seed_crosses_no_full_deletion_is_needed():
    frame = pair((0.8, 0.4, 0.2, 0.0), (0.9, 0.8, 0.7, 0.4))
    pd.testing.assert_frame_equal(retained(frame), retained(without(frame, budget=1.0)))
