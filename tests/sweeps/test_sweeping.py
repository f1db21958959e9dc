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
    common, spam, ham = (
        ["you", "me", "the", "now", "is", "at", "it"],
        ["win", "cash", "free"],
        ["home", "late"],
    )
    rows = [
        " ".join([*rng.choice(common, 4), *rng.choice(spam if label else ham, 2), f"w{i % 17}"])
        for i, label in enumerate(y)
    ]
    return UnlearningTask(X=rows, y=y, forget=y == 1, name="texts")


def exact(**options):
    return LogisticRegression(solver="newton-cg", tol=1e-8, max_iter=500, **options)


def table(frame):
    return frame.set_index(["rule", "budget", "seed", "metric"])["value"]


def plain_loop(task, make_classifier, rule, budgets, seed, features=None):
    """Delete, refit from scratch, measure with scikit-learn: no walk, no shared work."""
    train, test = task.split(np.random.default_rng(seed))
    rows, test_rows = train.X, test.X
    if features is not None:
        rows = features.fit_transform(train.X)
        test_rows = features.transform(test.X)
    forget, retain = np.flatnonzero(train.forget), np.flatnonzero(~train.forget)
    scores = score(rows[forget], rows[retain], rule)
    for budget in budgets:
        gone = forget[select_deletions(scores, float(budget))]
        kept = np.setdiff1d(np.arange(len(train)), gone)
        if len(np.unique(train.y[kept])) == 1:
            said, loss = np.full(len(test), train.y[kept][0]), 0.0
        else:
            model = make_classifier().fit(rows[kept], train.y[kept])
            said = model.predict(test_rows)
            loss = log_loss(
                test.y[~test.forget],
                model.predict_proba(test_rows)[~test.forget],
                labels=model.classes_,
            )
        label = task.y[task.forget][0]
        yield {
            "forget_recall": recall_score(
                test.y[test.forget], said[test.forget], labels=[label], average="macro"
            ),
            "retain_accuracy": float((said == test.y)[~test.forget].mean()),
            "retain_log_loss": loss,
        }


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("rule", ["l2-mu2", "maha-mu2", "lr-maha", "lr-cos"])
def test_a_sweep_equals_refitting_from_scratch(rule, warm_start):
    task = clouds()
    frame = table(sweep(task, exact(warm_start=warm_start), [rule], BUDGETS, seeds=[3, 4]))
    for seed in (3, 4):
        for budget, values in zip(
            BUDGETS, plain_loop(task, exact, rule, BUDGETS, seed), strict=True
        ):
            for metric, value in values.items():
                assert frame[rule, budget, seed, metric] == pytest.approx(value, abs=1e-6)


def test_vectorisers_are_fitted_before_deletion_and_kept():
    task = texts()
    model = make_pipeline(TfidfVectorizer(), exact(warm_start=True))
    frame = table(sweep(task, model, ["cos-mu2"], BUDGETS, seeds=[0]))
    loop = plain_loop(task, exact, "cos-mu2", BUDGETS, 0, features=TfidfVectorizer())
    for budget, values in zip(BUDGETS, loop, strict=True):
        for metric, value in values.items():
            assert frame["cos-mu2", budget, 0, metric] == pytest.approx(value, abs=1e-6)
    with pytest.raises(AttributeError):
        assert model[0].vocabulary_  # the caller's model is left as it was


def test_scores_see_the_transformed_rows():
    task = clouds()
    model = make_pipeline(StandardScaler(), exact())
    scaled = table(sweep(task, model, ["l2-mu2"], [0.5], seeds=[0]))
    loop = plain_loop(task, exact, "l2-mu2", [0.5], 0, features=StandardScaler())
    assert scaled["l2-mu2", 0.5, 0, "retain_log_loss"] == pytest.approx(
        next(loop)["retain_log_loss"], abs=1e-6
    )
    raw = table(sweep(task, exact(), ["l2-mu2"], [0.5], seeds=[0]))
    assert scaled.xs("retain_log_loss", level="metric").iloc[0] != pytest.approx(
        raw.xs("retain_log_loss", level="metric").iloc[0], abs=1e-4
    )


def test_three_classes_lose_one():
    task = clouds(n=240, labels=3)
    frame = table(sweep(task, exact(warm_start=True), ["l2-mu2"], BUDGETS, seeds=[1]))
    loop = plain_loop(task, exact, "l2-mu2", BUDGETS, 1)
    for budget, values in zip(BUDGETS, loop, strict=True):
        for metric, value in values.items():
            assert frame["l2-mu2", budget, 1, metric] == pytest.approx(value, abs=1e-5)
    assert frame["l2-mu2", 1.0, 1, "forget_recall"] == 0


def test_the_frame_is_tidy_and_complete():
    frame = sweep(clouds(), exact(), FEW, BUDGETS, seeds=range(2))
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == len(FEW) * len(BUDGETS) * 2 * 6
    assert not frame.duplicated(["rule", "budget", "seed", "metric"]).any()
    assert list(dict.fromkeys(frame["rule"])) == FEW
    assert np.isfinite(frame["value"]).all()
    assert set(frame["task"]) == {"clouds"}
    shares = frame[frame["metric"] != "retain_log_loss"]["value"]
    assert shares.between(0, 1).all()


def test_rules_agree_where_nothing_and_where_everything_is_deleted():
    frame = table(sweep(clouds(), exact(warm_start=True), FEW, BUDGETS, seeds=[0]))
    for budget in (0.0, 1.0):
        first = frame.xs(("random", budget, 0), level=("rule", "budget", "seed"))
        for rule in FEW[1:]:
            other = frame.xs((rule, budget, 0), level=("rule", "budget", "seed"))
            pd.testing.assert_series_equal(first, other)
    assert frame["random", 1.0, 0, "forget_recall"] == 0
    assert frame["random", 1.0, 0, "retain_recall"] == 1
    assert frame["random", 1.0, 0, "retain_log_loss"] == 0


def test_a_rule_does_not_depend_on_its_neighbours_or_on_the_number_of_jobs():
    task = texts()
    model = make_pipeline(TfidfVectorizer(), exact(warm_start=True))
    whole = sweep(task, model, ["tfidf-norm", "random"], BUDGETS, seeds=[5, 2])
    alone = sweep(task, model, ["random"], BUDGETS, seeds=[2, 5], n_jobs=2)
    part = whole[whole["rule"] == "random"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone)


def test_own_rules_are_swept_beside_the_librarys_also_in_parallel():
    task, unknown = clouds(), 0.3
    rules = [
        "random",
        {"half back": reversed_rule("lr-maha")},
        {"first": lambda f, r: f[:, 0] - unknown},
    ]
    setting = {"task": task, "model": exact(), "budgets": [0.0, 0.4], "seeds": [0, 1]}
    one, two = (sweep(rules=rules, n_jobs=jobs, **setting) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert list(dict.fromkeys(one["rule"])) == ["random", "half back", "first"]
    alone = sweep(rules={"first": rules[2]["first"]}, **setting)
    pd.testing.assert_frame_equal(one[one["rule"] == "first"].reset_index(drop=True), alone)
    back, ahead = (
        table(sweep(rules=[rule], **setting))[name, 0.4, 0, "retain_log_loss"]
        for name, rule in (("half back", rules[1]), ("lr-maha", "lr-maha"))
    )
    assert back != pytest.approx(ahead, abs=1e-3)


def test_jobs_follow_the_callers_joblib_configuration(monkeypatch):
    seen = []
    real = sweeping._one_seed

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


@pytest.mark.parametrize("classifier", [exact(warm_start=True), RidgeClassifier(), "gaussian"])
def test_a_walked_rule_sees_the_model_and_the_rows_that_are_left(classifier):
    """Against a loop that refits, asks, deletes; the rule wants the row that is surest now."""
    task, budgets, asked = clouds(), [0.0, 0.1, 0.5, 0.5001, 0.9], []

    def surest(model, forget, retain, y_forget, y_retain):
        asked.append((len(forget), len(y_forget), len(retain), len(y_retain)))
        centre = model.mean if classifier == "gaussian" else retain.mean(axis=0)
        if classifier == "gaussian":
            return ((forget - centre) ** 2).sum(axis=1)
        return model.decision_function(forget).reshape(len(forget), -1)[:, -1]

    frame = sweep(task, classifier, {"surest": WalkedRule(surest)}, budgets, seeds=[3])
    n1 = asked[0][0]
    sizes = [int(np.floor(b * n1 + 0.5)) for b in budgets]
    assert [left for left, *_ in asked] == [n1, n1 - sizes[1], n1 - sizes[2]][: len(asked)]
    assert all(len({f, yf}) == 1 and len({r, yr}) == 1 for f, yf, r, yr in asked)
    if classifier == "gaussian":
        return
    train, test = task.split(np.random.default_rng(3))
    rows, y = train.X, train.y
    kept, values = np.ones(len(train), bool), []
    for size, last in zip(sizes, [0, *sizes], strict=False):
        model = clone(classifier).fit(rows[kept], y[kept])
        if size > last:
            left = np.flatnonzero(kept & train.forget)
            sure = model.decision_function(rows[left])
            kept[left[np.argsort(-sure)[: size - last]]] = False
            model = clone(classifier).fit(rows[kept], y[kept])
        values.append((model.predict(test.X) == test.y)[test.forget].mean())
    found = frame[frame["metric"] == "forget_accuracy"]["value"]
    assert found.to_list() == pytest.approx(values, abs=1e-12)


def test_a_walked_rule_that_answers_nonsense_is_refused():
    rule = WalkedRule(lambda model, forget, *_: np.zeros(3))
    with pytest.raises(ValueError, match="'mine' must return one score a forget row"):
        sweep(clouds(), exact(), {"mine": rule}, BUDGETS, seeds=[0])


def test_random_state_left_open_follows_the_seed():
    task = clouds()
    model = SGDClassifier(loss="log_loss", max_iter=5, tol=None)
    first, again = (sweep(task, model, ["random"], BUDGETS, seeds=[0]) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    forest = RandomForestClassifier(n_estimators=3)
    first, again = (sweep(task, forest, ["random"], BUDGETS, seeds=[0]) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert forest.random_state is None


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


def test_a_bar_is_drawn_only_where_asked_or_on_a_terminal(capsys):
    sweep(clouds(), exact(), ["random"], [0.0], seeds=[0])
    assert capsys.readouterr() == ("", "")
    sweep(clouds(), exact(), ["random"], [0.0], seeds=[0], progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "sweep clouds" in captured.err
    sweep(clouds(), exact(), ["random"], [0.0], seeds=[0], progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"rules": ["nearest"]}, ValueError, "unknown rule 'nearest'; the known ones are random"),
        ({"budgets": []}, ValueError, "budgets must hold at least one"),
        ({"budgets": [0.0, 1.5]}, ValueError, r"budgets must be a fraction in \[0, 1\], got 1.5"),
        ({"budgets": [0.5, 0.2]}, ValueError, r"rise without repeats, got \[0.5, 0.2\]"),
        ({"budgets": [0.2, 0.2]}, ValueError, r"pass sorted\(set\(budgets\)\)"),
        ({"budgets": [np.nan]}, ValueError, "budgets must be finite"),
        ({"budgets": 0.5}, ValueError, "budgets must be one-dimensional"),
        ({"seeds": []}, ValueError, "seeds must hold at least one"),
        ({"seeds": [1, 1]}, ValueError, "seeds must be distinct, but 1"),
        ({"seeds": [-1]}, ValueError, "seed must be at least 0"),
        ({"seeds": [0.5]}, TypeError, "seed must be a whole number, got 0.5"),
        ({"seeds": 3}, TypeError, r"seeds must be a list.*pass range\(3\)"),
        ({"task": "sms"}, TypeError, "task must be an UnlearningTask, got str"),
        ({"model": KMeans()}, TypeError, "Pipeline that ends in one, got KMeans"),
        ({"model": "ridge"}, ValueError, "unknown model 'ridge'; the known ones are gaussian"),
        ({"model": 3}, TypeError, "scikit-learn classifier.*got int"),
        ({"model": LogisticRegression}, TypeError, "scikit-learn classifier.*got type|ABCMeta"),
        (
            {"model": RandomForestClassifier(warm_start=True)},
            ValueError,
            "would not forget deleted rows; pass warm_start=False",
        ),
        ({"task": texts()}, ValueError, r"texts need a vectoriser.*TfidfVectorizer\(\)"),
    ],
)
def test_bad_input_is_refused(change, error, message):
    arguments = {
        "task": clouds(),
        "model": exact(),
        "rules": ["random"],
        "budgets": [0.0],
        "seeds": [0],
    }
    with pytest.raises(error, match=message):
        sweep(**(arguments | change))
