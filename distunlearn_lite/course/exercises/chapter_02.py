"""Exercises of chapter 2: divergences on the line and in the plane, a covariance, a sampled one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..exercise import Exercise, Inputs, Slip


def kl(mean_p: float, var_p: float, mean_q: float, var_q: float) -> float:
    spreads = math.log(var_q / var_p) + var_p / var_q - 1
    return (spreads + (mean_p - mean_q) ** 2 / var_q) / 2


def _line(rng: Generator) -> Inputs:
    means, variances = rng.integers(-4, 5, 2), rng.choice([0.25, 0.5, 2.0, 3.0, 4.0], 2, False)
    return {
        "mean_p": float(means[0]),
        "var_p": float(variances[0]),
        "mean_q": float(means[1] + 5),
        "var_q": float(variances[1]),
    }


def joint(shift: float, var: float) -> float:
    return kl(shift, 1, 0, 1) + kl(0, 1, 0, var)


def _pair(rng: Generator) -> Inputs:
    return {
        "shift": float(rng.choice([0.6, 0.8, 1.4, 1.6, 1.8])),
        "var": float(rng.choice([3.0, 5.0, 6.0, 8.0])),
    }


def covariance(x: Any) -> NDArray[np.float64]:
    deviations = x - x.mean(axis=0)
    found: NDArray[np.float64] = deviations.T @ deviations / len(x)
    return found


def _points(rng: Generator) -> Inputs:
    n, d = rng.integers(5, 12), rng.integers(2, 4)
    mixed = rng.normal(0, 1, (n, d)) @ rng.normal(0, 1.5, (d, d))
    return {"x": (mixed + rng.normal(0, 3, d)).round(2)}


def sampled(log_p: Any, log_q: Any) -> NDArray[np.float64]:
    ratio = log_p - log_q
    return np.array([ratio.mean(), ratio.std() / np.sqrt(ratio.size)])


def _log_densities(rng: Generator) -> Inputs:
    x = rng.normal(0, 1, rng.integers(6, 40))
    mean, sd = rng.uniform(0.5, 2), rng.uniform(0.7, 2)
    constant = math.log(2 * math.pi) / 2
    return {
        "log_p": (-(x**2) / 2 - constant).round(4),
        "log_q": (-(((x - mean) / sd) ** 2) / 2 - math.log(sd) - constant).round(4),
    }


EXERCISES = (
    Exercise(
        id="ex-2-kl",
        title="The divergence on the line, as code",
        level="○",
        goal="compute the divergence between two Gaussians on the line",
        asked="Write a function `kl(mean_p, var_p, mean_q, var_q)` that returns "
        "$\\mathrm{KL}(p\\,\\|\\,q)$ in nats for $p=\\mathcal{N}(\\mu,\\sigma^2)$ and "
        "$q=\\mathcal{N}(\\mu',\\sigma'^2)$ on the line. It is given the two means and the two "
        "*variances*.",
        answer="function",
        recipe=kl,
        cases=(
            {"mean_p": 0.0, "var_p": 1.0, "mean_q": 3.0, "var_q": 2.0},
            {"mean_p": 1.0, "var_p": 0.5, "mean_q": -1.0, "var_q": 4.0},
            {"mean_p": 2.0, "var_p": 9.0, "mean_q": 2.0, "var_q": 4.0},
            {"mean_p": -1.0, "var_p": 3.0, "mean_q": -1.0, "var_q": 3.0},
        ),
        fresh=_line,
        slips=(
            Slip(
                "the two directions are swapped: this is the divergence of q from p",
                lambda mean_p, var_p, mean_q, var_q: kl(mean_q, var_q, mean_p, var_p),
            ),
            Slip(
                "the variances are taken for standard deviations and squared once more",
                lambda mean_p, var_p, mean_q, var_q: kl(mean_p, var_p**2, mean_q, var_q**2),
            ),
            Slip(
                "the logarithm has its ratio upside down",
                lambda *g: kl(*g) - math.log(g[3] / g[1]),
            ),
            Slip(
                "the logarithm is that of the ratio of variances; half of it is asked, as for the "
                "ratio of standard deviations",
                lambda *g: kl(*g) + math.log(g[3] / g[1]) / 2,
            ),
        ),
        hints=(
            "The formula of the section *One dimension, by hand* has standard deviations in its "
            "logarithm and variances elsewhere.",
            "The logarithm of a ratio of standard deviations is half that of the variances; what q "
            "has stands in its numerator, and in the denominator of the fraction.",
        ),
    ),
    Exercise(
        id="ex-2-joint",
        title="Two coordinates",
        level="○",
        goal="compute the divergence of independent coordinates with law 2",
        asked="In the plane let $p=\\mathcal{N}\\big((<shift>, 0),\\,I\\big)$, and let $q$ have "
        "independent coordinates, the first $\\mathcal{N}(0,1)$ and the second "
        "$\\mathcal{N}(0,<var>)$, where the second parameter is the variance. What is "
        "$\\mathrm{KL}(p\\,\\|\\,q)$ in nats?",
        answer="value",
        recipe=joint,
        cases=({"shift": 1.2, "var": 5.0},),
        fresh=_pair,
        slips=(
            Slip(
                "only the means are counted; the spreads of the second coordinate differ, too",
                lambda shift, var: shift**2 / 2,
            ),
            Slip(
                "the directions are swapped: the first argument is p",
                lambda shift, var: kl(0, 1, shift, 1) + kl(0, var, 0, 1),
            ),
            Slip(
                "the variance of the second coordinate is taken for a standard deviation",
                lambda shift, var: joint(shift, var**2),
            ),
            Slip(
                "the shift counts squared; here it is not",
                lambda shift, var: joint(math.sqrt(shift), var),
            ),
        ),
        hints=(
            "The coordinates are independent under both, so the divergences of the coordinates "
            "add.",
            "In the first coordinate only the means differ, in the second only the variances: each "
            "is the formula on the line with most of its terms gone.",
        ),
    ),
    Exercise(
        id="ex-2-cov",
        title="The covariance that is fitted",
        level="○",
        goal="write the covariance that a Gaussian is fitted with",
        asked="Write a function `covariance(x)` that returns the covariance of the rows of the "
        "array `x` as this chapter fits it: the average, over the rows, of the products of the "
        "deviations from their mean.",
        answer="function",
        recipe=covariance,
        cases=tuple(_points(np.random.default_rng(seed)) for seed in range(4)),
        fresh=_points,
        slips=(
            Slip(
                "divided by the number of rows less one; an average divides by their number",
                lambda x: np.cov(x.T),
            ),
            Slip(
                "the mean is not subtracted",
                lambda x: x.T @ x / len(x),
            ),
            Slip(
                "these are correlations: the deviations are divided by their spreads",
                lambda x: np.corrcoef(x.T),
            ),
            Slip(
                "the products are summed and not averaged",
                lambda x: covariance(x) * len(x),
            ),
        ),
        hints=(
            "Subtract the mean of each column first.",
            "With the deviations as the rows of an array, one product of matrices gives the sums "
            "of all products; what is left is to make averages of them.",
        ),
    ),
    Exercise(
        id="ex-2-sample",
        title="A divergence from samples",
        level="◐",
        goal="estimate a divergence by sampling, with its error",
        asked="Somebody drew samples of $p$ and noted the logarithms of both densities at each of "
        "them. Write a function `sampled(log_p, log_q)` that takes these two arrays and returns an "
        "array of two numbers: the estimate of $\\mathrm{KL}(p\\,\\|\\,q)$ in nats, and its "
        "standard error as this chapter computes it (`std()` as NumPy has it).",
        answer="function",
        recipe=sampled,
        cases=tuple(_log_densities(np.random.default_rng(seed)) for seed in range(4)),
        fresh=_log_densities,
        slips=(
            Slip(
                "the second number is the spread of one log-ratio, not the error of their mean",
                lambda log_p, log_q: [(log_p - log_q).mean(), (log_p - log_q).std()],
            ),
            Slip(
                "the log-ratio is upside down",
                lambda log_p, log_q: sampled(log_q, log_p),
            ),
            Slip(
                "the second number is the variance of the mean; its square root is asked",
                lambda log_p, log_q: sampled(log_p, log_q) ** [1, 2],
            ),
            Slip(
                "the deviations are averaged with the number of samples less one",
                lambda log_p, log_q: (
                    sampled(log_p, log_q) * [1, math.sqrt(len(log_p) / (len(log_p) - 1))]
                ),
            ),
            Slip(
                "the densities are subtracted; their logarithms are to be",
                lambda log_p, log_q: sampled(np.exp(log_p), np.exp(log_q)),
            ),
        ),
        hints=(
            "The divergence is the mean of the log-ratio over samples of the first argument, and "
            "the logarithm of a ratio is a difference.",
            "The error of a mean is the spread of one term divided by the root of their number.",
        ),
    ),
)
