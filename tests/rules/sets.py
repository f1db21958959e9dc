"""Two sets of rows to score."""

import numpy as np
from scipy import sparse


def two_sets(dim=3, seed=0, n1=40, n2=60, apart=1.0):
    """Standard normal rows; the means differ by `apart` in every coordinate."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n1, dim)) + apart, rng.standard_normal((n2, dim))


def correlated_sets(dim=3, seed=0, n1=40, n2=60, delta=1.0):
    """Normal rows of one covariance; the means are a Mahalanobis distance `delta` apart."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((dim, dim)) + 2 * np.eye(dim)
    forget, retain = rng.standard_normal((n1, dim)), rng.standard_normal((n2, dim))
    forget[:, 0] += delta
    return forget @ root, retain @ root


def as_sparse(*sets):
    return [sparse.csr_array(rows) for rows in sets]
