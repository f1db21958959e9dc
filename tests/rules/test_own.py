"""Rules of one's own: functions, rules turned round, and what is no rule."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from distunlearn_lite import SCORING_RULES, SelectiveDeletion, reversed_rule, score
from distunlearn_lite.rules.own import WalkedRule, named_rules
from distunlearn_lite.rules.scoring import options_of
from distunlearn_lite.rules.selection import deletion_order


def two_sets(seed=0, dim=4):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((30, dim)) + 0.7, rng.standard_normal((50, dim))


def first_column(forget, retain):
    return np.asarray(forget[:, 0])


@pytest.mark.parametrize("name", SCORING_RULES)
def test_a_rule_turned_round_has_the_opposite_scores_and_the_same_options(name):
    rule = reversed_rule(name)
    assert (score(*two_sets(), rule, rng=3) == -score(*two_sets(), name, rng=3)).all()
    assert (score(*two_sets(), reversed_rule(rule), rng=3) == score(*two_sets(), name, rng=3)).all()
    assert options_of(rule) == options_of(SCORING_RULES[name])
    assert pickle.loads(pickle.dumps(rule)) == rule


def test_a_basis_reaches_a_rule_turned_round():
    basis = np.eye(4)[:, [1, 3]]
    order = deletion_order(*two_sets(), reversed_rule("lr-maha"), 0, basis)
    assert (order == deletion_order(*two_sets(), "lr-maha", 0, basis)[::-1]).all()


def test_a_function_is_a_rule():
    forget, retain = two_sets()
    assert (score(forget, retain, first_column) == forget[:, 0]).all()
    assert (score(forget, retain, reversed_rule(first_column)) == -forget[:, 0]).all()
    x, y = np.vstack([forget, retain]), np.repeat([1, 0], [30, 50])
    kept, _ = SelectiveDeletion(rule=first_column, budget=1).fit_resample(x, y)
    assert len(kept) == 79
    assert np.sort(forget[:, 0])[-1] not in kept[:, 0]

    def drawn(forget, retain, *, rng, scale=1.0):
        return scale * np.random.default_rng(rng).random(len(forget))

    assert score(forget, retain, drawn, rng=1, scale=2.0).max() > 1
    with pytest.raises(TypeError, match="'drawn' has no option 'rank'; its options are: scale"):
        score(forget, retain, drawn, rng=1, rank=3)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda n: np.zeros((n, 1)), r"one score a forget row, shape \(30,\), got shape \(30, 1\)"),
        (lambda n: np.zeros(n - 1), r"got shape \(29,\)"),
        (lambda n: None, r"got shape \(\)"),
        (lambda n: np.full(n, np.nan), "NaN or infinite"),
        (lambda n: sparse.csr_array((n, 1)), "one score a forget row"),
    ],
)
def test_an_answer_that_is_no_score_is_refused(answer, message):
    with pytest.raises(ValueError, match=message):
        score(*two_sets(), lambda forget, retain: answer(len(forget)))


def test_rules_come_as_names_and_as_functions_by_name():
    mine, walked = {"mine": first_column}, {"asked": WalkedRule(first_column)}
    assert list(named_rules(["random", mine, "lr-maha", walked])) == [
        "random",
        "mine",
        "lr-maha",
        "asked",
    ]
    assert named_rules(mine) == mine
    assert named_rules(["random"]) == {"random": SCORING_RULES["random"]}
    assert named_rules({"random": SCORING_RULES["random"]}) == named_rules(["random"])


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        ("random", TypeError, "must be a list of names"),
        (3, TypeError, "must be a list of names"),
        ([], ValueError, "at least one"),
        ({}, ValueError, "at least one"),
        (["best"], ValueError, "unknown rule 'best'; the known ones are random"),
        ([first_column], ValueError, "unknown rule"),
        (["random", "random"], ValueError, "more than once"),
        (["random", {"mine": first_column}, {"mine": abs}], ValueError, "'mine' stands more"),
        ({"mine": "random"}, TypeError, "must be {name: function}, got {'mine': 'random'}"),
        ({3: first_column}, TypeError, "must be {name: function}"),
        ({"lr-maha": first_column}, ValueError, "'lr-maha' is a rule of the library"),
    ],
)
def test_what_is_no_rule_is_refused(rules, error, message):
    with pytest.raises(error, match=message):
        named_rules(rules)


def test_only_rules_can_be_turned_round_and_the_librarys_cannot_be_changed():
    with pytest.raises(ValueError, match="unknown rule 'best'"):
        reversed_rule("best")
    with pytest.raises(ValueError, match="unknown rule 3"):
        reversed_rule(3)
    with pytest.raises(TypeError):
        SCORING_RULES["mine"] = first_column
