"""Gaussian sweeps: against refits one by one, exact curves and laws, and the nonsense refused."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from distunlearn_lite import (
    Gaussian,
    UnlearningTask,
    deletion_curve,
    kl_divergence,
    load_standin,
    make_gaussians,
    random_deletion_law,
    score,
    select_deletions,
    sweep,
)
from distunlearn_lite.sweeps.metrics import GAUSSIAN_METRICS

BUDGETS = [0.0, 0.1, 0.5, 0.77, 1.0]
KEY = ["rule", "budget", "seed", "metric"]
RULES = ["l2-mu2", "maha-mu2", "lr-maha", "lr-cos", "coreset"]


def unequal(n1=60, n2=90, seed=0):
    """Rows of no known law, correlated, of unequal scales, far from the origin."""
    rng = np.random.default_rng(seed)
    x = rng.exponential(size=(n1 + n2, 3)) @ [[1.0, 3.0, 0.0], [0.0, 2.0, 0.1], [0.0, 0.0, 0.5]]
    x += 100.0
    x[:n1] += [1.0, -1.0, 0.2]
    forget = np.arange(n1 + n2) < n1
    return UnlearningTask(X=x, y=forget.astype(int), forget=forget, name="unequal")


def refits(forget, retain, rule, p1, p2):
    """Delete, fit, compare: one fit a budget, with the theory's own functions."""
    scores = score(forget, retain, rule)
    for budget in BUDGETS:
        left = np.delete(forget, select_deletions(scores, budget), axis=0)
        p = Gaussian.fit(np.concatenate([left, retain]), cov=p1.cov)
        yield budget, {"kl_removal": kl_divergence(p1, p), "kl_preservation": kl_divergence(p2, p)}


def agrees(frame, seed, rule, expected):
    values = frame.set_index(KEY)["value"]
    for budget, pair in expected:
        for metric, value in pair.items():
            assert values[rule, budget, seed, metric] == pytest.approx(value, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("rule", RULES)
def test_known_gaussians_are_drawn_anew_and_refitted(rule):
    task = make_gaussians(50, 80, 1.3, dim=4, rng=0)
    frame = sweep(task, "gaussian", [rule], BUDGETS, seeds=[3, 8])
    assert tuple(dict.fromkeys(frame["metric"])) == GAUSSIAN_METRICS
    p1, p2 = Gaussian(np.eye(4)[0] * 1.3, np.eye(4)), Gaussian(np.zeros(4), np.eye(4))
    for seed in (3, 8):
        rows = np.random.default_rng(seed).standard_normal((130, 4))
        rows[:50, 0] += 1.3
        agrees(frame, seed, rule, refits(rows[:50], rows[50:], rule, p1, p2))


@pytest.mark.parametrize("rule", RULES)
def test_other_rows_are_split_and_compared_with_all_of_them(rule):
    task = unequal()
    frame = sweep(task, "gaussian", [rule], BUDGETS, seeds=[5])
    sets = [task.X[task.forget], task.X[~task.forget]]
    cov = sum(len(x) * np.cov(x.T, bias=True) for x in sets) / len(task)
    p1, p2 = (Gaussian(x.mean(axis=0), cov) for x in sets)
    train, _ = task.split(np.random.default_rng(5))
    expected = refits(train.X[train.forget], train.X[~train.forget], rule, p1, p2)
    agrees(frame, 5, rule, expected)


def test_sparse_rows_give_what_dense_rows_give():
    task = unequal()
    other = dataclasses.replace(task, X=sparse.csr_matrix(task.X))
    dense, thin = (sweep(t, "gaussian", ["l2-mu2"], BUDGETS, [0]) for t in (task, other))
    pd.testing.assert_frame_equal(dense, thin, rtol=1e-7)


@pytest.mark.parametrize("dim", [1, 5])
@pytest.mark.parametrize(
    ("rule", "name"),
    [("random", "random"), ("maha-mu2", "distance"), ("lr-maha", "likelihood-ratio")],
)
def test_large_samples_follow_the_exact_curve(rule, name, dim):
    n1, n2, delta, seeds = 4_000, 8_000, 1.0, 30
    budgets = [0.0, 0.3, 0.6, 0.9, 1.0]
    task = make_gaussians(n1, n2, delta, dim, rng=0)
    frame = sweep(task, "gaussian", [rule], budgets, range(seeds))
    curve = deletion_curve(name, 1 - np.array(budgets), n1 / n2, delta, dim)
    for metric, exact in (("kl_removal", curve.removal), ("kl_preservation", curve.preservation)):
        values = frame[frame["metric"] == metric].groupby("budget")["value"]
        error = (values.std() / np.sqrt(seeds)).to_numpy()
        # Sampling noise of the mean adds about dim / (2 N) to both.
        apart = np.abs(values.mean().to_numpy() - exact)
        assert (apart < 4 * error + dim / n2).all()
        assert (4 * error + dim / n2).max() < 0.02


def test_random_deletion_has_its_exact_law():
    n1, n2, f, delta, dim, seeds = 30, 40, 18, 0.8, 2, 400
    task = make_gaussians(n1, n2, delta, dim, rng=0)
    frame = sweep(task, "gaussian", ["random"], [f / n1], range(seeds))
    law = random_deletion_law(f, n1, n2, delta, dim)
    for metric, name in (("kl_removal", "removal"), ("kl_preservation", "preservation")):
        values = frame[frame["metric"] == metric]["value"]
        error = values.std() / np.sqrt(seeds)
        assert values.mean() == pytest.approx(getattr(law, f"{name}_mean"), abs=4 * error)
        for q in (0.1, 0.5, 0.9):
            below = (values <= getattr(law, f"{name}_ppf")(q)).mean()
            assert below == pytest.approx(q, abs=4 * np.sqrt(q * (1 - q) / seeds))


def test_texts_and_dependent_columns_are_refused():
    texts = UnlearningTask(X=["a", "b"], y=[1, 0], forget=[True, False])
    with pytest.raises(ValueError, match=r"needs numbers, got texts.*TruncatedSVD"):
        sweep(texts, "gaussian", ["random"], [0.0], [0])
    with pytest.raises(ValueError, match=r"covariance is singular.*fewer columns.*TruncatedSVD"):
        sweep(load_standin("images"), "gaussian", ["random"], [0.0], [0])
