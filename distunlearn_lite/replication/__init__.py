"""The book's recorded runs: which experiments, how they run, how results are kept."""

from .experiments import image_classifier, small_cifar10, text_classifier
from .records import load_recorded

__all__ = ["image_classifier", "load_recorded", "small_cifar10", "text_classifier"]
