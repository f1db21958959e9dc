"""Fingerprints: equal for equal values in any process, and for no others."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from distunlearn_lite.replication.fingerprint import fingerprint


def power(exponent):
    return lambda forget, retain: forget**exponent


def scaled(factor):
    def rule(forget, retain, factor=factor):
        return factor * forget

    return rule


PAIRS = {
    "numbers": (1, 1.0),
    "texts": (["a", "b"], ["ab"]),
    "nesting": ([1, [2]], [[1], 2]),
    "mask": (np.array([True, False]), np.array([False, True])),
    "entries": (np.arange(3.0), np.arange(3)),
    "shape": (np.zeros((2, 3)), np.zeros((3, 2))),
    "strings": (np.array(["a", "b"], object), np.array(["a", "c"], object)),
    "sparse": (sparse.eye_array(3), sparse.eye_array(3, k=1)),
    "sets": ({"a", "b"}, {"a", "c"}),
    "classes": (LogisticRegression, TfidfVectorizer),
    "parameters": (LogisticRegression(C=1), LogisticRegression(C=2)),
    "long vocabularies": tuple(
        make_pipeline(TfidfVectorizer(vocabulary=[f"w{j}" for j in range(n)]), LogisticRegression())
        for n in (500, 501)
    ),
    "tokenizers": tuple(
        TfidfVectorizer(tokenizer=f) for f in (lambda text: text.split(), lambda text: [text])
    ),
    "enclosed": (power(1), power(2)),
    "defaults": (scaled(1), scaled(2)),
    "ufuncs": (np.exp, np.log),
    "array functions": (np.mean, np.median),
    "partials": (partial(power, 1), partial(power, 2)),
    "random states": (np.random.RandomState(0), np.random.RandomState(1)),
    "generators": (np.random.default_rng(0), np.random.default_rng(1)),
    "methods": ("a".join, "b".join),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_what_differs_has_another_fingerprint(pair):
    first, second = map(fingerprint, PAIRS[pair])
    assert first != second


def test_what_is_equal_has_one_fingerprint_in_every_process():
    code = (
        "from distunlearn_lite.replication.fingerprint import fingerprint\n"
        "from tests.replication.test_fingerprint import PAIRS\n"
        "for first, _ in PAIRS.values(): print(fingerprint(first))"
    )
    again = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert again.stdout.split() == [fingerprint(first) for first, _ in PAIRS.values()]
    assert fingerprint(power(3)) == fingerprint(power(3))
    assert fingerprint(sparse.csc_array(np.eye(3))) == fingerprint(sparse.csc_array(np.eye(3)))


def test_what_cannot_be_described_is_refused(tmp_path):
    with (tmp_path / "open").open("w") as stream, pytest.raises(TypeError, match="pickle"):
        fingerprint({"stream": stream})
