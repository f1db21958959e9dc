"""The book's recorded runs: which experiments, how they run, how results are kept."""

from .experiments.cifar10 import cat_or_dog, small_cifar10
from .experiments.models import image_classifier, pair_classifier, text_classifier
from .experiments.own_features import validation_accuracies
from .protocol import ROWS, STATUSES, judged, verdict
from .records import load_recorded

__all__ = [
    "ROWS",
    "STATUSES",
    "cat_or_dog",
    "image_classifier",
    "judged",
    "load_recorded",
    "pair_classifier",
    "small_cifar10",
    "text_classifier",
    "validation_accuracies",
    "verdict",
]
