"""Exercises of chapter 16: a faded row, a row forgotten, residuals along a path, a penalty."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..exercise import Exercise, Inputs, Slip


def fade(leverage: float, residual: float, weight: float) -> float:
    """The value of a row with target 1 that counts with a weight below 1."""
    return 1 - residual / (1 - (1 - weight) * leverage)


def _row(rng: Generator) -> Inputs:
    leverage, residual = rng.integers(15, 40) / 100, rng.integers(50, 65) / 100
    return {"leverage": leverage, "residual": residual, "weight": rng.choice([0.2, 0.3, 0.6, 0.7])}


def forget_row(A: Any, W: Any, x: Any, y: Any) -> NDArray[np.float64]:
    towards = np.linalg.solve(A, x)
    return np.asarray(W - np.outer(towards, y - x @ W) / (1 - x @ towards))


def _step(A: Any, W: Any, x: Any, y: Any) -> Any:
    return np.outer(np.linalg.solve(A, x), y - x @ W)


def _fit(X: Any, Y: Any, a: float) -> tuple[Any, Any]:
    A = X.T @ X + a * np.diag(np.append(np.ones(X.shape[1] - 1), 0))
    return A, np.linalg.solve(A, X.T @ Y)


def _rows(rng: Generator, n: int, columns: int) -> Any:
    return np.c_[rng.normal(1, 1, (n, columns)), np.ones(n)]


def _ridge(rng: Generator, columns: int | None = None) -> Inputs:
    columns = int(rng.integers(1, 5)) if columns is None else columns
    X, Y = _rows(rng, 8, columns), rng.choice([-1.0, 1.0], (8, 3))
    A, W = _fit(X, Y, rng.uniform(0.2, 2))
    return {"A": A, "W": W, "x": X[0], "y": Y[0]}


def unseen(H: Any, R: Any, order: Any) -> NDArray[np.float64]:
    """The residual of each row under the fit without it and without all that went before."""
    factor = np.linalg.cholesky(np.eye(len(order)) - H[np.ix_(order, order)])
    return np.asarray(np.linalg.solve(factor, R[order]) / np.diag(factor))


def _just_before(H: Any, R: Any, order: Any) -> Any:
    factor = np.linalg.cholesky(np.eye(len(order)) - H[np.ix_(order, order)])
    return np.linalg.solve(factor, R[order]) * np.diag(factor)


def _path(rng: Generator, gone: int | None = None) -> Inputs:
    X, Y = _rows(rng, 14, 3), rng.choice([-1.0, 1.0], 14)
    A, W = _fit(X, Y, rng.uniform(0.2, 2))
    H = X[:7] @ np.linalg.solve(A, X[:7].T)
    order = np.roll(rng.permutation(7), 1)[:gone]
    if np.array_equal(order, np.arange(len(order))):
        order = order[::-1]
    return {"H": H, "R": Y[:7] - X[:7] @ W, "order": order}


def penalty(n: int, scatter: float, x: float) -> float:
    """The penalty that halves the leverage of a row that lies x from the mean."""
    half = (1 / n + x**2 / scatter) / 2
    return x**2 / (half - 1 / n) - scatter


def _column(rng: Generator) -> Inputs:
    n, scatter = int(10 * rng.integers(4, 9)), int(rng.integers(25, 80))
    return {"n": n, "scatter": scatter, "x": rng.integers(30, 46) / 10}


EXERCISES = (
    Exercise(
        id="ex-16-fade",
        title="A row that fades",
        level="○",
        goal="compute what a smaller weight on a row does to its own value",
        asked="In a ridge fit a row has leverage $<leverage>$ and, in the column of its class, "
        "where its target is $+1$, the residual $<residual>$. The ridge is fitted again with the "
        "weight $<weight>$ on this row instead of 1. What is the fitted value of the row in this "
        "column now?",
        answer="value",
        recipe=fade,
        cases=({"leverage": 0.25, "residual": 0.5, "weight": 0.3},),
        fresh=_row,
        slips=(
            Slip(
                "the weight is taken for u, which is what the row has lost of it",
                lambda leverage, residual, weight: fade(leverage, residual, 1 - weight),
            ),
            Slip(
                "the row is deleted altogether; asked is the fit in which it still has a weight",
                lambda leverage, residual, weight: fade(leverage, residual, 0),
            ),
            Slip(
                "the residual is given; asked is the fitted value",
                lambda *inputs: 1 - fade(*inputs),
            ),
            Slip(
                "Z is taken for the residual; it is u times the residual",
                lambda leverage, residual, weight: (
                    1 - (1 - weight) * (1 - fade(leverage, residual, weight))
                ),
            ),
        ),
        hints=(
            "For a single row the formula for Z is a division by a number.",
            "Part 3 of the theorem says how Z and the new residual belong together; the value is "
            "the target less the residual.",
        ),
    ),
    Exercise(
        id="ex-16-forget",
        title="Forget one row without the data",
        level="◐",
        goal="write the deletion of one row as an update of rank one",
        asked="The data are gone. Left are the matrix `A` and the coefficients `W` of a ridge, "
        "its intercepts in the last row. Somebody asks for the deletion of one training row and "
        "brings it: `x`, with its 1 at the end, and `y`, its targets, one for each class. Write a "
        "function `forget_row(A, W, x, y)` that returns the coefficients of the ridge without "
        "this row.",
        answer="function",
        recipe=forget_row,
        cases=(
            _ridge(np.random.default_rng(0)),
            _ridge(np.random.default_rng(1), columns=0),  # a mean
            _ridge(np.random.default_rng(2), columns=7),
            _ridge(np.random.default_rng(3)),
        ),
        fresh=_ridge,
        slips=(
            Slip(
                "the residual is that of the fit with the row; without it the residual is larger",
                lambda A, W, x, y: W - _step(A, W, x, y),
            ),
            Slip(
                "the step goes the wrong way: a deletion takes the pull of the row away",
                lambda A, W, x, y: 2 * W - forget_row(A, W, x, y),
            ),
            Slip(
                "a minus became a plus in the division, as if the row were added",
                lambda A, W, x, y: W - _step(A, W, x, y) / (1 + x @ np.linalg.solve(A, x)),
            ),
            Slip(
                "the row is taken out of A, but its targets are still in the right side",
                lambda A, W, x, y: np.linalg.solve(A - np.outer(x, x), A @ W),
            ),
            Slip(
                "the targets are taken out of the right side, but the row is still in A",
                lambda A, W, x, y: W - np.outer(np.linalg.solve(A, x), y),
            ),
        ),
        hints=(
            "The theorem needs the row, its leverage and its residuals, and no other row.",
            "For one row I - H is a number; the new coefficients differ from the old ones by an "
            "outer product.",
        ),
    ),
    Exercise(
        id="ex-16-along",
        title="What no model has seen",
        level="◐",
        goal="write residuals along a nested path without a refit",
        asked="Write a function `unseen(H, R, order)`. `H` holds the votes of the forget rows on "
        "each other and the vector `R` their residuals in one column, both of the fit to all "
        "rows. The rows with the indices in `order`, perhaps not all of them, are deleted one "
        "after another. Return, in this order, the residual of each deleted row under the fit that "
        "has just lost it: the rows before it in `order` are gone, too, those after it are not.",
        answer="function",
        recipe=unseen,
        cases=(
            _path(np.random.default_rng(0)),
            _path(np.random.default_rng(1), gone=4),
            _path(np.random.default_rng(2), gone=1),
            _path(np.random.default_rng(3)),
        ),
        fresh=_path,
        slips=(
            Slip(
                "each row is left out of the first fit alone; the rows before it are gone as well",
                lambda H, R, order: (R / (1 - np.diag(H)))[order],
            ),
            Slip(
                "this is the residual just before the row goes, while the fit still sees it",
                _just_before,
            ),
            Slip(
                "these are the residuals when all of them are gone; asked is the fit at the time "
                "of each row",
                lambda H, R, order: np.linalg.solve(
                    np.eye(len(order)) - H[np.ix_(order, order)], R[order]
                ),
            ),
            Slip(
                "they are listed by the index of the row; asked is the order of deletion",
                lambda H, R, order: unseen(H, R, order)[np.argsort(order)],
            ),
        ),
        hints=(
            "Sort votes and residuals into the order of deletion first.",
            "After each deletion the row that comes next has a vote on itself and a residual; the "
            "two give its residual without itself.",
            "In the factor of the second theorem both stand on the diagonal's place: look at the "
            "first entry of G_E and of T_E.",
        ),
    ),
    Exercise(
        id="ex-16-halved",
        title="A penalty that halves a leverage",
        level="◐",
        goal="compute how the penalty of a ridge tames a leverage",
        asked="A ridge with a single column is fitted to $<n>$ rows, whose scatter $c_1$ is "
        "$<scatter>$. One row lies $<x>$ from the mean of all rows. For which penalty $a$ is its "
        "leverage half of what it tends to as $a\\to0$?",
        answer="value",
        recipe=penalty,
        cases=({"n": 50, "scatter": 40, "x": 3.0},),
        fresh=_column,
        slips=(
            Slip(
                "the intercept's part of the leverage is halved as well; no penalty shrinks it",
                lambda n, scatter, x: scatter,
            ),
            Slip(
                "this is the sum of scatter and penalty; asked is the penalty alone",
                lambda n, scatter, x: penalty(n, scatter, x) + scatter,
            ),
            Slip(
                "the distance from the mean is not squared",
                lambda n, scatter, x: penalty(n, scatter, np.sqrt(x)),
            ),
        ),
        hints=(
            "With one column the leverage is a sum of two terms, and only one of them has the "
            "penalty in it.",
            "Write the leverage for a = 0, take half of it, and solve for the penalty.",
        ),
    ),
)
