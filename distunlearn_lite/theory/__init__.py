"""What deletion does on paper: divergences, frontiers, exact laws, bounds and budgets.

No data set and no classifier enters here; every function has its proof in the book.
"""

from .bounds import kept_mean_bound, radius_bound, random_deletion_bound
from .kept_mean import distance_ppf, kept_mean_ratio

__all__ = [
    "distance_ppf",
    "kept_mean_bound",
    "kept_mean_ratio",
    "radius_bound",
    "random_deletion_bound",
]
