"""Every table of exercises: what is right, what is told of each slip, and what texts give away."""

import copy
import re
import warnings

import numpy as np
import pytest

from distunlearn_lite import (
    Gaussian,
    frontier_point,
    kl_divergence,
    max_removal,
    min_preservation_loss,
    random_deletion_law,
    score,
    select_deletions,
)
from distunlearn_lite.course.checking import chapters, exercises, find
from distunlearn_lite.course.collecting import collect
from distunlearn_lite.course.exercise import Slip
from distunlearn_lite.course.judging import judge
from distunlearn_lite.course.numbers import GENERIC, NotNumbers, plain, same
from distunlearn_lite.sweeps import interval

ROWS = [row for chapter in chapters() for row in exercises(chapter).values()]
# What a text may say although it is an answer as well: grades of steps, halves, the sum of shares.
PLAIN = (0, 0.5, 1, 2, 100)
SEEDS = range(20)


@pytest.fixture(params=ROWS, ids=lambda row: row.id)
def row(request):
    return request.param


def called(recipe, inputs):
    """The numbers of a recipe, or None where a slip's breaks down."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return plain(recipe(*copy.deepcopy(list(inputs.values()))))
        except (ArithmeticError, IndexError, ValueError, NotNumbers):
            return None


def answer(row, recipe):
    """What a student hands in who computes by this recipe."""
    return recipe if row.answer == "function" else recipe(*row.tried[0].values())


def told(row, given):
    return judge(row, collect(given, row.answer, row.tried))


def apart(one, other, rtol):
    """Whether two answers differ by more than this tolerance."""
    if one is None or other is None or len(one) != len(other):
        return True
    return any(
        a.shape != b.shape
        or not np.array_equal(np.isfinite(a), np.isfinite(b))
        or np.abs((a - b)[np.isfinite(b)]).max(initial=0)
        > rtol * np.abs(b[np.isfinite(b)]).max(initial=0)
        for a, b in zip(one, other, strict=True)
    )


def recipes(row):
    return [row.recipe, *(slip.recipe for slip in row.slips)]


def junk():
    """Fifteen kinds of what is no answer."""

    class Hostile:
        def __getattr__(self, name):
            raise RuntimeError("hands off")

        def __eq__(self, other):
            return True

        __hash__ = None

    class Fake:
        def __array__(self, dtype=None, copy=None):
            raise OSError("no array")

    return [
        *("text", b"bytes", {}, {1}, object(), Hostile(), Fake(), 1 + 2j, np.nan),
        *([], [[1, 2], [3]], [None], np.array(["a"]), (i for i in "ab"), np.zeros((2, 3, 4))),
        *(range(3), [[[1], [2, 3]]], np.inf, lambda *given: "text", lambda: 1),
        *(lambda *given: None, lambda *given: given[9], lambda *given: [given], Hostile, len),
    ]


def numbers_in(text):
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text)]


def gives_away(text, expected):
    entries = [x for part in expected for x in part.ravel() if np.isfinite(x)]
    secret = [abs(x) for x in entries if not np.isclose(abs(x), PLAIN).any()]
    return [
        (said, x) for said in numbers_in(text) for x in secret if np.isclose(said, x, rtol=2e-3)
    ]


def test_ids_are_of_their_chapter_and_each_is_used_once():
    ids = [row.id for row in ROWS]
    assert len(set(ids)) == len(ids)
    for chapter in chapters():
        assert all(id.startswith(f"ex-{chapter}-") for id in exercises(chapter))


@pytest.mark.parametrize("chapter", chapters())
def test_a_chapter_has_three_exercises_of_which_one_takes_more_than_a_step(chapter):
    rows = exercises(chapter).values()
    assert len(rows) >= 3
    assert {row.level for row in rows} & {"◐", "●"}


def test_a_row_is_whole(row):
    assert len(row.slips) >= 3
    assert len(row.hints) >= 2
    assert len(row.cases) >= (3 if row.answer == "function" else 1)
    assert len({tuple(inputs) for inputs in row.cases}) == 1
    assert row.goal[0].islower(), "it goes on after 'you can'"
    assert not row.goal.endswith(".")
    names = set(row.cases[0])
    assert set(re.findall(r"<([A-Za-z_]\w*)>", row.asked)) <= names
    assert not re.search(r"<[A-Za-z_]\w*>", row.question())
    for slip in row.slips:
        assert "\n" not in slip.reason
        assert not slip.reason.endswith("."), "a reason is the end of a line"


def test_a_function_s_stub_names_its_inputs(row):
    if row.answer == "function":
        (signature,) = re.findall(r"`\w+\(([^`]*)\)`", row.asked)[:1]
        assert len(signature.split(",")) == len(row.cases[0])


def test_the_reference_is_right(row):
    assert told(row, answer(row, row.recipe)).state == "right"


def test_a_stub_is_not_tried_yet(row):
    stubs = [...] if row.answer == "value" else [lambda *given: None, lambda *given: ...]
    for stub in stubs:
        assert told(row, stub).state == "not tried yet"


def test_each_slip_is_told_by_its_own_reason(row):
    for slip in row.slips:
        feedback = told(row, answer(row, slip.recipe))
        assert (feedback.state, feedback.reason) == ("wrong", slip.reason)


def test_any_two_of_reference_and_slips_differ_by_ten_tolerances(row):
    numbers = [[called(recipe, inputs) for inputs in row.tried] for recipe in recipes(row)]
    for place, one in enumerate(numbers):
        for other in numbers[:place]:
            assert any(apart(a, b, 10 * row.rtol) for a, b in zip(one, other, strict=True))


def test_generic_slips_are_told_too(row):
    """Each by its reason, unless an exercise has a reason of its own for it."""
    own = {slip.reason for slip in row.slips}
    for reason, change in GENERIC:

        def slipped(*given, change=change):
            parts = change(plain(row.recipe(*given)))
            return parts if len(parts) > 1 else parts[0]

        feedback = told(row, answer(row, slipped))
        assert feedback.state == "right" or feedback.reason in own or reason in feedback.reason


def test_junk_is_wrong_and_never_raises(row):
    kinds = junk()
    assert len(kinds) >= 15
    for kind in kinds:
        feedback = told(row, kind)
        assert feedback.state != "right"
        assert "\n" not in repr(feedback)
        assert not gives_away_of(row, feedback)


def gives_away_of(row, feedback):
    if row.answer != "value":
        return []
    return gives_away(feedback.reason.replace(row.id, ""), called(row.recipe, row.tried[0]))


def test_no_text_contains_the_expected_number(row):
    for text in (*row.hints, *(slip.reason for slip in row.slips)):
        for inputs in row.tried:
            expected = called(row.recipe, inputs)
            assert not gives_away(text, expected), text
    for slip in (*row.slips, Slip("", lambda *given: np.asarray(row.recipe(*given)) + 0.0137)):
        assert not gives_away_of(row, told(row, answer(row, slip.recipe)))


def test_recipes_leave_their_inputs_alone(row):
    for recipe in recipes(row):
        for inputs in row.tried:
            kept = copy.deepcopy(inputs)
            called_here = list(inputs.values())
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    recipe(*called_here)
                except (ArithmeticError, IndexError, ValueError):
                    continue
            for name, value in inputs.items():
                np.testing.assert_array_equal(np.asarray(value), np.asarray(kept[name]))


def test_fresh_inputs_are_of_the_same_kind_and_tell_every_slip(row):
    drawn = [row.fresh(np.random.default_rng(seed)) for seed in SEEDS]
    right = [called(row.recipe, inputs) for inputs in drawn]
    for inputs, numbers in zip(drawn, right, strict=True):
        assert list(inputs) == list(row.cases[0])
        assert numbers is not None
        assert all(np.isfinite(part).all() for part in numbers)
        assert not re.search(r"<[A-Za-z_]\w*>", row.question(inputs))
    assert any(apart(one, right[0], row.rtol) for one in right)
    for slip in row.slips:
        differ = [
            apart(called(slip.recipe, inputs), numbers, row.rtol)
            for inputs, numbers in zip(drawn, right, strict=True)
        ]
        # A value is asked for one draw, a function is tried on several.
        assert all(differ) if row.answer == "value" else any(differ), slip.reason


def test_fresh_inputs_follow_from_the_seed(row):
    one, other = (row.fresh(np.random.default_rng(3)) for _ in range(2))
    for name in one:
        np.testing.assert_array_equal(np.asarray(one[name]), np.asarray(other[name]))


def gaussian(mean, var):
    return Gaussian([mean], [[var]])


def over_splits(random, rule):
    return interval(random - rule, draws="splits")


# What the library has of its own, written without the tables.
ALSO = {
    "ex-2-kl": lambda m, v, n, w: kl_divergence(gaussian(m, v), gaussian(n, w)),
    "ex-2-cov": lambda x: Gaussian.fit(x).cov,
    "ex-3-alpha": max_removal,
    "ex-3-eps": min_preservation_loss,
    "ex-3-point": lambda mu_1, mu_2, cov, eps: (
        frontier_point(Gaussian(mu_1, cov), Gaussian(mu_2, cov), eps).mean
    ),
    "ex-5-means": lambda *law: [
        random_deletion_law(*law).removal_mean,
        random_deletion_law(*law).preservation_mean,
    ],
    "ex-6-order": lambda S1, S2: select_deletions(score(S1, S2, "lr-maha"), 1.0),
    "ex-8-interval": over_splits,
}


@pytest.mark.parametrize("exercise_id", ALSO)
def test_a_recipe_agrees_with_the_library(exercise_id):
    row = find(exercise_id)
    for inputs in row.tried:
        one, other = (plain(f(*inputs.values())) for f in (row.recipe, ALSO[exercise_id]))
        assert same(one, other, 1e-9)
