"""One contract for everything that retrains: each model is the plain refit on what is left."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB

from distunlearn_lite import Gaussian, kl_divergence
from distunlearn_lite.unlearners import GaussianPath, RefitPath, RidgePath, classifier_path

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
    return [np.array(kind.seen(model, x)) for model in unlearner.walk(order, sizes)]


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


def test_the_order_of_the_sizes_and_repeats_do_not_matter(kind):
    order, sizes = np.random.default_rng(2).permutation(N1), [9, 0, N1, 3, 3, 0, 20]
    agree(views(kind, kind.start(*rows()), order, sizes), refits(kind, order, sizes))


def test_walks_do_not_disturb_each_other(kind):
    unlearner, x = kind.start(*rows()), rows(9)[0]
    one, other = np.arange(N1), np.arange(N1)[::-1]
    pairs = zip(unlearner.walk(one, [2, 12]), unlearner.walk(other, [5, 18]), strict=True)
    found = [(kind.seen(a, x), kind.seen(b, x)) for a, b in pairs]
    agree([a for a, _ in found], refits(kind, one, [2, 12]))
    agree([b for _, b in found], refits(kind, other, [5, 18]))


def test_the_rows_that_come_in_are_left_as_they_were(kind):
    x, y = rows()
    before = x.copy()
    list(kind.start(x, y).walk(np.arange(N1), [0, 5, N1]))
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
