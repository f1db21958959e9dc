"""A model after k deletions: refits, and exact formulas where a model has one.

They see arrays and which rows go, never a rule or a task.
"""

from .choosing import classifier_path, classifier_paths
from .gaussian import GaussianPath
from .protocol import Unlearner, batches_of
from .refit import RefitPath
from .ridge import RidgePath

__all__ = [
    "GaussianPath",
    "RefitPath",
    "RidgePath",
    "Unlearner",
    "batches_of",
    "classifier_path",
    "classifier_paths",
]
