"""CIFAR-10 in patch features, each class in turn to be forgotten."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ...data.cifar10 import CIFAR10_CLASSES, load_cifar10
from ...data.task import UnlearningTask
from ...features.patch_cache import patch_features
from ...features.patches import PatchFeatures
from .models import image_classifier, pair_classifier, penalties
from .plan import Experiment, Plan
from .variations import BOTH_WAYS, OTHER_RULES


def _in_features(
    data_home: str | os.PathLike[str] | None = None, download: bool = True
) -> tuple[UnlearningTask, UnlearningTask]:
    """CIFAR-10 in features of 800 patches, the class cat to be forgotten, and its small form."""
    images = load_cifar10(data_home=data_home, download=download)
    return patch_features(images, PatchFeatures(800)), small_cifar10(images)


def _other_classes(**options: Any) -> tuple[UnlearningTask, ...]:
    features, _ = _in_features(**options)
    return tuple(task for task in of_each_class(features) if task.name != features.name)


def of_each_class(features: UnlearningTask) -> tuple[UnlearningTask, ...]:
    """The task of forgetting each class in turn, in the same features.

    Parameters
    ----------
    features : UnlearningTask
        CIFAR-10 with labels 0 to 9.

    Returns
    -------
    tuple of UnlearningTask
        ``cifar10-airplane`` to ``cifar10-truck``.
    """
    return tuple(
        replace(features, forget=features.y == number, name=f"cifar10-{name}")
        for number, name in enumerate(CIFAR10_CLASSES)
    )


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


def cat_or_dog(features: UnlearningTask) -> UnlearningTask:
    """The cats, to be forgotten, and the dogs, of CIFAR-10 in any features.

    Parameters
    ----------
    features : UnlearningTask
        CIFAR-10 or a part of it with labels 0 to 9.

    Returns
    -------
    UnlearningTask
        Named ``cifar10-pair``.
    """
    cat, dog = (CIFAR10_CLASSES.index(name) for name in ("cat", "dog"))
    both = features.take(np.isin(features.y, (cat, dog)))
    return replace(both, forget=both.y == cat, name="cifar10-pair")


def _variations(**options: Any) -> tuple[UnlearningTask, ...]:
    cat, small = _in_features(**options)
    return cat, replace(cat, name="cifar10-cat, other rules"), cat_or_dog(small)


def class_plans(model: Callable[[], BaseEstimator]) -> tuple[Plan, ...]:
    """Plans of the ten classes, with more seeds for the class of the paper."""
    return tuple(
        Plan(f"cifar10-{name}", model, seeds=tuple(range(10 if name == "cat" else 5)))
        for name in CIFAR10_CLASSES
    )


CIFAR10 = Experiment(
    name="cifar10",
    summary="CIFAR-10, cats to be forgotten, patch features, ridge",
    load=_in_features,
    plans=(
        *(plan for plan in class_plans(image_classifier) if plan.task == "cifar10-cat"),
        Plan("cifar10-small", image_classifier, seeds=tuple(range(5))),
    ),
    draws="bootstrap",
)

CIFAR10_OTHERS = Experiment(
    name="cifar10-classes",
    summary="CIFAR-10, each of the other nine classes in turn to be forgotten",
    load=_other_classes,
    plans=tuple(plan for plan in class_plans(image_classifier) if plan.task != "cifar10-cat"),
    draws="bootstrap",
)

CIFAR10_VARIATIONS = Experiment(
    name="cifar10-variations",
    summary="CIFAR-10's cats with other penalties and rules turned round; cats against dogs",
    load=_variations,
    plans=(
        Plan(
            "cifar10-cat",
            penalties(image_classifier, "alpha", (20, 200, 2000, 20_000)),
            rules=BOTH_WAYS,
            seeds=tuple(range(5)),
        ),
        Plan(
            "cifar10-cat, other rules",
            image_classifier,
            rules=OTHER_RULES,
            seeds=tuple(range(5)),
        ),
        Plan(
            "cifar10-pair",
            penalties(pair_classifier, "C", (1e-4, 1e-3, 1e-2, 1e-1, 1)),
            rules=BOTH_WAYS,
            seeds=tuple(range(5)),
        ),
    ),
    draws="bootstrap",
    variations=True,
)
