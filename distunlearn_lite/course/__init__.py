"""Feedback on the exercises of the chapters: `check`, `hint` and `progress`."""

from .checking import check, hint, progress

__all__ = ["check", "hint", "progress"]
