"""CIFAR-10 in patch features, each class in turn to be forgotten."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np

from ...data.cifar10 import CIFAR10_CLASSES, load_cifar10
from ...data.task import UnlearningTask
from ...features.patch_cache import patch_features
from ...features.patches import PatchFeatures
from .models import image_classifier, logistic_image_classifier
from .plan import Experiment, Plan


def cifar10_classes(
    data_home: str | os.PathLike[str] | None = None, download: bool = True
) -> tuple[UnlearningTask, ...]:
    """CIFAR-10 in features of 800 patches, each class in turn to be forgotten.

    Parameters
    ----------
    data_home, download
        As ``load_cifar10`` takes them.

    Returns
    -------
    tuple of UnlearningTask
        ``cifar10-airplane`` to ``cifar10-truck``; ``cifar10-cat-logistic``, the class cat once more
        for another classifier; and ``cifar10-small``.
    """
    images = load_cifar10(data_home=data_home, download=download)
    features = patch_features(images, PatchFeatures(800))
    tasks = [
        replace(features, forget=features.y == number, name=f"cifar10-{name}")
        for number, name in enumerate(CIFAR10_CLASSES)
    ]
    cat = tasks[CIFAR10_CLASSES.index("cat")]
    return (*tasks, replace(cat, name="cifar10-cat-logistic"), small_cifar10(images))


def small_cifar10(images: UnlearningTask) -> UnlearningTask:
    """A fifth of CIFAR-10 in features of 100 patches, for a run of seconds.

    Parameters
    ----------
    images : UnlearningTask
        From ``load_cifar10``.

    Returns
    -------
    UnlearningTask
        10,000 training and 2,000 test images, named ``cifar10-small``.
    """
    part = images.take(np.r_[:10_000, 50_000:52_000])
    return replace(patch_features(part, PatchFeatures(100)), name="cifar10-small")


CIFAR10 = Experiment(
    name="cifar10",
    summary="CIFAR-10, each class in turn to be forgotten, patch features, ridge",
    load=cifar10_classes,
    plans=(
        *(
            Plan(
                f"cifar10-{name}",
                image_classifier,
                seeds=tuple(range(5)) if name == "cat" else (0, 1),
            )
            for name in CIFAR10_CLASSES
        ),
        Plan(
            "cifar10-cat-logistic",
            logistic_image_classifier,
            rules=("random", "lr-maha"),
            budgets=(0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
            seeds=(0, 1),
        ),
        Plan("cifar10-small", image_classifier, seeds=(0, 1)),
    ),
)
