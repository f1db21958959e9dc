"""What is deleted from: unlearning tasks, and how the real and the stand-in data are had.

The manifest names every file with its checksum; a loader returns an ``UnlearningTask``.
"""

from .cifar10 import CIFAR10_CLASSES
from .jigsaw import KEYWORDS
from .standin import load_or_standin

__all__ = ["CIFAR10_CLASSES", "KEYWORDS", "load_or_standin"]
