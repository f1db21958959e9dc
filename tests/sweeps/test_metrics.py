"""Metrics of a classifier: against scikit-learn's, and where a label is gone."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    recall_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC, LinearSVC

from distunlearn_lite.sweeps.metrics import (
    CLIP,
    METRICS,
    characteristic_label,
    gives_scores,
    measure,
)
from distunlearn_lite.unlearners.ridge import LinearPredictor

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


def pairs_in_order(scores, y, forget, label):
    """Share of pairs, a forget row of the label and a retained row of another; ties half."""
    of_label, others = scores[forget & (y == label)], scores[~forget & (y != label)]
    gaps = of_label[:, None] - others
    return ((gaps > 0) + (gaps == 0) / 2).mean()


def test_metrics_agree_with_scikit_learn():
    said, own, kept = MODEL.predict(X), Y[~FORGET], MODEL.predict(X[~FORGET])
    expected = {
        "forget_accuracy": accuracy_score(Y[FORGET], said[FORGET]),
        "forget_recall": recall_score(Y[FORGET], said[FORGET], labels=[2], average="macro"),
        "retain_accuracy": accuracy_score(own, kept),
        "retain_recall": balanced_accuracy_score(own, kept),
        "retain_macro_f1": f1_score(own, kept, average="macro"),
        "retain_log_loss": log_loss(own, MODEL.predict_proba(X[~FORGET])),
        "forget_auc": pairs_in_order(MODEL.decision_function(X)[:, 2], Y, FORGET, 2),
        "forget_log_loss": log_loss(Y[FORGET], MODEL.predict_proba(X[FORGET])),
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
    own = table[np.arange(len(Y)), Y].clip(min=CLIP)[FORGET]
    assert values["forget_log_loss"] == pytest.approx(-np.log(own).mean())
    if gone == 2:
        assert values["forget_auc"] == 0.5  # no score for the label: all rows tie
    else:
        column = list(model.classes_).index(2)
        sign = 1 if column else -1
        expected = pairs_in_order(sign * model.decision_function(X), Y, FORGET, 2)
        assert values["forget_auc"] == pytest.approx(expected)
        assert expected > 0.7


def test_the_constant_predictor():
    x, y = np.zeros((4, 1)), np.array([1, 1, 0, 0])
    model = DummyClassifier(strategy="most_frequent").fit(x[2:], y[2:])
    values = measure(model, x, y, y == 1, 1)
    assert values["forget_recall"] == values["forget_accuracy"] == 0
    assert values["retain_recall"] == values["retain_macro_f1"] == 1
    assert values["retain_log_loss"] == 0
    assert values["forget_log_loss"] == pytest.approx(-np.log(CLIP))
    assert values["forget_auc"] == 0.5
    assert measure(model, x, y, y == 1, 1, probabilities=False)["forget_auc"] == 0.5


WORDS = np.array(["ham", "other", "spam"])


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize(
    ("model", "score_of"),
    [
        (LinearSVC(), lambda model, label: (2 * label - 1) * model.decision_function(X)),
        (RidgeClassifier(), lambda model, label: (2 * label - 1) * model.decision_function(X)),
        (GaussianNB(), lambda model, label: model.predict_proba(X)[:, label]),
    ],
)
def test_with_two_labels_the_area_is_that_of_either_score(model, score_of, label):
    y = (Y == 2).astype(int)
    model.fit(X, WORDS[y])
    values = measure(
        model, X, WORDS[y], FORGET, WORDS[label], probabilities=isinstance(model, GaussianNB)
    )
    expected = pairs_in_order(score_of(model, label), y, FORGET, label)
    assert values["forget_auc"] == pytest.approx(expected)
    assert expected > 0.7


@pytest.mark.parametrize("label", [0, 1, 2])
def test_the_area_looks_at_the_column_of_the_label(label):
    for model, scores in (
        (RidgeClassifier().fit(X, WORDS[Y]), "decision_function"),
        (GaussianNB().fit(X, WORDS[Y]), "predict_proba"),
        (SVC().fit(X, WORDS[Y]), "decision_function"),
    ):
        column = getattr(model, scores)(X)[:, label]
        probabilities = hasattr(model, "predict_proba")
        values = measure(model, X, WORDS[Y], FORGET, WORDS[label], probabilities=probabilities)
        assert values["forget_auc"] == pytest.approx(pairs_in_order(column, Y, FORGET, label))


def test_tied_scores_count_half():
    x = np.array([[1.0], [0.0], [1.0], [0.0], [0.0], [0.0]])
    y, forget = np.array([1, 1, 0, 0, 0, 0]), np.arange(6) < 2
    model = LogisticRegression().fit(x, y)
    # Pairs: 1 against 1, 0, 0, 0 and 0 against 1, 0, 0, 0.
    assert measure(model, x, y, forget, 1)["forget_auc"] == (0.5 + 3 + 3 * 0.5) / 8


def test_a_linear_predictor_passes_over_the_rows_once(monkeypatch):
    fitted = RidgeClassifier().fit(X, Y)
    model = LinearPredictor(fitted.classes_, fitted.coef_.T, fitted.intercept_, None)
    calls = []
    plain = LinearPredictor.decision_function

    def counted(self, rows):
        calls.append(len(rows))
        return plain(self, rows)

    monkeypatch.setattr(LinearPredictor, "decision_function", counted)
    values = measure(model, X, Y, FORGET, 2, probabilities=False)
    assert calls == [len(X)]
    assert values == pytest.approx(measure(fitted, X, Y, FORGET, 2, probabilities=False))


def test_a_linear_predictor_with_one_label_left_ties_all_rows():
    # Its values differ by rounding only, which must not be ranked.
    model = LinearPredictor(np.array([2]), 1e-15 * np.ones((3, 1)), np.ones(1), None)
    assert np.ptp(model.decision_function(X)) > 0
    values = measure(model, X, Y, FORGET, 2, probabilities=False)
    assert values["forget_auc"] == 0.5


def test_what_a_classifier_does_not_give_is_left_out():
    no_losses = measure(MODEL, X, Y, FORGET, 2, probabilities=False)
    assert tuple(no_losses) == tuple(name for name in METRICS if "log_loss" not in name)
    no_area = measure(MODEL, X, Y, FORGET, 2, scores=False)
    assert tuple(no_area) == tuple(name for name in METRICS if name != "forget_auc")
    neither = measure(GaussianNB().fit(X, Y), X, Y, FORGET, 2, probabilities=False)
    assert set(METRICS) - set(neither) == {"forget_auc", "forget_log_loss", "retain_log_loss"}


def test_decision_values_of_pairs_of_labels_are_no_scores_of_labels():
    model = SVC(decision_function_shape="ovo").fit(X, Y)  # three pairs, as many as labels
    assert not gives_scores(model)
    assert gives_scores(SVC())
    assert gives_scores(GaussianNB())
    assert "forget_auc" not in measure(model, X, Y, FORGET, 2, probabilities=False)


def test_retained_rows_of_the_label_alone_are_refused():
    y = np.where(FORGET, Y, 2)
    with pytest.raises(ValueError, match="every retained row of the test part has label 2"):
        measure(MODEL, X, y, FORGET, 2)


def test_a_label_absent_from_the_domain_is_refused():
    with pytest.raises(ValueError, match="no forget row of the test part has label 7"):
        measure(MODEL, X, Y, FORGET, 7)
