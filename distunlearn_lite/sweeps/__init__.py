"""What a deletion did: sweeps over rules, budgets and seeds, and what they come to."""

from .comparison import retained_at_target, share_to_go, trade_off_area
from .summaries import crossings, in_percent, interval

__all__ = [
    "crossings",
    "in_percent",
    "interval",
    "retained_at_target",
    "share_to_go",
    "trade_off_area",
]
