"""SMS Spam Collection: spam is to be forgotten."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.sms_spam import load_sms_spam
from ...data.task import UnlearningTask
from ...rules.own import WALKED_RULES
from .models import penalties, text_classifier
from .plan import Experiment, Plan
from .variations import BOTH_WAYS, LEADING, OTHER_RULES


def _load(**options: Any) -> tuple[UnlearningTask, ...]:
    return (load_sms_spam(**options),)


def near_copies(texts: NDArray[Any]) -> NDArray[np.intp]:
    """Number of the group of every text: equal up to case, digits, punctuation and blanks."""
    bare = [re.sub(r"[\W\d_]+", "", text).lower() for text in texts]
    groups: NDArray[np.intp] = np.unique(bare, return_inverse=True)[1]
    return groups


def _variations(**options: Any) -> tuple[UnlearningTask, ...]:
    (task,) = _load(**options)
    names = [plan.task for plan in SMS_VARIATIONS.plans]
    tasks = {name: replace(task, name=name) for name in names}
    grouped = replace(tasks["sms_spam, near copies"], groups=near_copies(task.X))
    return tuple((tasks | {grouped.name: grouped}).values())


SMS = Experiment(
    name="sms",
    summary="SMS Spam Collection, spam to be forgotten, TF-IDF, logistic regression",
    load=_load,
    plans=(Plan("sms_spam", text_classifier, seeds=tuple(range(40))),),
)

SMS_VARIATIONS = Experiment(
    name="sms-variations",
    summary="SMS Spam with other penalties, rules turned round, other features and splits",
    load=_variations,
    plans=(
        Plan("sms_spam", penalties(text_classifier, "C", (0.1, 1, 3, 10, 100)), rules=BOTH_WAYS),
        Plan("sms_spam, other rules", text_classifier, rules=OTHER_RULES),
        Plan(
            "sms_spam, characters",
            partial(text_classifier, characters=True),
            rules=BOTH_WAYS,
        ),
        Plan(
            "sms_spam, vectoriser refitted",
            text_classifier,
            rules=("random", *LEADING),
            refit_features=True,
        ),
        Plan("sms_spam, near copies", text_classifier, rules=("random", *LEADING, *WALKED_RULES)),
    ),
    variations=True,
)
