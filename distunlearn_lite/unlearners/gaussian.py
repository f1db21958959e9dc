"""Refitting a Gaussian along a deletion order: running sums instead of one refit a budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..data.task import UnlearningTask
from ..matrices import Covariance, column_mean, dense_blocks
from ..rules.scoring import shared_basis
from ..rules.selection import deleted_rows, deletion_order
from ..theory.gaussian import Gaussian
from ..validation import FloatArray

__all__ = ["GAUSSIAN_METRICS", "gaussian_walk", "mean_divergences"]

GAUSSIAN_METRICS = ("kl_removal", "kl_preservation")


def gaussian_walk(
    task: UnlearningTask,
    rules: Sequence[str],
    budgets: FloatArray,
    seed: int,
    group_equal: bool,
) -> list[tuple[str, str, float, int, str, float]]:
    """All rows of ``sweep`` with ``model="gaussian"`` for one seed.

    The references p1 and p2 are the true Gaussians where the task carries them, and else have the
    means of all its forget and of all its retained rows and the pooled covariance within the two.
    """
    with threadpool_limits(limits=1):
        rng = np.random.default_rng(seed)
        if task.is_text:
            raise ValueError(
                "model 'gaussian' needs numbers, got texts; turn them into a few columns first, "
                "for example with TfidfVectorizer and TruncatedSVD"
            )
        train_rows: Any
        if task.truth is None:
            truth = _estimated(task)
            train, _ = task.split(rng, group_equal=group_equal)
            train_rows, is_forget = train.X, train.forget
        else:
            truth, n1 = task.truth, int(task.forget.sum())
            drawn = [p.sample(n, rng) for p, n in zip(truth, (n1, len(task) - n1), strict=True)]
            train_rows = np.concatenate(drawn)
            is_forget = np.arange(len(task)) < n1
        # The shuffle settles ties once, so that the file's order cannot leak into a selection.
        chosen = rng.permutation(np.flatnonzero(is_forget))
        forget, retain = train_rows[chosen], train_rows[~is_forget]
        deleted = np.array([deleted_rows(budget, chosen.size) for budget in budgets])
        basis = shared_basis(forget, retain, rules)
        records = []
        for rule in rules:
            order = deletion_order(forget, retain, rule, seed, basis)
            values = mean_divergences(forget[order], retain, deleted, truth)
            records += [
                (task.name, rule, float(budget), seed, name, float(value))
                for budget, *pair in zip(budgets, *values, strict=True)
                for name, value in zip(GAUSSIAN_METRICS, pair, strict=True)
            ]
        return records


def mean_divergences(
    ordered: Any, retain: Any, deleted: NDArray[np.intp], truth: tuple[Gaussian, Gaussian]
) -> tuple[FloatArray, FloatArray]:
    r"""Removal and preservation of the refitted mean at every number of deleted rows.

    With covariance known, :math:`KL(p_i \| p) = |\mu_i - \hat\mu|^2 / 2` in the Mahalanobis
    norm.

    Parameters
    ----------
    ordered : array or sparse matrix, shape (n1, d)
        Forget rows in the order of deletion.
    retain : array or sparse matrix, shape (n2, d)
        Retained rows.
    deleted : ndarray of int, shape (k,)
        Numbers of deleted rows, 0 to n1.
    truth : pair of Gaussian
        p1 and p2, of one covariance.

    Returns
    -------
    removal, preservation : ndarray, shape (k,)
        In nats.
    """
    p1, p2 = truth
    # Measured from mu2, so that a common offset of all rows costs no digits.
    n1, n2 = ordered.shape[0], retain.shape[0]
    total = sum((block - p2.mean).sum(axis=0) for block in dense_blocks(retain))
    kept = np.zeros((n1 + 1, p2.dim))
    # Added up from the last to go: row m is the sum of the m rows kept.
    blocks = [block - p2.mean for block in dense_blocks(ordered[::-1])]
    np.cumsum(np.concatenate(blocks), axis=0, out=kept[1:])
    m = n1 - deleted
    offset = np.linalg.solve(p2.factor, ((total + kept[m]) / (n2 + m)[:, None]).T)
    gap = np.linalg.solve(p2.factor, p1.mean - p2.mean)
    return ((offset - gap[:, None]) ** 2).sum(axis=0) / 2, (offset**2).sum(axis=0) / 2


def _estimated(task: UnlearningTask) -> tuple[Gaussian, Gaussian]:
    """Means of all forget and of all retained rows, with the pooled covariance within the two."""
    sets = [task.X[task.forget], task.X[~task.forget]]
    means = [column_mean(rows) for rows in sets]
    try:
        pooled = Covariance(sets, means, None)
        factor = pooled.scale[:, None] * pooled.factor
        cov = factor @ factor.T
        return Gaussian(means[0], cov), Gaussian(means[1], cov)
    except ValueError as error:
        cause = str(error).split(";")[0]
        raise ValueError(
            f"{cause}; model 'gaussian' needs fewer columns than rows and none that depends on "
            "others: reduce them first, for example with TruncatedSVD"
        ) from None
