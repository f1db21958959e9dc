"""Distributional unlearning: which points to delete so that a data set forgets a distribution."""

from .errors import DatasetUnavailable, InfeasibleTarget
from .gaussian import Gaussian, kl_divergence

__all__ = [
    "DatasetUnavailable",
    "Gaussian",
    "InfeasibleTarget",
    "kl_divergence",
]

__version__ = "0.1.0"
