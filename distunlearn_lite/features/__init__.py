"""From raw things to columns: patch features of images, computed once and kept on disk."""

from .patch_cache import patch_features
from .patches import PatchFeatures

__all__ = ["PatchFeatures", "patch_features"]
