"""The verdicts of the claims page, computed again from the recorded tables with other code."""

import csv
import io

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

from distunlearn_lite.replication.protocol import JUDGED_RULES, ROWS, judged, verdict
from tools.figures import FIGURES, VERDICTS, draw, tables, verdicts

# The standard error of a mean over J seeds, as a multiple of their standard deviation.
ERRORS = {
    "independent": lambda seeds: np.sqrt(1 / seeds),
    "splits": lambda seeds: np.sqrt(1 / seeds + 0.3 / 0.7),
    "bootstrap": lambda seeds: 1.0,
}


@pytest.fixture(scope="module")
def frames():
    return tables()


def shown():
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        return {(r["data"], r["rule"].strip("`"), r["fewer than"]): r for r in csv.DictReader(file)}


def halving(frame, row, rule):
    """Halving budget of every seed: a straight line between the last point above and the next."""
    part = frame[(frame.task == row.task) & (frame.rule == rule) & (frame.metric == row.metric)]
    found = []
    for _, walk in part.sort_values("budget").groupby("seed"):
        b, m = walk["budget"].to_numpy(), walk["value"].to_numpy()
        level = (m[0] + m[-1]) / 2 if row.target == "half-gap" else m[0] / 2
        side = np.sign(m[0] - level)
        k = next((k for k in range(b.size) if side * (m[k] - level) <= 0), None)
        if k is None:
            found.append(1.0)
        else:
            slope = (m[k] - m[k - 1]) / (b[k] - b[k - 1])
            found.append(b[k - 1] + (level - m[k - 1]) / slope)
    return np.array(found)


def effect(frame, row, rule, reference):
    spent = halving(frame, row, rule)
    if reference == "full":
        values, estimate = 1 - spent, 1 - spent.mean()
    else:
        random = halving(frame, row, "random")
        ratio = spent.mean() / random.mean()
        values, estimate = (ratio * random - spent) / random.mean(), 1 - ratio
    seeds = values.size
    half = stats.t.ppf(0.975, seeds - 1) * values.std(ddof=1) * ERRORS[row.draws](seeds)
    return estimate, estimate - half, estimate + half, seeds


@pytest.mark.parametrize("reference", ["random", "full"])
@pytest.mark.parametrize("rule", JUDGED_RULES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_verdicts_follow_from_the_recorded_tables(frames, row, rule, reference):
    """A wrong number, interval or word on the claims page fails here."""
    line = shown()[row.name, rule, reference]
    estimate, lower, upper, seeds = effect(frames[row.table], row, rule, reference)
    claimed = 1 - row.selective / (row.random if reference == "random" else 1)
    upper_seen = min(upper, 1.0) if reference == "full" else upper
    ends = [f"{100 * end:.0f}".replace("-", "−") for end in (lower, upper_seen)]
    assert line["ours"] == f"{100 * estimate:.0f} [{ends[0]}, {ends[1]}]".replace("-", "−")
    assert line["paper"] == f"{100 * claimed:.0f}"
    assert line["seeds"] == str(seeds)
    assert line["verdict"] == verdict(estimate, lower, upper, claimed)


def test_every_row_is_judged():
    expected = {
        (row.name, rule, reference)
        for row in ROWS
        for rule in JUDGED_RULES
        for reference in ("random", "full")
    }
    assert set(shown()) == expected


def test_the_table_is_the_one_that_the_command_writes(frames):
    stored = VERDICTS.read_text(encoding="utf-8")
    assert stored == verdicts(judged(frames)), "run: python tasks.py figures"


@pytest.mark.parametrize("name", FIGURES)
def test_the_stored_figures_are_the_drawn_ones(frames, name):
    drawn = io.BytesIO()
    with plt.rc_context():
        draw(name, frames).savefig(drawn, dpi=160)
    plt.close("all")
    drawn.seek(0)
    fresh, stored = matplotlib.image.imread(drawn), matplotlib.image.imread(FIGURES[name])
    assert fresh.shape == stored.shape
    # Rasterisers of different versions differ in a few edge pixels only.
    assert np.abs(fresh - stored).mean() < 0.01, "run: python tasks.py figures"
