"""Sweep over deletion budgets: select, delete, retrain, measure, for each rule and seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ..data.task import UnlearningTask
from ..matrices import Covariance, column_mean
from ..rules.own import WalkedRule, named_rules
from ..rules.scoring import ScoringRule, real_scores, shared_basis
from ..rules.selection import deleted_rows, deletion_order, select_deletions
from ..theory.gaussian import Gaussian
from ..unlearners.choosing import classifier_path
from ..unlearners.gaussian import GaussianPath
from ..unlearners.protocol import Unlearner
from ..validation import choice, rising_fractions, seed_list
from .metrics import characteristic_label, divergences, measure

COLUMNS = ("task", "rule", "budget", "seed", "metric", "value")


def sweep(
    task: UnlearningTask,
    model: BaseEstimator | str,
    rules: Sequence[str | Mapping[str, ScoringRule]] | Mapping[str, ScoringRule],
    budgets: Sequence[float],
    seeds: Sequence[int],
    n_jobs: int | None = None,
    progress: bool | None = None,
    *,
    group_equal: bool = True,
) -> pd.DataFrame:
    r"""Delete by each rule at each budget, retrain, and measure what is forgotten and kept.

    For each seed the task is split anew; for each rule the forget rows of the training part are
    put in deletion order once, and that order is walked: at budget b the first
    :math:`\lfloor b\,n_1 + 1/2 \rfloor` of the n1 forget rows are gone and the classifier is
    retrained on the others and on all retained rows.

    Parameters
    ----------
    task : UnlearningTask
        Data; `task.split` draws the training and the test part of a seed.
    model : scikit-learn classifier, or Pipeline that ends in one, or "gaussian"
        The steps before the classifier (vectorisers, scalers) are fitted on the training part
        before deletion and kept; scores and classifier see the transformed rows. A classifier
        with ``warm_start=True`` starts each fit from its previous solution; it then needs a
        tolerance small enough that the starting point does not show in the metrics; a
        ``RidgeClassifier`` on dense rows is refitted by an exact formula. The word
        ``"gaussian"`` refits the mean of a Gaussian with known covariance instead.
    rules : sequence of str and of mappings, or mapping
        Names in ``SCORING_RULES``; rules of your own as ``{name: function}``, where a function is
        called as ``function(forget, retain)`` and returns one number a forget row, or is a
        ``WalkedRule``, which sees the current model and is asked again at every budget.
    budgets : sequence of float
        Deleted fractions of the forget set, in [0, 1], rising.
    seeds : sequence of int
        Distinct seeds, non-negative; each redraws split, ties and every random choice.
    n_jobs : int, optional
        Seeds that run at a time, as in joblib: by default one, or as many as
        ``joblib.parallel_config`` says. The values do not depend on it.
    progress : bool, optional
        Show a bar on stderr; by default only where stderr is a terminal.
    group_equal : bool
        Passed on to ``task.split``: False lets copies of a row fall on both sides.

    Returns
    -------
    pandas.DataFrame
        One row a value: ``task, rule, budget, seed, metric, value``. Metrics, all on the test
        part:

        - ``forget_accuracy``, ``retain_accuracy``: share of the forget (retained) test rows
          that get their own label;
        - ``forget_recall``: the same share, among the forget test rows with the domain's
          characteristic label only: the label whose share in the forget set most exceeds its
          share in the retained set (spam; the class to forget; toxic in a domain of mostly toxic
          texts). It equals ``forget_accuracy`` where the whole domain has one label;
        - ``retain_recall``: recall of each label among the retained test rows, averaged over
          the labels that occur there;
        - ``retain_macro_f1``: F1 score of each label on the retained test rows, averaged
          likewise;
        - ``retain_log_loss``: mean negative log-probability (nats) of the own label on the
          retained test rows, probabilities clipped at 2.2e-16, also for a label the edited data
          no longer have. Left out where the classifier has no ``predict_proba``.

        With ``model="gaussian"``: ``kl_removal`` and ``kl_preservation`` (nats), the divergences
        KL(p1 || p) and KL(p2 || p) of the refitted Gaussian p from the forget and the retained
        distribution, which share one covariance. For a task of ``make_gaussians`` p1 and p2 are
        the true ones, and each seed draws new rows, as many as the task has; otherwise they are
        the Gaussians with the means of all forget and of all retained rows of the task and the
        pooled covariance within the two sets, and each seed refits on its training part.

    Raises
    ------
    TypeError
        Where `task`, `model` or a rule is of another kind.
    ValueError
        Where a list is empty or has repeats, a rule or model is unknown, budgets do not rise within
        [0, 1], or ``warm_start`` of an ensemble would keep members fitted on deleted rows.

    Notes
    -----
    Source: the SMS Spam chapter. Where one label is left, the constant predictor with probability 1
    is measured. Results of a rule do not depend on which other rules are swept. Ties in a score are
    broken by one shuffle of the forget rows a seed, the same for all rules and budgets, so that
    selections are nested. Each seed runs with one BLAS thread, so that sums do not depend on the
    machine's core count.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from distunlearn_lite import UnlearningTask, sweep
    >>> rng = np.random.default_rng(0)
    >>> forget = np.arange(400) < 200
    >>> x = rng.standard_normal((400, 2)) + forget[:, None]
    >>> task = UnlearningTask(X=x, y=forget.astype(int), forget=forget, name="toy")
    >>> frame = sweep(task, LogisticRegression(), ["random", "lr-maha"], [0, 0.8, 1], seeds=[0])
    >>> recall = frame[frame.metric == "forget_recall"].pivot(
    ...     index="budget", columns="rule", values="value"
    ... )
    >>> bool(recall.loc[0.8, "lr-maha"] < recall.loc[0.8, "random"])
    True
    >>> float(recall.loc[1.0, "random"])
    0.0
    """
    if not isinstance(task, UnlearningTask):
        raise TypeError(f"task must be an UnlearningTask, got {type(task).__name__}")
    if isinstance(model, str):
        choice("model", model, ("gaussian",))
        prepare: Callable[..., _Setting] = _gaussian_setting
    else:
        classifier_of(model)
        prepare = partial(_classifier_setting, model)
    chosen = named_rules(rules)
    steps = rising_fractions("budgets", budgets)
    draws = seed_list(seeds)
    # One seed a job: features and the fit on all rows are shared by the rules of a seed.
    jobs = (delayed(_one_seed)(prepare, task, chosen, steps, seed, group_equal) for seed in draws)
    finished = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    disable = None if progress is None else not progress
    records: list[tuple[str, str, float, int, str, float]] = []
    for part in tqdm(finished, total=len(draws), desc=f"sweep {task.name}", disable=disable):
        records.extend(part)
    return in_order(pd.DataFrame.from_records(records, columns=list(COLUMNS)))


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of sweeps task by task and rule by rule, otherwise in the order they have."""
    parts = [part for _, part in frame.groupby(["task", "rule"], sort=False)]
    return pd.concat(parts, ignore_index=True)


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


class _Setting(NamedTuple):
    """One seed's training rows in random order, what retrains on them, and what is measured."""

    forget: Any
    retain: Any
    y_forget: NDArray[Any]
    y_retain: NDArray[Any]
    unlearner: Unlearner
    measure: Callable[[Any], dict[str, float]]


def _one_seed(
    prepare: Callable[..., _Setting],
    task: UnlearningTask,
    rules: Mapping[str, ScoringRule | WalkedRule],
    budgets: NDArray[np.float64],
    seed: int,
    group_equal: bool,
) -> list[tuple[str, str, float, int, str, float]]:
    """All rows of the result for one seed."""
    with threadpool_limits(limits=1):
        setting = prepare(task, np.random.default_rng(seed), group_equal)
        deleted = [deleted_rows(budget, setting.y_forget.size) for budget in budgets]
        plain = [rule for rule in rules.values() if not isinstance(rule, WalkedRule)]
        basis = shared_basis(setting.forget, setting.retain, plain)
        records = []
        for name, rule in rules.items():
            if isinstance(rule, WalkedRule):
                models = _asked_again(name, rule, setting, deleted)
            else:
                # A stream of its own, so that leaving a rule out of a sweep changes no other.
                stream = np.random.default_rng([seed, zlib.crc32(name.encode())])
                order = deletion_order(setting.forget, setting.retain, rule, stream, basis)
                models = setting.unlearner.walk(order, deleted)
            for budget, model in zip(budgets, models, strict=True):
                records += [
                    (task.name, name, float(budget), seed, metric, value)
                    for metric, value in setting.measure(model).items()
                ]
        return records


def _asked_again(
    name: str, rule: WalkedRule, setting: _Setting, deleted: Sequence[int]
) -> Iterator[Any]:
    """Models along an order that a rule decides on the way, given the model it has come to."""
    gone, left = np.empty(0, np.intp), np.arange(setting.y_forget.size)
    (model,) = setting.unlearner.walk(left, [0])
    for size in deleted:
        if size > gone.size:
            scores = rule.scores(
                model,
                setting.forget[left],
                setting.retain,
                setting.y_forget[left],
                setting.y_retain,
            )
            chosen = select_deletions(real_scores(name, scores, left.size), size - gone.size)
            gone, left = np.append(gone, left[chosen]), np.delete(left, chosen)
            (model,) = setting.unlearner.walk(np.append(gone, left), [size])
        yield model


def _classifier_setting(
    model: BaseEstimator, task: UnlearningTask, rng: np.random.Generator, group_equal: bool
) -> _Setting:
    """A split of the rows, as the steps before the classifier show them to it."""
    train, test = task.split(rng, group_equal=group_equal)
    model = _seeded(model, rng)
    classifier = classifier_of(model)
    rows: Any = train.X
    test_rows: Any = test.X
    if isinstance(model, Pipeline) and len(model.steps) > 1:
        features = Pipeline(model.steps[:-1])
        rows, test_rows = features.fit_transform(rows, train.y), features.transform(test_rows)
    elif task.is_text:
        raise ValueError(
            "texts need a vectoriser before the classifier; pass "
            "make_pipeline(TfidfVectorizer(), classifier)"
        )
    if hasattr(rows, "tocsr"):
        rows, test_rows = rows.tocsr(), test_rows.tocsr()
    forget, retain = _shuffled(train.forget, rng)
    sets = rows[forget], rows[retain], train.y[forget], train.y[retain]
    label = characteristic_label(train.y, train.forget)
    del train, rows  # large features are not held twice
    return _Setting(
        *sets,
        classifier_path(classifier, sets[1], sets[0], sets[3], sets[2]),
        partial(
            measure,
            rows=test_rows,
            y=test.y,
            forget=test.forget,
            label=label,
            probabilities=hasattr(classifier, "predict_proba"),
        ),
    )


def _gaussian_setting(
    task: UnlearningTask, rng: np.random.Generator, group_equal: bool
) -> _Setting:
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
    sets = rows[forget], rows[retain], is_forget[forget], is_forget[retain]
    unlearner = GaussianPath(p1.cov, sets[1], sets[0])
    return _Setting(*sets, unlearner, partial(divergences, p1=p1, p2=p2))


def _shuffled(
    is_forget: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Forget and retained rows; one shuffle settles ties, so that no file order leaks in."""
    return rng.permutation(np.flatnonzero(is_forget)), np.flatnonzero(~is_forget)


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


def _seeded(model: BaseEstimator, rng: np.random.Generator) -> BaseEstimator:
    """A fresh copy of the model with every `random_state` left open set from `rng`."""
    fresh = clone(model)
    for name, value in sorted(fresh.get_params().items()):
        if name.split("__")[-1] == "random_state" and value is None:
            fresh.set_params(**{name: int(rng.integers(2**31))})
    return fresh
