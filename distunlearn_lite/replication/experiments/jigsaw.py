"""Jigsaw comments with two domains to forget: the toxic label, and a vocabulary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...data.jigsaw import load_jigsaw
from ...data.task import UnlearningTask
from .models import penalties, text_classifier
from .plan import Experiment, Plan
from .variations import BOTH_WAYS, OTHER_RULES

DOMAINS = ("toxic", "keywords")
PENALTIES = {"toxic": (0.1, 1, 10, 100), "keywords": (1, 10)}


def _load(**options: Any) -> tuple[UnlearningTask, ...]:
    return tuple(load_jigsaw(domain=domain, **options) for domain in DOMAINS)


def _variations(**options: Any) -> tuple[UnlearningTask, ...]:
    return tuple(
        replace(task, name=name)
        for task in _load(**options)
        for name in (task.name, f"{task.name}, other rules")
    )


JIGSAW = Experiment(
    name="jigsaw",
    summary="Jigsaw comments, the toxic ones or a vocabulary to be forgotten",
    load=_load,
    plans=tuple(
        Plan(f"jigsaw-{domain}", text_classifier, seeds=tuple(range(20))) for domain in DOMAINS
    ),
)

JIGSAW_VARIATIONS = Experiment(
    name="jigsaw-variations",
    summary="Jigsaw comments with other penalties and rules turned round",
    load=_variations,
    plans=tuple(
        plan
        for domain in DOMAINS
        for plan in (
            Plan(
                f"jigsaw-{domain}",
                penalties(text_classifier, "C", PENALTIES[domain]),
                rules=BOTH_WAYS,
                seeds=tuple(range(5)),
            ),
            Plan(
                f"jigsaw-{domain}, other rules",
                text_classifier,
                rules=OTHER_RULES,
                seeds=tuple(range(5)),
            ),
        )
    ),
    variations=True,
)
