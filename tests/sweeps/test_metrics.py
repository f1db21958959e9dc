"""Metrics of a classifier: against scikit-learn's, and where a label is gone."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    recall_score,
)

from distunlearn_lite.sweeps.metrics import CLIP, METRICS, characteristic_label, measure

# A domain (the first half) of mostly label 2, outside it mostly 0 and 1.
RNG = np.random.default_rng(0)
FORGET = np.arange(240) < 120
Y = np.where(FORGET, RNG.choice(3, 240, p=[0.3, 0.1, 0.6]), RNG.choice(3, 240, p=[0.5, 0.3, 0.2]))
X = RNG.standard_normal((240, 3)) + 1.5 * np.eye(3)[Y]
MODEL = LogisticRegression().fit(X, Y)


def test_the_characteristic_label_is_the_one_over_represented_inside():
    assert characteristic_label(Y, FORGET) == 2
    assert characteristic_label(np.array(["ham", "spam"]), np.array([False, True])) == "spam"
    # Label 0 is the most frequent inside, but still rarer than outside.
    y = np.array([0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
    assert characteristic_label(y, np.arange(10) < 5) == 1


def test_metrics_agree_with_scikit_learn():
    said, own, kept = MODEL.predict(X), Y[~FORGET], MODEL.predict(X[~FORGET])
    expected = {
        "forget_accuracy": accuracy_score(Y[FORGET], said[FORGET]),
        "forget_recall": recall_score(Y[FORGET], said[FORGET], labels=[2], average="macro"),
        "retain_accuracy": accuracy_score(own, kept),
        "retain_recall": balanced_accuracy_score(own, kept),
        "retain_macro_f1": f1_score(own, kept, average="macro"),
        "retain_log_loss": log_loss(own, MODEL.predict_proba(X[~FORGET])),
    }
    values = measure(MODEL, X, Y, FORGET, 2)
    assert tuple(values) == METRICS
    assert values == pytest.approx(expected)
    assert values["forget_recall"] != pytest.approx(values["forget_accuracy"], abs=1e-3)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_label_the_model_never_saw_has_probability_clipped_at_the_least(gone):
    model = LogisticRegression().fit(X[gone != Y], Y[gone != Y])
    table = np.zeros((len(Y), 3))
    table[:, model.classes_] = model.predict_proba(X)
    own = table[np.arange(len(Y)), Y].clip(min=CLIP)[~FORGET]
    values = measure(model, X, Y, FORGET, 2)
    assert values["retain_log_loss"] == pytest.approx(-np.log(own).mean())
    assert values["retain_log_loss"] > 5


def test_the_constant_predictor():
    x, y = np.zeros((4, 1)), np.array([1, 1, 0, 0])
    model = DummyClassifier(strategy="most_frequent").fit(x[2:], y[2:])
    values = measure(model, x, y, y == 1, 1)
    assert values["forget_recall"] == values["forget_accuracy"] == 0
    assert values["retain_recall"] == values["retain_macro_f1"] == 1
    assert values["retain_log_loss"] == 0


def test_without_probabilities_the_log_loss_is_left_out():
    assert tuple(measure(MODEL, X, Y, FORGET, 2, probabilities=False)) == METRICS[:-1]


def test_a_label_absent_from_the_domain_is_refused():
    with pytest.raises(ValueError, match="no forget row of the test part has label 7"):
        measure(MODEL, X, Y, FORGET, 7)
