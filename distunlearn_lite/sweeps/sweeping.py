"""Sweep over deletion budgets: select, delete, retrain, measure, for each rule and seed."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ..data.task import UnlearningTask
from ..rules.own import WalkedRule, named_rules
from ..rules.scoring import ScoringRule, real_scores, shared_basis
from ..rules.selection import deleted_rows, deletion_order, select_deletions
from ..unlearners.protocol import Unlearner, batches_of
from ..validation import rising_fractions, seed_list
from .settings import Prepare, Setting, settings_of

COLUMNS = ("task", "rule", "budget", "seed", "metric", "value")


def sweep(
    task: UnlearningTask,
    model: BaseEstimator | str | Mapping[str, BaseEstimator],
    rules: Sequence[str | Mapping[str, ScoringRule]] | Mapping[str, ScoringRule],
    budgets: Sequence[float],
    seeds: Sequence[int],
    n_jobs: int | None = None,
    progress: bool | None = None,
    *,
    group_equal: bool = True,
    refit_features: bool = False,
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
    model : scikit-learn classifier, Pipeline that ends in one, mapping of them, or "gaussian"
        The steps before the classifier (vectorisers, scalers) are fitted on the training part
        before deletion and kept; scores and classifier see the transformed rows. A classifier
        with ``warm_start=True`` starts each fit from its previous solution; it then needs a
        tolerance small enough that the starting point does not show in the metrics; a
        ``RidgeClassifier`` on dense rows is refitted by an exact formula. ``{label: model}``
        gives what sweeps of the single models give, faster: their steps before the classifier
        must be equal, so that features and orders of deletion are had once a seed for all. The
        word ``"gaussian"`` refits the mean of a Gaussian with known covariance instead.
    rules : sequence of str and of mappings, or mapping
        Names in ``SCORING_RULES`` or ``WALKED_RULES``; rules of your own as ``{name: function}``,
        where a function is called as ``function(forget, retain)`` and returns one number a forget
        row, or is a ``WalkedRule``, which sees the model as well and, unless it says otherwise,
        is asked again at every budget.
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
        Passed on to ``task.split``: False lets copies of a row, or a group, fall on both sides.
    refit_features : bool
        True fits the whole Pipeline anew on the raw rows left after each deletion, and measures
        the raw test rows through it, so that the features forget as well. The scores still see
        the features fitted before deletion; rules that see the model cannot be swept so.

    Returns
    -------
    pandas.DataFrame
        One row a value: ``task, rule, budget, seed, metric, value``. The task is named by
        ``task.name``, followed by a comma and the label where models have labels. Metrics, all
        on the test part:

        - ``forget_accuracy``, ``retain_accuracy``: share of the forget (retained) test rows
          that get their own label;
        - ``forget_recall``: the same share, among the forget test rows with the domain's
          characteristic label only: the label whose share in the forget set most exceeds its
          share in the retained set (spam; the class to forget; toxic in a domain of mostly toxic
          texts). It equals ``forget_accuracy`` where the whole domain has one label;
        - ``forget_auc``: chance that a forget test row with that label scores higher for it, by
          ``decision_function`` or else ``predict_proba``, than a retained test row without it,
          ties half; 0.5 where one label is left. Left out where the classifier has neither;
        - ``forget_log_loss``: as ``retain_log_loss``, on the forget test rows;
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
        Where `task`, `model`, a label or a rule is of another kind.
    ValueError
        Where a list is empty or has repeats, a rule or model is unknown, budgets do not rise within
        [0, 1], models of a mapping differ before the classifier, ``refit_features=True`` finds no
        features or meets a rule that sees the model, or ``warm_start`` of an ensemble would keep
        members fitted on deleted rows.

    Notes
    -----
    Source: the SMS Spam chapter. Where one label is left, the constant predictor with probability 1
    is measured. Results of a rule do not depend on which other rules are swept. Ties in a score are
    broken by one shuffle of the forget rows a seed, the same for all models, rules and budgets, so
    that selections are nested. Each ``random_state`` left open is set from the seed, that of every
    classifier alike. Each seed runs with one BLAS thread, so that sums do not depend on the
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

    Three penalties, for which rows are scored once:

    >>> penalties = {f"C = {c}": LogisticRegression(C=c) for c in (0.1, 1, 10)}
    >>> frame = sweep(task, penalties, ["random"], [0, 0.8], seeds=[0])
    >>> list(frame["task"].unique())
    ['toy, C = 0.1', 'toy, C = 1', 'toy, C = 10']
    """
    if not isinstance(task, UnlearningTask):
        raise TypeError(f"task must be an UnlearningTask, got {type(task).__name__}")
    prepare = settings_of(model, refit_features)
    chosen = named_rules(rules)
    walked = [name for name, rule in chosen.items() if isinstance(rule, WalkedRule)]
    if refit_features and walked:
        raise ValueError(
            f"rule {walked[0]!r} sees the current model, whose features refit_features=True "
            "changes on the way; sweep it with refit_features=False"
        )
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


def _one_seed(
    prepare: Prepare,
    task: UnlearningTask,
    rules: Mapping[str, ScoringRule | WalkedRule],
    budgets: NDArray[np.float64],
    seed: int,
    group_equal: bool,
) -> list[tuple[str, str, float, int, str, float]]:
    """All rows of the result for one seed."""
    with threadpool_limits(limits=1):
        setting = prepare(task, np.random.default_rng(seed), group_equal)
        plain = {name: rule for name, rule in rules.items() if not isinstance(rule, WalkedRule)}
        basis = shared_basis(setting.forget, setting.retain, plain.values())
        orders = {}
        for name, rule in plain.items():
            # A stream of its own, so that leaving a rule out of a sweep changes no other.
            stream = np.random.default_rng([seed, zlib.crc32(name.encode())])
            orders[name] = deletion_order(setting.forget, setting.retain, rule, stream, basis)
        return [
            (column, name, budget, seed, metric, value)
            for column, measure in setting.measures.items()
            # Handed over and not kept: one model's unlearner is gone before the next is made.
            for name, budget, values in _walked(
                next(setting.unlearners), measure, setting, rules, orders, budgets
            )
            for metric, value in values.items()
        ]


def _walked(
    unlearner: Unlearner,
    measure: Callable[[Any], dict[str, float]],
    setting: Setting,
    rules: Mapping[str, ScoringRule | WalkedRule],
    orders: Mapping[str, NDArray[np.intp]],
    budgets: NDArray[np.float64],
) -> list[tuple[str, float, dict[str, float]]]:
    """Metrics of one model after every deletion: rule, budget, values by name."""
    deleted = [deleted_rows(budget, setting.y_forget.size) for budget in budgets]
    found = []
    for name, rule in rules.items():
        if isinstance(rule, WalkedRule):
            models = _asked(name, rule, setting, unlearner, deleted)
        else:
            models = unlearner.walk(batches_of(orders[name], deleted))
        for budget, model in zip(budgets, models, strict=True):
            found.append((name, float(budget), measure(model)))
    return found


def _asked(
    name: str, rule: WalkedRule, setting: Setting, unlearner: Unlearner, deleted: Sequence[int]
) -> Iterator[Any]:
    """Models along an order that a rule decides on the way, given the model it has come to."""
    left = np.arange(setting.y_forget.size)
    # Looked up when the walk asks for it, which is when the model before has been scored.
    batches = [left[:0]]
    models = unlearner.walk(batches[-1] for _ in itertools.count())
    model, order = next(models), left[:0]
    for size in deleted:
        further = size - (setting.y_forget.size - left.size)
        if further and (rule.again or not order.size):
            scores = rule.scores(
                model,
                setting.forget[left],
                setting.retain,
                setting.y_forget[left],
                setting.y_retain,
            )
            order = left[select_deletions(real_scores(name, scores, left.size), 1.0)]
        batches.append(order[:further])
        order, left = order[further:], np.setdiff1d(left, order[:further])
        model = next(models)
        yield model
