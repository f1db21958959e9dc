"""Jigsaw comments with two domains to forget: the toxic label, and a vocabulary."""

from __future__ import annotations

from typing import Any

from ...data.jigsaw import load_jigsaw
from ...data.task import UnlearningTask
from .models import text_classifier
from .plan import Experiment, Plan

DOMAINS = ("toxic", "keywords")


def _load(**options: Any) -> tuple[UnlearningTask, ...]:
    return tuple(load_jigsaw(domain=domain, **options) for domain in DOMAINS)


JIGSAW = Experiment(
    name="jigsaw",
    summary="Jigsaw comments, the toxic ones or a vocabulary to be forgotten",
    load=_load,
    plans=tuple(
        Plan(f"jigsaw-{domain}", text_classifier, seeds=tuple(range(5))) for domain in DOMAINS
    ),
)
