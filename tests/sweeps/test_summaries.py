"""Budgets that reach a target: known crossings, intervals, and frames that cannot be read."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distunlearn_lite import budget_to_reach
from distunlearn_lite.sweeps.paths import first_crossing
from distunlearn_lite.sweeps.summaries import in_percent, interval
from tests.sweeps.frames import two_rules, without

BUDGETS = (0.0, 0.25, 0.5, 0.75, 1.0)


FALLING = (0.8, 0.5, 0.3, 0.1, 0.0)


def twice(walk, budgets=BUDGETS, random=(0.8, 0.7, 0.6, 0.2, 0.0)):
    """Two seeds that go the same way."""
    return two_rules(budgets, [random] * 2, [walk] * 2)


def found(frame, target="half", rule="mine"):
    return budget_to_reach(frame, "forget_recall", target).loc[rule]


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
    row = found(twice(walk), target)
    assert row[["budget", "lower", "upper"]].tolist() == pytest.approx([budget] * 3)
    assert row["reached"] == 1
    assert row["fewer_than_full"] == pytest.approx(1 - budget)


def test_a_curve_that_starts_on_the_level_crosses_it_there():
    assert first_crossing(np.array([0.1, 1.0]), np.array([2.0, 1.0]), 2.0) == 0.1


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.floats(0.05, 0.9))
def test_a_lower_level_needs_no_smaller_budget(rest, level):
    frame = twice((1.0, *rest))
    assert found(frame, level)["budget"] >= found(frame, level + 0.05)["budget"] - 1e-12


def test_a_number_needs_no_full_deletion_in_the_sweep():
    frame = twice((1.0, 0.4), budgets=(0.0, 0.6), random=(1.0, 0.4))
    assert found(frame, 0.7)["budget"] == pytest.approx(0.3)


def test_savings_against_random():
    frame = twice(FALLING)
    assert found(frame)["fewer_than_random"] == pytest.approx(1 - 0.375 / 0.625)
    baseline = found(frame, rule="random")
    assert baseline["budget"] == pytest.approx(0.625)
    assert baseline["fewer_than_random"] == baseline["fewer_lower"] == baseline["fewer_upper"] == 0


def test_a_seed_that_never_crosses_counts_as_full_deletion():
    short, stuck = (1.0, 0.25, 0.2, 0.2, 0.2), (1.0, 0.9, 0.9, 0.8, 0.7)
    row = found(two_rules(BUDGETS, random=[short, short], mine=[short, stuck]))
    assert row["reached"] == 0.5
    assert row["budget"] == pytest.approx((1 / 6 + 1) / 2)
    assert row["upper"] == 1


def test_budgets_that_stop_early_count_as_full_deletion_too():
    row = found(twice((1.0, 0.8), budgets=(0.0, 0.5), random=(1.0, 0.8)))
    assert (row["budget"], row["reached"], row["fewer_than_full"]) == (1, 0, 0)


def test_the_interval_is_the_t_interval():
    values = np.array([0.3, 0.5, 0.4, 0.7])
    mean, lower, upper = interval(values)
    test = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (mean, lower, upper) == pytest.approx((values.mean(), test.low, test.high))
    with pytest.raises(ValueError, match="at least two values, got 1"):
        interval(np.ones(1))


def halved_at(random, mine):
    """Straight lines that halve at these places, one a seed."""
    lines = [[[1 - b / place / 2 for b in BUDGETS] for place in rule] for rule in (random, mine)]
    return two_rules(BUDGETS, *lines)


def test_intervals_of_ratios_use_the_pairing():
    rng = np.random.default_rng(0)
    random = rng.uniform(0.4, 0.8, 12)  # seeds differ, but mine is always near 70 % of random
    mine = random * rng.uniform(0.69, 0.71, 12)
    row = found(halved_at(random, mine))
    assert row["budget"] == pytest.approx(mine.mean())
    assert row["fewer_than_random"] == pytest.approx(1 - mine.mean() / random.mean())
    assert row["fewer_lower"] < 0.3 < row["fewer_upper"]
    assert row["fewer_upper"] - row["fewer_lower"] < 0.02 < row["upper"] - row["lower"]


def test_ratio_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(120):
        random = rng.normal(0.6, 0.05, 8)
        row = found(halved_at(random, 0.8 * random + rng.normal(0, 0.03, 8)))
        covered += row["fewer_lower"] <= 0.2 <= row["fewer_upper"]
    # Mean 114 of 120, standard deviation 2.4.
    assert 105 <= covered <= 119


@given(
    st.lists(st.floats(0.01, 1), min_size=2, max_size=6),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_intervals_hold_the_budget_and_stay_within_the_unit(starts, rest):
    walks = [(start, *rest) for start in starts]
    row = found(two_rules(BUDGETS, walks, walks))
    assert 0 <= row["lower"] <= row["budget"] <= row["upper"] <= 1
    assert row["fewer_than_random"] == pytest.approx(0)


GOOD = twice(FALLING)


def test_rules_keep_their_order_and_other_metrics_do_not_matter():
    noise = GOOD.assign(metric="retain_log_loss", value=7.0)
    table = budget_to_reach(pd.concat([noise, GOOD]).iloc[::-1], "forget_recall")
    assert list(table.index) == ["mine", "random"]
    assert list(table["seeds"]) == [2, 2]
    assert not table.isna().to_numpy().any()


@pytest.mark.parametrize(
    ("frame", "target", "message"),
    [
        (GOOD, "third", "unknown target 'third'; the known ones are half, half-gap"),
        (GOOD, 1.0, "target must lie strictly between 0 and 1, got 1"),
        (GOOD.drop(columns="seed"), "half", "lacks seed"),
        (GOOD.assign(metric="other"), "half", "unknown metric 'forget_recall'.* are other"),
        (without(GOOD, budget=0.0), "half", "needs the metric at budget 0, .* add 0 to its"),
        (without(GOOD, budget=1.0), "half-gap", "needs the metric at budget 1"),
        (without(GOOD, rule="random"), "half", "against the rule 'random'; add it"),
        (without(GOOD, seed=1), "half", "at least two seeds, got 1"),
        (without(GOOD, rule="mine", seed=1), "half", "same seeds, but 'mine' lacks some"),
        (without(GOOD, rule="mine", seed=1, budget=0.5), "half", "finite and present at every"),
        (pd.concat([GOOD, GOOD]), "half", "more than once"),
        (pd.concat([GOOD, GOOD.assign(task="b")]), "half", "one task, got 2"),
        (GOOD.assign(value=0.0), "half", "random, seed 0 is 0 at budget 0, which is its target"),
    ],
)
def test_frames_that_cannot_be_read_are_refused(frame, target, message):
    with pytest.raises(ValueError, match=message):
        budget_to_reach(frame, "forget_recall", target)


def test_anything_but_a_frame_is_refused():
    with pytest.raises(TypeError, match=r"frame must be a pandas\.DataFrame of sweep, got dict"):
        budget_to_reach({}, "forget_recall")


def test_the_printed_table_is_the_table_in_per_cent():
    random, mine = [FALLING, (0.8, 0.6, 0.5, 0.2, 0.0)], [FALLING, (0.8, 0.4, 0.3, 0.2, 0.0)]
    table = budget_to_reach(two_rules(BUDGETS, random, mine), "forget_recall")
    shown = in_percent(table)
    assert list(shown.columns) == ["budget", "from", "to", "fewer", "from ", "to ", "than full"]
    assert list(shown.index) == ["random", "mine"]
    given = table.drop(columns=["reached", "seeds"]).to_numpy()
    assert shown.to_numpy() == pytest.approx(100 * given, abs=0.0501)
