"""Rules of one's own: functions, rules turned round, and what is no rule."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from distunlearn_lite import SCORING_RULES, SelectiveDeletion, reversed_rule, score
from distunlearn_lite.rules.own import WALKED_RULES, WalkedRule, named_rules
from distunlearn_lite.rules.scoring import options_of
from distunlearn_lite.rules.selection import deletion_order
from tests.rules.sets import two_sets

FORGET, RETAIN = two_sets(4)


def first_column(forget, retain):
    return np.asarray(forget[:, 0])


@pytest.mark.parametrize("name", SCORING_RULES)
def test_a_rule_turned_round_has_the_opposite_scores_and_the_same_options(name):
    rule, plain = reversed_rule(name), score(FORGET, RETAIN, name, rng=3)
    assert (score(FORGET, RETAIN, rule, rng=3) == -plain).all()
    assert (score(FORGET, RETAIN, reversed_rule(rule), rng=3) == plain).all()
    assert options_of(rule) == options_of(SCORING_RULES[name])
    assert pickle.loads(pickle.dumps(rule)) == rule


def test_a_basis_reaches_a_rule_turned_round():
    basis = np.eye(4)[:, [1, 3]]
    order = deletion_order(FORGET, RETAIN, reversed_rule("lr-maha"), 0, basis)
    assert (order == deletion_order(FORGET, RETAIN, "lr-maha", 0, basis)[::-1]).all()


def test_a_function_is_a_rule():
    assert (score(FORGET, RETAIN, first_column) == FORGET[:, 0]).all()
    assert (score(FORGET, RETAIN, reversed_rule(first_column)) == -FORGET[:, 0]).all()
    x, y = np.vstack([FORGET, RETAIN]), np.repeat([1, 0], [len(FORGET), len(RETAIN)])
    sampler = SelectiveDeletion(rule=first_column, budget=1)
    sampler.fit_resample(x, y)
    assert (sampler.sample_indices_ == np.delete(np.arange(len(x)), FORGET[:, 0].argmax())).all()

    def drawn(forget, retain, *, rng, scale=1.0):
        return scale * np.random.default_rng(rng).random(len(forget))

    assert score(FORGET, RETAIN, drawn, rng=1, scale=2.0).max() > 1
    with pytest.raises(TypeError, match="'drawn' has no option 'rank'; its options are: scale"):
        score(FORGET, RETAIN, drawn, rng=1, rank=3)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros((40, 1)), r"one score a forget row, shape \(40,\), got shape \(40, 1\)"),
        (None, r"got shape \(\)"),
        (np.full(40, np.nan), "NaN or infinite"),
        (sparse.csr_array((40, 1)), "one score a forget row"),
    ],
)
def test_an_answer_that_is_no_score_is_refused(answer, message):
    with pytest.raises(ValueError, match=message):
        score(FORGET, RETAIN, lambda forget, retain: answer)


def test_rules_come_as_names_and_as_functions_by_name():
    mine, walked = {"mine": first_column}, {"asked": WalkedRule(first_column)}
    known = {"random": SCORING_RULES["random"]}
    mixed = named_rules(["random", mine, "lr-maha", walked])
    assert list(mixed) == ["random", "mine", "lr-maha", "asked"]
    assert named_rules(mine) == mine
    assert named_rules(["random"]) == named_rules(known) == known


def test_walked_rules_of_the_library_come_by_name():
    assert named_rules(list(WALKED_RULES)) == named_rules(WALKED_RULES) == WALKED_RULES
    assert [rule.again for rule in WALKED_RULES.values()] == [True, False]
    assert not set(WALKED_RULES) & set(SCORING_RULES)
    assert pickle.loads(pickle.dumps(dict(WALKED_RULES))) == WALKED_RULES
    with pytest.raises(ValueError, match="unknown rule 'refit-influence'"):
        reversed_rule("refit-influence")
    with pytest.raises(TypeError):
        WALKED_RULES["mine"] = WalkedRule(first_column)


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        ("random", TypeError, "must be a list of names"),
        (3, TypeError, "must be a list of names"),
        (["best"], ValueError, "unknown rule 'best'; the known ones are random.*refit-influence"),
        (["random", {"mine": first_column}, {"mine": abs}], ValueError, "'mine' stands more"),
        ({"mine": "random"}, TypeError, "must be {name: function}, got {'mine': 'random'}"),
        ({3: first_column}, TypeError, "must be {name: function}"),
        ({"lr-maha": first_column}, ValueError, "'lr-maha' is a rule of the library"),
        (
            {"refit-influence": WalkedRule(first_column)},
            ValueError,
            "'refit-influence' is a rule of the library",
        ),
    ],
)
def test_what_is_no_rule_is_refused(rules, error, message):
    with pytest.raises(error, match=message):
        named_rules(rules)


def test_only_rules_can_be_turned_round_and_the_librarys_cannot_be_changed():
    with pytest.raises(ValueError, match="unknown rule 'best'"):
        reversed_rule("best")
    with pytest.raises(TypeError):
        SCORING_RULES["mine"] = first_column
