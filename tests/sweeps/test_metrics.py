"""Metrics of a classifier: against scikit-learn's, and where a label is gone."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, recall_score

from distunlearn_lite.sweeps.metrics import CLIP, METRICS, characteristic_label, measure


def three_classes(seed=0, n=240):
    """A domain (the first half) of mostly label 2, outside it mostly 0 and 1."""
    rng = np.random.default_rng(seed)
    forget = np.arange(n) < n // 2
    y = np.where(forget, rng.choice(3, n, p=[0.3, 0.1, 0.6]), rng.choice(3, n, p=[0.5, 0.3, 0.2]))
    x = rng.standard_normal((n, 3)) + 1.5 * np.eye(3)[y]
    return x, y, forget


def test_the_characteristic_label_is_the_one_over_represented_inside():
    _, y, forget = three_classes()
    assert characteristic_label(y, forget) == 2
    assert characteristic_label(np.array(["ham", "spam"]), np.array([False, True])) == "spam"
    # Label 0 is the most frequent inside, but still rarer than outside.
    y = np.array([0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
    assert characteristic_label(y, np.arange(10) < 5) == 1


def test_metrics_agree_with_scikit_learn():
    x, y, forget = three_classes()
    model = LogisticRegression().fit(x, y)
    said, chances = model.predict(x), model.predict_proba(x)
    values = measure(model, x, y, forget, 2)
    assert tuple(values) == METRICS
    assert values["forget_accuracy"] == pytest.approx((said == y)[forget].mean())
    assert values["forget_recall"] == pytest.approx(
        recall_score(y[forget], said[forget], labels=[2], average="macro")
    )
    assert values["retain_accuracy"] == pytest.approx((said == y)[~forget].mean())
    assert values["retain_recall"] == pytest.approx(
        balanced_accuracy_score(y[~forget], said[~forget])
    )
    assert values["retain_macro_f1"] == pytest.approx(
        f1_score(y[~forget], said[~forget], average="macro")
    )
    assert values["retain_log_loss"] == pytest.approx(log_loss(y[~forget], chances[~forget]))
    assert values["forget_recall"] != pytest.approx(values["forget_accuracy"], abs=1e-3)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_label_the_model_never_saw_has_probability_clipped_at_the_least(gone):
    x, y, forget = three_classes()
    model = LogisticRegression().fit(x[y != gone], y[y != gone])
    table = np.zeros((len(y), 3))
    table[:, model.classes_] = model.predict_proba(x)
    own = table[np.arange(len(y)), y].clip(min=CLIP)[~forget]
    values = measure(model, x, y, forget, 2)
    assert values["retain_log_loss"] == pytest.approx(-np.log(own).mean())
    assert values["retain_log_loss"] > 5


def test_the_constant_predictor():
    x = np.zeros((4, 1))
    y, forget = np.array([1, 1, 0, 0]), np.array([True, True, False, False])
    model = DummyClassifier(strategy="most_frequent").fit(x[2:], y[2:])
    values = measure(model, x, y, forget, 1)
    assert values["forget_recall"] == values["forget_accuracy"] == 0
    assert values["retain_recall"] == values["retain_macro_f1"] == 1
    assert values["retain_log_loss"] == 0


def test_without_probabilities_the_log_loss_is_left_out():
    x, y, forget = three_classes()
    values = measure(LogisticRegression().fit(x, y), x, y, forget, 2, probabilities=False)
    assert tuple(values) == METRICS[:-1]


def test_a_label_absent_from_the_domain_is_refused():
    x, y, forget = three_classes()
    with pytest.raises(ValueError, match="no forget row of the test part has label 7"):
        measure(LogisticRegression().fit(x, y), x, y, forget, 7)
