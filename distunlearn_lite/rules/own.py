"""Rules beyond scores of two sets: turned round, asked with the model, one's own; all by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ..validation import FloatArray, choice, distinct
from .refit_influence import refit_influence
from .scoring import SCORING_RULES, ScoringRule, rule_function, rule_name


@dataclass(frozen=True)
class _Reversed:
    """A rule whose scores change their sign."""

    rule: ScoringRule

    def __call__(self, forget: Any, retain: Any, **options: Any) -> FloatArray:
        return -self.rule(forget, retain, **options)

    @property
    def __name__(self) -> str:
        return f"{rule_name(self.rule)}, reversed"

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.rule)


def reversed_rule(rule: str | ScoringRule) -> ScoringRule:
    """Return a rule turned round: what the rule deletes first is deleted last.

    Parameters
    ----------
    rule : str or callable
        Name of a rule, a key of ``SCORING_RULES``, or a function as ``score`` takes it.

    Returns
    -------
    callable
        Takes the same options; ``score`` and ``sweep`` take it in place of a name.

    Raises
    ------
    ValueError
        Where `rule` is no function and no name of a rule.

    Notes
    -----
    Source: the SMS Spam chapter, where rules that run backwards also beat random deletion.

    Examples
    --------
    >>> import numpy as np
    >>> from distunlearn_lite import reversed_rule, score
    >>> forget, retain = np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.0, 1.0])
    >>> score(forget, retain, reversed_rule("l2-mu2"))
    array([-1., -2., -3.])
    """
    return _Reversed(rule_function(rule))


@dataclass(frozen=True)
class WalkedRule:
    """A rule that sees the current model and is asked at every budget of a sweep, or once.

    Parameters
    ----------
    scores : callable
        Called as ``scores(model, forget, retain, y_forget, y_retain)`` with the model after the
        deletions so far, the forget rows that are left and all retained rows, as the classifier
        sees them, and their labels; returns one number a row left, larger = deleted first. Rows
        left keep their places, so that those of two calls are in the same order.
    again : bool
        False asks once, with the model of all rows, and deletes in that order.

    Notes
    -----
    Source: the page *Add a classifier's exact path*, where a rule of this kind is written out.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from distunlearn_lite import UnlearningTask, sweep
    >>> from distunlearn_lite.rules import WalkedRule
    >>> def surest(model, forget, retain, y_forget, y_retain):
    ...     return model.decision_function(forget)
    >>> x = np.arange(40.0)[:, None] % 7
    >>> task = UnlearningTask(X=x, y=x[:, 0] > 3, forget=x[:, 0] > 3)
    >>> rules = {"surest": WalkedRule(surest), "surest at first": WalkedRule(surest, again=False)}
    >>> frame = sweep(task, LogisticRegression(), rules, [0, 0.5], [0], group_equal=False)
    >>> list(frame["rule"].unique())
    ['surest', 'surest at first']
    """

    scores: Callable[..., FloatArray]
    again: bool = True


# Rules that score by the model that is retrained, by name.
WALKED_RULES: Final[Mapping[str, WalkedRule]] = MappingProxyType(
    {
        "refit-influence": WalkedRule(refit_influence),
        "refit-influence-once": WalkedRule(refit_influence, again=False),
    }
)


def named_rules(rules: Any) -> dict[str, ScoringRule | WalkedRule]:
    """Return rules by name, from a list of names and of mappings from names to functions."""
    if isinstance(rules, str) or not isinstance(rules, Iterable):
        raise TypeError(
            f"rules must be a list of names or of {{name: function}}, got {rules!r}; pass "
            "['random'] or more"
        )
    library: Mapping[str, ScoringRule | WalkedRule] = {**SCORING_RULES, **WALKED_RULES}
    pairs: list[tuple[Any, Any]] = []
    for rule in [rules] if isinstance(rules, Mapping) else rules:
        if isinstance(rule, Mapping):
            pairs += rule.items()
        else:
            pairs.append((rule, library[choice("rule", rule, library)]))
    distinct("rules", [name for name, _ in pairs])
    for name, rule in pairs:
        if not isinstance(name, str) or not (callable(rule) or isinstance(rule, WalkedRule)):
            raise TypeError(
                f"a rule of your own must be {{name: function}}, got {{{name!r}: {rule!r}}}"
            )
        if rule is not library.get(name, rule):
            raise ValueError(f"{name!r} is a rule of the library; give yours another name")
    return dict(pairs)
