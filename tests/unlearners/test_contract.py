"""One contract for everything that retrains: each model is the plain refit on what is left."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from distunlearn_lite import Gaussian, kl_divergence
from distunlearn_lite.unlearners import (
    GaussianPath,
    RefitPath,
    RidgePath,
    batches_of,
    classifier_path,
)

N1, N2, COV = 24, 40, np.diag([1.0, 4.0, 0.25])


def rows(seed=0):
    """Forget rows of labels 0 and 2, retained ones of 0 and 1: label 2 goes with its last row."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N1 + N2, 3)) @ np.linalg.cholesky(COV).T + 7
    y = np.concatenate([2 * (np.arange(N1) % 3 > 0), np.arange(N2) % 2])
    return x + 0.4 * y[:, None], y


class AsClassifier:
    """A fitted classifier by what it says of given rows."""

    def __init__(self, kind, classifier, form=np.asarray):
        self.classifier, self.form = classifier, form
        self.make = partial(kind, classifier)

    def start(self, x, y):
        x = self.form(x)
        return self.make(x[N1:], x[:N1], y[N1:], y[:N1])

    def refit(self, x, y):
        return clone(self.classifier).fit(self.form(x), y)

    def seen(self, model, x):
        values = (
            model.decision_function(self.form(x))
            if hasattr(model, "decision_function")
            else model.predict_proba(x)
        )
        return np.stack([-values, values], axis=1) if values.ndim == 1 else values


class AsGaussian:
    def start(self, x, y):
        return GaussianPath(COV, x[N1:], x[:N1])

    def refit(self, x, y):
        return Gaussian.fit(x, cov=COV)

    def seen(self, model, x):
        return np.append(model.mean, kl_divergence(Gaussian(np.zeros(3), COV), model))


def of_the_page():
    """The unlearner that the book's page writes out."""
    page = Path(__file__).resolve().parents[2] / "book" / "unlearners.md"
    names = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
    assert set(names["frame"]["rule"]) == {"random", "lr-maha", "surest"}
    return names["NaiveBayesPath"]


EXACT = LogisticRegression(solver="newton-cg", tol=1e-10, max_iter=1000)
KINDS = {
    "gaussian": AsGaussian(),
    "ridge": AsClassifier(RidgePath, RidgeClassifier(2.0, solver="cholesky")),
    "ridge without intercept": AsClassifier(
        RidgePath, RidgeClassifier(2.0, fit_intercept=False, solver="cholesky")
    ),
    "refit": AsClassifier(RefitPath, GaussianNB()),
    "on the page": AsClassifier(of_the_page(), GaussianNB()),
    "warm refit": AsClassifier(RefitPath, clone(EXACT).set_params(warm_start=True)),
    "sparse refit": AsClassifier(RefitPath, EXACT, sparse.csr_array),
}


@pytest.fixture(params=KINDS, name="kind")
def _kind(request):
    return KINDS[request.param]


def views(kind, unlearner, order, sizes):
    """What each model says, read before the next is asked for."""
    x, _ = rows(9)
    return [np.array(kind.seen(model, x)) for model in unlearner.walk(batches_of(order, sizes))]


def refits(kind, order, sizes):
    x, y = rows()
    for size in sizes:
        kept = np.append(order[size:], np.arange(N1, N1 + N2))
        yield kind.seen(kind.refit(x[kept], y[kept]), rows(9)[0])


def agree(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


def test_every_model_is_the_plain_refit_from_no_deletion_to_all_of_them(kind):
    order, sizes = np.random.default_rng(1).permutation(N1), [0, 1, 7, 8, N1 - 1, N1]
    agree(views(kind, kind.start(*rows()), order, sizes), refits(kind, order, sizes))


@pytest.mark.parametrize("sizes", [[9, 9, 20, N1, N1], [0, 0, 3], [N1], []])
def test_batches_may_be_empty_and_a_walk_may_start_or_stop_anywhere(kind, sizes):
    order = np.random.default_rng(2).permutation(N1)
    agree(views(kind, kind.start(*rows()), order, sizes), refits(kind, order, sizes))


def test_a_batch_is_asked_for_only_when_the_model_after_it_is(kind):
    """So that who chooses the next batch may look at the model after the last."""
    (x, _), given, seen = rows(9), [], []
    order = np.random.default_rng(4).permutation(N1)

    def batches():
        for size, batch in zip([0, 5, 11], batches_of(order, [0, 5, 11]), strict=True):
            assert len(seen) == len(given)
            given.append(size)
            yield batch

    walk = kind.start(*rows()).walk(batches())
    assert not given
    for model in walk:
        seen.append(np.array(kind.seen(model, x)))
        assert len(seen) == len(given)
    agree(seen, refits(kind, order, given))


def test_walks_do_not_disturb_each_other(kind):
    unlearner, x = kind.start(*rows()), rows(9)[0]
    one, other = np.arange(N1), np.arange(N1)[::-1]
    pairs = zip(
        *(unlearner.walk(batches_of(*way)) for way in [(one, [2, 12]), (other, [5, 18])]),
        strict=True,
    )
    found = [(kind.seen(a, x), kind.seen(b, x)) for a, b in pairs]
    agree([a for a, _ in found], refits(kind, one, [2, 12]))
    agree([b for _, b in found], refits(kind, other, [5, 18]))


def test_the_rows_that_come_in_are_left_as_they_were(kind):
    x, y = rows()
    before = x.copy()
    list(kind.start(x, y).walk(batches_of(np.arange(N1), [0, 5, N1])))
    np.testing.assert_array_equal(x, before)


def test_a_step_too_few_or_another_order_is_another_model(kind):
    order = np.random.default_rng(3).permutation(N1)
    (right,) = views(kind, kind.start(*rows()), order, [10])
    for wrong in (refits(kind, order, [9]), refits(kind, order[::-1], [10])):
        assert np.abs(right - next(wrong)).max() > 1e-3


@pytest.mark.parametrize(
    ("classifier", "kind"), [(RidgeClassifier(), RidgePath), (GaussianNB(), RefitPath)]
)
def test_an_exact_path_is_taken_where_there_is_one(classifier, kind):
    x, y = rows()
    assert type(classifier_path(classifier, x[N1:], x[:N1], y[N1:], y[:N1])) is kind


def test_an_order_is_cut_at_rising_numbers_only():
    for wrong in ([3, 2], [5], [-1]):
        with pytest.raises(ValueError, match="deleted must rise within 0 to 4"):
            list(batches_of(np.arange(4), wrong))


def test_a_whole_pipeline_is_refitted_on_texts_its_vectoriser_included():
    texts = np.array(["win cash", "cash now", "see you", "you and me", "me now"], dtype=object)
    y = np.array([1, 1, 0, 0, 0])
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    path = RefitPath(model, texts[2:], texts[:2], y[2:], y[:2])
    batches = [np.array([], np.intp), np.array([0]), np.array([1])]
    every, fewer, none = path.walk(batches)
    assert set(every[0].vocabulary_) - set(fewer[0].vocabulary_) == {"win"}
    refit = clone(model).fit(texts[1:], y[1:])
    np.testing.assert_allclose(fewer.predict_proba(texts), refit.predict_proba(texts))
    assert none.predict(texts).tolist() == [0] * 5  # one label is left
