"""Exercises of chapter 17: a turning point, a retained row, an order, an influence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import expit, lambertw

from ..exercise import Exercise, Inputs, Slip


def turn(slope: float, constant: float) -> NDArray[np.float64]:
    """The offset and the turning point of a refit influence."""
    offset = constant / slope
    return np.array([offset, _turning(offset)])


def _turning(offset: float) -> float:
    return float(1 - offset + lambertw(np.exp(offset - 1)).real)


def _line(rng: Generator) -> Inputs:
    return {"slope": rng.integers(2, 9) / 1000, "constant": rng.integers(10, 15) / 1000}


def retained(n1: int, z: float, leverage: float) -> float:
    """By how much the mean value of the unwanted rows falls when a retained row goes."""
    return -(z**2) / (n1 * (1 - leverage))


def _retained_row(rng: Generator) -> Inputs:
    z, leverage = rng.integers(20, 45) / 100, rng.integers(15, 50) / 100
    return {"n1": int(10 * rng.integers(2, 10)), "z": z, "leverage": leverage}


def first_to_go(z: Any, d: float) -> NDArray[np.intp]:
    return np.argsort(-(z + d) * expit(-z), kind="stable")


def _values(rng: Generator) -> Inputs:
    d = float(rng.choice([-2.0, -1.0, 1.5, 2.5, 3.5]))
    return {"z": rng.permutation(np.unique(rng.normal(_turning(d), 2, 18).round(2))), "d": d}


def influences(
    rows: Any,
    y: Any,
    u: Any,
    b: float,
    c: float,
    point: Any,
    *,
    weighted: bool = True,
    shrunk: float = 0.0,
    last: float = 1.0,
) -> NDArray[np.float64]:
    """Need times reach of every row; the options are what one can get wrong."""
    tilde = np.c_[rows, np.ones(len(rows))]
    z = rows @ u + b
    curve = expit(z) * expit(-z) if weighted else np.ones(len(z))
    J = np.diag(np.append(np.ones(rows.shape[1]), shrunk))
    H = (tilde.T * curve) @ tilde + J / c
    return np.asarray((y - expit(z)) * (tilde @ np.linalg.solve(H, np.append(point, last))))


def _need_of_unwanted(rows: Any, y: Any, u: Any, *rest: Any) -> Any:
    need = expit(-(rows @ u + rest[0]))
    return influences(rows, y, u, *rest) * need / (y - 1 + need)


def _logistic(rng: Generator, n1: int = 9, n2: int = 14, columns: int = 3) -> Inputs:
    rows = rng.normal(0, 1, (n1 + n2, columns))
    rows[:n1, 0] += 1.5
    mixed, y = rng.permutation(n1 + n2), np.append(np.ones(n1), np.zeros(n2))
    c = rng.choice([0.2, 0.5, 3.0, 8.0])
    tilde, xi = np.c_[rows, np.ones(n1 + n2)], np.zeros(columns + 1)
    J = np.diag(np.append(np.ones(columns), 0)) / c
    for _ in range(30):  # Newton's method
        pi = expit(tilde @ xi)
        H = (tilde.T * (pi * (1 - pi))) @ tilde + J
        xi = xi - np.linalg.solve(H, tilde.T @ (pi - y) + J @ xi)
    fit = {"u": xi[:-1], "b": float(xi[-1]), "c": float(c)}
    return {"rows": rows[mixed], "y": y[mixed], **fit, "point": rng.normal(1, 1, columns)}


EXERCISES = (
    Exercise(
        id="ex-17-peak",
        title="Where the influence turns",
        level="○",
        goal="compute the turning point of a refit influence from a line",
        asked="On the unwanted rows of an untouched logistic regression the reach is fitted by a "
        "line in the value: slope $<slope>$, constant $<constant>$. Give the array of the offset "
        "$d$ and the value at which the refit influence is largest, by {prf:ref}`prop-17-turn`.",
        answer="value",
        recipe=turn,
        cases=({"slope": 0.004, "constant": 0.006},),
        fresh=_line,
        slips=(
            Slip(
                "the offset is upside down: the constant is k times d",
                lambda slope, constant: turn(constant, slope),
            ),
            Slip(
                "the constant of the line is taken for the offset; it must be divided by the slope",
                lambda slope, constant: turn(1.0, constant),
            ),
            Slip(
                "the turning point is that without an offset",
                lambda slope, constant: [constant / slope, _turning(0)],
            ),
            Slip(
                "the second entry is the largest value of the influence; asked is where it is "
                "reached",
                lambda slope, constant: turn(slope, constant) - [0, 1 - constant / slope],
            ),
        ),
        hints=(
            "Write the line as k (z + d): which of slope and constant is k, and what is d then?",
            "Lambert's function is `scipy.special.lambertw`; its real part is meant.",
        ),
    ),
    Exercise(
        id="ex-17-retained",
        title="A retained row goes",
        level="◐",
        goal="compute what the deletion of a retained row does to a ridge",
        asked="A ridge with the targets 1 for $<n1>$ unwanted rows and 0 for the retained ones "
        "gives a *retained* row the value $<z>$. Its leverage is $<leverage>$. By how much does "
        "the mean value of the unwanted rows fall when this retained row is deleted?",
        answer="value",
        recipe=retained,
        cases=({"n1": 40, "z": 0.3, "leverage": 0.2},),
        fresh=_retained_row,
        slips=(
            Slip(
                "the need is that of an unwanted row; the target of a retained row is 0",
                lambda n1, z, leverage: z * (1 - z) / (n1 * (1 - leverage)),
            ),
            Slip(
                "the sign is lost: a retained row holds the values down, and without it they rise",
                lambda *inputs: -retained(*inputs),
            ),
            Slip(
                "the leverage is left out: first order, where the exact fall is asked",
                lambda n1, z, leverage: retained(n1, z, 0),
            ),
            Slip(
                "this is the fall of the row's own value; asked is the mean over the unwanted rows",
                lambda n1, z, leverage: -z * leverage / (1 - leverage),
            ),
        ),
        hints=(
            "Part 1 of the proposition on the ridge holds for any row: put in its need and reach.",
            "For this yardstick step 3 of the proof gives the reach of every row, whatever its "
            "label.",
        ),
    ),
    Exercise(
        id="ex-17-order",
        title="The order of refit influence",
        level="◐",
        goal="write the order in which refit influence deletes",
        asked="Let {eq}`eq-17-affine` hold exactly, with the offset `d`. Write a function "
        "`first_to_go(z, d)` that takes the array of the fitted values of the unwanted rows under "
        "an untouched logistic regression and returns their indices in the order in which their "
        "refit influence, scored once, deletes them.",
        answer="function",
        recipe=first_to_go,
        cases=(
            _values(np.random.default_rng(0)),
            {"z": np.array([-3.0, -1.0, -2.0, -1.5]), "d": 2.0},  # as the ratio does
            {"z": np.array([2.0, 5.0, 3.0, 9.0, 2.5]), "d": 0.0},  # as its reverse does
            _values(np.random.default_rng(1)),
        ),
        fresh=_values,
        slips=(
            Slip(
                "the smallest influence comes first: it is sorted the wrong way",
                lambda z, d: first_to_go(z, d)[::-1],
            ),
            Slip(
                "sorted by reach alone, as the ratio does; the need counts too",
                lambda z, d: np.argsort(-z, kind="stable"),
            ),
            Slip(
                "sorted by need alone, as the reverse of the ratio does; the reach counts too",
                lambda z, d: np.argsort(z, kind="stable"),
            ),
            Slip(
                "the offset is left out of the reach",
                lambda z, d: first_to_go(z, 0),
            ),
        ),
        hints=(
            "Under the assumption the influence is k (z + d) / (1 + e^z), and k > 0 changes no "
            "order.",
            "`np.argsort` sorts upwards; the largest influence goes first.",
        ),
    ),
    Exercise(
        id="ex-17-point",
        title="Every row's influence on one point",
        level="◐",
        goal="write the refit influence of all rows on the value at a point",
        asked="Write a function `influences(rows, y, u, b, c, point)`. A logistic regression with "
        "penalty parameter `c` was fitted to `rows` with the labels `y`, which are 0 or 1 in any "
        "order, and gave the direction `u` and the intercept `b`. The yardstick is the fitted "
        "value at `point`. Return for every row, of either label, by how much its deletion lowers "
        "the yardstick to first order.",
        answer="function",
        recipe=influences,
        cases=(
            _logistic(np.random.default_rng(0)),
            _logistic(np.random.default_rng(1), columns=1),
            _logistic(np.random.default_rng(2), n1=3, n2=4, columns=6),
            _logistic(np.random.default_rng(5)),
        ),
        fresh=_logistic,
        slips=(
            Slip(
                "every row has the need of an unwanted one; that of a retained row is negative",
                _need_of_unwanted,
            ),
            Slip(
                "the Hessian is that of a ridge; in a logistic regression a row counts in it by "
                "how undecided it is",
                lambda *inputs: influences(*inputs, weighted=False),
            ),
            Slip(
                "the intercept is penalised; the penalty is on the direction only",
                lambda *inputs: influences(*inputs, shrunk=1.0),
            ),
            Slip(
                "the intercept is missing in the yardstick: the point has no 1 at its end",
                lambda *inputs: influences(*inputs, last=0.0),
            ),
        ),
        hints=(
            "Influence is need times reach, and the vector a of this yardstick is the point with "
            "a 1 at its end.",
            "The need is the label less the prediction. The Hessian sums up pi (1 - pi) times the "
            "outer product of each row, and the penalty comes on top.",
        ),
    ),
)
