"""Figures: what is drawn, in which look, and nothing left behind."""

import dataclasses
import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgba

from distunlearn_lite import SCORING_RULES, UnlearningTask, max_removal, plots
from distunlearn_lite.rules.own import WALKED_RULES
from distunlearn_lite.sweeps.metrics import METRICS
from distunlearn_lite.sweeps.summaries import budget_to_reach, interval
from distunlearn_lite.theory.deletion_curves import CURVE_RULES
from tests.sweeps.frames import frame_of
from tools.cover import plot_cover


@pytest.fixture(autouse=True)
def _clean():
    with mpl.rc_context():
        yield
    plt.close("all")


def frame(seeds=3, rules=("random", "lr-cos")):
    rng, budgets = np.random.default_rng(0), np.linspace(0, 1, 5)
    walks = {
        (rule, seed): (1 - budgets) ** (i + 1) * rng.uniform(0.9, 1, 5)
        for i, rule in enumerate(rules)
        for seed in range(seeds)
    }
    return frame_of(walks, budgets)


def test_the_style_is_opaque_white():
    plots.use_style()
    for part in ("figure.facecolor", "axes.facecolor", "savefig.facecolor"):
        assert to_rgba(mpl.rcParams[part]) == (1, 1, 1, 1)
    assert not mpl.rcParams["savefig.transparent"]


def test_every_rule_and_metric_has_a_look_of_its_own():
    assert {*SCORING_RULES, *WALKED_RULES, *CURVE_RULES} <= set(plots.RULE_STYLES)
    looks = [plots.rule_style(rule) for rule in (*SCORING_RULES, "refit-influence")]
    for part in ("color", "marker"):
        assert len({getattr(look, part) for look in looks}) == len(looks)
    assert plots.rule_style("distance") == plots.rule_style("maha-mu2")
    assert plots.rule_style("likelihood-ratio") == plots.rule_style("lr-maha")
    assert not {look.marker for look in plots.OTHERS} & {look.marker for look in looks}
    other = plots.rule_style("my own")
    assert other.marker not in {look.marker for look in looks}
    assert other.color not in {look.color for look in looks}
    assert set(METRICS) <= set(plots.METRIC_LABELS)


def test_a_variation_looks_like_its_rule_dotted():
    for name in ("lr-maha, reversed", "cos-mu2, centred"):
        look, plain = plots.rule_style(name), plots.rule_style(name.split(", ")[0])
        assert (look.color, look.marker) == (plain.color, plain.marker)
        assert look.linestyle != plain.linestyle
    assert plots.rule_style("my own, reversed") == plots.OTHERS[0]


# Severe protan, deutan and tritan vision in linear RGB (Machado, Oliveira and Fernandes 2009).
VISION = {
    "full": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(color, vision):
    """CIELAB coordinates of a colour as seen."""
    rgb = np.array(to_rgba(color)[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = TO_XYZ @ np.clip(np.array(vision) @ linear, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_the_colours_of_the_rules_stay_apart_in_every_vision(vision):
    looks = [plots.rule_style(rule) for rule in (*SCORING_RULES, "refit-influence", "my own")]
    seen = [lab(look.color, VISION[vision]) for look in looks]
    apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(apart) > 13  # about 2 is the least difference seen side by side


def test_a_trade_off_shows_mean_and_interval_of_each_rule():
    data = frame()
    ax = plots.plot_trade_off(data, "forget_recall")
    assert [line.get_label() for line in ax.lines] == ["random", "lr-cos"]
    for line in ax.lines:
        look = plots.rule_style(line.get_label())
        assert (line.get_color(), line.get_marker()) == (look.color, look.marker)
        means = data[data["rule"] == line.get_label()].groupby("budget")["value"].mean()
        assert line.get_xdata() == pytest.approx(means.index.to_numpy())
        assert line.get_ydata() == pytest.approx(means.to_numpy())
    assert len(ax.collections) == 2
    corners = ax.collections[0].get_paths()[0].vertices
    at_zero = corners[corners[:, 0] == 0][:, 1]
    values = data.query("rule == 'random' and budget == 0")["value"].to_numpy()
    assert (at_zero.min(), at_zero.max()) == pytest.approx(interval(values)[1:])
    assert ax.get_title() == ""
    assert "recall" in ax.get_ylabel()


def test_rules_that_are_not_told_apart_are_grey():
    data = frame(rules=("random", "lr-cos", "lr-maha"))
    ax = plots.plot_trade_off(data, "forget_recall", in_colour=("random", "lr-maha"))
    assert {line.get_label(): line.get_color() for line in ax.lines} == {
        "other rules": plots.FAINT,
        "random": plots.rule_style("random").color,
        "lr-maha": plots.rule_style("lr-maha").color,
    }
    assert len(ax.collections) == 2
    wider = plots.plot_trade_off(data, "forget_recall", plt.subplots()[1], draws="splits")
    heights = [np.ptp(axes.collections[-1].get_paths()[0].vertices[:, 1]) for axes in (ax, wider)]
    assert heights[1] > heights[0]


def test_one_seed_has_no_band_and_the_given_axes_are_used():
    _, ax = plt.subplots()
    assert plots.plot_trade_off(frame(seeds=1), "forget_recall", ax=ax) is ax
    assert not ax.collections
    with pytest.raises(ValueError, match="unknown metric 'speed'; the known ones are forget_rec"):
        plots.plot_trade_off(frame(), "speed")


def test_two_tasks_in_one_frame_are_drawn_apart():
    both = pd.concat([frame(), frame(rules=["lr-cos"]).assign(task="other", value=0.5)])
    ax = plots.plot_trade_off(both, "forget_recall")
    names = ["random, toy", "lr-cos, toy", "lr-cos, other"]
    assert [line.get_label() for line in ax.lines] == names
    assert len({line.get_fillstyle() for line in ax.lines[1:]}) == 2
    assert (ax.lines[2].get_ydata() == 0.5).all()


def test_a_band_below_zero_is_cut_only_where_no_value_is_negative():
    lowest = []
    for shift in (0.0, -0.5):
        wide = (1 - frame()["budget"]) * (1 - frame()["seed"]).clip(0) + shift
        ax = plots.plot_trade_off(frame().assign(value=wide), "forget_recall")
        lowest.append(min(area.get_paths()[0].vertices[:, 1].min() for area in ax.collections))
    assert lowest == [0, -0.5]


def test_rules_of_ones_own_are_told_apart():
    data = frame(rules=["mine", "random", "yours"])
    markers = [line.get_marker() for line in plots.plot_trade_off(data, "forget_recall").lines]
    assert len(set(markers)) == 3
    assert markers[0] == plots.rule_style("mine").marker
    table = budget_to_reach(data, "forget_recall")
    assert set(markers) <= {line.get_marker() for line in plots.plot_budgets(table).lines}


def test_every_rule_has_one_point_and_one_line_among_the_budgets():
    names = ["random", *SCORING_RULES, *WALKED_RULES]
    table = budget_to_reach(frame(rules=list(dict.fromkeys(names))), "forget_recall")
    assert {len(line.get_xdata()) for line in plots.plot_budgets(table).lines[:-1]} == {1, 2}


def test_a_figure_of_a_stand_in_says_so():
    real, standin = plt.subplots(ncols=2)[1]
    task = UnlearningTask(X=[[0.0], [1.0]], y=[0, 1], forget=[False, True], standin=True)
    plots.mark_standin(dataclasses.replace(task, standin=False), real)
    plots.mark_standin(task, standin)
    assert real.get_title(loc="right") == ""
    assert standin.get_title(loc="right") == "stand-in data"


def test_the_frontier_is_drawn_where_it_is():
    ax = plots.plot_frontier(2.0)
    eps, alpha = ax.lines[0].get_data()
    assert alpha == pytest.approx(max_removal(eps, 2.0))
    assert (eps[0], eps[-1]) == (0, 1)
    assert ax.lines[1].get_data() == ([0], [2.0])
    assert plots.plot_frontier(2.0, eps_max=3.0).get_xlim() == (0, 3)
    with pytest.raises(ValueError, match="kappa must be positive, got 0"):
        plots.plot_frontier(0.0)
    with pytest.raises(ValueError, match="eps_max must be positive"):
        plots.plot_frontier(1.0, eps_max=-1.0)


def test_budgets_are_drawn_with_their_intervals_best_on_top():
    table = budget_to_reach(frame(), "forget_recall")
    ax = plots.plot_budgets(table)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["random", "lr-cos"]
    row = table.loc["lr-cos"]
    assert ax.lines[2].get_xdata() == pytest.approx([row["lower"], row["upper"]])
    assert ax.lines[3].get_xdata() == pytest.approx([row["budget"]])
    assert ax.texts[1].get_text() == f"{row['budget']:.0%}"


def test_the_cover_shows_both_sides_and_says_what_is_saved():
    before = dict(mpl.rcParams)
    figure = plot_cover()
    assert dict(mpl.rcParams) == before
    left, right = figure.axes
    hollow, wanted, kept, _ = left.collections
    assert len(hollow.get_offsets()) == len(kept.get_offsets())
    assert len(wanted.get_offsets()) == len(hollow.get_offsets()) + len(kept.get_offsets())
    assert hollow.get_offsets()[:, 0].mean() > kept.get_offsets()[:, 0].mean() + 1
    curves = {line.get_label(): line.get_data() for line in right.lines}
    level = 0.7 * 1.5**2 / 2
    needed = {
        rule: np.interp(level, y, x) if rule == "random" else x[np.argmax(y >= level)]
        for rule, (x, y) in curves.items()
    }
    # Random: (1 - w)^2 = 0.7 with w = v / (1 + v).
    assert needed["random"] == pytest.approx(1 - (0.7**-0.5 - 1), abs=1e-3)
    saved = 1 - needed["likelihood ratio"] / needed["random"]
    assert right.texts[-1].get_text() == f"{saved:.0%}\nfewer"
