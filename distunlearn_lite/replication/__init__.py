"""The book's recorded runs: which experiments, how they run, how results are kept."""

from .experiments.cifar10 import small_cifar10
from .experiments.models import image_classifier, text_classifier
from .records import load_recorded

__all__ = ["image_classifier", "load_recorded", "small_cifar10", "text_classifier"]
