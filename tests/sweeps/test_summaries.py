"""Budgets that reach a target: known crossings, intervals, and frames that cannot be read."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distunlearn_lite import budget_to_reach
from distunlearn_lite.sweeps.summaries import in_percent, interval
from tests.sweeps.frames import frame_of, without

BUDGETS = (0.0, 0.25, 0.5, 0.75, 1.0)


def two_rules(mine, baseline=(0.8, 0.7, 0.6, 0.2, 0.0)):
    walks = {
        (rule, seed): walk
        for rule, walk in (("random", baseline), ("mine", mine))
        for seed in (0, 1)
    }
    return frame_of(walks, BUDGETS)


def found(frame, target="half", rule="mine", metric="forget_recall"):
    return budget_to_reach(frame, metric, target).loc[rule]


@pytest.mark.parametrize(
    ("walk", "target", "budget"),
    [
        ((0.8, 0.4, 0.2, 0.1, 0.0), "half", 0.25),  # on a grid point
        ((0.8, 0.5, 0.3, 0.1, 0.0), "half", 0.375),  # between two
        ((0.8, 0.0, 0.0, 0.0, 0.0), "half", 0.125),
        ((0.8, 0.2, 0.8, 0.8, 0.0), "half", 1 / 6),  # the first crossing counts
        ((0.8, 0.8, 0.8, 0.8, 0.0), "half", 0.875),
        ((1.0, 2.0, 3.0, 4.0, 5.0), "half-gap", 0.5),  # rising
        ((5.0, 4.0, 2.0, 2.0, 3.0), "half-gap", 0.25),  # falling, then rising
        ((1.0, 4.0, 9.0, 7.0, 5.0), "half-gap", 1 / 6),  # beyond its end value
        ((0.8, 0.4, 0.2, 0.1, 0.0), 0.25, 0.5),
        ((0.8, 0.4, 0.2, 0.1, 0.0), 0.75, 0.125),
        ((0.8, 0.4, 0.4, 0.2, 0.2), 0.3, 0.7),  # of the first value, not of the gap
        ((0.8, 0.4, 0.4, 0.2, 0.2), np.float32(0.25), 0.75),
    ],
)
def test_known_crossings(walk, target, budget):
    row = found(two_rules(walk), target)
    assert row["budget"] == pytest.approx(budget)
    assert row["lower"] == pytest.approx(budget)
    assert row["upper"] == pytest.approx(budget)
    assert row["reached"] == 1
    assert row["fewer_than_full"] == pytest.approx(1 - budget)


@given(st.lists(st.floats(0.01, 1), min_size=5, max_size=5))
def test_half_is_the_number_one_half(walk):
    frame = two_rules(walk)
    pd.testing.assert_frame_equal(
        budget_to_reach(frame, "forget_recall"), budget_to_reach(frame, "forget_recall", 0.5)
    )


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.floats(0.05, 0.9))
def test_a_lower_level_needs_no_smaller_budget(rest, level):
    frame = two_rules((1.0, *rest))
    assert found(frame, level)["budget"] >= found(frame, level + 0.05)["budget"] - 1e-12


def test_a_number_needs_no_full_deletion_in_the_sweep():
    walks = {(rule, seed): (1.0, 0.4) for rule in ("random", "mine") for seed in (0, 1)}
    assert found(frame_of(walks, budgets=(0.0, 0.6)), 0.7)["budget"] == pytest.approx(0.3)


def test_savings_against_random():
    row = found(two_rules((0.8, 0.5, 0.3, 0.1, 0.0)))
    assert row["fewer_than_random"] == pytest.approx(1 - 0.375 / 0.625)
    baseline = found(two_rules((0.8, 0.5, 0.3, 0.1, 0.0)), rule="random")
    assert baseline["budget"] == pytest.approx(0.625)
    assert baseline["fewer_than_random"] == baseline["fewer_lower"] == baseline["fewer_upper"] == 0


def test_a_seed_that_never_crosses_counts_as_full_deletion():
    short, stuck = (1.0, 0.25, 0.2, 0.2, 0.2), (1.0, 0.9, 0.9, 0.8, 0.7)
    walks = {("random", 0): short, ("random", 1): short, ("mine", 0): short, ("mine", 1): stuck}
    row = found(frame_of(walks, BUDGETS))
    assert row["reached"] == 0.5
    assert row["budget"] == pytest.approx((1 / 6 + 1) / 2)
    assert row["upper"] == 1


def test_budgets_that_stop_early_count_as_full_deletion_too():
    walks = {(rule, seed): (1.0, 0.8) for rule in ("random", "mine") for seed in (0, 1)}
    row = found(frame_of(walks, budgets=(0.0, 0.5)))
    assert (row["budget"], row["reached"], row["fewer_than_full"]) == (1, 0, 0)


def test_the_interval_is_the_t_interval():
    values = np.array([0.3, 0.5, 0.4, 0.7])
    mean, lower, upper = interval(values)
    test = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (mean, lower, upper) == pytest.approx((values.mean(), test.low, test.high))
    with pytest.raises(ValueError, match="at least two values, got 1"):
        interval(np.ones(1))


def test_intervals_of_ratios_use_the_pairing():
    rng = np.random.default_rng(0)
    level = rng.uniform(0.4, 0.8, 12)  # seeds differ, but mine is always near 70 % of random
    noise = rng.uniform(0.69, 0.71, 12)
    walks = {}
    for seed in range(12):
        for rule, place in (("random", level[seed]), ("mine", level[seed] * noise[seed])):
            # A line that halves exactly at `place`, on a fine enough grid.
            walks[rule, seed] = [1 - b / place / 2 for b in BUDGETS]
    row = found(frame_of(walks, BUDGETS))
    assert row["budget"] == pytest.approx((level * noise).mean())
    assert row["fewer_than_random"] == pytest.approx(1 - (level * noise).mean() / level.mean())
    assert row["fewer_lower"] < 0.3 < row["fewer_upper"]
    assert row["fewer_upper"] - row["fewer_lower"] < 0.02 < row["upper"] - row["lower"]


def test_ratio_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(120):
        walks = {}
        for seed in range(8):
            base = rng.normal(0.6, 0.05)
            for rule, place in (("random", base), ("mine", 0.8 * base + rng.normal(0, 0.03))):
                walks[rule, seed] = [1 - b / place / 2 for b in (0.0, 1.0)]
        row = found(frame_of(walks, budgets=(0.0, 1.0)))
        covered += row["fewer_lower"] <= 0.2 <= row["fewer_upper"]
    # Mean 114 of 120, standard deviation 2.4.
    assert 105 <= covered <= 119


@given(
    st.lists(st.floats(0.01, 1), min_size=2, max_size=6),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_intervals_hold_the_budget_and_stay_within_the_unit(starts, rest):
    walks = {
        (rule, seed): (start, *rest)
        for rule in ("random", "mine")
        for seed, start in enumerate(starts)
    }
    row = found(frame_of(walks, BUDGETS))
    assert 0 <= row["lower"] <= row["budget"] <= row["upper"] <= 1
    assert row["fewer_than_random"] == pytest.approx(0)


def test_rules_keep_their_order_and_other_metrics_do_not_matter():
    frame = two_rules((0.8, 0.5, 0.3, 0.1, 0.0))
    noise = frame.assign(metric="retain_log_loss", value=7.0)
    table = budget_to_reach(pd.concat([noise, frame]).iloc[::-1], "forget_recall")
    assert list(table.index) == ["mine", "random"]
    assert list(table["seeds"]) == [2, 2]
    assert not table.isna().to_numpy().any()


GOOD = two_rules((0.8, 0.5, 0.3, 0.1, 0.0))


@pytest.mark.parametrize(
    ("frame", "target", "message"),
    [
        (GOOD, "third", "unknown target 'third'; the known ones are half, half-gap"),
        (GOOD, 0, "target must lie strictly between 0 and 1, got 0"),
        (GOOD, 1.0, "target must lie strictly between 0 and 1, got 1"),
        (GOOD, float("nan"), "target must be finite"),
        (GOOD.drop(columns="seed"), "half", "lacks seed"),
        (GOOD.assign(metric="other"), "half", "unknown metric 'forget_recall'.* are other"),
        (without(GOOD, budget=0.0), "half", "needs the metric at budget 0, .* add 0 to its"),
        (without(GOOD, budget=1.0), "half-gap", "needs the metric at budget 1"),
        (without(GOOD, rule="random"), "half", "against the rule 'random'; add it"),
        (without(GOOD, seed=1), "half", "at least two seeds, got 1"),
        (without(GOOD, rule="mine", seed=1), "half", "same seeds, but 'mine' lacks some"),
        (without(GOOD, rule="mine", seed=1, budget=0.5), "half", "finite and present at every"),
        (GOOD.assign(value=np.nan), "half", "finite and present at every"),
        (pd.concat([GOOD, GOOD]), "half", "more than once"),
        (pd.concat([GOOD, GOOD.assign(task="b")]), "half", "one task, got 2"),
        (GOOD.assign(value=0.0), "half", "random, seed 0 is 0 at budget 0, which is its target"),
        (GOOD.assign(value=0.4), "half-gap", "no budget to reach it can be given"),
    ],
)
def test_frames_that_cannot_be_read_are_refused(frame, target, message):
    with pytest.raises(ValueError, match=message):
        budget_to_reach(frame, "forget_recall", target)


def test_anything_but_a_frame_is_refused():
    with pytest.raises(TypeError, match=r"frame must be a pandas\.DataFrame of sweep, got dict"):
        budget_to_reach({}, "forget_recall")
    with pytest.raises(TypeError, match="target must be an array of real numbers, got NoneType"):
        budget_to_reach(GOOD, "forget_recall", None)


def test_the_printed_table_is_the_table_in_per_cent():
    walks = {
        ("random", 0): (0.8, 0.7, 0.6, 0.2, 0.0),
        ("random", 1): (0.8, 0.6, 0.5, 0.2, 0.0),
        ("lr-maha", 0): (0.8, 0.5, 0.3, 0.2, 0.0),
        ("lr-maha", 1): (0.8, 0.4, 0.3, 0.2, 0.0),
    }
    table = budget_to_reach(frame_of(walks, BUDGETS), "forget_recall")
    shown = in_percent(table)
    assert list(shown.columns) == ["budget", "from", "to", "fewer", "from ", "to ", "than full"]
    assert list(shown.index) == ["random", "lr-maha"]
    given = table.drop(columns=["reached", "seeds"]).to_numpy()
    assert shown.to_numpy() == pytest.approx(100 * given, abs=0.0501)
