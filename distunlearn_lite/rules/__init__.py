"""Who is deleted first: scoring rules, the order they give, and how far apart two sets are.

A rule maps the forget and the retained rows to one score a forget row, larger = deleted first.
"""

from .learnt import (
    density_ratio,
    domain_classifier,
    hessian_solution,
    influence,
    knn_ratio,
    margin,
    standardised,
)
from .own import WALKED_RULES, WalkedRule
from .selection import deleted_rows
from .separation import Separability, separability, squared_distance
from .subspace import leading_subspace, working_basis

__all__ = [
    "WALKED_RULES",
    "Separability",
    "WalkedRule",
    "deleted_rows",
    "density_ratio",
    "domain_classifier",
    "hessian_solution",
    "influence",
    "knn_ratio",
    "leading_subspace",
    "margin",
    "separability",
    "squared_distance",
    "standardised",
    "working_basis",
]
