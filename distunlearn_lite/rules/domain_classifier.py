"""What the learnt rules learn from: coordinates of all rows, and a classifier of the two sets."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import LinAlgWarning
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ..matrices import SMALLER_RANK, TOO_LARGE, dense_blocks, working_directions
from ..validation import FloatArray, is_sparse

__all__ = ["coordinates", "domain_classifier", "standardised"]


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
