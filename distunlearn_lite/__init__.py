"""Distributional unlearning: which points to delete so that a data set forgets a distribution."""

from .course.checking import check, hint, progress
from .data.cifar10 import load_cifar10
from .data.digits import load_digit_pair
from .data.gaussians import make_gaussians
from .data.jigsaw import load_jigsaw
from .data.sms_spam import load_sms_spam
from .data.standin import load_standin
from .data.task import UnlearningTask
from .errors import DatasetUnavailable, InfeasibleTarget
from .rules.own import reversed_rule
from .rules.scoring import SCORING_RULES, score
from .rules.selection import SelectiveDeletion, select_deletions
from .sweeps.summaries import budget_to_reach
from .sweeps.sweeping import sweep
from .theory.deletion_budgets import deletion_budget
from .theory.deletion_curves import deletion_curve
from .theory.folded_normal import folded_normal_cdf, folded_normal_ppf
from .theory.frontier import frontier_point, max_removal, min_preservation_loss
from .theory.gaussian import Gaussian, kl_divergence
from .theory.log_loss import log_loss_shift
from .theory.random_deletion import random_deletion_law

__all__ = [
    "SCORING_RULES",
    "DatasetUnavailable",
    "Gaussian",
    "InfeasibleTarget",
    "SelectiveDeletion",
    "UnlearningTask",
    "budget_to_reach",
    "check",
    "deletion_budget",
    "deletion_curve",
    "folded_normal_cdf",
    "folded_normal_ppf",
    "frontier_point",
    "hint",
    "kl_divergence",
    "load_cifar10",
    "load_digit_pair",
    "load_jigsaw",
    "load_sms_spam",
    "load_standin",
    "log_loss_shift",
    "make_gaussians",
    "max_removal",
    "min_preservation_loss",
    "progress",
    "random_deletion_law",
    "reversed_rule",
    "score",
    "select_deletions",
    "sweep",
]

__version__ = "0.1.0"
