"""The verdict, and the page of the protocol against the code that follows it."""

import csv
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from distunlearn_lite.replication.experiments import EXPERIMENTS
from distunlearn_lite.replication.protocol import (
    EDITION,
    JUDGED_RULES,
    MARGIN,
    ROWS,
    STATUSES,
    judged,
    verdict,
)

BOOK = Path(__file__).resolve().parents[2] / "book"


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0.17, 0.10, 0.24), "compatible with"),
        ((0.13, 0.12, 0.14), "compatible with"),
        ((0.11, 0.10, 0.12), "same direction"),
        ((0.23, 0.10, 0.36), "same direction"),
        ((0.17, -0.01, 0.35), "no effect"),
        ((0.17, 0.0, 0.34), "no effect"),
        ((-0.17, -0.24, -0.10), "other direction"),
    ],
)
def test_the_four_verdicts(numbers, expected):
    assert verdict(*numbers, claimed=0.167) == expected
    mirrored = (-numbers[0], -numbers[2], -numbers[1])
    assert verdict(*mirrored, claimed=-0.167) == expected


def test_the_margin_is_where_it_is_said_to_be():
    for claimed, sign in itertools.product((0.15, 0.72), (-1, 1)):
        near, far = claimed + sign * (MARGIN - 1e-9), claimed + sign * (MARGIN + 1e-9)
        assert verdict(near, near, near, claimed) == "compatible with"
        assert verdict(far, far, far, claimed) == "same direction"


def test_precision_alone_never_takes_compatibility_away():
    rng = np.random.default_rng(0)
    for estimate, claimed in rng.uniform(-1, 1, (500, 2)):
        path = [
            verdict(estimate, estimate - width, estimate + width, claimed)
            for width in np.geomspace(2, 1e-6, 60)
        ]
        first = path.index(next(found for found in path if found != "no effect"))
        assert set(path[first:]) == {path[first]} <= set(STATUSES)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((np.nan, 0, 1, 0.5), "finite"),
        ((0.5, 0, np.inf, 0.5), "finite"),
        ((0.5, 0.6, 0.7, 0.5), "does not hold the estimate"),
        ((0.5, 0.4, 0.6, 0.0), "a claimed effect"),
        ((0.5, 0.4, 0.6, 0.5, -0.1), "margin of 0 or more"),
    ],
)
def test_what_cannot_be_judged_is_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        verdict(*numbers)


def recorded(**changes):
    """A sweep in which the likelihood ratio halves at 0.4, the distance at 0.5, random at 0.6."""
    halves = {"random": 0.6, "maha-mu2": 0.5, "lr-maha": 0.4} | changes
    lines = [
        ("sms_spam", rule, budget, seed, "forget_recall", value)
        for rule, half in halves.items()
        for seed in range(4)
        for budget, value in ((0.0, 1.0), (half + 0.01 * (seed - 1.5), 0.5), (1.0, 0.0))
    ]
    frame = pd.DataFrame(lines, columns=["task", "rule", "budget", "seed", "metric", "value"])
    whole = frame.pivot(index=["rule", "seed"], columns="budget", values="value")
    long = whole.interpolate(axis=1, method="index").reset_index().melt(["rule", "seed"])
    return long.assign(task="sms_spam", metric="forget_recall")


def test_rows_are_judged_by_their_own_numbers():
    table = judged({"sms": recorded()}).set_index(["rule", "effect"])
    assert (table["row"] == "SMS Spam").all()
    random, full = "fewer_than_random", "fewer_than_full"
    assert table["claimed"]["lr-maha", random] == pytest.approx(1 / 6)
    assert table["claimed"]["lr-maha", full] == pytest.approx(0.25)
    assert table["estimate"]["lr-maha", random] == pytest.approx(1 / 3, abs=1e-6)
    assert table["estimate"]["maha-mu2", full] == pytest.approx(0.5, abs=1e-6)
    assert table["verdict"].to_dict() == {
        ("maha-mu2", random): "compatible with",
        ("maha-mu2", full): "same direction",
        ("lr-maha", random): "same direction",
        ("lr-maha", full): "same direction",
    }
    plain = 0.01 * np.std(np.arange(4), ddof=1) * 3.1824
    half = (table["upper"] - table["estimate"])["maha-mu2", full]
    assert half == pytest.approx(plain * np.sqrt(1 / 4 + 3 / 7), rel=1e-3)  # splits


def test_a_table_without_a_judged_rule_is_refused():
    frame = recorded()
    with pytest.raises(ValueError, match=r"no rule lr-maha for the task 'sms_spam'.*replicate sms"):
        judged({"sms": frame[frame["rule"] != "lr-maha"]})


def listed():
    with (BOOK / "protocol.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_the_page_lists_what_the_code_does():
    plans = {plan.task: plan for name in EXPERIMENTS for plan in EXPERIMENTS[name].plans[::-1]}
    rows = []
    for row in ROWS:
        experiment = EXPERIMENTS[row.table]
        plan = next(plan for plan in experiment.plans if plan.task == row.task)
        assert {"random", *JUDGED_RULES} < set(plan.rules)
        assert plan.budgets == tuple(step / 20 for step in range(21))
        assert (experiment.metric, experiment.target) == (row.metric, row.target)
        assert experiment.draws == row.draws
        metric = f"{row.metric}, {row.target}"
        budgets = [f"{100 * budget:.0f} %" for budget in (row.random, row.selective)]
        rows.append([row.name, *budgets, str(len(plan.seeds)), metric, row.draws])
        assert plan.seeds == tuple(range(len(plan.seeds)))
    assert listed() == rows
    assert plans


def test_the_page_states_margin_verdicts_and_variations():
    text = (BOOK / "protocol.md").read_text(encoding="utf-8")
    assert "margin of five points" in text
    assert MARGIN == 0.05
    assert EDITION == 2
    table = re.findall(r"^\| (.+?) \| the interval", text, re.MULTILINE)
    assert tuple(table) == STATUSES
    for name, experiment in EXPERIMENTS.items():
        if experiment.variations:
            assert all(len(plan.seeds) >= 5 for plan in experiment.plans), name
    cs = EXPERIMENTS["sms-variations"].plans[0].model()
    assert [float(label.removeprefix("C=")) for label in cs] == [0.1, 1, 3, 10, 100]
    assert "$C=0.1$, 1, 3, 10 and 100" in text
