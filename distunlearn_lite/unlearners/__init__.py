"""A model after k deletions: refits, and exact formulas where a model has one.

They see arrays and an order of deletion, never a rule or a task.
"""

from .ridge import RidgePath

__all__ = ["RidgePath"]
