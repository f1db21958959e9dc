"""Recorded tables: a round trip, what stands beside them, and interrupted runs."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from distunlearn_lite.replication.records import load_recorded, record

ABOUT = {"command": "make it", "data": [{"task": "toy", "model": "none"}]}


def frame(shift=0.0):
    return pd.DataFrame(
        [
            ("toy", rule, budget, 0, "forget_recall", 1 / 3 + shift)
            for rule in ("random", "lr-cos")
            for budget in (0.0, 0.15000000000000002)
        ],
        columns=["task", "rule", "budget", "seed", "metric", "value"],
    )


def test_a_record_reads_back_rounded(tmp_path):
    written = record(frame(), "toy", tmp_path / "new", ABOUT)
    read = load_recorded("toy", tmp_path / "new")
    pd.testing.assert_frame_equal(written.frame, read.frame)
    assert read.frame["value"].tolist() == [0.33333] * 4
    assert read.frame["budget"].tolist() == [0.0, 0.15] * 2
    assert np.issubdtype(read.frame["seed"].dtype, np.integer)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["toy.csv", "toy.json"]


def test_values_computed_anew_are_held_against_the_record(tmp_path):
    recorded = record(frame(), "toy", tmp_path, ABOUT)
    again = frame(shift=0.25).iloc[[3, 0]]
    both = recorded.gaps(again)
    assert both["rule"].tolist() == ["lr-cos", "random"]
    assert both["gap"].round(5).tolist() == [0.25, 0.25]
    assert recorded.gaps(frame(shift=-0.25))["gap"].round(5).tolist() == [0.25] * 4
    for other in (again.assign(seed=1), again.assign(task="other"), again.iloc[:0]):
        with pytest.raises(ValueError, match=r"0 of \d values stand in the record of 'toy'"):
            recorded.gaps(other)
    with pytest.raises(ValueError, match="2 of 3 values stand"):
        recorded.gaps(pd.concat([again, again.iloc[:1].assign(budget=0.2)]))


def test_a_full_disk_leaves_the_earlier_table_with_its_provenance(tmp_path, monkeypatch):
    record(frame(), "toy", tmp_path, ABOUT)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    opened = Path.open

    def full(path, mode="r", *arguments, **options):
        if mode == "xb" and ".json" in path.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left"):
        record(frame(shift=0.1), "toy", tmp_path, ABOUT)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_provenance_says_how_the_table_came_about(tmp_path):
    about = record(frame(), "toy", tmp_path, ABOUT).provenance
    assert about["command"] == "make it"
    assert about["data"] == [{"task": "toy", "model": "none"}]
    assert about["rules"] == ["random", "lr-cos"]
    assert about["budgets"] == [0.0, 0.15]
    assert about["seeds"] == [0]
    assert about["machine"]["cores"] == os.cpu_count()
    assert str(tmp_path) not in json.dumps(dict(about))


def large_frame():
    return pd.concat([frame().assign(seed=seed) for seed in range(9_000)], ignore_index=True)


def test_a_large_table_is_kept_compressed_and_takes_the_place_of_a_small_one(tmp_path):
    record(frame(), "toy", tmp_path, ABOUT)
    record(large_frame(), "toy", tmp_path, ABOUT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.csv.gz", "toy.json"]
    assert (tmp_path / "toy.csv.gz").stat().st_size < 200_000
    assert len(load_recorded("toy", tmp_path).frame) == 36_000
    first = (tmp_path / "toy.csv.gz").read_bytes()
    record(large_frame(), "toy", tmp_path, ABOUT)
    assert (tmp_path / "toy.csv.gz").read_bytes() == first
    for damaged in (first[:-100], first[:200] + b"damaged" + first[207:], b""):
        (tmp_path / "toy.csv.gz").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"not the table that toy\.json describes"):
            load_recorded("toy", tmp_path)
    record(frame(), "toy", tmp_path, ABOUT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.csv", "toy.json"]


def test_a_table_of_another_protocol_is_refused(tmp_path):
    record(frame(), "toy", tmp_path, ABOUT)
    about = json.loads((tmp_path / "toy.json").read_text(encoding="utf-8"))
    for edition in ({"edition": 1}, {"edition": 99}, {}):
        older = {key: value for key, value in about.items() if key != "edition"} | edition
        (tmp_path / "toy.json").write_text(json.dumps(older), encoding="utf-8")
        with pytest.raises(ValueError, match=r"edition \d+ of the protocol.*replicate toy"):
            load_recorded("toy", tmp_path)


@pytest.mark.parametrize("stop", [1, 2])
def test_an_interrupted_run_leaves_whole_files(tmp_path, monkeypatch, stop):
    record(frame(), "toy", tmp_path, {**ABOUT, "command": "first"})
    calls = []
    replace = os.replace

    def broken(source, target):
        calls.append(target)
        if len(calls) == stop:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(KeyboardInterrupt):
        record(frame(shift=0.1), "toy", tmp_path, {**ABOUT, "command": "second"})
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.csv", "toy.json"]
    if stop == 1:
        assert load_recorded("toy", tmp_path).provenance["command"] == "first"
    else:  # the new table stands beside the old provenance
        with pytest.raises(ValueError, match=r"not the table that toy\.json describes.*replicate"):
            load_recorded("toy", tmp_path)
    again = record(frame(shift=0.1), "toy", tmp_path, {**ABOUT, "command": "third"})
    assert again.provenance["command"] == "third"


def test_bad_input_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="record it anew with `distunlearn replicate sms`"):
        load_recorded("sms", tmp_path)
    for wrong in (frame().iloc[:0], frame().drop(columns="seed"), frame().assign(more=1)):
        with pytest.raises(ValueError, match="at least one row and the columns of sweep, got"):
            record(wrong, "toy", tmp_path, ABOUT)
    assert list(tmp_path.iterdir()) == []
