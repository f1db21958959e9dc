"""Sweep over deletion budgets: select, delete, retrain, measure, for each rule and seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from ..data.task import UnlearningTask
from ..rules.scoring import SCORING_RULES, shared_basis
from ..rules.selection import deleted_rows, deletion_order
from ..unlearners.gaussian import gaussian_walk
from ..unlearners.refit import RefitPath
from ..unlearners.ridge import RidgePath
from ..validation import choice, distinct, rising_fractions, seed_list
from .metrics import characteristic_label, measure

__all__ = ["COLUMNS", "in_order", "sweep"]

COLUMNS = ("task", "rule", "budget", "seed", "metric", "value")


def sweep(
    task: UnlearningTask,
    model: BaseEstimator | str,
    rules: Sequence[str],
    budgets: Sequence[float],
    seeds: Sequence[int],
    n_jobs: int | None = 1,
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
    rules : sequence of str
        Names in ``SCORING_RULES``.
    budgets : sequence of float
        Deleted fractions of the forget set, in [0, 1], rising.
    seeds : sequence of int
        Distinct seeds, non-negative; each redraws split, ties and every random choice.
    n_jobs : int, optional
        Seeds that run at a time, as in joblib; the values do not depend on it.
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
        Where `task` or `model` is of another kind.
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
        walk = gaussian_walk
    else:
        classifier_of(model)
        walk = partial(_one_seed, model)
    if isinstance(rules, str) or not isinstance(rules, Iterable):
        raise TypeError(f"rules must be a list of names, got {rules!r}; pass ['random'] or more")
    names = distinct("rules", [choice("rule", rule, SCORING_RULES) for rule in rules])
    steps = rising_fractions("budgets", budgets)
    draws = seed_list(seeds)
    # One seed a job: features and the fit on all rows are shared by the rules of a seed.
    jobs = (delayed(walk)(task, names, steps, seed, group_equal) for seed in draws)
    finished = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    disable = None if progress is None else not progress
    records: list[tuple[str, str, float, int, str, float]] = []
    for part in tqdm(finished, total=len(draws), desc=f"sweep {task.name}", disable=disable):
        records.extend(part)
    frame = pd.DataFrame.from_records(records, columns=list(COLUMNS))
    return in_order(frame, names)


def in_order(frame: pd.DataFrame, rules: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a sweep rule by rule, otherwise in the order they have."""
    place = frame["rule"].map({name: i for i, name in enumerate(rules)}).to_numpy()
    return frame.iloc[place.argsort(kind="stable")].reset_index(drop=True)


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


def _one_seed(
    model: BaseEstimator,
    task: UnlearningTask,
    rules: Sequence[str],
    budgets: NDArray[np.float64],
    seed: int,
    group_equal: bool,
) -> list[tuple[str, str, float, int, str, float]]:
    """All rows of the result for one seed."""
    with threadpool_limits(limits=1):
        rng = np.random.default_rng(seed)
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
        label = characteristic_label(train.y, train.forget)
        probabilities = hasattr(classifier, "predict_proba")
        # The shuffle settles ties once, so that the file's order cannot leak into a selection.
        forget = rng.permutation(np.flatnonzero(train.forget))
        retain = np.flatnonzero(~train.forget)
        unwanted, wanted = rows[forget], rows[retain]
        y_retain, y_forget = train.y[retain], train.y[forget]
        del train, rows  # large features are not held twice
        path: RidgePath | RefitPath
        ridge = RidgePath.serves(classifier, wanted, forget.size)
        path = (RidgePath if ridge else RefitPath)(classifier, wanted, unwanted, y_retain, y_forget)
        deleted = np.array([deleted_rows(budget, forget.size) for budget in budgets])
        basis = shared_basis(unwanted, wanted, rules)
        records = []
        for rule in rules:
            order = deletion_order(unwanted, wanted, rule, seed, basis)
            for budget, fitted in zip(budgets, path.walk(order, deleted), strict=True):
                values = measure(
                    fitted, test_rows, test.y, test.forget, label, probabilities=probabilities
                )
                records += [
                    (task.name, rule, float(budget), seed, name, value)
                    for name, value in values.items()
                ]
        return records


def _seeded(model: BaseEstimator, rng: np.random.Generator) -> BaseEstimator:
    """A fresh copy of the model with every `random_state` left open set from `rng`."""
    fresh = clone(model)
    for name, value in sorted(fresh.get_params().items()):
        if name.split("__")[-1] == "random_state" and value is None:
            fresh.set_params(**{name: int(rng.integers(2**31))})
    return fresh
