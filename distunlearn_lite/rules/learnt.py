"""Rules learnt from the rows: neighbours, and a logistic classifier of the two sets."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import LinAlgWarning
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from ..matrices import SMALLER_RANK, TOO_LARGE, dense_blocks, is_sparse, row_norms
from ..validation import FloatArray, count
from .subspace import working_directions


def coordinates(forget: Any, retain: Any, rank: int | None, basis: FloatArray | None) -> Any:
    """Coordinates (n1 + n2, r) in the working directions, forget rows first.

    They are sparse where the rows are and every column is used.
    """
    directions, sets = working_directions(forget, retain, rank, basis), (forget, retain)
    if directions is None and (is_sparse(forget) or is_sparse(retain)):
        return sparse.vstack([sparse.csr_array(part, dtype=np.float64) for part in sets], "csr")
    rows = np.concatenate([block for part in sets for block in dense_blocks(part, directions)])
    if directions is not None:
        # With fewer independent rows than directions, the other coordinates are rounding.
        peaks = np.abs(rows).max(axis=0)
        rows = rows[:, peaks > 1e-6 * peaks.max()] if peaks.any() else rows
    return rows


def standardised(
    forget: Any, retain: Any, rank: int | None, basis: FloatArray | None
) -> tuple[Any, NDArray[np.bool_]]:
    """Coordinates of standard deviation 1 over all rows, and which of the rows are forget rows.

    Dense coordinates are centred too; sparse ones are not, which an intercept makes up for. What is
    constant up to rounding is not divided.
    """
    rows = coordinates(forget, retain, rank, basis)
    scaler = StandardScaler(with_mean=not is_sparse(rows), copy=False)
    scaler.set_output(transform="default").fit(rows)
    if not np.isfinite(scaler.scale_).all():
        raise ValueError(TOO_LARGE)
    return scaler.transform(rows), np.arange(rows.shape[0]) < forget.shape[0]


def domain_classifier(rows: Any, domain: NDArray[np.bool_]) -> LogisticRegression:
    """Logistic classifier of the forget rows, penalty 1/2 on the squared weights, none on the rest.

    Refused with ValueError where the solver does not reach its tolerance.
    """
    solver = "newton-cg" if is_sparse(rows) else "newton-cholesky"
    model = LogisticRegression(C=1.0, solver=solver, tol=1e-9, max_iter=1000)
    with warnings.catch_warnings():
        for category in (ConvergenceWarning, LinAlgWarning, UserWarning):
            warnings.simplefilter("error", category)
        try:
            return model.fit(rows, domain)
        except (ConvergenceWarning, LinAlgWarning, UserWarning) as warning:
            cause = str(warning).splitlines()[0]
            raise ValueError(
                f"the domain classifier did not converge ({cause}); {SMALLER_RANK}"
            ) from None


def hessian_solution(
    rows: Any,
    curvature: FloatArray,
    weights: FloatArray,
    *,
    penalty: float = 1.0,
    intercept: bool = True,
    remedy: str,
) -> tuple[FloatArray, float]:
    r"""Solve :math:`H v = \sum_j w_j \tilde x_j` with a penalised Hessian, never written out.

    :math:`H = \sum_j c_j \tilde x_j \tilde x_j^T` over the rows, :math:`\tilde x = (x, 1)`,
    plus the penalty on the diagonal except in the intercept's place; c are the curvatures and w the
    weights. Returns v without its last entry, and that entry: 0 without intercept. Refused with
    ValueError, naming the remedy, where conjugate gradients do not converge.
    """
    ones, ridge = float(intercept), np.full(rows.shape[1] + 1, penalty)
    ridge[-1] -= penalty * ones

    def summed(amounts: FloatArray) -> FloatArray:
        return np.append(np.asarray(rows.T @ amounts), ones * amounts.sum())

    def hessian(v: FloatArray) -> FloatArray:
        return summed(curvature * (rows @ v[:-1] + ones * v[-1])) + ridge * v

    if is_sparse(rows):
        own = rows.multiply(rows).T @ curvature
    else:
        own = np.einsum("ij,ij,i->j", rows, rows, curvature)
    diagonal = np.append(own, ones * curvature.sum()) + ridge
    solution, failed = cg(
        LinearOperator((ridge.size, ridge.size), matvec=hessian, dtype=np.float64),
        summed(weights),
        rtol=1e-10,
        M=LinearOperator((ridge.size, ridge.size), matvec=lambda v: v / diagonal, dtype=np.float64),
    )
    if failed:
        raise ValueError(f"the linear system of the classifier's Hessian was not solved; {remedy}")
    return solution[:-1], float(solution[-1])


def knn_ratio(
    forget: Any,
    retain: Any,
    *,
    k: int | None = None,
    rank: int | None = None,
    basis: FloatArray | None = None,
) -> FloatArray:
    r"""Log ratio of the distances to the k-th retained and to the k-th other forget neighbour.

    A row scores :math:`\ln(r_2 / r_1)`, :math:`r_2` and :math:`r_1` being its Euclidean distances
    in the working directions to its k-th nearest row of the retained set and of the rest of the
    forget set. In r dimensions, r times the score and a constant estimate the log density ratio.

    Parameters
    ----------
    forget, retain, rank, basis
        As in ``score``; sparse rows as CSR, at least 2 forget rows.
    k : int, optional
        Which neighbour, 1 to min(n1 - 1, n2); by default 10, or that minimum where it is smaller.

    Returns
    -------
    ndarray, shape (n1,)
        Large where a row is far from the retained and close to forget rows.

    Raises
    ------
    ValueError
        Where `k` is out of range or there is one forget row only.

    Notes
    -----
    Source: Wang, Kulkarni and Verdú (2009). More than k copies of a row make a distance zero:
    distances count as at least a millionth of the median of those above zero. Features are not
    rescaled.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.rules import knn_ratio
    >>> knn_ratio(np.array([[0.0], [1.0], [4.0]]), np.array([[5.0]]), k=1).round(3)
    array([ 1.609,  1.386, -1.099])
    """
    rows, n1 = coordinates(forget, retain, rank, basis), forget.shape[0]
    if n1 < 2:
        raise ValueError(
            "knn-ratio needs at least 2 forget rows, got 1: it measures the distance to another"
        )
    most = min(n1 - 1, retain.shape[0])
    place = min(10, most) if k is None else count("k", k, least=1, most=most)
    row_norms(rows)  # refuses numbers whose squares overflow
    unwanted, wanted = rows[:n1], rows[n1:]
    search = NearestNeighbors(n_neighbors=place)
    # Distances are measured anew, since the search may lose the digits of short ones.
    others = search.fit(unwanted).kneighbors(return_distance=False)[:, -1]
    to_forget = row_norms(unwanted - unwanted[others])
    nearest = search.fit(wanted).kneighbors(unwanted, return_distance=False)[:, -1]
    radii = np.stack([row_norms(unwanted - wanted[nearest]), to_forget])
    if not radii.any():
        return np.zeros(n1)
    log_radii = np.log(np.maximum(radii, 1e-6 * np.median(radii[radii > 0])))
    return np.asarray(log_radii[0] - log_radii[1])


def density_ratio(
    forget: Any,
    retain: Any,
    *,
    folds: int | None = None,
    rank: int | None = None,
    basis: FloatArray | None = None,
) -> FloatArray:
    r"""Out-of-fold logit of a logistic classifier of forget against retained rows.

    The logit estimates :math:`\ln(p_1(x) / p_2(x))` plus the constant :math:`\ln(n_1 / n_2)`, which
    no order depends on. Each row's comes from the classifier fitted without its fold, so that no
    row vouches for itself.

    Parameters
    ----------
    forget, retain, rank, basis
        As in ``score``; sparse rows as CSR, at least 2 of each set.
    folds : int, optional
        Number of folds, 2 to min(n1, n2); by default 5, or that minimum where it is smaller.

    Returns
    -------
    ndarray, shape (n1,)
        Large where a row is typical of the forget set.

    Raises
    ------
    ValueError
        Where a set has one row only, `folds` is out of range, or the classifier does not converge.

    Notes
    -----
    Source: Sugiyama, Suzuki and Kanamori (2012); cross-fitting, Chernozhukov et al. (2018). The
    classifier is that of ``margin``. Folds are stratified, and always the same for the same rows in
    the same order; copies of a row may fall into different folds, and then score differently.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.rules import density_ratio
    >>> forget, retain = np.array([[2.0], [3.0], [0.0]]), np.array([[-1.0], [0.0], [1.0]])
    >>> density_ratio(forget, retain).argsort()
    array([2, 0, 1])
    """
    smaller = min(forget.shape[0], retain.shape[0])
    if smaller < 2:
        raise ValueError(
            f"density-ratio needs at least 2 rows in each set, got {forget.shape[0]} forget and "
            f"{retain.shape[0]} retained: a fold must leave rows of both to learn from"
        )
    parts = min(5, smaller) if folds is None else count("folds", folds, least=2, most=smaller)
    rows, domain = standardised(forget, retain, rank, basis)
    scores = np.empty(forget.shape[0])
    cut = StratifiedKFold(parts, shuffle=True, random_state=0)
    for learn, held in cut.split(np.empty((domain.size, 0)), domain):
        mine = held[held < scores.size]
        scores[mine] = domain_classifier(rows[learn], domain[learn]).decision_function(rows[mine])
    return scores


def margin(
    forget: Any, retain: Any, *, rank: int | None = None, basis: FloatArray | None = None
) -> FloatArray:
    r"""Logit of a logistic classifier of forget against retained rows, fitted on all of them.

    A row scores :math:`w^T x + b`, where w and b minimise
    :math:`\sum_i \ln(1 + e^{-s_i (w^T x_i + b)}) + |w|^2 / 2`, s being 1 on the forget set and -1
    on the retained one. Deleted first are the rows deepest on the forget side, the most typical
    ones; those near the border, which a margin marks as hard, stay.

    Parameters
    ----------
    forget, retain, rank, basis
        As in ``score``; sparse rows as CSR.

    Returns
    -------
    ndarray, shape (n1,)
        Large where a row is typical of the forget set.

    Raises
    ------
    ValueError
        Where the classifier does not converge.

    Notes
    -----
    Source: Sugiyama, Suzuki and Kanamori (2012). Each working direction is divided by its standard
    deviation over all rows, so that the penalty depends on no unit; where it is constant up to
    rounding it plays no part.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.rules import margin
    >>> margin(np.array([[0.0], [1.0], [2.0]]), np.array([[-1.0], [0.0]])).round(2)
    array([0.15, 0.99, 1.84])
    """
    rows, domain = standardised(forget, retain, rank, basis)
    logits: FloatArray = domain_classifier(rows, domain).decision_function(rows[domain])
    return logits


def influence(
    forget: Any, retain: Any, *, rank: int | None = None, basis: FloatArray | None = None
) -> FloatArray:
    r"""By how much deleting a row lowers the classifier's mean log-loss on the retained rows.

    To first order, the classifier of ``margin`` refitted without the forget row x has parameters
    :math:`\theta - (1 - \sigma(x)) H^{-1} \tilde x`, with :math:`\tilde x = (x, 1)`,
    :math:`\sigma` its probability of forget and H the Hessian of its penalised loss. So x scores
    :math:`(1 - \sigma(x))\, \tilde x^T H^{-1} g` with g the mean of :math:`\sigma(z) \tilde z`
    over the retained rows z.

    Parameters
    ----------
    forget, retain, rank, basis
        As in ``score``; sparse rows as CSR.

    Returns
    -------
    ndarray, shape (n1,)
        In nats; large where the deletion helps the retained rows most.

    Raises
    ------
    ValueError
        Where the classifier or the solution with its Hessian does not converge.

    Notes
    -----
    Source: Koh and Liang (2017), after Cook (1977). Rows that the classifier takes for retained
    ones have the largest factor :math:`1 - \sigma(x)`: in contrast to ``margin``, the least typical
    forget rows tend to go first.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite.rules import influence
    >>> influence(np.array([[0.0], [1.0], [2.0]]), np.array([[-1.0], [0.0]])).round(3)
    array([0.207, 0.085, 0.024])
    """
    rows, domain = standardised(forget, retain, rank, basis)
    model = domain_classifier(rows, domain)
    logits = model.decision_function(rows)
    slope, shift = hessian_solution(
        rows,
        expit(logits) * expit(-logits),
        np.where(domain, 0, expit(logits)) / retain.shape[0],
        remedy=SMALLER_RANK,
    )
    scores: FloatArray = (expit(-logits) * (rows @ slope + shift))[domain]
    return scores
