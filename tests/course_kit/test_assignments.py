"""Every assignment with three seeds: stub, reference, and each typical wrong submission."""

import pytest

from tools.course import checks, wrong
from tools.course.grading import grade
from tools.course.judging import key
from tools.course.parts import reference
from tools.course.source import sources

ALL = sources()


@pytest.fixture(params=ALL.values(), ids=ALL)
def assignment(request):
    return request.param


@pytest.mark.parametrize("seed", checks.SEEDS)
def test_stub_reference_and_slips_earn_what_is_due(assignment, seed):
    assert list(checks.judgements(assignment, seed)) == []


def test_the_reference_for_another_seed_earns_little(assignment):
    assert checks.from_another(assignment) <= checks.MOST_FROM_ANOTHER


def test_wrong_submissions_in_processes_of_their_own_are_judged_as_here(assignment):
    """The first slip of every name at once, and the right answers."""
    seed = checks.SEEDS[0]
    right = reference(assignment, seed)
    batch = wrong.batches(right)[0]
    more = wrong.source([(right.tasks[t].parts[n], slip) for t, n, slip in batch])
    reasons = {key(right.tasks[t], n): slip.reason for t, n, slip in batch}
    for text in ("", more):
        record = grade(assignment, seed, "", checks.solved(assignment, seed, text), right)
        assert (record["flags"], record["errors"]) == ([], {})
        here = checks.graded_here(assignment, seed, checks.solved(assignment, seed, text), right)
        assert record["parts"] == [result.plain() for result in here]
        told = {part["part"]: part["reason"] for part in record["parts"]}
        assert not text or {part: told[part] for part in reasons} == reasons
