"""The experiments whose full results the book records, a module each.

A recorded table is as old as the modules that its experiment imports, so none imports another.
"""

from collections.abc import Mapping
from types import MappingProxyType

from .cifar10 import CIFAR10, CIFAR10_OTHERS, CIFAR10_VARIATIONS
from .gaussians import GAUSSIANS
from .jigsaw import JIGSAW, JIGSAW_VARIATIONS
from .plan import Experiment
from .sms import SMS, SMS_VARIATIONS

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        experiment.name: experiment
        for experiment in (
            *(GAUSSIANS, SMS, SMS_VARIATIONS, JIGSAW, JIGSAW_VARIATIONS),
            *(CIFAR10, CIFAR10_OTHERS, CIFAR10_VARIATIONS),
        )
    }
)
