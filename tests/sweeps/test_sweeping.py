"""Sweeps: against a plain loop that refits from scratch, and every way to pass nonsense."""

import threading

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.metrics import log_loss, recall_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from distunlearn_lite import UnlearningTask, reversed_rule, score, select_deletions, sweep
from distunlearn_lite.rules import WalkedRule
from distunlearn_lite.sweeps import sweeping
from distunlearn_lite.sweeps.sweeping import COLUMNS

BUDGETS = [0.0, 0.25, 0.5, 0.75, 1.0]
FEW = ["random", "l2-mu2", "lr-maha"]


def clouds(n=160, separation=2.0, labels=2, seed=0):
    """The last label's cloud is to be forgotten."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % labels
    x = rng.standard_normal((n, 3)) * [1.0, 2.0, 0.5]
    x[:, 0] += separation * y
    return UnlearningTask(X=x, y=y, forget=y == labels - 1, name="clouds")


def texts(n=120, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    common, own = ["you", "me", "the", "now", "is"], [["home", "late"], ["win", "cash", "free"]]
    rows = [
        " ".join([*rng.choice(common, 4), *rng.choice(own[label], 2), f"w{i % 17}"])
        for i, label in enumerate(y)
    ]
    return UnlearningTask(X=rows, y=y, forget=y == 1, name="texts")


def exact(**options):
    return LogisticRegression(solver="newton-cg", tol=1e-8, max_iter=500, **options)


def table(frame):
    return frame.set_index(["rule", "budget", "seed", "metric"])["value"]


def plain_loop(task, rule, seed, features=None):
    """Delete, refit from scratch, measure with scikit-learn: no walk, no shared work."""
    train, test = task.split(np.random.default_rng(seed))
    rows, test_rows = train.X, test.X
    if features is not None:
        rows, test_rows = features.fit_transform(train.X), features.transform(test.X)
    forget, retain = np.flatnonzero(train.forget), np.flatnonzero(~train.forget)
    scores = score(rows[forget], rows[retain], rule)
    label = task.y[task.forget][0]
    for budget in BUDGETS:
        gone = forget[select_deletions(scores, budget)]
        kept = np.setdiff1d(np.arange(len(train)), gone)
        if len(np.unique(train.y[kept])) == 1:
            said, loss = np.full(len(test), train.y[kept][0]), 0.0
        else:
            model = exact().fit(rows[kept], train.y[kept])
            said, chances = model.predict(test_rows), model.predict_proba(test_rows)
            loss = log_loss(test.y[~test.forget], chances[~test.forget], labels=model.classes_)
        recall = recall_score(
            test.y[test.forget], said[test.forget], labels=[label], average="macro"
        )
        yield budget, "forget_recall", recall
        yield budget, "retain_accuracy", (said == test.y)[~test.forget].mean()
        yield budget, "retain_log_loss", loss


def equals_plain_loop(frame, task, rule, seed, features=None):
    values = table(frame)
    for budget, metric, expected in plain_loop(task, rule, seed, features):
        assert values[rule, budget, seed, metric] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("rule", ["l2-mu2", "maha-mu2", "lr-maha", "lr-cos"])
@pytest.mark.parametrize("labels", [2, 3])
def test_a_sweep_equals_refitting_from_scratch(rule, warm_start, labels):
    task = clouds(n=80 * labels, labels=labels)
    frame = sweep(task, exact(warm_start=warm_start), [rule], BUDGETS, seeds=[3, 4])
    for seed in (3, 4):
        equals_plain_loop(frame, task, rule, seed)
    assert (table(frame)[rule, 1.0, :, "forget_recall"] == 0).all()


@pytest.mark.parametrize(
    ("task", "features", "rule"),
    [(texts(), TfidfVectorizer(), "cos-mu2"), (clouds(), StandardScaler(), "l2-mu2")],
)
def test_the_steps_before_the_classifier_are_fitted_before_deletion_and_kept(task, features, rule):
    model = make_pipeline(features, exact(warm_start=True))
    frame = sweep(task, model, [rule], BUDGETS, seeds=[0])
    assert not hasattr(features, "n_features_in_")  # the caller's model is left as it was
    assert not hasattr(features, "vocabulary_")
    equals_plain_loop(frame, task, rule, 0, clone(features))


def test_the_frame_is_tidy_and_complete():
    frame = sweep(clouds(), exact(), FEW, BUDGETS, seeds=range(2))
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == len(FEW) * len(BUDGETS) * 2 * 6
    assert not frame.duplicated(["rule", "budget", "seed", "metric"]).any()
    assert list(dict.fromkeys(frame["rule"])) == FEW
    assert set(frame["task"]) == {"clouds"}


def test_a_rule_does_not_depend_on_its_neighbours_or_on_the_number_of_jobs():
    task = texts()
    model = make_pipeline(TfidfVectorizer(), exact(warm_start=True))
    whole = sweep(task, model, ["tfidf-norm", "random"], BUDGETS, seeds=[5, 2])
    alone = sweep(task, model, ["random"], BUDGETS, seeds=[2, 5], n_jobs=2)
    part = whole[whole["rule"] == "random"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone)


def test_own_rules_are_swept_beside_the_librarys_also_in_parallel():
    unknown = 0.3
    first = {"first": lambda forget, retain: forget[:, 0] - unknown}
    back = {"half back": reversed_rule("lr-maha")}
    setting = {"task": clouds(), "model": exact(), "budgets": [0.0, 0.4], "seeds": [0, 1]}
    one, two = (sweep(rules=["lr-maha", back, first], n_jobs=n, **setting) for n in (1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert list(dict.fromkeys(one["rule"])) == ["lr-maha", "half back", "first"]
    alone = sweep(rules=first, **setting)
    pd.testing.assert_frame_equal(one[one["rule"] == "first"].reset_index(drop=True), alone)
    losses = table(one).xs((0.4, 0, "retain_log_loss"), level=("budget", "seed", "metric"))
    assert losses["half back"] != pytest.approx(losses["lr-maha"], abs=1e-3)


def test_jobs_follow_the_callers_joblib_configuration(monkeypatch):
    seen, real = [], sweeping._one_seed

    def noted(*arguments):
        seen.append(threading.get_ident())
        return real(*arguments)

    monkeypatch.setattr(sweeping, "_one_seed", noted)
    setting = (clouds(), exact(), ["random"], BUDGETS, range(4))
    plain = sweep(*setting)
    assert set(seen) == {threading.get_ident()}
    seen.clear()
    with joblib.parallel_config("threading", n_jobs=2):
        pd.testing.assert_frame_equal(sweep(*setting), plain)
    assert threading.get_ident() not in seen


@pytest.mark.parametrize("classifier", [exact(warm_start=True), RidgeClassifier()])
def test_a_walked_rule_sees_the_model_and_the_rows_that_are_left(classifier):
    """Against a loop that refits, asks, deletes; the rule wants the row that is surest now."""
    task, budgets, asked = clouds(), [0.0, 0.1, 0.5, 0.5001, 0.9], []

    def surest(model, forget, retain, y_forget, y_retain):
        asked.append((len(forget), len(y_forget), len(retain), len(y_retain)))
        return model.decision_function(forget).reshape(len(forget), -1)[:, -1]

    frame = sweep(task, classifier, {"surest": WalkedRule(surest)}, budgets, seeds=[3])
    train, test = task.split(np.random.default_rng(3))
    kept, values, sizes, last = np.ones(len(train), bool), [], [], 0
    n1, n2 = int(train.forget.sum()), int((~train.forget).sum())
    for size in [int(np.floor(budget * n1 + 0.5)) for budget in budgets]:
        model = clone(classifier).fit(train.X[kept], train.y[kept])
        if size > last:
            left = np.flatnonzero(kept & train.forget)
            sizes.append((left.size, left.size, n2, n2))
            sure = model.decision_function(train.X[left])
            kept[left[np.argsort(-sure)[: size - last]]] = False
            model, last = clone(classifier).fit(train.X[kept], train.y[kept]), size
        values.append((model.predict(test.X) == test.y)[test.forget].mean())
    found = frame[frame["metric"] == "forget_accuracy"]["value"]
    assert found.to_list() == pytest.approx(values, abs=1e-12)
    assert asked == sizes


def test_a_walked_rule_sees_the_gaussian_too():
    def farthest(model, forget, *_):
        return ((forget - model.mean) ** 2).sum(axis=1)

    frame = sweep(clouds(), "gaussian", {"farthest": WalkedRule(farthest)}, [0.0, 0.5], seeds=[3])
    assert set(frame["metric"]) == {"kl_removal", "kl_preservation"}


def test_a_walked_rule_that_answers_nonsense_is_refused():
    rule = WalkedRule(lambda model, forget, *_: np.zeros(3))
    with pytest.raises(ValueError, match="'mine' must return one score a forget row"):
        sweep(clouds(), exact(), {"mine": rule}, BUDGETS, seeds=[0])


@pytest.mark.parametrize(
    "model",
    [SGDClassifier(loss="log_loss", max_iter=5, tol=None), RandomForestClassifier(n_estimators=3)],
)
def test_random_state_left_open_follows_the_seed(model):
    first, again = (sweep(clouds(), model, ["random"], BUDGETS, seeds=[0]) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert model.random_state is None


def test_a_random_state_that_is_given_is_kept():
    model = SGDClassifier(loss="log_loss", max_iter=5, tol=None)
    one, two = (
        sweep(clouds(), clone(model).set_params(random_state=state), ["random"], BUDGETS, [0])
        for state in (1, 2)
    )
    assert not one.equals(two)


def test_ties_are_broken_by_the_seed_and_not_by_the_order_of_the_file():
    # Nearly all forget rows tie, and label 1 stands first in the file: by index all of it would go.
    rng = np.random.default_rng(0)
    unwanted = np.repeat([[4.0, 0.0], [0.0, 4.0], [0.0, 5.0]], [30, 24, 6], axis=0)
    x = np.concatenate([unwanted, 0.1 * rng.standard_normal((60, 2))])
    y = np.repeat([1, 2, 0], [30, 30, 60])
    task = UnlearningTask(X=x, y=y, forget=y > 0, name="ties")
    frame = sweep(task, exact(), ["tfidf-norm"], [0.5], seeds=range(3), group_equal=False)
    assert (frame[frame["metric"] == "forget_accuracy"]["value"] == 1).all()


def test_copies_let_across_make_the_test_easier():
    rows = [f"unique{i} word{i}" for i in range(40)] * 2
    y = np.tile(np.arange(40) % 2, 2)
    task = UnlearningTask(X=rows, y=y, forget=y == 1, name="copies")
    model = make_pipeline(TfidfVectorizer(), exact(C=100.0))
    apart, across = (
        sweep(task, model, ["random"], [0.0], seeds=range(4), group_equal=together)
        for together in (True, False)
    )
    means = [f[f["metric"] == "forget_accuracy"]["value"].mean() for f in (apart, across)]
    assert means[1] > means[0] + 0.1


def test_classifiers_without_probabilities_have_no_log_loss():
    frame = sweep(clouds(), RidgeClassifier(), ["l2-mu2"], [0.0, 1.0], seeds=[0])
    assert "retain_log_loss" not in set(frame["metric"])
    assert len(frame) == 2 * 5


@pytest.mark.parametrize("progress", [None, True, False])
def test_a_bar_is_drawn_only_where_asked_or_on_a_terminal(capsys, progress):
    sweep(clouds(), exact(), ["random"], [0.0], seeds=[0], progress=progress)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert bool(captured.err) is (progress is True)
    assert not progress or "sweep clouds" in captured.err


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"rules": ["nearest"]}, ValueError, "unknown rule 'nearest'; the known ones are random"),
        ({"budgets": [0.5, 0.2]}, ValueError, r"rise without repeats, got \[0.5, 0.2\]"),
        ({"seeds": [1, 1]}, ValueError, "seeds must be distinct, but 1"),
        ({"task": "sms"}, TypeError, "task must be an UnlearningTask, got str"),
        ({"model": KMeans()}, TypeError, "Pipeline that ends in one, got KMeans"),
        ({"model": "ridge"}, ValueError, "unknown model 'ridge'; the known ones are gaussian"),
        ({"model": LogisticRegression}, TypeError, "scikit-learn classifier.*got type|ABCMeta"),
        ({"model": RandomForestClassifier(warm_start=True)}, ValueError, "pass warm_start=False"),
        ({"task": texts()}, ValueError, r"texts need a vectoriser.*TfidfVectorizer\(\)"),
    ],
)
def test_bad_input_is_refused(change, error, message):
    setting = {"task": clouds(), "model": exact(), "rules": FEW, "budgets": [0.0], "seeds": [0]}
    with pytest.raises(error, match=message):
        sweep(**(setting | change))
