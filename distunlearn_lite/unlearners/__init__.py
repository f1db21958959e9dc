"""A model after k deletions: refits, and exact formulas where a model has one.

They see arrays and an order of deletion, never a rule or a task.
"""

from .choosing import classifier_path
from .gaussian import GaussianPath
from .protocol import Unlearner
from .refit import RefitPath
from .ridge import RidgePath

__all__ = ["GaussianPath", "RefitPath", "RidgePath", "Unlearner", "classifier_path"]
