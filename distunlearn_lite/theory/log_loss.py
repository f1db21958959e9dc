"""What removal and preservation of a joint distribution say about the log-loss of a predictor."""

from __future__ import annotations

from dataclasses import dataclass

from ..validation import nonnegative_scalar


@dataclass(frozen=True)
class LogLossShift:
    """Bounds on the excess log-loss of the edited predictor, in nats.

    Parameters
    ----------
    removal_lower : float
        Lower bound on the excess log-loss on the unwanted distribution.
    preservation_upper : float
        Upper bound on the excess log-loss on the retained distribution.

    Examples
    --------
    >>> from distunlearn_lite import log_loss_shift
    >>> log_loss_shift(3.0, 0.25, input_kl_1=1.0)
    LogLossShift(removal_lower=2.0, preservation_upper=0.25)
    """

    removal_lower: float
    preservation_upper: float


def log_loss_shift(
    alpha: float, eps: float, *, input_kl_1: float, input_kl_2: float = 0.0
) -> LogLossShift:
    r"""Bounds on the log-loss shifts that (alpha, eps)-unlearning of pairs (x, y) brings about.

    The excess log-loss of p's own conditional on p_i is what predicting with p(y | x) instead of
    p_i(y | x) costs. With :math:`\mathrm{input}_i = KL(p_{i,X} \| p_X)`, the divergence of the
    inputs, the chain rule is

    .. math:: E_{p_i} \ln \frac{p_i(Y | X)}{p(Y | X)} = KL(p_i \| p) - \mathrm{input}_i ,

    so on p1 it is at least :math:`\alpha - \mathrm{input}_1`, and on p2 at most
    :math:`\varepsilon - \mathrm{input}_2`.

    Parameters
    ----------
    alpha : float
        Lower bound on the removal KL(p1 || p) of the pairs, in nats, non-negative.
    eps : float
        Upper bound on the preservation loss KL(p2 || p) of the pairs, in nats, non-negative.
    input_kl_1 : float
        :math:`\mathrm{input}_1`, or an upper bound on it, in nats, non-negative and finite.
    input_kl_2 : float
        :math:`\mathrm{input}_2`, or a lower bound on it, in nats, non-negative. Zero is always a
        valid bound.

    Returns
    -------
    LogLossShift
        `removal_lower`, which is zero (and says nothing) where `input_kl_1` exceeds `alpha`, and
        `preservation_upper`.

    Raises
    ------
    TypeError
        Where an argument is not a number.
    ValueError
        Where an argument is negative, NaN or infinite, or `input_kl_2` exceeds `eps`.

    Notes
    -----
    Source: Proposition 2 of the paper; chapter 4. The bounds are about p's own conditional, not
    about a model that only approximates it; and a large excess log-loss bounds neither accuracy
    nor recall.

    Examples
    --------
    Inputs alike under all distributions, so that the whole removal reaches the predictor:

    >>> from distunlearn_lite import log_loss_shift
    >>> log_loss_shift(2.994, 0.1, input_kl_1=0.0)
    LogLossShift(removal_lower=2.994, preservation_upper=0.1)

    All of the removal in the inputs: the data forgot the domain, the predictor need not have.

    >>> log_loss_shift(2.994, 0.1, input_kl_1=2.994, input_kl_2=0.1)
    LogLossShift(removal_lower=0.0, preservation_upper=0.0)
    """
    alpha = nonnegative_scalar("alpha", alpha)
    eps = nonnegative_scalar("eps", eps)
    input_1 = nonnegative_scalar("input_kl_1", input_kl_1)
    input_2 = nonnegative_scalar("input_kl_2", input_kl_2)
    # Equality is a natural case (all of eps in the inputs), and both sides may carry rounding.
    if input_2 > eps * (1 + 1e-12):
        raise ValueError(
            f"input_kl_2 must be at most eps = {eps:g}, got {input_2:g}: by data processing the "
            "inputs of p2 and p diverge no more than the pairs do, so no real triple has these "
            "values; pass a larger eps, or the true (or zero) input_kl_2"
        )
    return LogLossShift(max(0.0, alpha - input_1), max(0.0, eps - input_2))
