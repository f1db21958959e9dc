"""A Gaussian with known covariance along deletions: running sums instead of refits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..matrices import column_mean, dense_blocks
from ..theory.gaussian import Gaussian
from ..validation import FloatArray


class GaussianPath:
    """Refits of the mean of a Gaussian on what deletions leave.

    Parameters
    ----------
    cov : ndarray, shape (d, d)
        Its covariance, known and kept.
    retain, forget : ndarray or sparse matrix, shape (n2, d) and (n1, d)
        Rows that stay, and those that may go.

    Notes
    -----
    Source: the chapter on synthetic Gaussians.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.unlearners import GaussianPath, batches_of
    >>> path = GaussianPath(np.eye(1), np.array([[0.0]]), np.array([[9.0], [3.0]]))
    >>> batches = batches_of(np.array([0, 1]), [0, 1, 2])
    >>> [float(model.mean[0]) for model in path.walk(batches)]
    [4.0, 1.5, 0.0]
    """

    def __init__(self, cov: FloatArray, retain: Any, forget: Any) -> None:
        self.cov, self.n2 = cov, retain.shape[0]
        # Measured from the retained mean, so that a common offset of all rows costs no digits.
        self.origin = column_mean(retain)
        self.offsets = np.concatenate([block - self.origin for block in dense_blocks(forget)])

    def walk(self, batches: Iterable[NDArray[np.intp]]) -> Iterator[Gaussian]:
        """Yield the Gaussian with the mean of what is left, as ``Unlearner.walk`` says."""
        total, left = self.offsets.sum(axis=0), len(self.offsets)
        for batch in batches:
            total -= self.offsets[batch].sum(axis=0)
            left -= len(batch)
            yield Gaussian(self.origin + total / (self.n2 + left), self.cov)
