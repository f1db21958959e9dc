"""SMS Spam Collection: spam is to be forgotten."""

from __future__ import annotations

from typing import Any

from ...data.sms_spam import load_sms_spam
from ...data.task import UnlearningTask
from .models import text_classifier
from .plan import Experiment, Plan


def _load(**options: Any) -> tuple[UnlearningTask, ...]:
    return (load_sms_spam(**options),)


SMS = Experiment(
    name="sms",
    summary="SMS Spam Collection, spam to be forgotten, TF-IDF, logistic regression",
    load=_load,
    plans=(Plan("sms_spam", text_classifier),),
)
