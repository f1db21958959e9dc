"""Synthetic rows of two known Gaussians."""

from __future__ import annotations

import numpy as np

from ..theory.gaussian import Gaussian
from ..validation import count, generator, separation_scalar
from .task import UnlearningTask


def make_gaussians(
    n1: int,
    n2: int,
    separation: float,
    dim: int = 1,
    *,
    rng: np.random.Generator | int,
    name: str = "gaussians",
) -> UnlearningTask:
    r"""Synthetic rows of two known Gaussians, in coordinates where their covariance is I.

    n1 rows of :math:`p_1 = N(\Delta e_1, I)`, to be forgotten, then n2 rows of
    :math:`p_2 = N(0, I)`.

    Parameters
    ----------
    n1, n2 : int
        Numbers of forget and of retained rows, at least 1.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    dim : int
        Dimension, at least 1.
    rng : numpy.random.Generator or int
        Generator, or a seed.
    name : str
        Name of the task in result tables.

    Returns
    -------
    UnlearningTask
        X of shape (n1 + n2, dim); y is 1 for forget rows and 0 for the others; ``truth`` holds
        p1 and p2.

    Raises
    ------
    TypeError
        Where a size is no whole number, or `rng` is missing or no generator.
    ValueError
        Where a number is out of its range.

    Notes
    -----
    Source: chapter 7. ``sweep`` with ``model="gaussian"`` measures against the true distributions
    and draws new rows for each seed.

    Examples
    --------
    >>> from distunlearn_lite import make_gaussians
    >>> task = make_gaussians(100, 200, separation=2.0, dim=3, rng=0)
    >>> task.X.shape, int(task.forget.sum()), task.truth[0].mean.tolist()
    ((300, 3), 100, [2.0, 0.0, 0.0])
    """
    unwanted, wanted = count("n1", n1, least=1), count("n2", n2, least=1)
    delta, d = separation_scalar(separation), count("dim", dim, least=1)
    p1, p2 = Gaussian(delta * np.eye(d)[0], np.eye(d)), Gaussian(np.zeros(d), np.eye(d))
    seed = f", seed {rng}" if isinstance(rng, (int, np.integer)) else ""
    plural = "s" if d > 1 else ""
    draw = generator(rng)
    forget = np.arange(unwanted + wanted) < unwanted
    return UnlearningTask(
        X=np.concatenate([p1.sample(unwanted, draw), p2.sample(wanted, draw)]),
        y=forget.astype(np.int64),
        forget=forget,
        name=name,
        provenance=(
            f"synthetic: {unwanted} rows of N({delta:g} e1, I) and {wanted} of N(0, I) in "
            f"{d} dimension{plural}{seed}; a Gaussian sweep draws anew for each of its seeds"
        ),
        truth=(p1, p2),
    )
