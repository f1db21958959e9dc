"""What every unlearner can do: give the model after each of a row of deletions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray


class Unlearner(Protocol):
    """A model that was fitted on retained and forget rows, and is had again without some of them.

    An unlearner is made from arrays: retained rows (n2, d), forget rows (n1, d) and, where the
    model needs them, their labels. It never sees a rule or a task.

    Notes
    -----
    Source: the page *Add a classifier's exact path*. The contract, to which a test holds every
    unlearner: each model equals a plain refit on what is left; the first batch may be empty, which
    gives the model of all rows, and so may any other, which gives the same model again; when all
    forget rows are gone it is the model of the retained rows alone; two walks of one unlearner do
    not disturb each other; a batch is asked for only when the model after it is.
    """

    def walk(self, batches: Iterable[NDArray[Any]]) -> Iterator[Any]:
        """Delete batch after batch of forget rows, and yield the model after each.

        The next batch is asked for only when the next model is, so that a generator of batches
        may look at the model it was just given and choose by it.

        Parameters
        ----------
        batches : iterable of ndarray of int
            Further forget rows to delete, by their place in 0 to n1 - 1: none, one or more, and
            never one that is gone.

        Yields
        ------
        model
            Fitted on what is left; valid until the next is asked for.
        """
        ...


def batches_of(
    order: NDArray[Any], deleted: Sequence[int] | NDArray[Any]
) -> Iterator[NDArray[Any]]:
    """Cut an order of deletion into the batches of a walk.

    Parameters
    ----------
    order : ndarray of int, shape (n1,)
        Forget rows in the order of deletion.
    deleted : sequence of int
        Numbers of rows deleted in all after each batch, 0 to n1, rising or equal.

    Yields
    ------
    ndarray of int
        The rows of one batch; empty where the number does not rise.

    Raises
    ------
    ValueError
        Where a number is smaller than the one before, or larger than n1.

    Notes
    -----
    Source: the page *Add a classifier's exact path*.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.unlearners import batches_of
    >>> [batch.tolist() for batch in batches_of(np.array([3, 0, 2, 1]), [0, 1, 4])]
    [[], [3], [0, 2, 1]]
    """
    gone = 0
    for size in deleted:
        if not gone <= size <= len(order):
            raise ValueError(
                f"deleted must rise within 0 to {len(order)}, got {size} after {gone}; sort it"
            )
        yield order[gone:size]
        gone = size
