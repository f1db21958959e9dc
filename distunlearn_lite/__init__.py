"""Distributional unlearning: which points to delete so that a data set forgets a distribution."""

from .budgets import deletion_budget
from .cifar10 import load_cifar10
from .curves import deletion_curve
from .datasets import load_sms_spam, load_standin, make_gaussians
from .errors import DatasetUnavailable, InfeasibleTarget
from .folded import folded_normal_cdf, folded_normal_ppf
from .frontier import frontier_point, max_removal, min_preservation_loss
from .gaussian import Gaussian, kl_divergence
from .jigsaw import load_jigsaw
from .logloss import log_loss_shift
from .random_law import random_deletion_law
from .results import budget_to_reach
from .scores import SCORING_RULES, score
from .selection import SelectiveDeletion, select_deletions
from .sweep import sweep
from .task import UnlearningTask

__all__ = [
    "SCORING_RULES",
    "DatasetUnavailable",
    "Gaussian",
    "InfeasibleTarget",
    "SelectiveDeletion",
    "UnlearningTask",
    "budget_to_reach",
    "deletion_budget",
    "deletion_curve",
    "folded_normal_cdf",
    "folded_normal_ppf",
    "frontier_point",
    "kl_divergence",
    "load_cifar10",
    "load_jigsaw",
    "load_sms_spam",
    "load_standin",
    "log_loss_shift",
    "make_gaussians",
    "max_removal",
    "min_preservation_loss",
    "random_deletion_law",
    "score",
    "select_deletions",
    "sweep",
]

__version__ = "0.1.0"
