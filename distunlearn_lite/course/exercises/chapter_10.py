"""Exercises of chapter 10: patches, intervals over bootstraps, copies, a ridge without a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import special

from ..exercise import Exercise, Inputs, Slip

Array = NDArray[np.float64]


def _patches(rng: Generator) -> Inputs:
    shape = rng.integers(3, 7), rng.integers(6, 13)
    bright = rng.integers(0, 200, (shape[0], 1))
    return {"patches": (bright + rng.integers(0, 25, shape)).astype(float)}


def contrast(patches: Any) -> Any:
    return _less_mean(patches) / np.sqrt(_var(patches) + 10)


def _less_mean(patches: Any) -> Any:
    return patches - patches.mean(axis=1, keepdims=True)


def _var(patches: Any, ddof: int = 0) -> Any:
    return patches.var(axis=1, keepdims=True, ddof=ddof)


def _halved(rng: Generator) -> Inputs:
    """Halving budgets of two orders; a bootstrap that is hard for one is hard for the other."""
    seeds = rng.integers(5, 11)
    shared = rng.normal(0.45, 0.05, seeds)
    return {
        "at_random": (shared + rng.normal(0, 0.01, seeds)).round(3),
        "by_rule": (shared - rng.uniform(0.08, 0.15) + rng.normal(0, 0.02, seeds)).round(3),
    }


def lead(at_random: Any, by_rule: Any) -> Array:
    return _ends(at_random - by_rule)


def _ends(saved: Any, error: Any = None, df: float | None = None) -> Array:
    error = saved.std(ddof=1) if error is None else error
    quantile = special.stdtrit(len(saved) - 1 if df is None else df, 0.975)
    return np.asarray(saved.mean() + quantile * error * np.array([-1, 1]))


def _unpaired(at_random: Any, by_rule: Any) -> Array:
    return _ends(at_random - by_rule, np.hypot(at_random.std(ddof=1), by_rule.std(ddof=1)))


def _share(rng: Generator) -> Inputs:
    return {"gone": float(rng.choice([0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]))}


def deleted(gone: float) -> float:
    """Share of a large bootstrap to delete until this share of its distinct images is gone."""
    occurred = 1 - np.exp(-1)
    return float(1 + np.log(1 - (1 - gone) * occurred))


def _rows(rng: Generator) -> Inputs:
    n, d = rng.integers(12, 18), rng.integers(2, 4)
    y = (rng.permutation(n) < n // 3).astype(float)
    X = rng.normal(1, 1, (n, d)) + np.outer(y, rng.normal(0, 1, d))
    return {"X": X.round(2), "y": y, "alpha": float(rng.choice([2, 5, 10]))}


def _with_a_copy(inputs: Inputs) -> Inputs:
    X, y = inputs["X"].copy(), inputs["y"].copy()
    X[1], y[1] = X[0], y[0]
    return {"X": X, "y": y, "alpha": inputs["alpha"]}


def _votes(X: Any, alpha: float, free: bool = True) -> Any:
    """Votes of the rows on each other; the intercept is free of the penalty or not."""
    rows = np.column_stack([X, np.ones(len(X))])
    penalty = alpha * np.append(np.ones(X.shape[1]), 0 if free else 1)
    return rows @ np.linalg.solve(rows.T @ rows + np.diag(penalty), rows.T)


def unseen(X: Any, y: Any, alpha: float, free: bool = True) -> Any:
    H = _votes(X, alpha, free)
    return y - (y - H @ y) / (1 - np.diag(H))


EXERCISES = (
    Exercise(
        id="ex-10-contrast",
        title="Brightness and contrast",
        level="○",
        goal="write the first step from patches to features",
        asked="Write a function `contrast(patches)` that takes brightness and contrast out of "
        "patches, as the first step of this chapter's features does. `patches` is an array with "
        "one patch in each row; the answer has the same shape.",
        answer="function",
        recipe=contrast,
        cases=(
            *(_patches(np.random.default_rng(seed)) for seed in range(3)),
            {"patches": np.array([[7.0, 7.0, 7.0, 7.0], [3.0, 9.0, 1.0, 0.0]])},
            {"patches": np.array([[12.0, 30.0, 18.0]])},
        ),
        fresh=_patches,
        slips=(
            Slip(
                "mean and variance are those of the columns; asked are those of each patch",
                lambda patches: contrast(patches.T).T,
            ),
            Slip(
                "the constant is added to the root of the variance; it belongs under the root",
                lambda patches: _less_mean(patches) / (np.sqrt(_var(patches)) + 10),
            ),
            Slip(
                "the root is missing: it is divided by the variance plus the constant",
                lambda patches: _less_mean(patches) / (_var(patches) + 10),
            ),
            Slip(
                "the brightness is left in: the mean is to be subtracted",
                lambda patches: patches / np.sqrt(_var(patches) + 10),
            ),
            Slip(
                "the variance is divided by the pixels less one; here it is the mean square",
                lambda patches: _less_mean(patches) / np.sqrt(_var(patches, ddof=1) + 10),
            ),
        ),
        hints=(
            "Each row has a mean and a variance of its own; `axis` says along what they are taken.",
            "`keepdims=True` leaves them as a column, which can be subtracted from the rows.",
        ),
    ),
    Exercise(
        id="ex-10-lead",
        title="A lead with its interval",
        level="◐",
        goal="compute an interval over bootstraps that speaks of other photographs",
        asked="The arrays `at_random` and `by_rule` hold the halving budgets of random deletion "
        "and of a rule, one for each bootstrap and in the same order. Write a function "
        "`lead(at_random, by_rule)` that returns the lower and the upper end of the 95 % interval "
        "of the difference, random less rule, paired by the bootstraps. It is to hold for other "
        "photographs, as this chapter's intervals do.",
        answer="function",
        recipe=lead,
        cases=(
            *(_halved(np.random.default_rng(seed)) for seed in range(3)),
            {"at_random": np.array([0.5, 0.42]), "by_rule": np.array([0.33, 0.3])},
        ),
        fresh=_halved,
        slips=(
            Slip(
                "divided by the root of the number of bootstraps: that is the error for more "
                "bootstraps of the same photographs",
                lambda one, two: _ends(one - two, (one - two).std(ddof=1) / len(one) ** 0.5),
            ),
            Slip(
                "the spreads of the two are added as if they were drawn apart; pair them first",
                _unpaired,
            ),
            Slip(
                "the quantile is the normal one; with few bootstraps it is that of Student's t",
                lambda one, two: _ends(one - two, df=np.inf),
            ),
            Slip(
                "the deviation is divided by the number of bootstraps; take one less",
                lambda one, two: _ends(one - two, (one - two).std()),
            ),
            Slip(
                "the difference is taken the other way round; asked is random less rule",
                lambda one, two: lead(two, one),
            ),
        ),
        hints=(
            "Take the difference within each bootstrap; its mean is the middle of the interval.",
            "The standard deviation of the differences is the standard error itself, and the "
            "quantile is `scipy.stats.t.ppf` at the level of a two-sided interval.",
        ),
    ),
    Exercise(
        id="ex-10-distinct",
        title="The last copy",
        level="◐",
        goal="say how much random deletion of a bootstrap it takes to be rid of its images",
        asked="A class has many images, and a bootstrap of as many is drawn from it with "
        "replacement. Which share $b$ of the bootstrap must be deleted at random until, of the "
        "distinct images that occurred in it, the share $<gone>$ is gone with all copies? Give the "
        "limit for many images.",
        answer="value",
        recipe=deleted,
        cases=({"gone": 0.75},),
        fresh=_share,
        slips=(
            Slip(
                "copies are forgotten: an image is gone only when its last copy is",
                lambda gone: gone,
            ),
            Slip(
                "that is the share of the bootstrap that is kept; asked is what is deleted",
                lambda gone: 1 - deleted(gone),
            ),
            Slip(
                "counted among all images of the class; asked is among those that occurred",
                lambda gone: 1 + np.log(gone),
            ),
            Slip(
                "then that share of the images is still there; asked is that it is gone",
                lambda gone: deleted(1 - gone),
            ),
        ),
        hints=(
            "The exercise on what resampling does to copies has the share of all images that "
            "occur, and that are left after a deletion.",
            "Set the share that is left equal to the wanted part of the share that occurred, and "
            "solve for b.",
        ),
    ),
    Exercise(
        id="ex-10-unseen",
        title="Each image without itself",
        level="◐",
        goal="compute what a ridge says of each row when it is fitted without it",
        asked="The rows of `X` are features of images, and `y` is 1 for the images of one class "
        "and 0 elsewhere. Write a function `unseen(X, y, alpha)` that returns for each row the "
        "value that the ridge of {eq}`eq-10-ridge`, with penalty `alpha`, gives it when it is "
        "fitted to all the other rows. As many fits as rows are right; one fit is enough.",
        answer="function",
        recipe=unseen,
        cases=(
            *(_rows(np.random.default_rng(seed)) for seed in range(3)),
            _with_a_copy(_rows(np.random.default_rng(3))),
        ),
        fresh=_rows,
        slips=(
            Slip(
                "these are the values of the fit to all rows; each is to be left out of its own",
                lambda X, y, alpha: _votes(X, alpha) @ y,
            ),
            Slip(
                "these are what is missing to the label; asked are the values",
                lambda X, y, alpha: y - unseen(X, y, alpha),
            ),
            Slip("the penalty is missing", lambda X, y, alpha: unseen(X, y, 0.0)),
            Slip(
                "the intercept is penalised, too; in this ridge it is free",
                lambda X, y, alpha: unseen(X, y, alpha, free=False),
            ),
        ),
        hints=(
            "Write a ridge first: a column of ones beside `X`, and a penalty that spares it.",
            "What is missing to the label grows by the inverse of one less the leverage when a row "
            "is left out of its own fit.",
        ),
    ),
)
