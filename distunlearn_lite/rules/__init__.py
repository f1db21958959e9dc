"""Who is deleted first: scoring rules, the order they give, and how far apart two sets are.

A rule maps the forget and the retained rows to one score a forget row, larger = deleted first.
"""

from .domain_classifier import domain_classifier, standardised
from .learnt import density_ratio, influence, knn_ratio, margin
from .selection import deleted_rows
from .separability import separability, squared_distance

__all__ = [
    "deleted_rows",
    "density_ratio",
    "domain_classifier",
    "influence",
    "knn_ratio",
    "margin",
    "separability",
    "squared_distance",
    "standardised",
]
