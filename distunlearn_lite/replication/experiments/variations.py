"""Rules that the variations of a replication share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from ...rules.own import WALKED_RULES, reversed_rule
from ...rules.scoring import SCORING_RULES, ScoringRule

LEADING = ("lr-maha", "maha-mu2", "cos-mu2", "lr-cos")


def _reverses(rules: Iterable[str]) -> Mapping[str, ScoringRule]:
    return {f"{rule}, reversed": reversed_rule(rule) for rule in rules}


def _with(option: str, rules: Iterable[str]) -> Mapping[str, ScoringRule]:
    return {f"{rule}, {option}": partial(SCORING_RULES[rule], **{option: True}) for rule in rules}


# What every penalty and every representation is tried with.
BOTH_WAYS = ("random", *LEADING, _reverses(LEADING), *WALKED_RULES)
# What is tried once: every rule turned round, and other origins and scales.
OTHER_RULES = (
    "random",
    _reverses(rule for rule in SCORING_RULES if rule != "random"),
    _with("centred", ("cos-mu2", "lr-cos")),
    _with("scaled", ("l2-mu2", "cos-mu2", "lr-cos")),
)
