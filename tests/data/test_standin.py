"""Loaders: the real SMS Spam file where it is, the stand-ins everywhere, and the listing."""

import dataclasses
import hashlib
import os
import subprocess
import sys
from types import MappingProxyType

import numpy as np
import pooch
import pytest

from distunlearn_lite.data import fetching, standin
from distunlearn_lite.data.fetching import find
from distunlearn_lite.data.manifest import MANIFEST
from distunlearn_lite.data.standin import load_sms_spam, load_standin, make_gaussians
from distunlearn_lite.errors import DatasetUnavailable


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """An empty cache and no environment variable."""
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache")
    monkeypatch.delenv("DISTUNLEARN_DATA", raising=False)
    return tmp_path


@pytest.mark.skipif(find("sms_spam") is None, reason="the SMS Spam file is not on this machine")
def test_the_real_messages():
    task = load_sms_spam(download=False)
    assert (len(task), int(task.forget.sum()), len(set(task.X))) == (5574, 747, 5171)
    assert (task.y == task.forget).all()
    assert task.is_text
    assert task.official_test is None
    assert (task.name, task.standin) == ("sms_spam", False)
    assert MANIFEST["sms_spam"].members[0].sha256 in task.provenance
    assert not any("\n" in text or "\t" in text for text in task.X)
    raw = find("sms_spam").paths[0].read_bytes()
    lines = [f"{'spam' if y else 'ham'}\t{x}\n" for x, y in zip(task.X, task.y, strict=True)]
    assert "".join(lines).encode() == raw
    train, test = task.split(0)
    assert not set(train.X) & set(test.X)
    for part in (train, test):
        assert part.forget.mean() == pytest.approx(747 / 5574, abs=0.002)
    assert len(test) / 5574 == pytest.approx(0.3, abs=0.002)


def test_messages_are_cut_at_line_feeds_only(nowhere, monkeypatch):
    # A carriage return, a vertical tab, a line separator and a quote inside messages.
    raw = 'ham\ta "quote\r\x0b\nspam\tone\u2028two\x85\nham\tlast\n'.encode()
    original = MANIFEST["sms_spam"]
    digest = hashlib.sha256(raw).hexdigest()
    member = dataclasses.replace(original.members[0], size=len(raw), sha256=digest)
    entry = MappingProxyType({"sms_spam": dataclasses.replace(original, members=(member,))})
    for module in (standin, fetching):
        monkeypatch.setattr(module, "MANIFEST", entry)
    (nowhere / "SMSSpamCollection").write_bytes(raw)
    task = load_sms_spam(data_home=nowhere, download=False)
    assert task.X.tolist() == ['a "quote\r\x0b', "one\u2028two\x85", "last"]
    assert task.y.tolist() == [0, 1, 0]


def test_without_the_file_the_error_names_the_stand_in(nowhere):
    with pytest.raises(DatasetUnavailable, match=r'load_standin\("text"\) is a stand-in'):
        load_sms_spam(download=False)
    with pytest.raises(ValueError, match="data_home must be an existing folder"):
        load_sms_spam(data_home=nowhere / "missing")
    (nowhere / "SMSSpamCollection").write_bytes(b"ham\thello\n")
    with pytest.raises(ValueError, match="is not the original SMSSpamCollection"):
        load_sms_spam(data_home=nowhere)


def test_docstrings_stand_in_for_texts(capfd):
    task = load_standin()
    assert task.is_text
    assert task.standin
    assert task.name == "standin-text"
    assert "stand-in" in task.provenance
    assert "scipy" in task.provenance
    assert len(task) > 2500
    assert 200 < task.forget.sum() < len(task) / 4
    assert (task.y == task.forget).all()
    assert len(set(task.X)) == len(task)
    assert all(type(text) is str and 0 < len(text) <= 600 for text in task.X)
    again = load_standin("text")
    assert (again.X == task.X).all()
    assert (again.forget == task.forget).all()
    assert capfd.readouterr() == ("", "")


def test_docstrings_do_not_depend_on_what_was_imported_or_hashed():
    # SciPy 1.15 and 1.16 print a set in one docstring: its order is theirs, not ours.
    code = (
        "import hashlib\n"
        "from distunlearn_lite.data.standin import load_standin\n"
        "texts = '\\0'.join(text for text in load_standin().X if '``{' not in text)\n"
        "print(hashlib.sha256(texts.encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "1"},
    )
    texts = "\0".join(text for text in load_standin().X if "``{" not in text)
    here = hashlib.sha256(texts.encode()).hexdigest()
    assert (done.stdout.strip(), done.stderr) == (here, "")


def test_digits_stand_in_for_images():
    task = load_standin("images")
    assert task.X.shape == (1797, 64)
    assert (task.forget == (task.y == 3)).all()
    assert sorted(set(task.y.tolist())) == list(range(10))
    assert (task.name, task.standin) == ("standin-images", True)
    assert np.unique(task.X).tolist() == list(range(17))


def test_an_unknown_stand_in_is_refused():
    with pytest.raises(ValueError, match="unknown kind 'sound'; the known ones are text, images"):
        load_standin("sound")


def test_gaussians_are_drawn_as_asked():
    task = make_gaussians(40_000, 20_000, 1.5, dim=3, rng=4, name="pair")
    assert task.X.shape == (60_000, 3)
    assert task.forget.tolist() == [True] * 40_000 + [False] * 20_000
    assert (task.y == task.forget).all()
    assert (task.name, task.standin) == ("pair", False)
    assert "synthetic: 40000 rows of N(1.5 e1, I) and 20000 of N(0, I)" in task.provenance
    assert "3 dimensions, seed 4" in task.provenance
    assert task.truth.mean1.tolist() == [1.5, 0, 0]
    assert task.truth.mean2.tolist() == [0, 0, 0]
    assert (task.truth.cov == np.eye(3)).all()
    for rows, mean in ((task.X[task.forget], [1.5, 0, 0]), (task.X[~task.forget], [0, 0, 0])):
        noise = 1 / np.sqrt(len(rows))
        assert np.abs(rows.mean(axis=0) - mean).max() < 4 * noise
        assert np.abs(np.cov(rows.T) - np.eye(3)).max() < 6 * noise
    assert (make_gaussians(5, 6, 1.0, rng=1).X == make_gaussians(5, 6, 1.0, rng=1).X).all()
    assert (make_gaussians(5, 6, 1.0, rng=1).X != make_gaussians(5, 6, 1.0, rng=2).X).all()
    free = make_gaussians(5, 6, 0.0, rng=np.random.default_rng(0))
    assert "1 dimension;" in free.provenance


def test_parts_of_synthetic_gaussians_keep_the_truth():
    task = make_gaussians(30, 40, 1.0, rng=0)
    for part in (*task.split(rng=1), task.take(np.arange(20, 50))):
        assert part.truth is task.truth
        assert part.name == "gaussians"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n1": 0}, ValueError, "n1 must be at least 1, got 0"),
        ({"n2": 2.0}, TypeError, "n2 must be a whole number, got 2.0"),
        ({"separation": -1.0}, ValueError, "separation must be"),
        ({"separation": np.nan}, ValueError, "separation must be finite"),
        ({"separation": [1.0, 0.0]}, ValueError, "separation must be a number"),
        ({"separation": 1e200}, ValueError, "separation must be at most 1e150"),
        ({"dim": 0}, ValueError, "dim must be at least 1"),
        ({"dim": True}, TypeError, "dim must be a whole number"),
        ({"rng": None}, TypeError, r"rng must be a numpy.random.Generator.*default_rng\(0\)"),
    ],
)
def test_bad_gaussians_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        make_gaussians(**({"n1": 3, "n2": 3, "separation": 1.0, "dim": 1, "rng": 0} | change))


def test_a_truth_of_another_kind_is_refused():
    task = make_gaussians(3, 3, 1.0, rng=0)
    with pytest.raises(TypeError, match="truth must come from make_gaussians or be None, got list"):
        dataclasses.replace(task, truth=[0.0, 1.0])
