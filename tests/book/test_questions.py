"""The question bank: fresh numbers that follow from the seed, and answers on a sheet apart."""

import numpy as np
import pytest

from distunlearn_lite.course.checking import exercises
from tools import objectives, questions

ROWS = objectives.tables()


@pytest.fixture(scope="module")
def sheets():
    return questions.bank("autumn", ROWS)


def test_the_same_seed_gives_the_same_sheets(sheets):
    assert questions.bank("autumn", ROWS) == sheets
    assert questions.bank("spring", ROWS)[0] != sheets[0]


def test_every_exercise_is_asked_and_answered(sheets):
    asked, told = sheets
    for chapter, rows in ROWS.items():
        for row in rows:
            assert f"{row.level} {row.title}\n" in asked, chapter
            assert row.goal in asked
            assert all(slip.reason in told for slip in row.slips)
            assert not any(slip.reason in asked for slip in row.slips)
    assert "Typical errors" not in asked
    assert "autumn" not in asked


def test_a_value_is_that_of_the_recipe_for_the_numbers_that_are_asked():
    row = exercises(1)["ex-1-delete"]
    inputs = questions.fresh(row, "autumn")
    assert str(inputs["n1"]) in questions.question(row, inputs)
    right = int(row.recipe(*inputs.values()))
    assert questions.answer(row, inputs).startswith(f"**{right}**")
    assert f"- {right - 1}: one too few" in questions.answer(row, inputs)


def test_a_function_is_asked_for_its_result_where_the_inputs_can_be_printed():
    row = exercises(1)["ex-1-order"]
    few, many = ({"S1": np.ones((n, 2)), "S2": np.zeros((n, 2))} for n in (3, 300))
    assert "What does it return" in questions.question(row, few)
    assert "What does it return" not in questions.question(row, many)
    assert "check(" in questions.answer(row, many)
    assert not questions.small({"rows": [[1, 2], [3]]})


def test_numbers_are_shown_as_a_sheet_shows_them():
    assert questions.shown(np.array([[1.0, 0.123456], [2, 1e-7]])) == "[[1, 0.1235], [2, 1e-07]]"
    assert questions.shown((3, "bits")) == "[3, 'bits']"


def test_the_task_writes_both_sheets_and_asks_for_a_seed(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SEED", raising=False)
    with pytest.raises(SystemExit, match="SEED is missing"):
        questions.main()
    monkeypatch.setenv("SEED", "autumn")
    monkeypatch.setenv("OUT", str(tmp_path / "bank"))
    questions.main()
    assert {path.name for path in (tmp_path / "bank").iterdir()} == {"questions.md", "answers.md"}
    assert "autumn" not in (tmp_path / "bank" / "questions.md").read_text(encoding="utf-8")
