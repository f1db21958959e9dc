"""Budgets that reach a target: known crossings, intervals, and frames that cannot be read."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distunlearn_lite import UnlearningTask, budget_to_reach
from distunlearn_lite.sweeps.paths import first_crossing
from distunlearn_lite.sweeps.summaries import (
    DRAWS,
    difference_at,
    in_percent,
    interval,
    retained_at_target,
    trade_off_area,
)
from tests.sweeps.frames import frame_of, two_rules, without

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


def half_width(values, **options):
    _, lower, upper = interval(np.asarray(values), **options)
    return (upper - lower) / 2


@pytest.mark.parametrize(
    ("draws", "factor"),
    [("independent", 1 / 5), ("splits", 1 / 5 + 3 / 7), ("bootstrap", 1.0)],
)
def test_the_variance_of_the_mean_is_that_of_what_the_seeds_redraw(draws, factor):
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])  # variance 2.5; t quantiles with 4 d.f., tables
    assert half_width(values, draws=draws) == pytest.approx(
        2.7764 * np.sqrt(2.5 * factor), rel=1e-4
    )
    narrow = half_width(values, level=0.9, draws=draws)
    assert narrow == pytest.approx(2.1318 * np.sqrt(2.5 * factor), rel=1e-4)
    assert interval(values, draws=draws)[0] == 3.0


def test_more_replicates_shrink_the_interval_of_independent_draws_only():
    few, many = np.tile([0.0, 1.0], 50), np.tile([0.0, 1.0], 5000)
    shrunk = {d: half_width(many, draws=d) / half_width(few, draws=d) for d in DRAWS}
    assert shrunk["independent"] == pytest.approx(0.1, rel=0.03)
    assert shrunk["splits"] == pytest.approx(np.sqrt(3 / 7 / (3 / 7 + 0.01)), rel=0.03)
    assert shrunk["bootstrap"] == pytest.approx(1, rel=0.03)


def coverage(draw_values, truth, draws):
    """Share of 400 data sets whose interval holds the truth."""
    inside = 0
    for seed in range(400):
        _, lower, upper = interval(draw_values(np.random.default_rng(seed)), draws=draws)
        inside += lower <= truth <= upper
    return inside / 400


def test_the_interval_of_splits_knows_that_their_training_parts_overlap():
    def test_losses(rng):  # squared error of the training mean on the test rows, ten splits
        orders = rng.permuted(np.tile(rng.standard_normal(100), (10, 1)), axis=1)
        means = orders[:, :70].mean(axis=1)
        return ((orders[:, 70:] - means[:, None]) ** 2).mean(axis=1)

    truth = 1 + 1 / 70
    assert coverage(test_losses, truth, "independent") < 0.8
    assert 0.92 < coverage(test_losses, truth, "splits") < 0.99


def test_the_interval_of_bootstraps_is_as_wide_as_they_are():
    def bootstrap_means(rng):
        rows = rng.standard_normal(60)
        return rows[rng.integers(60, size=(40, 60))].mean(axis=1)

    assert coverage(bootstrap_means, 0.0, "independent") < 0.5
    assert coverage(bootstrap_means, 0.0, "splits") < 0.88
    assert 0.91 < coverage(bootstrap_means, 0.0, "bootstrap") < 0.98


def test_the_fraction_of_a_split_is_that_of_the_interval():
    task = UnlearningTask(np.arange(1000.0), np.arange(1000) % 2, np.arange(1000) % 2 == 1)
    train, test = task.split(0)
    assert len(test) / len(train) == pytest.approx(3 / 7)


@pytest.mark.parametrize(
    ("summary", "triples"),
    [
        (
            lambda frame, draws: budget_to_reach(frame, "forget_recall", draws=draws),
            [("budget", "lower", "upper"), ("fewer_than_random", "fewer_lower", "fewer_upper")],
        ),
        (
            lambda frame, draws: trade_off_area(frame, "forget_recall", draws=draws),
            [("area", "lower", "upper"), ("against_random", "against_lower", "against_upper")],
        ),
        (
            lambda frame, draws: retained_at_target(
                frame, "forget_recall", "retain_recall", draws=draws
            ),
            [
                ("value", "lower", "upper"),
                ("change", "change_lower", "change_upper"),
                ("against_random", "against_lower", "against_upper"),
            ],
        ),
    ],
)
def test_every_summary_passes_on_what_the_seeds_redraw(summary, triples):
    rng = np.random.default_rng(0)
    falls = [[(1.0, u, u / 2, u / 4, 0.0) for u in rng.normal(at, 0.03, 8)] for at in (0.8, 0.7)]
    lost = [[[0.9 - f * b for b in BUDGETS] for f in rng.normal(0.3, 0.01, 8)] for _ in range(2)]
    kept = two_rules(BUDGETS, *lost, metric="retain_recall")
    frame = pd.concat([two_rules(BUDGETS, *falls), kept])
    plain = summary(frame, "independent").loc["mine"]
    for draws, factor in (("splits", 8 * (1 / 8 + 3 / 7)), ("bootstrap", 8)):
        row = summary(frame, draws).loc["mine"]
        for centre, lower, upper in triples:
            assert row[centre] == plain[centre]
            wider = (row[upper] - row[lower]) / (plain[upper] - plain[lower])
            assert wider == pytest.approx(np.sqrt(factor)), (draws, centre)
    with pytest.raises(ValueError, match="unknown draws 'seeds'; the known ones are independent"):
        summary(frame, "seeds")


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


def test_a_difference_is_taken_within_seeds_at_one_budget():
    level = {0: 0.0, 1: 5.0, 2: -3.0}  # what a seed does to both rules alike
    walks = {("random", seed): [1.0 + up, 0.9 + up] for seed, up in level.items()}
    walks |= {("lr-maha", seed): [1.0 + up, 0.7 + up + 0.01 * seed] for seed, up in level.items()}
    frame = frame_of(walks, [0.0, 0.5])
    found = difference_at(frame, "forget_recall", 0.5, "lr-maha", draws="splits")
    assert found == pytest.approx(interval(np.array([-0.2, -0.19, -0.18]), draws="splits"))
    back = difference_at(frame, "forget_recall", 0.5, "random", "lr-maha", draws="splits")
    assert back == pytest.approx([-found[0], -found[2], -found[1]])
    assert difference_at(frame, "forget_recall", 0.0, "lr-maha") == pytest.approx([0, 0, 0])
    plain = difference_at(frame, "forget_recall", 0.5, "lr-maha")
    assert plain[2] - plain[1] < found[2] - found[1]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("forget_recall", 0.25, "lr-maha"), "needs the metric at budget 0.25"),
        (("forget_recall", 0.5, "lr-cos"), "unknown rule 'lr-cos'"),
        (("forget_recall", 0.5, "random", "lr-cos"), "unknown rule 'lr-cos'"),
        (("speed", 0.5, "lr-maha"), "unknown metric 'speed'"),
    ],
)
def test_a_difference_that_is_not_there_is_refused(asked, message):
    keys = [(rule, seed) for rule in ("random", "lr-maha") for seed in (0, 1)]
    frame = frame_of({key: [1.0, 0.5] for key in keys}, [0.0, 0.5])
    with pytest.raises(ValueError, match=message):
        difference_at(frame, *asked)
    lacking = frame[(frame["rule"] == "random") | (frame["seed"] == 0)]
    with pytest.raises(ValueError, match="the same seeds"):
        difference_at(lacking, "forget_recall", 0.5, "lr-maha")
    with pytest.raises(ValueError, match="at least two values"):
        difference_at(frame[frame["seed"] == 0], "forget_recall", 0.5, "lr-maha")
