"""Sweeps: a warm-started walk against cold refits, and several models at once against one by one.

    python benchmarks/sweep.py

Both sides run `sweep` on the same data, seeds, rules and budgets, one after the other in one
process; only `warm_start` of the classifier differs. CPU times are of the fits alone and of the
whole sweep, since scores and metrics cost both sides the same.

Before that, several penalties in one sweep against a sweep of each and against one: a ridge on
dense float32 rows, and logistic regression on texts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline

from distunlearn_lite import DatasetUnavailable, UnlearningTask, load_sms_spam, load_standin, sweep
from distunlearn_lite.sweeps.sweeping import COLUMNS

RULES = ("random", "cos-mu2", "lr-cos")
BUDGETS = [step / 20 for step in range(21)]
SEEDS = (0, 1, 2)
SETTINGS = (
    ("newton-cg", 1e-8),
    ("newton-cg", 1e-6),
    ("newton-cg", 1e-4),
    ("lbfgs", 1e-8),
    ("lbfgs", 1e-4),
)
ALLOWED = 0.005
SEVERAL = ("random", "lr-maha", "lr-cos", "margin")


@contextmanager
def fit_clock() -> Iterator[list[float]]:
    """CPU seconds spent in LogisticRegression.fit while the block runs."""
    spent: list[float] = []
    original = LogisticRegression.fit

    def timed(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        started = time.process_time()
        try:
            return original(self, *args, **kwargs)
        finally:
            spent.append(time.process_time() - started)

    LogisticRegression.fit = timed
    try:
        yield spent
    finally:
        LogisticRegression.fit = original


def timed_sweep(
    task: UnlearningTask, classifier: LogisticRegression, warm_start: bool
) -> tuple[pd.Series, float, float]:
    """Values, CPU seconds of the fits, and CPU seconds in all."""
    model = make_pipeline(TfidfVectorizer(), clone(classifier).set_params(warm_start=warm_start))
    started = time.process_time()
    with fit_clock() as fits:
        frame = sweep(task, model, RULES, BUDGETS, SEEDS, progress=False)
    values = frame.set_index([name for name in COLUMNS if name != "value"])["value"]
    return values, sum(fits), time.process_time() - started


def dense_rows() -> UnlearningTask:
    """Rows of ten labels in 800 columns, of which one label is to be forgotten."""
    rng = np.random.default_rng(0)
    y = rng.integers(10, size=10_000)
    x = rng.standard_normal((y.size, 800)) + rng.standard_normal((10, 800))[y] / 8
    return UnlearningTask(X=x.astype(np.float32), y=y, forget=y == 0, name="dense rows")


def together_and_alone(task: UnlearningTask, models: dict[str, BaseEstimator]) -> None:
    """Print CPU time of one sweep of all models, relative to theirs one by one and to one."""
    spent: list[float] = []
    frames = []
    for model in (models, *models.values()):
        started = time.process_time()
        frames.append(sweep(task, model, SEVERAL, BUDGETS, SEEDS[:1], progress=False))
        spent.append(time.process_time() - started)
    apart = float(np.abs(pd.concat(frames[1:])["value"].to_numpy() - frames[0]["value"]).max())
    print(
        f"{task.name:<12} {len(models)} models / one {spent[0] / np.mean(spent[1:]):>5.2f}"
        f"   one by one / together {sum(spent[1:]) / spent[0]:>5.2f}"
        f"   largest difference {apart:.1e}"
    )


def main() -> None:
    """Print one line a solver and tolerance, and one a kind of model."""
    try:
        task = load_sms_spam(download=False)
    except DatasetUnavailable:
        task = load_standin("text")
    ridges = {f"alpha {alpha:g}": RidgeClassifier(alpha) for alpha in (10, 100, 1e3, 1e4, 1e5)}
    together_and_alone(dense_rows(), ridges)
    logistic = partial(LogisticRegression, solver="newton-cg", tol=1e-8, warm_start=True)
    texts = {f"C {c:g}": make_pipeline(TfidfVectorizer(), logistic(C=c)) for c in (0.1, 1, 10, 100)}
    together_and_alone(task, texts)
    print(f"{task.name}, {len(RULES)} rules, {len(BUDGETS)} budgets, {len(SEEDS)} seeds")
    print(
        f"{'solver':<10} {'tol':>6} {'cold fits':>10} {'warm fits':>10} {'ratio':>6}"
        f" {'whole':>6} {'largest difference':>19}"
    )
    for solver, tol in SETTINGS:
        classifier = LogisticRegression(solver=solver, tol=tol, max_iter=1000)
        cold, cold_fits, cold_all = timed_sweep(task, classifier, warm_start=False)
        warm, warm_fits, warm_all = timed_sweep(task, classifier, warm_start=True)
        apart = float((cold - warm).abs().max())
        verdict = "" if apart <= ALLOWED else f"  above {ALLOWED}"
        print(
            f"{solver:<10} {tol:>6.0e} {cold_fits:>8.2f} s {warm_fits:>8.2f} s"
            f" {cold_fits / warm_fits:>6.2f} {cold_all / warm_all:>6.2f} {apart:>19.6f}{verdict}"
        )


if __name__ == "__main__":
    main()
