"""Scoring rules: how much each row of the forget set looks like what should go."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from ..matrices import (
    TOO_LARGE,
    Covariance,
    column_mean,
    dense_blocks,
    row_norms,
    sample_pair,
)
from ..validation import FloatArray, choice, generator
from .learnt import density_ratio, influence, knn_ratio, margin
from .standardising import Coordinates
from .subspace import working_basis, working_directions

ScoringRule = Callable[..., FloatArray]


def score(
    forget: Any,
    retain: Any,
    rule: str | ScoringRule,
    *,
    rng: np.random.Generator | int | None = None,
    **options: Any,
) -> FloatArray:
    r"""Score of every forget row; the largest are deleted first.

    With :math:`\mu_1, \mu_2` the means of the forget and the retained rows, x scores

    - ``random``: a uniform number;
    - ``l2-mu2``: :math:`|x - \mu_2|`;
    - ``maha-mu2``: Mahalanobis distance to :math:`\mu_2`, covariance of the retained rows;
    - ``cos-mu2``: :math:`1 - \cos(x, \mu_2)`;
    - ``lr-maha``: :math:`d(x, \mu_2)^2 - d(x, \mu_1)^2`, d the Mahalanobis distance with the pooled
      within-set covariance: twice the log-likelihood ratio of two Gaussians that share it;
    - ``lr-cos``: :math:`\cos(x, \mu_1) - \cos(x, \mu_2)`;
    - ``tfidf-norm``: :math:`\sum_j |x_j|`;
    - ``coreset``: :math:`-|x - \mu_1|`, a baseline that ignores the retained rows;
    - ``knn-ratio``: :math:`\ln(r_2 / r_1)`, the distances to the k-th nearest retained row and to
      the k-th nearest other forget row;
    - ``density-ratio``: logit of a logistic classifier of forget against retained rows that was
      fitted without the fold of x;
    - ``margin``: logit of that classifier fitted on all rows;
    - ``influence``: :math:`(1 - \sigma(x))\, x^T H^{-1} g`, by which deleting x lowers the
      classifier's mean log-loss on the retained rows, to first order.

    Parameters
    ----------
    forget : array_like or sparse matrix, shape (n1, d)
        Rows of the forget set; dense ones may be memory-mapped.
    retain : array_like or sparse matrix, shape (n2, d)
        Rows of the retained set.
    rule : str or callable
        Name of a rule, a key of ``SCORING_RULES``, or a function of one's own, called as
        ``rule(forget, retain, **options)``, that returns one number a forget row.
    rng : numpy.random.Generator or int, optional
        Generator or seed; needed by ``random`` and by functions with an argument `rng`.
    **options
        ``rank`` (int; the Mahalanobis rules and the four learnt ones): work within that many
        leading singular vectors of all rows, uncentred; by default 100 for sparse input or more
        than 1,000 columns, and every column otherwise. ``basis`` (array (d, r); in place of
        ``rank``): orthonormal directions to work in. ``squared`` (bool; ``lr-maha``): False takes
        the difference of the distances themselves, which saturates. ``k`` (int; ``knn-ratio``):
        which neighbour, by default the tenth, or the last of a smaller set. ``folds`` (int;
        ``density-ratio``): by default 5, or the rows of a smaller set. ``centred`` (bool;
        ``cos-mu2`` and ``lr-cos``): True puts the origin at the mean of all rows. ``scaled`` (bool;
        these two and ``l2-mu2``): True divides every column by its standard deviation over all
        rows; a constant column is left as it is.

    Returns
    -------
    ndarray, shape (n1,)
        Scores, finite.

    Raises
    ------
    TypeError
        Where an option does not belong to the rule, ``random`` has no `rng`, or a row is no number.
    ValueError
        Where the rule is unknown, a set is empty, too small for the rule or not finite, the columns
        differ in number, a covariance is singular, a score is too large for floating point, or a
        function of one's own does not return one finite number a forget row.

    Warns
    -----
    UserWarning
        Where all rows score the same, so that the order of deletion would be that of the rows.

    Notes
    -----
    Source: the SMS Spam chapter, and for the last four rules the works named in the module
    ``distunlearn_lite.rules.learnt``. Covariances are maximum likelihood estimates (1/n), without
    shrinkage. The cosine rules depend on the origin, so features are taken as they come unless
    ``centred`` is given: for TF-IDF the origin is the empty text. The cosine with a zero vector is
    0. A vector that is zero up to rounding counts as zero. Sparse rows stay sparse when centred or
    scaled.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite import score
    >>> forget, retain = np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.0, 1.0])
    >>> score(forget, retain, "l2-mu2")
    array([1., 2., 3.])
    >>> score(forget, retain, "lr-maha")
    array([ 0.,  6., 12.])
    """
    function = rule_function(rule)
    name = rule_name(function)
    known = options_of(function)
    for option in options:
        if option not in known:
            admitted = ", ".join(sorted(known)) or "none"
            raise TypeError(f"rule {name!r} has no option {option!r}; its options are: {admitted}")
    if "rng" in inspect.signature(function).parameters:
        options["rng"] = rng
    unwanted, wanted = sample_pair(forget, retain)
    with np.errstate(over="ignore", invalid="ignore"):
        scores = real_scores(name, function(unwanted, wanted, **options), unwanted.shape[0])
    rounding = 64 * np.finfo(float).eps * np.abs(scores).max()
    if name != "random" and scores.size > 1 and np.ptp(scores) <= rounding:
        warnings.warn(
            f"rule {name!r} gives all {scores.size} rows the same score, so they would be deleted "
            "in the order of their index; use another rule or other features",
            UserWarning,
            stacklevel=2,
        )
    return scores


def rule_function(rule: str | ScoringRule) -> ScoringRule:
    """Return the function of a rule given by its name or as a function."""
    return rule if callable(rule) else SCORING_RULES[choice("rule", rule, SCORING_RULES)]


def rule_name(rule: ScoringRule) -> str:
    """Name of a rule of the library, or that of one's own function."""
    names = {function: name for name, function in SCORING_RULES.items()}
    return names.get(rule, getattr(rule, "__name__", type(rule).__name__))


def options_of(rule: ScoringRule) -> set[str]:
    """Names of the options that a rule takes."""
    return set(inspect.signature(rule).parameters) - {"forget", "retain", "rng"}


def shared_basis(forget: Any, retain: Any, rules: Iterable[ScoringRule]) -> FloatArray | None:
    """``working_basis`` where a rule takes it, computed once for all of them; else None."""
    needed = any("basis" in options_of(rule) for rule in rules)
    return working_basis(forget, retain) if needed else None


def real_scores(name: str, scores: Any, n1: int) -> FloatArray:
    """Return what a rule answered where it is one finite number a forget row."""
    if np.shape(scores) != (n1,):
        raise ValueError(
            f"rule {name!r} must return one score a forget row, shape ({n1},), got shape "
            f"{np.shape(scores)}"
        )
    found: FloatArray = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(found).all():
        cause = TOO_LARGE if name in SCORING_RULES else "mend the rule, or clean the rows it sees"
        raise ValueError(f"rule {name!r} gives scores that are NaN or infinite: {cause}")
    return found


def random(forget: Any, retain: Any, *, rng: np.random.Generator | int | None = None) -> FloatArray:
    """Uniform numbers: random deletion."""
    uniform: FloatArray = generator(rng).random(forget.shape[0])
    return uniform


def l2_mu2(forget: Any, retain: Any, *, scaled: bool = False) -> FloatArray:
    """Euclidean distance to the mean of the retained rows."""
    seen = Coordinates.of(forget, retain, scaled=scaled)
    return seen.distances(forget, seen.mean(retain))


def coreset(forget: Any, retain: Any) -> FloatArray:
    """Minus the Euclidean distance to the mean of the forget rows."""
    seen = Coordinates.of(forget, retain)
    return -seen.distances(forget, seen.mean(forget))


def cos_mu2(forget: Any, retain: Any, *, centred: bool = False, scaled: bool = False) -> FloatArray:
    """Cosine distance to the mean of the retained rows."""
    seen = Coordinates.of(forget, retain, centred=centred, scaled=scaled)
    return 1 - seen.cosines(forget, retain)


def lr_cos(forget: Any, retain: Any, *, centred: bool = False, scaled: bool = False) -> FloatArray:
    """Cosine distance to the retained mean, minus that to the forget mean."""
    seen = Coordinates.of(forget, retain, centred=centred, scaled=scaled)
    return seen.cosines(forget, forget) - seen.cosines(forget, retain)


def tfidf_norm(forget: Any, retain: Any) -> FloatArray:
    """L1 norm of the row."""
    return row_norms(forget, order=1)


def maha_mu2(
    forget: Any, retain: Any, *, rank: int | None = None, basis: FloatArray | None = None
) -> FloatArray:
    """Mahalanobis distance to the retained mean, with the covariance of the retained rows."""
    basis = working_directions(forget, retain, rank, basis)
    centre = column_mean(retain, basis)
    return _mahalanobis(forget, basis, centre, Covariance([retain], [centre], basis))


def lr_maha(
    forget: Any,
    retain: Any,
    *,
    rank: int | None = None,
    basis: FloatArray | None = None,
    squared: bool = True,
) -> FloatArray:
    """Squared Mahalanobis distance to the retained mean, minus that to the forget mean."""
    basis = working_directions(forget, retain, rank, basis)
    unwanted, wanted = column_mean(forget, basis), column_mean(retain, basis)
    pooled = Covariance([forget, retain], [unwanted, wanted], basis)
    if not squared:
        to_wanted = _mahalanobis(forget, basis, wanted, pooled)
        return to_wanted - _mahalanobis(forget, basis, unwanted, pooled)
    # The squares cancel: the score is linear in x, and the middle of the means scores zero.
    slope, middle = 2 * pooled.solve(unwanted - wanted), (unwanted + wanted) / 2
    blocks = dense_blocks(forget, basis)
    return np.concatenate([(block - middle) @ slope for block in blocks])


# Every rule by its name; all are called as (forget, retain, **options).
SCORING_RULES: Final[Mapping[str, ScoringRule]] = MappingProxyType(
    {
        "random": random,
        "l2-mu2": l2_mu2,
        "maha-mu2": maha_mu2,
        "cos-mu2": cos_mu2,
        "lr-maha": lr_maha,
        "lr-cos": lr_cos,
        "tfidf-norm": tfidf_norm,
        "coreset": coreset,
        "knn-ratio": knn_ratio,
        "density-ratio": density_ratio,
        "margin": margin,
        "influence": influence,
    }
)


def _mahalanobis(
    rows: Any, basis: FloatArray | None, centre: FloatArray, cov: Covariance
) -> FloatArray:
    """Mahalanobis distance of every row to a centre."""
    blocks = dense_blocks(rows, basis)
    return np.concatenate([np.linalg.norm(cov.whiten(b - centre), axis=1) for b in blocks])
