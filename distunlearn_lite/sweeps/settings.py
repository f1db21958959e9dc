"""What a sweep deletes from, retrains and measures in one seed, for each kind of model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.pipeline import Pipeline

from ..data.task import UnlearningTask
from ..matrices import Covariance, column_mean, is_sparse
from ..theory.gaussian import Gaussian
from ..unlearners.choosing import classifier_paths
from ..unlearners.gaussian import GaussianPath
from ..unlearners.protocol import Unlearner
from ..unlearners.ridge import LinearPredictor
from ..validation import choice
from .metrics import characteristic_label, divergences, gives_scores, measure

# Dense test rows of at most this size are turned into float64 once, not again for every model.
MOST_BYTES = 2**30

Prepare = Callable[[UnlearningTask, np.random.Generator, bool], "Setting"]


class Setting(NamedTuple):
    """One seed's training rows in random order, what retrains on them, and what is measured."""

    forget: Any
    retain: Any
    y_forget: NDArray[Any]
    y_retain: NDArray[Any]
    unlearners: Iterator[Unlearner]  # one a model, made when asked for
    measures: Mapping[str, Callable[[Any], dict[str, float]]]  # one a model, by entry of `task`


def settings_of(model: Any, refit_features: bool) -> Prepare:
    """Return the function that prepares one seed of a sweep of a model, refused where none can."""
    if isinstance(model, str):
        choice("model", model, ("gaussian",))
        if refit_features:
            raise ValueError(
                "refit_features=True needs a Pipeline, but model 'gaussian' fits no features; "
                "leave refit_features out"
            )
        return _gaussian_setting
    classifiers = model if isinstance(model, Mapping) else {"": model}
    if not classifiers:
        raise ValueError("model must hold at least one classifier, got an empty mapping")
    for label, member in classifiers.items():
        if not isinstance(label, str):
            raise TypeError(f"the label of a model must be a str, got {label!r}")
        if isinstance(member, str):
            raise TypeError(
                f"a mapping of models holds classifiers, got {label!r}: {member!r}; sweep "
                "'gaussian' by itself"
            )
        classifier_of(member)
    first, *others = (_steps(member) for member in classifiers.values())
    if not all(_alike(first, other) for other in others):
        raise ValueError(
            "the models of one sweep must have the same steps before the classifier, with the same "
            "names and parameters; sweep the others by themselves"
        )
    if refit_features and not first:
        raise ValueError(
            "refit_features=True needs a Pipeline with steps before the classifier; leave it out"
        )
    return partial(_classifier_setting, dict(classifiers), refit_features)


def classifier_of(model: Any) -> BaseEstimator:
    """Return the classifier in `model`, refused where the walk would not retrain it."""
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if not (isinstance(last, BaseEstimator) and is_classifier(last)):
        raise TypeError(
            "model must be a scikit-learn classifier or a Pipeline that ends in one, got "
            f"{type(last).__name__}"
        )
    if getattr(last, "warm_start", False) and "ensemble" in type(last).__module__.split("."):
        raise ValueError(
            f"warm_start of {type(last).__name__} keeps the members fitted before and would not "
            "forget deleted rows; pass warm_start=False"
        )
    return last


def _steps(model: Any) -> list[tuple[str, Any]]:
    """Steps before the classifier."""
    return list(model.steps[:-1]) if isinstance(model, Pipeline) else []


def _alike(one: Any, two: Any) -> bool:
    """Whether two transformers are of one type and have equal parameters, members included."""
    if type(one) is not type(two):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(_alike, one, two))
    if isinstance(one, BaseEstimator):
        others = two.get_params(deep=False)
        return all(_alike(value, others[name]) for name, value in one.get_params(False).items())
    return one is two or bool(np.array_equal(one, two))


class _TestPart:
    """Test rows, on which every model of a seed is measured."""

    def __init__(self, rows: Any, test: UnlearningTask, label: Any) -> None:
        self.rows, self.y, self.forget, self.label = rows, test.y, test.forget, label

    @cached_property
    def in_double(self) -> Any:
        """The rows in float64, where they are dense and fit: not turned again for every model."""
        if is_sparse(self.rows) or 8 * self.rows.size > MOST_BYTES:
            return self.rows
        return np.asarray(self.rows, dtype=np.float64)

    def measure(self, model: Any, **given: bool) -> dict[str, float]:
        """Metrics of a model, by name, of the kinds that are given."""
        # Any other classifier takes rows of the type it was fitted on, on which rounding depends.
        rows = self.in_double if isinstance(model, LinearPredictor) else self.rows
        return measure(model, rows, self.y, self.forget, self.label, **given)


def _classifier_setting(
    models: dict[str, BaseEstimator],
    refit_features: bool,
    task: UnlearningTask,
    rng: np.random.Generator,
    group_equal: bool,
) -> Setting:
    """A split of the rows, as the steps before the classifiers show them."""
    train, test = task.split(rng, group_equal=group_equal)
    members = list(models.values())
    features = Pipeline(_steps(members[0]))
    rows, test_rows = train.X, test.X
    if features.steps:
        features = _seeded(features, lambda: int(rng.integers(2**31)))
        rows = _indexable(features.fit_transform(rows, train.y))
        if not refit_features:
            test_rows = _indexable(features.transform(test_rows))
    elif task.is_text:
        raise ValueError(
            "texts need a vectoriser before the classifier; pass "
            "make_pipeline(TfidfVectorizer(), classifier)"
        )
    # One number for all, so that every model sees the same shuffle, alone or beside others.
    state = int(rng.integers(2**31))
    fitted = [_seeded(classifier_of(member), lambda: state) for member in members]
    forget, retain = _shuffled(train.forget, rng)
    sets = rows[forget], rows[retain]
    labels = train.y[retain], train.y[forget]
    part = _TestPart(test_rows, test, characteristic_label(train.y, train.forget))
    measures = {
        f"{task.name}, {label}" if label else task.name: partial(
            part.measure,
            probabilities=hasattr(classifier, "predict_proba"),
            scores=gives_scores(classifier),
        )
        for label, classifier in zip(models, fitted, strict=True)
    }
    if refit_features:
        whole = [
            Pipeline([*features.steps, (member.steps[-1][0], classifier)])
            for member, classifier in zip(members, fitted, strict=True)
        ]
        unlearners = classifier_paths(whole, train.X[retain], train.X[forget], *labels)
    else:
        unlearners = classifier_paths(fitted, sets[1], sets[0], *labels)
    # The features of all rows are let go here: large ones are not held twice.
    return Setting(*sets, *labels[::-1], unlearners, measures)


def _gaussian_setting(task: UnlearningTask, rng: np.random.Generator, group_equal: bool) -> Setting:
    """Rows drawn anew where their distributions are known, and else a split of the rows."""
    if task.is_text:
        raise ValueError(
            "model 'gaussian' needs numbers, got texts; turn them into a few columns first, "
            "for example with TfidfVectorizer and TruncatedSVD"
        )
    rows: Any
    if task.truth is None:
        p1, p2 = _estimated(task)
        train, _ = task.split(rng, group_equal=group_equal)
        rows, is_forget = train.X, train.forget
    else:
        (p1, p2), n1 = task.truth, int(task.forget.sum())
        rows = np.concatenate([p1.sample(n1, rng), p2.sample(len(task) - n1, rng)])
        is_forget = np.arange(len(task)) < n1
    forget, retain = _shuffled(is_forget, rng)
    sets = rows[forget], rows[retain]
    unlearners = iter([GaussianPath(p1.cov, sets[1], sets[0])])
    measures = {task.name: partial(divergences, p1=p1, p2=p2)}
    return Setting(*sets, is_forget[forget], is_forget[retain], unlearners, measures)


def _shuffled(
    is_forget: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Forget and retained rows; one shuffle settles ties, so that no file order leaks in."""
    return rng.permutation(np.flatnonzero(is_forget)), np.flatnonzero(~is_forget)


def _indexable(rows: Any) -> Any:
    """Rows in a form of which some can be taken."""
    return rows.tocsr() if is_sparse(rows) else rows


def _estimated(task: UnlearningTask) -> tuple[Gaussian, Gaussian]:
    """Means of all forget and of all retained rows, with the pooled covariance within the two."""
    sets = [task.X[task.forget], task.X[~task.forget]]
    means = [column_mean(rows) for rows in sets]
    try:
        pooled = Covariance(sets, means, None)
    except ValueError as error:
        cause = str(error).split(";")[0]
        raise ValueError(
            f"{cause}; model 'gaussian' needs fewer columns than rows and none that depends on "
            "others: reduce them first, for example with TruncatedSVD"
        ) from None
    factor = pooled.scale[:, None] * pooled.factor
    return Gaussian(means[0], factor @ factor.T), Gaussian(means[1], factor @ factor.T)


def _seeded(model: Any, state: Callable[[], int]) -> Any:
    """A fresh copy of the model with every `random_state` left open set."""
    fresh = clone(model)
    for name, value in sorted(fresh.get_params().items()):
        if name.split("__")[-1] == "random_state" and value is None:
            fresh.set_params(**{name: state()})
    return fresh
