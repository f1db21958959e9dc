"""Every check: what passes and comes back, what is refused and in which words."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distunlearn_lite import validation as v

JUNK = [
    "1",
    b"1",
    None,
    object(),
    1j,
    np.datetime64("2026-01-01"),
    np.timedelta64(1, "s"),
    [[1], [1, 2]],
    [1, "2"],
    10**400,
    np.zeros(2, dtype=[("a", float)]),
    pd.Series(["1", "2"], dtype=object),
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: type(junk).__name__)
def test_what_is_no_number_is_a_type_error(junk):
    given_type = f"^width must be an array of real numbers, got {type(junk).__name__}: "
    with pytest.raises(TypeError, match=given_type):
        v.real_array("width", junk)


PASSES = [
    (lambda: v.real_array("x", [1, True, -2.5]), [1.0, 1.0, -2.5]),
    (lambda: v.real_array("x", pd.Series([1, 2], dtype="int32"), ndim=1), [1.0, 2.0]),
    (lambda: v.real_array("x", np.array([1, 2.5], dtype=object)), [1.0, 2.5]),
    (lambda: v.real_array("x", [[1]], ndim=(1, 2)), [[1.0]]),
    (lambda: v.real_array("x", 3, ndim=0), 3.0),
    (lambda: v.real_array("x", [-np.inf, np.inf], infinite=True), [-np.inf, np.inf]),
    (lambda: v.nonnegative("x", [0, 1e300]), [0.0, 1e300]),
    (lambda: v.nonnegative("x", np.inf, infinite=True), np.inf),
    (lambda: v.nonnegative("x", []), []),
    (lambda: v.fractions("x", [[0, 0.5, 1]]), [[0.0, 0.5, 1.0]]),
    (lambda: v.rising_fractions("x", (0, 0.25, 1)), [0.0, 0.25, 1.0]),
    (lambda: v.boolean_mask("x", [True, False], 2), [True, False]),
    (lambda: v.class_labels("x", [0.5, 1], 2), [0.5, 1.0]),
    (lambda: v.class_labels("x", np.array(["b", "a"], dtype=object), 2), ["b", "a"]),
]
SCALARS = [
    (lambda: v.positive_scalar("x", 5e-324), 5e-324),
    (lambda: v.nonnegative_scalar("x", np.float32(0)), 0.0),
    (lambda: v.proper_fraction("x", np.array(0.5)), 0.5),
    (lambda: v.separation_scalar(1e150), 1e150),
    (lambda: v.count("x", np.int8(3), least=3, most=3), 3),
    (lambda: v.count("x", 0), 0),
    (lambda: v.choice("rule", "random", ("random", "distance")), "random"),
    (lambda: v.distinct("x", [2, "a"]), [2, "a"]),
    (lambda: v.seed_list(range(3)), [0, 1, 2]),
    (lambda: v.seed_list(np.array([5, 1])), [1, 5]),
]


@pytest.mark.parametrize(("call", "expected"), PASSES)
def test_arrays_that_pass(call, expected):
    result = call()
    assert isinstance(result, np.ndarray)
    assert result.tolist() == expected


@pytest.mark.parametrize(("call", "expected"), SCALARS)
def test_scalars_and_lists_that_pass(call, expected):
    result = call()
    assert result == expected
    assert type(result) is type(expected)
    if isinstance(result, list):
        assert [type(entry) for entry in result] == [type(entry) for entry in expected]


NO_NUMBER = "must be an array of real numbers"
REFUSED = [
    (partial(v.real_array, ndim=(1, 2)), ("x", 1.0), ValueError, "x must be one-.* or two-"),
    (partial(v.real_array, infinite=True), ("x", [np.inf, np.nan]), ValueError, "got 1 NaN"),
    (partial(v.nonnegative, infinite=True), ("x", -np.inf), ValueError, "x .*, got -inf"),
    (partial(v.count, least=1, most=3), ("x", 4), ValueError, "at least 1 and at most 3, got 4"),
    (v.nonnegative, ("x", "1"), TypeError, NO_NUMBER),
    (v.positive_scalar, ("x", "1"), TypeError, NO_NUMBER),
    (v.proper_fraction, ("x", "1"), TypeError, NO_NUMBER),
    (v.fractions, ("x", "1"), TypeError, NO_NUMBER),
    (v.rising_fractions, ("x", "1"), TypeError, NO_NUMBER),
    (v.real_array, ("x", [1, np.nan, np.inf]), ValueError, "x must be finite, got 2 .*remove or"),
    (v.real_array, ("x", [1, None]), ValueError, "x must be finite, got 1 NaN"),
    (v.nonnegative, ("x", [1, -0.5, -2]), ValueError, "x must be non-negative, got -2"),
    (v.nonnegative, ("x", np.inf), ValueError, "x must be finite"),
    (v.positive_scalar, ("x", 0), ValueError, "x must be positive, got 0"),
    (v.positive_scalar, ("x", [1.0]), ValueError, r"x must be a number, got shape \(1,\)"),
    (v.nonnegative_scalar, ("x", -1), ValueError, "x must be non-negative, got -1"),
    (v.nonnegative_scalar, ("x", [1.0]), ValueError, "x must be a number"),
    (v.proper_fraction, ("x", 0), ValueError, "x must lie strictly between 0 and 1, got 0"),
    (v.proper_fraction, ("x", 1), ValueError, "x must lie strictly between 0 and 1, got 1"),
    (v.separation_scalar, (-1,), ValueError, "separation must be non-negative, got -1"),
    (v.separation_scalar, (2e150,), ValueError, r"at most 1e150, got 2e\+150; rescale"),
    (v.fractions, ("x", [0.5, 1.5, -3]), ValueError, r"x must be a fraction in \[0, 1\], got -3"),
    (v.rising_fractions, ("x", []), ValueError, "x must hold at least one fraction, got none"),
    (v.rising_fractions, ("x", 0.5), ValueError, "x must be one-dimensional"),
    (v.rising_fractions, ("x", [0, 0]), ValueError, r"x must rise .*\[0.0, 0.0\]; pass sorted"),
    (v.rising_fractions, ("x", [0, 2]), ValueError, "x must be a fraction"),
    (v.distinct, ("x", []), ValueError, "x must hold at least one entry, got none"),
    (v.distinct, ("x", [2, "a", 2, "a"]), ValueError, "x must be distinct, but 2 stands more than"),
    (v.seed_list, (3,), TypeError, r"seeds must be a list of ints, got 3; pass range\(3\)"),
    (v.seed_list, ([0.5],), TypeError, "seed must be a whole number"),
    (v.seed_list, ([-1],), ValueError, "seed must be at least 0, got -1"),
    (v.count, ("x", 2.0), TypeError, r"x must be a whole number, got 2.0 \(float\)"),
    (v.count, ("x", True), TypeError, r"x must be a whole number, got True \(bool\)"),
    (v.count, ("x", -1), ValueError, "x must be at least 0, got -1"),
    (v.choice, ("rule", "best", ("a", "b")), ValueError, "unknown rule 'best'; the .* are a, b"),
    (v.choice, ("rule", ["a"], {"a": 1}), ValueError, "unknown rule"),
    (v.generator, (None,), TypeError, "rng must be a .*, got NoneType; pass rng="),
    (v.generator, (True,), TypeError, "rng must be a .*, got bool"),
    (v.generator, (-1,), ValueError, "rng, as a seed, must be at least 0, got -1"),
    (v.boolean_mask, ("x", [0, 1], 2), TypeError, "x must be boolean, got .* int64; pass for"),
    (v.boolean_mask, ("x", [True], 2), ValueError, r"x must have shape \(2,\).*got \(1,\)"),
    (v.class_labels, ("x", [1], 2), ValueError, r"x must have shape \(2,\).*got \(1,\)"),
    (v.class_labels, ("x", [1, np.nan], 2), ValueError, "x must be finite, got 1 .*drop the rows"),
    (v.class_labels, ("x", [1, None], 2), TypeError, "x must hold labels that can be .*drop"),
]


@pytest.mark.parametrize(("check", "arguments", "error", "words"), REFUSED)
def test_what_is_refused(check, arguments, error, words):
    with pytest.raises(error, match=words):
        check(*arguments)


def test_generators_are_passed_on_and_seeds_repeat():
    rng = np.random.default_rng(3)
    assert v.generator(rng) is rng
    assert v.generator(3).random() == v.generator(np.int64(3)).random() == rng.random()


@pytest.mark.parametrize(
    ("check", "given_array"), [(v.boolean_mask, [True, False]), (v.class_labels, [1, 2])]
)
def test_masks_and_labels_are_copies_that_cannot_be_changed(check, given_array):
    source = np.array(given_array)
    result = check("x", source, 2)
    source[0] = source[1]
    assert result.tolist() == given_array
    with pytest.raises(ValueError, match="read-only"):
        result[0] = result[1]


@given(st.lists(st.floats(-2, 2), min_size=1))
def test_fractions_pass_whole_or_not_at_all(values):
    if all(0 <= value <= 1 for value in values):
        assert v.fractions("x", values).tolist() == values
        assert v.nonnegative("x", values).tolist() == values
    else:
        with pytest.raises(ValueError, match=r"x must be a fraction in \[0, 1\]"):
            v.fractions("x", values)


@given(st.lists(st.integers(0, 20), min_size=1))
def test_seeds_come_back_sorted_or_are_refused(seeds):
    if len(set(seeds)) == len(seeds):
        assert v.seed_list(seeds) == sorted(seeds)
    else:
        with pytest.raises(ValueError, match="seeds must be distinct"):
            v.seed_list(seeds)
