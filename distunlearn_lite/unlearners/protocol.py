"""What every unlearner can do: give the model after each of a nested list of deletions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray


class Unlearner(Protocol):
    """A model that was fitted on retained and forget rows, and is had again without some of them.

    An unlearner is made from arrays: retained rows (n2, d), forget rows (n1, d) and, where the
    model needs them, their labels. It never sees a rule or a task.

    Notes
    -----
    Source: the page *Add a classifier's exact path*. The contract, to which a test holds every
    unlearner: each model equals a plain refit on what is left; the sizes may come in any order and
    more than once; size 0 gives the model of all rows, size n1 that of the retained rows alone; two
    walks of one unlearner do not disturb each other.
    """

    def walk(self, order: NDArray[Any], deleted: Sequence[int] | NDArray[Any]) -> Iterator[Any]:
        """Yield the model without the first rows of `order`, for each number deleted.

        Parameters
        ----------
        order : ndarray of int, shape (n1,)
            Forget rows in the order of deletion.
        deleted : sequence of int
            Numbers of rows to delete, 0 to n1.

        Yields
        ------
        model
            Fitted; valid until the next is asked for.
        """
        ...
