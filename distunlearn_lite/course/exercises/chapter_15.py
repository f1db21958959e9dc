"""Exercises of chapter 15: total variation, shifts of a trained model, lost accuracy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import rel_entr

from ..exercise import Exercise, Inputs, Slip


def _kl(p: Any, q: Any) -> Any:
    return rel_entr(p, q).sum(axis=-1)


def pinsker(p: Any, q: Any) -> NDArray[np.float64]:
    return np.array([np.maximum(p - q, 0).sum(), np.sqrt(_kl(p, q) / 2)])


def _tables(rng: Generator) -> Inputs:
    size = rng.integers(3, 7)
    return {"p": rng.dirichlet(np.full(size, 2.0)), "q": rng.dirichlet(np.full(size, 2.0))}


def shifts(n1: int, n2: int, f: int, eta: float) -> NDArray[np.float64]:
    """How far the excess can fall on the unwanted side and rise on the retained one."""
    w, root = (n1 - f) / (n1 - f + n2), np.sqrt(eta / 2)
    return np.array([root / w, (eta + root) / (1 - w)])


def _sides_swapped(n1: int, n2: int, f: int, eta: float) -> Any:
    w, root = (n1 - f) / (n1 - f + n2), np.sqrt(eta / 2)
    return [root / (1 - w), (eta + root) / w]


def _without_eta(n1: int, n2: int, f: int, eta: float) -> Any:
    w = (n1 - f) / (n1 - f + n2)
    return shifts(n1, n2, f, eta) - [0, eta / (1 - w)]


def _edit(rng: Generator) -> Inputs:
    n1, n2 = int(100 * rng.integers(4, 10)), int(100 * rng.integers(4, 10))
    f = n1 - int(n2 * rng.integers(4, 9) / 20)
    return {"n1": n1, "n2": n2, "f": max(f, 20), "eta": rng.integers(10, 50) / 1000}


def train(
    w: float, gap: float, lost: float, allowed: Callable[[float], float] | None = None
) -> Any:
    """The largest eta at which the accuracy is still guaranteed."""
    excess = lost**2 / 2 if allowed is None else allowed(lost)
    room = (1 - w) * (excess - gap)
    return (np.sqrt(0.5 + 4 * room) - np.sqrt(0.5)) ** 2 / 4


def _mixture(rng: Generator) -> Inputs:
    w, lost = rng.integers(10, 40) / 100, rng.integers(20, 41) / 100
    return {"w": w, "gap": rng.integers(2, 9) / 1000, "lost": lost}


def lost(p2: Any, h: Any) -> NDArray[np.float64]:
    """The accuracy that the decisions of h lose, and what its excess says of it."""
    right = p2[np.arange(len(p2)), h.argmax(axis=1)].sum()
    return np.array([p2.max(axis=1).sum() - right, np.sqrt(2 * _excess(p2, h))])


def _excess(p2: Any, h: Any) -> Any:
    inputs = p2.sum(axis=1)
    given = p2 / np.where(inputs > 0, inputs, 1)[:, None]
    return inputs @ _kl(given, h)


def _log_loss(p2: Any, h: Any) -> Any:
    return [lost(p2, h)[0], np.sqrt(2 * -(p2 * np.log(h)).sum())]


def _unweighted(p2: Any, h: Any) -> Any:
    inputs = p2.sum(axis=1, keepdims=True)
    return lost(p2 / np.where(inputs > 0, inputs, 1) / len(p2), h)


def _classifier(rng: Generator) -> Inputs:
    p2 = rng.dirichlet(np.full(12, 0.7)).reshape(4, 3)
    given = p2 / p2.sum(axis=1, keepdims=True)
    h = 0.3 * given + 0.7 * rng.dirichlet(np.full(3, 2.0), size=4)
    h[0] = 0.8 * np.roll(given[0], 1) + 0.2 / 3  # one decision is wrong
    return {"p2": p2, "h": h}


def _with_a_hole(rng: Generator) -> Inputs:
    inputs = dict(_classifier(rng))
    p2 = inputs["p2"].copy()
    p2[3] = p2[1, 0] = 0  # an input that never occurs, and a label that one input never has
    return {"p2": p2 / p2.sum(), "h": inputs["h"]}


EXERCISES = (
    Exercise(
        id="ex-15-pinsker",
        title="From nats to probabilities",
        level="○",
        goal="compute a total variation and its bound by a divergence",
        asked="Write a function `pinsker(p, q)` that takes two arrays of probabilities over the "
        "same outcomes, of which some may be 0, and returns the array of $\\mathrm{TV}(p,q)$ and "
        "of the bound on it that {prf:ref}`lem-4-pinsker` derives from "
        "$\\mathrm{KL}(p\\,\\|\\,q)$.",
        answer="function",
        recipe=pinsker,
        cases=(
            {"p": np.array([0.5, 0.5]), "q": np.array([0.3, 0.7])},
            {"p": np.array([0.1, 0.2, 0.3, 0.4]), "q": np.array([0.4, 0.3, 0.2, 0.1])},
            {"p": np.array([0.5, 0.5, 0.0]), "q": np.array([0.9, 0.1, 0.0])},
            _tables(np.random.default_rng(0)),
        ),
        fresh=_tables,
        slips=(
            Slip(
                "all differences are added; the total variation is the sum of the positive ones",
                lambda p, q: pinsker(p, q) * [2, 1],
            ),
            Slip(
                "the divergence goes from q to p; asked is the one from p to q",
                lambda p, q: [pinsker(p, q)[0], pinsker(q, p)[1]],
            ),
            Slip(
                "the divergence is not halved under the root",
                lambda p, q: pinsker(p, q) * [1, np.sqrt(2)],
            ),
        ),
        hints=(
            "The set with the largest difference holds the outcomes that p likes better than q.",
            "An outcome without probability under p adds nothing to the divergence; "
            "`scipy.special.rel_entr` knows it.",
        ),
    ),
    Exercise(
        id="ex-15-sides",
        title="Two sides of a mixture",
        level="○",
        goal="compute how far a nearly trained model can be off on either side",
        asked="Random deletion takes $f=<f>$ of $n_1=<n1>$ unwanted pairs, $n_2=<n2>$ are "
        "retained, and $p=w\\,p_1+(1-w)\\,p_2$. A model is off by $\\eta=<eta>$ nats on the edited "
        "data. By {prf:ref}`thm-4-trained`, how far can $\\mathrm{excess}_1(h)$ lie *below* "
        "$\\mathrm{excess}_1(p)$ at most, and how far can $\\mathrm{excess}_2(h)$ lie *above* "
        "$\\mathrm{excess}_2(p)$? Give the array of these two lengths.",
        answer="value",
        recipe=shifts,
        cases=({"n1": 500, "n2": 600, "f": 300, "eta": 0.02},),
        fresh=_edit,
        slips=(
            Slip(
                "the ratios of the two sides are swapped: the unwanted side has 1/w",
                _sides_swapped,
            ),
            Slip(
                "the share w is that before the deletion",
                lambda n1, n2, f, eta: shifts(n1, n2, 0, eta),
            ),
            Slip(
                "eta itself is missing above; only below does the root stand alone",
                _without_eta,
            ),
        ),
        hints=(
            "A mixture is at least w p_1, so p_1 is at most p / w; likewise for p_2.",
            "Below there is the root of eta / 2 alone, above there is eta as well.",
        ),
    ),
    Exercise(
        id="ex-15-needed",
        title="How well must one train?",
        level="◐",
        goal="compute the training that a guarantee of accuracy asks for",
        asked="The edited data are the mixture with $w=<w>$, and "
        "$\\varepsilon-\\mathrm{input}_2=<gap>$ nats. The accuracy on the retained domain is to "
        "fall short of the best possible by at most $<lost>$. Up to which $\\eta$ (four digits) do "
        "{prf:ref}`cor-4-trained` and {prf:ref}`prop-4-accuracy` together guarantee it?",
        answer="value",
        recipe=train,
        cases=({"w": 0.25, "gap": 0.006, "lost": 0.3},),
        fresh=_mixture,
        slips=(
            Slip(
                "the ratio is that of the unwanted side; asked is the retained one",
                lambda w, gap, lost: train(1 - w, gap, lost),
            ),
            Slip(
                "the loss of accuracy is used as if it were the excess in nats",
                lambda w, gap, lost: train(w, gap, lost, lambda share: share),
            ),
            Slip(
                "the excess allowed is the squared loss of accuracy; the factor 2 under the root "
                "halves it",
                lambda w, gap, lost: train(w, gap, lost, lambda share: share**2),
            ),
            Slip(
                "the excess of a fully trained model is not subtracted first",
                lambda w, gap, lost: train(w, 0, lost),
            ),
            Slip(
                "eta beside its root is left out of the bound",
                lambda w, gap, lost: 2 * ((1 - w) * (lost**2 / 2 - gap)) ** 2,
            ),
        ),
        hints=(
            "First turn the accuracy into the excess that it allows, then see what the corollary "
            "leaves of it for the training.",
            "What is left is B_2 times (eta plus the root of eta / 2): a quadratic equation for "
            "the root of eta.",
        ),
    ),
    Exercise(
        id="ex-15-lost",
        title="Lost decisions and what the nats say",
        level="◐",
        goal="write the accuracy that a model loses and its bound by the excess",
        asked="Write a function `lost(p2, h)` for a table `p2` of probabilities of pairs, inputs "
        "in rows, and a table `h` of predictions. It returns the array of the accuracy under "
        "$p_2$ that the decisions of $h$ lose against the best possible, and of the bound of "
        "{prf:ref}`prop-4-accuracy` on it. Some pairs, and some inputs, may have probability 0.",
        answer="function",
        recipe=lost,
        cases=(
            _classifier(np.random.default_rng(0)),
            _with_a_hole(np.random.default_rng(1)),
            {  # all decisions are right
                "p2": np.array([[0.3, 0.1], [0.2, 0.4]]),
                "h": np.array([[0.6, 0.4], [0.4, 0.6]]),
            },
            _classifier(np.random.default_rng(2)),
        ),
        fresh=_classifier,
        slips=(
            Slip(
                "the accuracy itself is given; asked is what it lacks of the best possible",
                lambda p2, h: [p2.max(axis=1).sum() - lost(p2, h)[0], lost(p2, h)[1]],
            ),
            Slip(
                "the bound has the log-loss; asked is its excess over the least possible",
                _log_loss,
            ),
            Slip("all inputs count alike; they occur with the probabilities of p2", _unweighted),
            Slip(
                "the excess is halved under the root, as for one set; a decision compares the "
                "probabilities of two labels",
                lambda p2, h: lost(p2, h) * [1, 0.5],
            ),
        ),
        hints=(
            "The decision at an input is the label with the largest prediction; the best one is "
            "the label with the largest entry of p2 in that row.",
            "The excess is a mean over the inputs of p2 of the divergence from its conditional to "
            "the prediction.",
        ),
    ),
)
