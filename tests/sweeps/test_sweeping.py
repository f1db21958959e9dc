"""Sweeps: against a plain loop that refits from scratch, and every way to pass nonsense."""

import dataclasses
import threading
import weakref

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.metrics import log_loss, recall_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from distunlearn_lite import UnlearningTask, reversed_rule, score, select_deletions, sweep
from distunlearn_lite.rules import WALKED_RULES, WalkedRule
from distunlearn_lite.sweeps import settings, sweeping
from distunlearn_lite.sweeps.metrics import METRICS
from distunlearn_lite.sweeps.sweeping import COLUMNS
from distunlearn_lite.unlearners import RefitPath, RidgePath

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
    assert len(frame) == len(FEW) * len(BUDGETS) * 2 * len(METRICS)
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


def surest_loop(task, classifier, budgets, again):
    """Refit, ask, delete, one fit a budget; the rule wants the row that is surest now, or once."""
    train, test = task.split(np.random.default_rng(3))
    kept, sizes, gone = np.ones(len(train), bool), [], 0
    n1, n2 = int(train.forget.sum()), int((~train.forget).sum())
    sure = None
    for size in [int(np.floor(budget * n1 + 0.5)) for budget in budgets]:
        if size > gone:
            if again or sure is None:
                sizes.append((n1 - gone, n1 - gone, n2, n2))
                sure = clone(classifier).fit(train.X[kept], train.y[kept])
                sure = sure.decision_function(train.X)
            left = np.flatnonzero(kept & train.forget)
            kept[left[np.argsort(-sure[left])[: size - gone]]] = False
            gone = size
        said = clone(classifier).fit(train.X[kept], train.y[kept]).predict(test.X)
        yield (said == test.y)[test.forget].mean(), sizes


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("classifier", [exact(warm_start=True), RidgeClassifier()])
def test_a_walked_rule_sees_the_model_and_the_rows_that_are_left(classifier, again):
    task, budgets, asked = clouds(separation=1.0), [0.0, 0.1, 0.5, 0.5001, 0.9], []
    shown = []

    def surest(model, forget, retain, y_forget, y_retain):
        asked.append((len(forget), len(y_forget), len(retain), len(y_retain)))
        shown.append(forget[:, 0].tolist())
        assert (y_forget == 1).all()
        assert (y_retain == 0).all()
        return model.decision_function(forget).reshape(len(forget), -1)[:, -1]

    def plain(forget, retain):
        shown.append(forget[:, 0].tolist())
        return forget[:, 0]

    rules = {"surest": WalkedRule(surest, again), "plain": plain}
    frame = sweep(task, classifier, rules, budgets, seeds=[3])
    frame = frame[frame["rule"] == "surest"]
    values, sizes = zip(*surest_loop(task, classifier, budgets, again), strict=True)
    found = frame[frame["metric"] == "forget_accuracy"]["value"]
    assert found.to_list() == pytest.approx(values, abs=1e-12)
    assert asked == sizes[-1]
    assert len(asked) == (3 if again else 1)
    for rows in shown:  # what is left keeps its order, which the fall of a ridge goes by
        assert rows == [row for row in shown[0] if row in rows]


def test_a_walked_rule_is_asked_about_all_rows_where_no_budget_is_zero():
    asked = []

    def noted(model, forget, *_):
        asked.append((len(forget), model.decision_function(forget).sum()))
        return forget[:, 0]

    for again in (True, False):
        sweep(clouds(), exact(), {"noted": WalkedRule(noted, again)}, [0.4], seeds=[3])
    assert asked[0] == asked[1]
    train, _ = clouds().split(np.random.default_rng(3))
    whole = exact().fit(train.X, train.y).decision_function(train.X[train.forget]).sum()
    assert asked[0] == (56, pytest.approx(whole))


@pytest.mark.parametrize("path", [RefitPath, RidgePath])
def test_a_walked_rule_walks_once(monkeypatch, path):
    walks, real = [], path.walk

    def counted(self, batches):
        walks.append(self)
        return real(self, batches)

    monkeypatch.setattr(path, "walk", counted)
    model = exact() if path is RefitPath else RidgeClassifier()
    rule = WalkedRule(lambda model, forget, *_: forget[:, 0])
    sweep(clouds(), model, {"mine": rule}, BUDGETS, seeds=[3])
    assert len(walks) == 1


@pytest.mark.parametrize(
    "model", [make_pipeline(TfidfVectorizer(), exact(C=10.0)), RidgeClassifier()]
)
def test_the_librarys_walked_rules_go_by_name_and_beat_chance(model):
    task = clouds(separation=1.0) if isinstance(model, RidgeClassifier) else texts()
    rules = ["random", "refit-influence", "refit-influence-once"]
    frame = sweep(task, model, rules, [0.0, 0.3, 0.6], seeds=range(3))
    recall = frame[frame["metric"] == "forget_recall"].groupby(["rule", "budget"])["value"].mean()
    assert (recall[:, 0.0] == recall["random", 0.0]).all()
    assert recall["refit-influence", 0.6] < recall["random", 0.6]
    mine = {"again": WALKED_RULES["refit-influence"], "once": WALKED_RULES["refit-influence-once"]}
    same = sweep(task, model, mine, [0.0, 0.3, 0.6], seeds=range(3))["value"]
    assert same.to_list() == frame[frame["rule"] != "random"]["value"].to_list()


def test_a_walked_rule_sees_the_gaussian_too():
    def farthest(model, forget, *_):
        return ((forget - model.mean) ** 2).sum(axis=1)

    frame = sweep(clouds(), "gaussian", {"farthest": WalkedRule(farthest)}, [0.0, 0.5], seeds=[3])
    assert set(frame["metric"]) == {"kl_removal", "kl_preservation"}


def test_a_walked_rule_that_answers_nonsense_is_refused():
    rule = WalkedRule(lambda model, forget, *_: np.zeros(3))
    with pytest.raises(ValueError, match="'mine' must return one score a forget row"):
        sweep(clouds(), exact(), {"mine": rule}, BUDGETS, seeds=[0])


def several():
    """Models of three kinds behind equal steps, one random step among them, and their labels."""
    classifiers = {
        "weak": exact(C=10.0, warm_start=True),
        "alpha 1": RidgeClassifier(alpha=1.0),
        "bayes": GaussianNB(),
        "alpha 100": RidgeClassifier(alpha=100.0),
        "random": SGDClassifier(loss="log_loss", max_iter=5, tol=None),
    }
    return {
        label: make_pipeline(StandardScaler(), TruncatedSVD(2), classifier)
        for label, classifier in classifiers.items()
    }


def test_several_models_give_what_each_gives_alone():
    surest = {"surest": WalkedRule(lambda model, forget, *_: model.predict(forget) + forget[:, 0])}
    setting = {"rules": ["random", "l2-mu2", surest], "budgets": BUDGETS, "seeds": [4, 5]}
    frame = sweep(clouds(), several(), **setting)
    assert list(frame["task"].unique()) == [f"clouds, {label}" for label in several()]
    for label, model in several().items():
        alone = sweep(clouds(), model, **setting)
        part = frame[frame["task"] == f"clouds, {label}"].drop(columns="task")
        # Ridge paths of several penalties come from one factorisation, with rounding of its own.
        pd.testing.assert_frame_equal(
            part.reset_index(drop=True), alone.drop(columns="task"), rtol=1e-9, check_exact=False
        )
    assert frame.groupby("task")["value"].sum().nunique() == len(several())


def test_several_models_share_features_and_scores():
    fits, scored = [], []

    class Counted(StandardScaler):
        def fit(self, *arguments):
            fits.append(self)
            return super().fit(*arguments)

    def first(forget, retain):
        scored.append(forget)
        return forget[:, 0]

    models = {str(c): make_pipeline(Counted(), exact(C=c)) for c in (0.1, 1.0, 10.0)}
    sweep(clouds(), models, {"first": first}, BUDGETS, seeds=[0, 1])
    assert len(fits) == len(scored) == 2


def test_one_unlearner_is_in_memory_at_a_time(monkeypatch):
    alive, most = weakref.WeakSet(), []

    class Counted(RefitPath):
        def __init__(self, *arguments):
            alive.add(self)
            most.append(len(alive))
            super().__init__(*arguments)

    def paths(classifiers, *sets):
        return (Counted(classifier, *sets) for classifier in classifiers)

    monkeypatch.setattr(settings, "classifier_paths", paths)
    sweep(clouds(), {str(c): exact(C=c) for c in (1, 2, 3)}, FEW, BUDGETS, seeds=[0])
    assert most == [1, 1, 1]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (make_pipeline(StandardScaler(), exact()), exact()),
        (make_pipeline(StandardScaler(), exact()), make_pipeline(TruncatedSVD(), exact())),
        (
            make_pipeline(StandardScaler(), exact()),
            make_pipeline(StandardScaler(with_mean=False), exact()),
        ),
        (
            make_pipeline(make_pipeline(StandardScaler(), TruncatedSVD(1)), exact()),
            make_pipeline(make_pipeline(StandardScaler(), TruncatedSVD(2)), exact()),
        ),
        (
            make_pipeline(StandardScaler(), exact()),
            make_pipeline(StandardScaler(), StandardScaler(), exact()),
        ),
    ],
)
def test_models_that_differ_before_the_classifier_are_refused(one, two):
    with pytest.raises(ValueError, match="must have the same steps before the classifier"):
        sweep(clouds(), {"one": one, "two": two}, FEW, [0.0], seeds=[0])


@pytest.mark.parametrize("warm_start", [False, True])
def test_features_that_are_refitted_forget_too(warm_start):
    """Against a loop that fits the whole Pipeline on the raw rows left."""
    task, model = texts(), make_pipeline(TfidfVectorizer(), exact(warm_start=warm_start))
    frame = sweep(task, model, ["cos-mu2"], BUDGETS, seeds=[3], refit_features=True)
    train, test = task.split(np.random.default_rng(3))
    forget, retain = np.flatnonzero(train.forget), np.flatnonzero(~train.forget)
    rows = TfidfVectorizer().fit_transform(train.X)
    gone = forget[select_deletions(score(rows[forget], rows[retain], "cos-mu2"), 0.75)]
    kept = np.setdiff1d(np.arange(len(train)), gone)
    fitted = make_pipeline(TfidfVectorizer(), exact()).fit(train.X[kept], train.y[kept])
    own, y = test.X[~test.forget], test.y[~test.forget]
    found = table(frame)["cos-mu2", 0.75, 3]
    assert found["retain_log_loss"] == pytest.approx(
        log_loss(y, fitted.predict_proba(own), labels=[0, 1])
    )
    assert found["forget_accuracy"] == fitted.score(test.X[test.forget], test.y[test.forget])
    as_before = table(sweep(task, model, ["cos-mu2"], BUDGETS, seeds=[3]))
    as_before = as_before["cos-mu2", :, 3, "retain_log_loss"]
    losses = table(frame)["cos-mu2", :, 3, "retain_log_loss"]
    assert losses[0.0] == pytest.approx(as_before[0.0])
    assert abs(losses[0.75] - as_before[0.75]) > 1e-4
    assert losses[1.0] == 0


def test_several_models_refit_their_features_as_each_alone():
    models = {str(c): make_pipeline(TfidfVectorizer(), exact(C=c)) for c in (1.0, 10.0)}
    setting = {"rules": ["random"], "budgets": [0.0, 0.5], "seeds": [3], "refit_features": True}
    frame = sweep(texts(), models, **setting)
    for c, model in models.items():
        part = frame[frame["task"] == f"texts, {c}"]["value"]
        assert part.to_list() == sweep(texts(), model, **setting)["value"].to_list()


def test_dense_test_rows_are_turned_into_double_once_where_they_fit(monkeypatch):
    seen, real = [], settings.measure

    def noted(model, rows, *arguments, **options):
        seen.append(rows)
        return real(model, rows, *arguments, **options)

    monkeypatch.setattr(settings, "measure", noted)
    single = dataclasses.replace(clouds(), X=clouds().X.astype(np.float32))
    frames = []
    for most, classifier in (
        (2**30, RidgeClassifier()),
        (100, RidgeClassifier()),
        (2**30, exact()),
    ):
        monkeypatch.setattr(settings, "MOST_BYTES", most)
        frames.append(sweep(single, classifier, ["random"], BUDGETS, seeds=[0]))
    assert all(rows is seen[0] for rows in seen[: len(BUDGETS)])
    kinds = [str(rows.dtype) for rows in seen]
    assert kinds == ["float64"] * len(BUDGETS) + ["float32"] * 2 * len(BUDGETS)
    pd.testing.assert_frame_equal(*frames[:2])


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
    assert "forget_log_loss" not in set(frame["metric"])
    assert len(frame) == 2 * (len(METRICS) - 2)


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
        ({"model": {}}, ValueError, "at least one classifier, got an empty mapping"),
        ({"model": {1: exact()}}, TypeError, "label of a model must be a str, got 1"),
        ({"model": {"a": exact(), "b": "gaussian"}}, TypeError, "'b': 'gaussian'; sweep"),
        ({"model": {"a": exact(), "b": KMeans()}}, TypeError, "got KMeans"),
        ({"refit_features": True}, ValueError, "needs a Pipeline with steps before the classifier"),
        ({"refit_features": True, "model": "gaussian"}, ValueError, "fits no features; leave"),
        (
            {
                "refit_features": True,
                "model": make_pipeline(StandardScaler(), exact()),
                "rules": ["random", "refit-influence"],
            },
            ValueError,
            "rule 'refit-influence' sees the current model.*refit_features=False",
        ),
    ],
)
def test_bad_input_is_refused(change, error, message):
    setting = {"task": clouds(), "model": exact(), "rules": FEW, "budgets": [0.0], "seeds": [0]}
    with pytest.raises(error, match=message):
        sweep(**(setting | change))
