"""`check`, `hint` and `progress`: what a student is told, whatever the answer is or does."""

import asyncio
import contextlib
import dataclasses
import functools
import os
import subprocess
import sys
import threading
import time
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from distunlearn_lite import check, hint, progress
from distunlearn_lite.course import checking, collecting, limits
from distunlearn_lite.course.collecting import Outcome, collect
from distunlearn_lite.course.exercise import Exercise, Slip
from distunlearn_lite.course.judging import judge
from distunlearn_lite.course.limits import within


def scaled(x, k):
    return k * np.asarray(x)


def row(id="ex-99-value", answer="value", **changes):
    """An exercise about three numbers, each times another."""
    base = {
        "id": id,
        "title": "Scale",
        "level": "○",
        "goal": "scale",
        "asked": "Give <k> times <x>.",
        "answer": answer,
        "recipe": scaled,
        "cases": tuple({"x": np.array([1.25, -3.0, 7.5]) + n, "k": 3.7 + n} for n in range(4)),
        "fresh": lambda rng: {"x": rng.normal(size=3), "k": 2.5},
        "slips": (
            Slip("added, not multiplied", lambda x, k: x + k),
            Slip("the square is taken", lambda x, k: k * x**2),
            Slip("this is the negative of it", lambda x, k: -k * x),
        ),
        "hints": ("First step.", "Second step.", "Third step."),
    }
    return Exercise(**(base | changes))


VALUE, FUNCTION = row(), row("ex-99-function", "function")
NUMBER = row("ex-99-number", recipe=lambda x, k: 3.0 * k, slips=VALUE.slips[:1])
RIGHT = scaled(**VALUE.cases[0])


@pytest.fixture(autouse=True)
def kernel(monkeypatch):
    """A new kernel with one more chapter, in which little time is given."""
    monkeypatch.setattr(checking, "_states", {})
    monkeypatch.setattr(checking, "_hinted", {})
    monkeypatch.setattr(collecting, "SECONDS", 0.2)
    real, known = checking.exercises, checking.chapters()
    table = {one.id: one for one in (VALUE, FUNCTION, NUMBER)}
    monkeypatch.setattr(checking, "chapters", lambda: [*known, 99])
    monkeypatch.setattr(checking, "exercises", lambda n: table if n == 99 else real(n))


def told(answer, exercise=FUNCTION):
    return check(exercise.id, answer)


def problem(answer, exercise=FUNCTION):
    feedback = told(answer, exercise)
    assert feedback.state == "wrong"
    assert "\n" not in repr(feedback)
    return feedback.reason


# What a result is


def test_a_result_is_frozen_and_shows_itself_in_one_line():
    assert repr(told(...)) == "ex-99-function: not tried yet"
    assert repr(told(scaled)) == "ex-99-function: right"
    assert (
        repr(told(RIGHT + 1, VALUE))
        == 'ex-99-value: wrong: another value; hint("ex-99-value") helps'
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        told(...).state = "right"


def empty(x, k): ...


def documented(x, k):
    """Scale."""


def passing(x, k):
    pass


def raising(x, k):
    raise NotImplementedError


@pytest.mark.parametrize("stub", [None, ..., empty, documented, passing, raising, lambda x, k: ...])
def test_what_has_not_been_tried_is_not_wrong(stub):
    assert told(stub).state == "not tried yet"


def test_a_function_that_only_computes_is_tried():
    def forgotten(x, k):
        k * x

    assert problem(forgotten) == collecting.NOTHING
    assert problem(lambda x, k: print("", end="")) == collecting.NOTHING


# Numbers in many forms


@pytest.mark.parametrize(
    "form",
    [list, tuple, pd.Series, np.asfortranarray, lambda x: np.ma.array(x), lambda x: x.astype("f4")],
)
def test_a_right_answer_may_have_any_form(form):
    assert told(form(RIGHT), VALUE).state == "right"


@pytest.mark.parametrize(
    "form", [float, np.float32, np.array, Decimal, lambda x: Fraction(x).limit_denominator(10**6)]
)
def test_so_may_one_number(form):
    assert told(form(11.1), NUMBER).state == "right"


def test_a_value_may_be_rounded_to_three_digits_and_code_may_not():
    assert told(RIGHT.round(2), VALUE).state == "right"
    assert told(lambda x, k: scaled(x, k).round(2)).state == "wrong"


def test_truth_values_count_as_zero_and_one():
    wanted = row(recipe=lambda x, k: x > 0, slips=())
    assert judge(wanted, collect([True, False, True], "value", ())).state == "right"


def test_zero_may_be_off_by_rounding():
    nothing = row("ex-99-zero", recipe=lambda x, k: 0.0, slips=())
    assert judge(nothing, collect(1e-17, "value", ())).state == "right"
    assert judge(nothing, collect(1e-9, "value", ())).state == "wrong"


def test_infinity_is_a_number_and_is_no_other():
    endless = row("ex-99-inf", recipe=lambda x, k: np.array([np.inf, 1.0]), slips=())
    assert judge(endless, collect([np.inf, 1.0], "value", ())).state == "right"
    for other in ([np.inf, 2.0], [-np.inf, 1.0], [1e300, 1.0]):
        assert judge(endless, collect(other, "value", ())).state == "wrong"


# What is wrong with it


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: -x, "this is the negative of it"),
        (lambda x: 2 * x, "is a factor 1/2 missing"),
        (lambda x: x / 2, "a factor 1/2 too many"),
        (lambda x: x / np.log(2), "in bits"),
        (lambda x: x * np.log(2), "in nats already"),
        (lambda x: 1 - x, "the complement"),
        (lambda x: 100 * x, "in per cent"),
        (lambda x: x / 100, "a hundredth"),
        (np.round, "rounded to a whole number"),
        (lambda x: x[::-1], "the order is reversed"),
        (lambda x: x[[1, 0, 2]], "their order is not"),
        (lambda x: x[:2], "the wrong shape: it is (2,)"),
        (lambda x: x[:, None], "it is (3, 1); a row of numbers is asked"),
        (lambda x: x[0], "it is one number; a row of numbers is asked"),
        (lambda x: [x, x[:2]], "it is (3,) and (2,)"),
        (lambda x: x * [1, 1, np.nan], "holds NaN"),
        (lambda x: x + 0.1, "another value"),
    ],
)
def test_a_wrong_value_is_told_why(change, said):
    assert said in problem(change(RIGHT), VALUE)


def test_rows_and_columns():
    table = row(recipe=lambda x, k: np.outer(x, [1.0, k, 2.3]), slips=())
    swapped = np.outer([1.0, 3.7, 2.3], VALUE.cases[0]["x"])
    assert "rows and columns" in judge(table, collect(swapped, "value", ())).reason


def test_a_slip_of_the_exercise_comes_before_those_of_any_number_and_before_a_shape():
    short = Slip("one too few", lambda x, k: scaled(x, k)[:2])
    exercise = dataclasses.replace(VALUE, slips=(*VALUE.slips, short))
    assert judge(exercise, collect(RIGHT[:2], "value", ())).reason == "one too few"
    assert problem(-RIGHT, VALUE) == "this is the negative of it"


def test_where_two_slips_of_any_number_fit_both_are_named():
    two_thirds = row("ex-99-share", recipe=lambda x, k: 2 / 3, slips=())
    reason = judge(two_thirds, collect(1 / 3, "value", ())).reason
    assert "half the answer" in reason
    assert "complement" in reason


def test_a_slip_that_breaks_down_is_passed_over():
    broken = Slip("never", lambda x, k: [1.0, "two"])
    raising = Slip("never", lambda x, k: x[99])
    exercise = dataclasses.replace(VALUE, slips=(broken, raising, *VALUE.slips))
    given = VALUE.slips[0].recipe(**VALUE.cases[0])
    assert judge(exercise, collect(given, "value", ())).reason == "added, not multiplied"


def test_a_function_that_fails_on_some_inputs_is_told_how_many_and_the_first():
    reason = problem(lambda x, k: scaled(x, k) if k < 5 else x)
    assert reason.startswith("2 of 4 inputs fail, the first is x = array([ 3.25, -1.")


def test_an_input_is_told_in_a_few_characters():
    wide = {"x": np.zeros((40, 3)), "k": [[1.0] * 30, [2.0]], "f": empty, "s": "short"}
    exercise = row("ex-99-wide", "function", recipe=lambda *given: 1.7, slips=(), cases=(wide,))
    reason = judge(exercise, collect(lambda *given: 3.3, "function", (wide,))).reason
    assert "x = an array of shape (40, 3), k = a list of length 2, f = a function" in reason
    assert "s = 'short'" in reason


def test_no_message_contains_the_expected_number():
    for change in (lambda x: x + 0.1, lambda x: -x, lambda x: x[:2], np.round, str, repr):
        reason = problem(change(RIGHT), VALUE)
        assert not any(f"{abs(x):.3g}" in reason for x in RIGHT)


class Hostile:
    """Equal to everything, and raises at every touch."""

    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        raise RuntimeError("hands off")

    __hash__ = None


class Endless:
    def __array__(self, dtype=None, copy=None):
        while True:
            pass


class Wordless(Exception):
    def __str__(self):
        raise ValueError


def raises(error):
    def answer(x, k):
        raise error

    return answer


async def awaited(x, k):
    return k * x


JUNK = [
    ("text", "a str was given, numbers are asked"),
    (b"x", "a bytes was given, numbers are asked"),
    ({"a": 1}, "a dict was given, numbers are asked"),
    ({1.0}, "a set was given, numbers are asked"),
    (object(), "a object was given that does not consist of numbers"),
    ([1.0, None, 2.0], "None was given, numbers are asked"),
    ([1.0, "2", 3.0], "a str was given, numbers are asked"),
    (np.array(["1", "2"]), "a ndarray was given that does not consist of numbers"),
    (np.array([1, 2], dtype="M8[s]"), "a ndarray was given that does not consist of numbers"),
    (1j * RIGHT, "the numbers are complex, real ones are asked"),
    ([[[1.0], [2.0, 3.0]], 1.0], "it holds rows of unlike length"),
    ((x for x in RIGHT), "a generator was given; make it an array or a list"),
    (range(3), "a range was given; make it an array or a list"),
    (map(float, RIGHT), "a map was given; make it an array or a list"),
    (sparse.csr_array(RIGHT[None]), "a csr_array was given; `.toarray()` makes it an array"),
    (pd.DataFrame({"a": ["x"]}), "a str was given, numbers are asked"),
    (np.broadcast_to(1.0, (10**6, 10**6)), "it has many more entries than are asked"),
    ([0] * (10**7 + 1), "it has many more entries than are asked"),
    ([10**400], "OverflowError: int too large to convert to float"),
    (Hostile(), "RuntimeError: hands off"),
    (Endless(), "it was stopped after 0.2 seconds"),
    ([], "the answer has the wrong shape: it is (0,)"),
    (np.full(3, np.nan), "the answer holds NaN, not a number"),
]


@pytest.mark.parametrize(("junk", "said"), JUNK, ids=[said[:40] for _, said in JUNK])
def test_junk_is_told_kindly_as_a_value_and_as_what_is_returned(junk, said):
    assert problem(junk, VALUE) == said
    assert problem(lambda x, k: junk) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (raises(ValueError("two\nlines")), "ValueError: two lines"),
        (raises(KeyError()), "KeyError"),
        (raises(Wordless()), "Wordless"),
        (raises(ValueError("long " * 1000)), "ValueError: " + ("long " * 40).rstrip()),
        (raises(SystemExit(3)), "it tries to end Python"),
        (raises(GeneratorExit()), "GeneratorExit"),
        (raises(asyncio.CancelledError("gone")), "CancelledError: gone"),
        (lambda x: x, "TypeError: <lambda>() takes 1 positional argument but 2 were given"),
        (len, "TypeError: len() takes exactly one argument (2 given)"),
        (awaited, "a coroutine was given that does not consist of numbers"),
        (RIGHT, "a function is asked, this is of type ndarray"),
    ],
)
def test_what_a_function_raises_is_told(answer, said):
    assert problem(answer).rstrip() == said


def test_a_function_in_place_of_a_value():
    assert problem(scaled, VALUE) == "a value is asked, this is a function: call it"


def test_endless_recursion_is_told():
    def deeper(x, k):
        return deeper(x, k)

    assert problem(deeper).startswith("RecursionError")


@pytest.mark.parametrize("answer", [functools.partial(scaled), np.multiply, Exercise])
def test_anything_that_can_be_called_is_a_function(answer):
    assert told(answer).state == ("wrong" if answer is Exercise else "right")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("x", lambda x, k: x.sort()),
        ("x", lambda x, k: x.resize((1, 3), refcheck=False)),
        ("rows", lambda x, k: k.append(1)),
        ("rows", lambda x, k: k[0].update(a=2)),
        ("x", lambda x, k: x.__setitem__(1, 2.0)),
    ],
)
def test_a_changed_input_is_told(name, change):
    inputs = {"x": np.array([2.0, np.nan, 1.0]), "k": [{"a": 1}, np.zeros(2), np.zeros(3)]}
    exercise = row("ex-99-inputs", "function", recipe=lambda x, k: 1.7, slips=(), cases=(inputs,))

    def answer(x, k):
        change(x, k)
        return 1.7

    reason = judge(exercise, collect(answer, "function", exercise.cases)).reason
    assert reason == f"it changes its input `{'k' if name == 'rows' else name}`: work on a copy"
    untouched = collect(lambda x, k: 1.7, "function", exercise.cases)
    assert judge(exercise, untouched).state == "right"


@pytest.mark.parametrize(
    "value", ["text", None, pd.DataFrame({"a": [1.0]}), np.array(["a", "b"]), float("nan"), len]
)
def test_inputs_of_any_kind_are_known_to_be_unchanged(value):
    outcomes = collect(lambda x: 1.0, "function", ({"x": value},))
    assert [outcome.problem for outcome in outcomes] == [""]


def test_an_answer_cannot_spoil_the_exercise():
    def spoils(x, k):
        x[:] = 0
        return x

    assert "changes its input `x`" in problem(spoils)
    assert told(scaled).state == "right"


def test_a_warning_and_a_print_do_not_matter(capsys):
    def noisy(x, k):
        print("half-way")
        warnings.warn("careful", stacklevel=2)
        np.log(np.zeros(1))
        return k * x

    assert told(noisy).state == "right"
    assert capsys.readouterr().out == "half-way\n" * 4


# Time


def plain_loop(x, k):
    while True:
        pass


def catching(x, k):
    while True:
        try:  # noqa: SIM105
            x = x + k
        except BaseException:
            pass


def catching_loop(x, k):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def catching_calls(x, k):
    try:
        while True:
            len("a")
    except BaseException:
        catching_calls(x, k)


@pytest.mark.parametrize("loop", [plain_loop, catching, catching_loop, catching_calls])
def test_a_python_loop_is_cut_off(loop):
    running, started = threading.active_count(), time.monotonic()
    assert problem(loop) == "it was stopped after 0.2 seconds"
    assert time.monotonic() - started < 1.5
    assert threading.active_count() == running


def test_a_loop_is_cut_off_in_a_thread_too():
    said = []
    asking = threading.Thread(target=lambda: said.append(told(catching)))
    asking.start()
    asking.join()
    assert said[0].reason == "it was stopped after 0.2 seconds"


def test_all_inputs_share_the_time():
    def slow(x, k):
        time.sleep(0.09)
        return k * x

    assert problem(slow) == "it was stopped after 0.2 seconds"


def test_what_cannot_be_cut_is_left_behind():
    assert problem(lambda x, k: time.sleep(2.0)).endswith(
        "does not end within 0.2 seconds and cannot be stopped: restart the kernel"
    )


def test_a_limit_gives_the_value_or_the_error_of_the_call():
    assert within(1, lambda: 3) == 3
    with pytest.raises(KeyError, match="mine"):
        within(1, lambda: {}["mine"])


def test_many_checks_at_the_limit_hurt_nobody():
    """The end of a call and its cut may fall together; what follows must not be hit."""
    for turn in range(150):
        with contextlib.suppress(TimeoutError):
            within(0.002, lambda turn=turn: time.sleep(0.0018 + turn * 2e-6))
        assert sum(range(1000)) == 499500


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_the_user_s_own_interrupt_passes_through():
    code = (
        "import os, runpy, signal, sys, threading, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "within = runpy.run_path(sys.argv[1])['within']\n"
        "def loop():\n"
        "    while True: pass\n"
        "timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))\n"
        "timer.start()\n"
        "try:\n"
        "    within(60, loop)\n"
        "except KeyboardInterrupt:\n"
        "    timer.join()\n"
        "    time.sleep(0.05)\n"
        "    print('interrupted', threading.active_count())\n"
    )
    command = [sys.executable, "-c", code, limits.__file__]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("interrupted 1\n", "")


def test_an_interrupt_that_the_answer_raises_passes_too():
    with pytest.raises(KeyboardInterrupt):
        told(raises(KeyboardInterrupt()))


# Outcomes that were collected elsewhere


def test_outcomes_can_be_judged_where_there_is_no_answer():
    outcomes = [Outcome((scaled(**inputs),)) for inputs in FUNCTION.tried]
    assert judge(FUNCTION, outcomes).state == "right"
    assert judge(FUNCTION, outcomes[:2]).reason == "not every input was answered"
    assert judge(FUNCTION, []).reason == "not every input was answered"
    assert judge(FUNCTION, [*outcomes, Outcome(problem="it broke")]).reason == "it broke"


# Ids, hints, progress


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("ex-1-weight", "did you mean 'ex-1-weights'"),
        ("ex-01-order", "did you mean 'ex-1-order'"),
        ("weights", "did you mean 'ex-1-weights'|an id looks like"),
        ("ex-98-none", "an id looks like 'ex-2-kl'"),
        (3, "there is no exercise 3; an id looks like"),
        (None, "there is no exercise None"),
    ],
)
def test_an_unknown_id_is_told_with_a_near_one(given, remedy):
    for asked in (lambda: check(given, 1), lambda: hint(given)):
        with pytest.raises(ValueError, match=remedy):
            asked()


def test_hints_come_in_steps_and_the_last_one_stays():
    said = [hint(VALUE.id) for _ in range(4)]
    assert said == [
        "hint 1 of 3: First step.",
        "hint 2 of 3: Second step.",
        *["hint 3 of 3: Third step."] * 2,
    ]
    assert repr(said[0]) == said[0]
    assert hint(FUNCTION.id).startswith("hint 1")


def test_progress_counts_what_this_kernel_has_seen():
    assert repr(progress()) == "no exercise has been checked in this kernel"
    hint(VALUE.id)
    assert progress().rows == ()
    told(..., VALUE)
    told(scaled)
    told(RIGHT + 1, NUMBER)
    check("ex-1-weights", ...)
    assert progress().rows == ((1, 0, 0, 3), (99, 1, 2, 3))
    assert repr(progress()).splitlines()[1] == (
        "chapter 99: 1 right, 1 to be mended, 1 not tried yet"
    )
    told(RIGHT, VALUE)
    assert progress().rows[1] == (99, 2, 3, 3)


def test_nothing_is_stored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told(RIGHT, VALUE)
    assert not list(tmp_path.iterdir())
