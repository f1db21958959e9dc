"""Budgets: against a search through every f, exact cases, non-monotone targets, refusals."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ncx2

from distunlearn_lite.errors import InfeasibleTarget
from distunlearn_lite.theory.deletion_budgets import BLOCK, deletion_budget
from distunlearn_lite.theory.deletion_curves import CURVE_RULES, deletion_curve
from distunlearn_lite.theory.random_deletion import random_deletion_law


def attempt(*args, **targets):
    try:
        return deletion_budget(*args, **targets)
    except InfeasibleTarget:
        return None


def limits(alpha, eps):
    return -np.inf if alpha is None else alpha, np.inf if eps is None else eps


def first(mask):
    return int(np.argmax(mask)) if mask.any() else None


def quantiles(n1, n2, separation, dim, level):
    laws = [random_deletion_law(f, n1, n2, separation, dim) for f in range(n1 + 1)]
    removal = np.array([float(law.removal_ppf(1 - level)) for law in laws])
    return removal, np.array([float(law.preservation_ppf(level)) for law in laws])


targets = st.sampled_from(["alpha", "eps", "both"])


@given(
    st.sampled_from(CURVE_RULES),
    st.integers(1, 300),
    st.integers(1, 300),
    st.floats(0.05, 5),
    st.integers(1, 30),
    targets,
    st.floats(0.0, 1.6),
    st.floats(0.0, 1.1),
)
def test_budget_is_the_first_f_of_the_curve(
    rule, n1, n2, separation, dim, which, removal_share, preservation_share
):
    kappa = separation**2 / 2
    curve = deletion_curve(rule, 1 - np.arange(n1 + 1) / n1, n1 / n2, separation, dim)
    alpha = None if which == "eps" else removal_share * kappa
    eps = None if which == "alpha" else preservation_share * curve.preservation[0]
    least, most = limits(alpha, eps)
    good = (curve.removal >= least) & (curve.preservation <= most)
    near = np.isclose(curve.removal, least, rtol=1e-11)  # so close that rounding decides
    near |= np.isclose(curve.preservation, most, rtol=1e-11)
    found = attempt(rule, n1, n2, separation, alpha=alpha, eps=eps, dim=dim)
    assert found == first(good) or near[found if found is not None else slice(None)].any()


@given(
    st.integers(1, 60),
    st.integers(1, 80),
    st.floats(0, 2),
    st.integers(1, 20),
    targets,
    st.floats(0.02, 0.98),
    st.floats(0, 1.2),
)
def test_budget_with_confidence_is_the_first_f_of_the_exact_law(
    n1, n2, separation, dim, which, level, position
):
    removal, preservation = quantiles(n1, n2, separation, dim, level)
    alpha = None if which == "eps" else removal.min() + position * np.ptp(removal)
    eps = None if which == "alpha" else preservation.min() + position * np.ptp(preservation)
    least, most = limits(alpha, eps)
    good = (removal >= least * (1 - 1e-9)) & (preservation <= most * (1 + 1e-9))
    found = attempt("random", n1, n2, separation, alpha=alpha, eps=eps, confidence=level, dim=dim)
    if found != first(good):  # then only because a target is met to nine digits, not to twelve
        closest = found if found is not None else first(good)
        gaps = [abs(removal[closest] / alpha - 1)] if alpha else []
        gaps += [abs(preservation[closest] / eps - 1)] if eps else []
        assert min(gaps) < 1e-8


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.floats(0.1, 5), st.floats(0.01, 0.99))
def test_random_budgets_in_closed_form(n1, n2, separation, share):
    kappa, ratio = separation**2 / 2, n1 / n2
    alpha, eps = share * kappa, share * kappa
    for_alpha = n1 * (1 - (1 / np.sqrt(share) - 1) / ratio)
    for_eps = n1 * (1 - np.sqrt(share) / (ratio * (1 - np.sqrt(share))))
    for name, target, exact in (("alpha", alpha, for_alpha), ("eps", eps, for_eps)):
        expected = max(0, np.ceil(exact - 1e-6))
        found = deletion_budget("random", n1, n2, separation, **{name: target})
        assert expected <= found <= max(0, np.ceil(exact + 1e-6))


def test_keeping_only_the_retained_data_is_a_budget():
    kappa = 0.7**2 / 2
    for rule in ("random", "distance"):
        assert deletion_budget(rule, 90, 40, 0.7, alpha=kappa) == 90
        assert deletion_budget(rule, 90, 40, 0.7, eps=0.0) == 90
        assert deletion_budget(rule, 90, 40, 0.7, alpha=kappa, eps=0.0, dim=3) == 90
    assert deletion_budget("likelihood-ratio", 90, 40, 0.7, alpha=kappa) < 90
    assert deletion_budget("likelihood-ratio", 90, 40, 0.7, alpha=kappa, eps=0.0) == 90
    assert deletion_budget("random", 90, 40, 0.7, alpha=0.0) == 0
    assert deletion_budget("random", 90, 40, 0.7, alpha=0.0, confidence=0.99) == 0


def test_a_target_met_early_may_be_missed_later():
    # Likelihood ratio: preservation rises again beyond the crossing, removal falls at the end.
    setting = ("likelihood-ratio", 1000, 1000, 0.5)
    curve = deletion_curve("likelihood-ratio", 1 - np.arange(1001) / 1000, 1.0, 0.5)
    for_eps = deletion_budget(*setting, eps=1e-4)
    assert curve.preservation[for_eps] <= 1e-4 < curve.preservation[700]
    f = deletion_budget(*setting, alpha=0.2)
    assert curve.removal[f] >= 0.2 > curve.removal[-1]
    # With both targets the first f that is good for removal may be bad for preservation.
    alpha = 0.4 * float(curve.removal[700])
    for_alpha = deletion_budget(*setting, alpha=alpha)
    assert deletion_budget(*setting, alpha=alpha, eps=1e-4) == max(for_alpha, for_eps)
    # Random deletion: the last deletions cost preservation, and a halving search that starts from
    # "everything deleted" would find nothing.
    _, preservation = quantiles(300, 60, 0.5, 4, 0.9)
    eps = preservation.min() * 1.01
    f = deletion_budget("random", 300, 60, 0.5, eps=eps, confidence=0.9, dim=4)
    assert f == first(preservation <= eps)
    assert preservation[-1] > eps


def test_the_confidence_is_that_of_real_deletions():
    n1, n2, separation, dim, level = 80, 60, 0.8, 2, 0.9
    alpha, eps, repeats = 0.15, 0.08, 40_000
    f = deletion_budget("random", n1, n2, separation, alpha=alpha, confidence=level, dim=dim)
    g = deletion_budget("random", n1, n2, separation, eps=eps, confidence=level, dim=dim)
    rng = np.random.default_rng(0)
    error = 4 * np.sqrt(level * (1 - level) / repeats)

    def chances(deleted):
        left, kept = n1 - deleted + n2, n1 - deleted
        fits = rng.standard_normal((repeats, dim)) / np.sqrt(left)
        fits[:, 0] += kept / left * separation
        removal = ((fits - np.eye(dim)[0] * separation) ** 2).sum(axis=1) / 2
        return (removal >= alpha).mean(), ((fits**2).sum(axis=1) / 2 <= eps).mean()

    assert chances(f)[0] > level - error
    assert chances(f - 3)[0] < level
    assert chances(g)[1] > level - error
    assert chances(g - 3)[1] < level


@pytest.mark.parametrize("dim", [1, 40])
def test_large_samples_cross_blocks_and_skip_nothing(dim):
    n1 = 3 * BLOCK
    f = deletion_budget("random", n1, n1, 0.5, alpha=0.1, eps=0.01, confidence=0.95, dim=dim)
    assert BLOCK < f < n1
    for g, met in ((f, True), (f - 1, False)):
        law = random_deletion_law(g, n1, n1, 0.5, dim)
        assert met == (law.removal_ppf(0.05) >= 0.1 and law.preservation_ppf(0.95) <= 0.01)


def test_full_deletion_is_tried_where_it_stands_alone_in_the_last_block():
    alpha = random_deletion_law(BLOCK, BLOCK, 10, 1.0).removal_ppf(0.05)
    f = deletion_budget("random", BLOCK, 10, 1.0, alpha=alpha * (1 - 1e-9), confidence=0.95)
    assert f == BLOCK


@pytest.mark.parametrize(("asked", "most"), [({"alpha": 0.1}, 6000), ({"eps": 0.01}, 3300)])
def test_the_exact_law_is_evaluated_only_where_a_bound_leaves_it_open(asked, most, monkeypatch):
    evaluated = []

    def counting(law):
        def counted(bound, *parameters):
            evaluated.append(bound.size)
            return law(bound, *parameters)

        return counted

    for name in ("cdf", "sf"):
        monkeypatch.setattr(ncx2, name, counting(getattr(ncx2, name)))
    deletion_budget("random", 3 * BLOCK, 3 * BLOCK, 0.5, confidence=0.95, **asked)
    assert 0 < sum(evaluated) < most


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((("distance", 100, 100, 1.0), {"alpha": 2.0}), r"alpha = 2; .* alpha = 0\.5 \(f = 100\)"),
        ((("random", 100, 100, 0.0), {"alpha": 2.0}), r"nearest .* alpha = 0 "),
        ((("likelihood-ratio", 1000, 1000, 0.5), {"alpha": 0.3}), r"alpha = 0\.214 \(f = 744\)"),
        (
            (("likelihood-ratio", 1000, 1000, 0.5), {"alpha": 0.2, "eps": 0.001}),
            r"alpha = 0\.2 together with eps = 0\.001; .* as it is \(f = \d+\), and eps",
        ),
        ((("random", 1000, 1000, 0.5), {"eps": 0.0, "confidence": 0.95}), r"eps = 0\.0019\d+ \(f"),
        # where preservation turns: the nearest target is met by some f between the ends
        ((("random", 300, 60, 0.5), {"eps": 0.0, "confidence": 0.9, "dim": 4}), r"\(f = 2\d\d\)"),
        (
            (("random", 1000, 1000, 0.5), {"alpha": 9.0, "eps": 1e-6, "confidence": 0.95}),
            r"alpha = 0\.\d+ without the other target \(f = 1000\), and eps = .* without",
        ),
    ],
)
def test_out_of_reach_names_what_is_within_reach(arguments, message):
    args, asked = arguments
    with pytest.raises(InfeasibleTarget, match=message) as caught:
        deletion_budget(*args, **asked)
    offers = str(caught.value).split(";")[1]
    for name, value in re.findall(r"(alpha|eps) = ([\d.e-]+)", offers):
        together = {} if "without the other" in offers else asked
        confidence = {k: v for k, v in asked.items() if k == "confidence"}
        reachable = {**together, **confidence, name: float(value)}
        assert 0 <= deletion_budget(*args, **reachable) <= args[1]
        better = float(value) * (1.01 if name == "alpha" else 0.99)
        if better > 0:
            assert attempt(*args, **{**reachable, name: better}) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alpha": None}, "a budget needs a target; pass alpha="),
        ({"rule": "distance", "confidence": 0.9}, "confidence needs an exact.*'distance'.*drop it"),
        ({"rule": "likelihood-ratio", "confidence": 0.9}, "confidence needs an exact"),
        ({"confidence": 1.0}, "confidence must lie strictly between 0 and 1"),
        ({"rule": "best"}, "unknown rule 'best'"),
        ({"alpha": -0.1}, "alpha must be non-negative, got -0"),
        ({"eps": np.nan}, "eps must be finite"),
        ({"n1": 0}, "n1 must be at least 1"),
        ({"n2": 0}, "n2 must be at least 1"),
        ({"separation": -1.0}, "separation must be non-negative"),
        ({"dim": 0}, "dim must be at least 1"),
    ],
)
def test_bad_input_is_refused(changes, message):
    valid = {"rule": "random", "n1": 10, "n2": 10, "separation": 1.0, "alpha": 0.1}
    with pytest.raises(ValueError, match=message):
        deletion_budget(**valid | changes)
