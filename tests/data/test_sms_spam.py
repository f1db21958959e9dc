"""The SMS Spam loader: the real file where it is, and messages with odd characters."""

import pytest

from distunlearn_lite.data.fetching import find
from distunlearn_lite.data.manifest import MANIFEST
from distunlearn_lite.data.sms_spam import load_sms_spam
from tests.data.files import make_messages_known, put


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


def test_messages_are_cut_at_line_feeds_only(cache, tmp_path, monkeypatch):
    # A carriage return, a vertical tab, a line separator and a quote inside messages.
    raw = 'ham\ta "quote\r\x0b\nspam\tone\u2028two\x85\nham\tlast\n'.encode()
    make_messages_known(monkeypatch, raw)
    put(tmp_path, "SMSSpamCollection", raw)
    task = load_sms_spam(data_home=tmp_path, download=False)
    assert task.X.tolist() == ['a "quote\r\x0b', "one\u2028two\x85", "last"]
    assert task.y.tolist() == [0, 1, 0]
