"""An unlearning task: labelled rows, which of them to forget, and how to redraw train and test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..matrices import is_sparse, sample_matrix
from ..theory.gaussian import Gaussian
from ..validation import boolean_mask, class_labels, generator, proper_fraction
from .redraws import bootstrap, equal_rows, grouped_split, strata_of

TEST_FRACTION = 0.3


@dataclass(frozen=True, eq=False)
class UnlearningTask:
    """Labelled data in which some rows come from the distribution to forget.

    Parameters
    ----------
    X : array_like, shape (n,) or (n, d)
        Texts (one string a row), or numbers: dense, memory-mapped or sparse. Not copied where
        numeric; treat it as read-only.
    y : array_like, shape (n,)
        Class labels that a classifier predicts.
    forget : array_like of bool, shape (n,)
        True for rows of the forget set S1, False for the retained set S2. At least one of each.
    official_test : array_like of bool, shape (n,), optional
        True for the rows of a test set that came with the data.
    name : str
        Short name, as it stands in result tables.
    provenance : str
        Where the data came from: address and checksum, or how it was made.
    standin : bool
        True where other data stands in for the real one, so that figures can say so.
    truth : pair of Gaussian, optional
        The p1 and p2 that synthetic forget and retained rows were drawn from, of one covariance.
    groups : array_like, shape (n,), optional
        Group of each row (numbers or strings), such as near copies, or the comments of one author:
        ``split`` keeps a group on one side. By default the groups are those of equal rows.

    Raises
    ------
    TypeError
        Where rows are neither strings nor numbers, or a mask is not boolean.
    ValueError
        Where lengths differ, numbers or groups are NaN or infinite, or the forget or retained set
        is empty.

    Notes
    -----
    Source: the SMS Spam chapter.

    Examples
    --------
    >>> from distunlearn_lite import UnlearningTask
    >>> task = UnlearningTask(
    ...     X=["win cash", "see you", "free cash", "lunch?", "win big", "on my way"],
    ...     y=[1, 0, 1, 0, 1, 0],
    ...     forget=[True, False, True, False, True, False],
    ...     name="toy",
    ... )
    >>> len(task), int(task.forget.sum()), task.is_text
    (6, 3, True)
    >>> train, test = task.split(rng=0)
    >>> len(train), len(test)
    (4, 2)
    """

    X: Any
    y: NDArray[Any]
    forget: NDArray[np.bool_]
    official_test: NDArray[np.bool_] | None = None
    name: str = "task"
    provenance: str = ""
    standin: bool = False
    truth: tuple[Gaussian, Gaussian] | None = None
    groups: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        rows = _checked_rows(self.X)
        n = int(rows.shape[0])
        forget = boolean_mask("forget", self.forget, n)
        official = self.official_test
        if official is not None:
            official = boolean_mask("official_test", official, n)
        groups = self.groups
        if groups is not None:
            groups = class_labels("groups", groups, n)
        if self.truth is not None:
            _check_truth(self.truth, rows.shape)
        for members, which in ((forget, "forget"), (~forget, "retained")):
            if not members.any():
                raise ValueError(
                    f"a task needs at least one {which} row, but forget is "
                    f"{bool(forget[0])} for all {n} rows"
                )
        for field, value in (
            ("X", rows),
            ("y", class_labels("y", self.y, n)),
            ("forget", forget),
            ("official_test", official),
            ("groups", groups),
        ):
            object.__setattr__(self, field, value)

    def __len__(self) -> int:
        return self.y.size

    @property
    def is_text(self) -> bool:
        """True where the rows are texts, False where they are numbers."""
        return not is_sparse(self.X) and bool(self.X.ndim == 1)

    def take(self, rows: ArrayLike) -> UnlearningTask:
        """Return the task of some rows, in the order given (repeats allowed).

        Parameters
        ----------
        rows : array_like, shape (k,)
            Row indices, or a boolean mask of shape (n,).

        Returns
        -------
        UnlearningTask
            Same name and provenance.

        Raises
        ------
        IndexError
            Where an index is out of range.
        ValueError
            Where no forget or no retained row is left; index `X` and `y` directly for that.
        """
        chosen = np.asarray(rows)
        if chosen.dtype == np.bool_:
            chosen = np.flatnonzero(boolean_mask("rows", chosen, len(self)))
        elif chosen.size == 0:
            chosen = chosen.astype(np.intp)
        official, groups = self.official_test, self.groups
        return replace(
            self,
            X=self.X[chosen],
            y=self.y[chosen],
            forget=self.forget[chosen],
            official_test=None if official is None else official[chosen],
            groups=None if groups is None else groups[chosen],
        )

    def split(
        self,
        rng: np.random.Generator | int,
        *,
        test_fraction: float = TEST_FRACTION,
        group_equal: bool = True,
    ) -> tuple[UnlearningTask, UnlearningTask]:
        """Redraw the data: a new train and test part.

        Without an official test set the rows are split at random, stratified by `forget` and `y`;
        equal rows (equal texts, compared exactly) stay on one side, since a test row that also
        stands in the training part tests memory and not learning. Where the task has `groups`, the
        rows of one group stay on one side instead, and equal rows of two groups may part. A group
        with rows of several strata goes by its first row. With an official test set, each stratum
        of its training and of its test rows is resampled with replacement (a bootstrap): the sizes
        stay, no row crosses over, and `test_fraction`, `group_equal` and `groups` have no effect.
        The rows of a part come in random order.

        Parameters
        ----------
        rng : numpy.random.Generator or int
            Generator, or a seed.
        test_fraction : float
            Fraction of each stratum that goes to the test part, in (0, 1).
        group_equal : bool
            False lets copies of a row, or rows of one group, fall on both sides.

        Returns
        -------
        train, test : UnlearningTask
            Both without `official_test`.

        Raises
        ------
        ValueError
            Where `test_fraction` is not in (0, 1), or a part would lack forget or retained rows.

        Examples
        --------
        >>> import numpy as np
        >>> from distunlearn_lite import UnlearningTask
        >>> x = np.arange(20.0)[:, None]
        >>> task = UnlearningTask(X=x, y=x[:, 0] > 9, forget=x[:, 0] > 9)
        >>> train, test = task.split(rng=1, test_fraction=0.2)
        >>> int(train.forget.sum()), int(test.forget.sum())
        (8, 2)
        """
        draw = generator(rng)
        share = proper_fraction("test_fraction", test_fraction)
        strata = strata_of(self.forget, self.y)
        if self.official_test is not None:
            parts = [
                bootstrap(np.flatnonzero(side), strata, draw)
                for side in (~self.official_test, self.official_test)
            ]
        else:
            alike = self.X if self.groups is None else self.groups
            groups = equal_rows(alike) if group_equal else np.arange(len(self))
            in_test = grouped_split(groups, strata, share, draw)
            parts = [np.flatnonzero(~in_test), np.flatnonzero(in_test)]
        for part, which in zip(parts, ("training", "test"), strict=True):
            inside = self.forget[part]
            if not inside.any() or inside.all():
                raise ValueError(
                    f"the {which} part has {int(inside.sum())} forget and {int((~inside).sum())} "
                    "retained rows; both parts need both, so give more distinct rows or another "
                    "test_fraction or official_test"
                )
        bare = replace(self, official_test=None)
        # Ties are broken by index, so the order of the file must not survive into a part.
        train, test = (bare.take(draw.permutation(part)) for part in parts)
        return train, test


def _check_truth(truth: Any, shape: tuple[int, ...]) -> None:
    """Refuse what is no pair of Gaussians that the rows can come from."""
    if not (
        isinstance(truth, tuple)
        and len(truth) == 2
        and all(isinstance(member, Gaussian) for member in truth)
    ):
        raise TypeError(f"truth must be a pair of Gaussians or None, got {type(truth).__name__}")
    if any(shape[1:] != (member.dim,) for member in truth):
        raise ValueError(
            f"truth must have the dimension of the rows, got {truth[0].dim} and {truth[1].dim} "
            f"for X of shape {shape}"
        )
    if not np.array_equal(truth[0].cov, truth[1].cov):
        raise ValueError(
            "the two Gaussians of truth must share one covariance; leave truth out where they do "
            "not"
        )


def _checked_rows(value: Any) -> Any:
    """Texts as a read-only object array, numbers as a matrix."""
    if not is_sparse(value):
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        if array.dtype.kind in "OUT":
            if array.ndim != 1:
                raise ValueError(f"X of texts must have shape (n,), got {array.shape}")
            texts = array.astype(object)
            for row, text in enumerate(texts):
                if not isinstance(text, str):
                    raise TypeError(
                        f"X must hold one string a row or a matrix of numbers, but row {row} is "
                        f"{type(text).__name__}"
                    )
            if texts.size == 0:
                raise ValueError("X must hold at least one row, got none")
            texts.flags.writeable = False
            return texts
    matrix = sample_matrix("X", value)
    if isinstance(matrix, np.ndarray):
        matrix = matrix.view()
        matrix.flags.writeable = False
    return matrix
