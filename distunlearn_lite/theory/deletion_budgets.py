"""Smallest number of deletions that meets targets for removal and preservation."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from math import ceil, floor, log10

import numpy as np
from scipy.stats import ncx2

from ..errors import InfeasibleTarget
from ..validation import (
    FloatArray,
    choice,
    count,
    nonnegative_scalar,
    proper_fraction,
    separation_scalar,
)
from .deletion_curves import CURVE_RULES, population_divergences

ROUNDING = 1e-12
BLOCK = 1 << 14

Divergences = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def deletion_budget(
    rule: str,
    n1: int,
    n2: int,
    separation: float,
    *,
    alpha: float | None = None,
    eps: float | None = None,
    confidence: float | None = None,
    dim: int = 1,
) -> int:
    r"""Smallest number f of deleted samples that meets every given target at that f.

    Without `confidence` the population curve of the rule is used, at kept fraction
    :math:`(n_1 - f)/n_1`: :math:`KL(p_1 \| p) \ge \alpha` and :math:`KL(p_2 \| p) \le \varepsilon`.
    With it (rule ``"random"`` only) the exact law for n1 and n2 samples is used, and each given
    target is met with that probability by itself:

    .. math:: P(KL(p_1 \| p) \ge \alpha) \ge c \quad\text{and}\quad
              P(KL(p_2 \| p) \le \varepsilon) \ge c .

    Both hold at once with probability at least :math:`2c - 1`; ask for (1 + c)/2 to have c.

    Parameters
    ----------
    rule : str
        ``"random"``, ``"distance"`` or ``"likelihood-ratio"``.
    n1, n2 : int
        Numbers of unwanted and of retained samples, at least 1.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    alpha : float, optional
        Least removal KL(p1 || p), in nats.
    eps : float, optional
        Largest preservation KL(p2 || p), in nats.
    confidence : float, optional
        Probability c, strictly between 0 and 1, with which each target is to be met.
    dim : int
        Dimension D.

    Returns
    -------
    int
        Number of deleted samples, from 0 to n1. More deletions may miss the targets again: only
        the distance rule and random deletion without `confidence` improve with every deletion.

    Raises
    ------
    InfeasibleTarget
        Where no f meets the targets; the message names the nearest ones that some f meets.
    ValueError
        Where no target is given, `confidence` comes with another rule than ``"random"``, or a
        number is out of its range.

    Notes
    -----
    Source: chapters 5 and 6. Every f is looked at from 0 upwards, since neither divergence need be
    monotone in f; only for the distance rule, whose curve is monotone in both, the search halves.
    Targets are compared up to rounding, 1e-12 of their size.

    Examples
    --------
    >>> from distunlearn_lite import deletion_budget
    >>> deletion_budget("random", 1000, 1000, separation=0.5, alpha=0.078125)
    736
    >>> deletion_budget("distance", 1000, 1000, separation=0.5, alpha=0.078125)
    222
    >>> deletion_budget("random", 1000, 1000, separation=0.5, eps=0.01, confidence=0.95)
    767
    """
    choice("rule", rule, CURVE_RULES)
    count("n1", n1, least=1)
    count("n2", n2, least=1)
    count("dim", dim, least=1)
    separation = separation_scalar(separation)
    if alpha is None and eps is None:
        raise ValueError(
            "a budget needs a target; pass alpha= (least removal), eps= (largest preservation) or "
            "both, in nats"
        )
    least = 0.0 if alpha is None else nonnegative_scalar("alpha", alpha) * (1 - ROUNDING)
    most = np.inf if eps is None else nonnegative_scalar("eps", eps) * (1 + ROUNDING)

    def curve(kept: FloatArray) -> tuple[FloatArray, FloatArray]:
        left = kept + n2
        return population_divergences(rule, kept / n1, kept / left, n2 / left, separation, dim)

    def on_target(kept: FloatArray) -> FloatArray:
        removal, preservation = curve(kept)
        return np.asarray((removal >= least) & (preservation <= most))

    if confidence is not None:
        level = _confidence(rule, confidence)
        f = _scan(n1, lambda kept: _surely_on_target(kept, n2, separation, dim, least, most, level))
        reached = _quantiles(n2, separation, dim, level)
    else:
        reached = curve
        if rule == "distance":
            f = bisect_left(range(n1 + 1), 1, key=lambda i: int(on_target(np.array([n1 - i]))[0]))
        else:
            f = _scan(n1, on_target)
    if f > n1:
        raise InfeasibleTarget(_nearest(n1, reached, alpha, eps))
    return f


def _confidence(rule: str, confidence: float) -> float:
    if rule != "random":
        raise ValueError(
            f"confidence needs an exact finite-sample law, which rule {rule!r} does not have; drop "
            "it to plan by the population curve, or use rule='random'"
        )
    return proper_fraction("confidence", confidence)


def _scan(n1: int, on_target: Callable[[FloatArray], FloatArray]) -> int:
    """First f from 0 to n1 that is on target, n1 + 1 if none is."""
    for start in range(0, n1 + 1, BLOCK):
        f = np.arange(start, min(start + BLOCK, n1 + 1))
        hits = np.flatnonzero(on_target((n1 - f).astype(np.float64)))
        if hits.size:
            return int(f[hits[0]])
    return n1 + 1


def _surely_on_target(
    kept: FloatArray, n2: int, separation: float, dim: int, least: float, most: float, level: float
) -> FloatArray:
    """Whether each target is met with probability `level` after random deletion.

    The law is evaluated only where an exponential (Chernoff) bound leaves the question open, since
    one evaluation takes long where the noncentrality is large.
    """
    left = kept + n2
    good = np.ones(kept.size, dtype=bool)
    slack = -np.log(level)
    for offset, threshold, above in (
        (n2 * separation / left, least, True),
        (kept * separation / left, most, False),
    ):
        if threshold == (0.0 if above else np.inf):
            continue
        noncentrality = left * offset**2
        bound = 2 * left * threshold
        centre, spread = dim + noncentrality, 2 * np.sqrt((dim + 2 * noncentrality) * slack)
        if above:
            good &= bound <= centre + spread + 2 * slack
        else:
            good &= bound >= centre - spread
        law = ncx2.sf if above else ncx2.cdf
        good[good] = law(bound[good], dim, noncentrality[good]) >= level - ROUNDING
    return good


def _quantiles(n2: int, separation: float, dim: int, level: float) -> Divergences:
    """Removal that is exceeded, and preservation that is kept to, with probability `level`."""

    def at(kept: FloatArray) -> tuple[FloatArray, FloatArray]:
        left = kept + n2
        removal = ncx2.ppf(1 - level, dim, (n2 * separation) ** 2 / left) / (2 * left)
        return removal, ncx2.ppf(level, dim, (kept * separation) ** 2 / left) / (2 * left)

    return at


def _nearest(n1: int, reached: Divergences, alpha: float | None, eps: float | None) -> str:
    """Message that names the targets which can be met instead."""
    found = {}
    if alpha is not None:
        found["alpha"] = _extreme(n1, reached, "alpha", np.inf if eps is None else eps)
    if eps is not None:
        found["eps"] = _extreme(n1, reached, "eps", 0.0 if alpha is None else alpha)
    if alpha is None or eps is None:
        name, value = ("alpha", alpha) if eps is None else ("eps", eps)
        asked, within = f"{name} = {value:g}", "the nearest target within reach is "
        together = ""
    else:
        asked, within = f"alpha = {alpha:g} together with eps = {eps:g}", "within reach are "
        together = " with the other target as it is"
        if not any(found.values()):
            together = " without the other target"
            found = {
                "alpha": _extreme(n1, reached, "alpha", np.inf),
                "eps": _extreme(n1, reached, "eps", 0.0),
            }
    offers = [
        f"{name} = {_rounded(offer[0], up=name == 'eps'):g}{together} (f = {offer[1]})"
        for name, offer in found.items()
        if offer is not None
    ]
    return f"no f from 0 to {n1} meets {asked}; {within}{', and '.join(offers)}"


def _extreme(n1: int, reached: Divergences, target: str, limit: float) -> tuple[float, int] | None:
    """Best value of one target where the other keeps to its limit, and its f (ever finer grids)."""
    low, high = 0.0, float(n1)
    for _ in range(4):
        f = np.unique(np.linspace(low, high, 401).round())
        removal, preservation = reached(n1 - f)
        score = removal if target == "alpha" else -preservation
        allowed = preservation <= limit if target == "alpha" else removal >= limit
        if not allowed.any():
            return None
        best = int(np.argmax(np.where(allowed, score, -np.inf)))
        step = (high - low) / 400
        low, high = max(0.0, f[best] - step), min(float(n1), f[best] + step)
    return float(abs(score[best])), int(f[best])


def _rounded(value: float, *, up: bool) -> float:
    """Four digits, towards the side that is still within reach."""
    if value == 0:
        return 0.0
    scale = 10.0 ** (3 - floor(log10(value)))
    return (ceil if up else floor)(value * scale) / scale
