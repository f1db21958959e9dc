"""What a deletion did: sweeps over rules, budgets and seeds, and what they come to."""

from .paths import crossings, first_crossing, share_to_go, walks
from .summaries import (
    difference_at,
    in_percent,
    interval,
    retained_at_target,
    trade_off_area,
)

__all__ = [
    "crossings",
    "difference_at",
    "first_crossing",
    "in_percent",
    "interval",
    "retained_at_target",
    "share_to_go",
    "trade_off_area",
    "walks",
]
