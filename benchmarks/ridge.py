"""Ridge walks over 21 budgets against one fit, refits and each other: ratios within one run.

    python benchmarks/ridge.py

CIFAR-10 in the recorded features (they are computed first where they are not in the cache), class
cat, the rule random.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeClassifier
from threadpoolctl import threadpool_limits

from distunlearn_lite.replication import image_classifier
from distunlearn_lite.replication.experiments.cifar10 import cifar10_classes
from distunlearn_lite.unlearners import RidgePath, batches_of, classifier_paths

BUDGETS = np.arange(21) / 20
# Of the recorded one.
PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0)


def timed(work: Callable[..., Any], *args: Any) -> tuple[float, Any]:
    """CPU seconds that a piece of work takes, and what it gives."""
    start = time.process_time()
    result = work(*args)
    return time.process_time() - start, result


def main() -> None:
    """Print the ratios, and the largest difference of any decision value."""
    task = next(part for part in cifar10_classes() if part.name == "cifar10-cat")
    train, test = ~task.official_test, task.official_test
    retain, forget = train & ~task.forget, train & task.forget
    n1, model = int(forget.sum()), image_classifier().set_params(solver="cholesky")
    order = np.random.default_rng(0).permutation(n1)
    sizes = np.rint(BUDGETS * n1).astype(int)
    rows, unwanted = np.asarray(task.X[retain]), np.asarray(task.X[forget])
    y, y_unwanted = task.y[retain], task.y[forget]
    sets = rows, unwanted, y, y_unwanted
    answers = np.asarray(task.X[test][:1000], dtype=np.float64)

    def walk(path: Any, way: Any = order) -> list[Any]:
        return list(path.walk(batches_of(way, sizes)))

    def asked(path: RidgePath) -> None:
        """What the next deletion would do is asked for after every batch but the last."""
        for size, fitted in zip(sizes, path.walk(batches_of(order, sizes)), strict=True):
            if size < n1:
                fitted.fall(np.ones((n1 - size, path.classes.size)))

    def several() -> None:
        models = [RidgeClassifier(alpha=factor * model.alpha) for factor in PENALTIES]
        for path in classifier_paths(models, *sets):
            walk(path)

    with threadpool_limits(limits=1):
        made, path = timed(RidgePath, model, *sets)
        first, fits = timed(walk, path)
        walked = made + first
        reverse, _ = timed(walk, path, order[::-1])
        falling, _ = timed(asked, path)
        del path
        five, _ = timed(several)

        refits, worst = [], 0.0
        for step in (0, 10, 20):
            kept = order[sizes[step] :]
            x = np.concatenate([rows, unwanted[kept]]).astype(np.float64)
            labels = np.concatenate([y, y_unwanted[kept]])
            cold = RidgeClassifier(**model.get_params())
            seconds, refit = timed(cold.fit, x, labels)
            refits.append(seconds)
            gap = fits[step].decision_function(answers) - refit.decision_function(answers)
            worst = max(worst, float(np.abs(gap).max()))
            del x
    one = float(np.mean(refits))
    print(f"{len(rows) + n1} rows, {rows.shape[1]} columns, {n1} of them to forget, one thread")
    print(f"walk over {len(sizes)} budgets / one fit:  {walked / one:.2f}")
    print(f"a refit at each budget / walk:   {len(sizes) * one / walked:.1f}")
    print(f"reverse order, same path / walk: {reverse / walked:.2f}")
    print(
        f"walk that asks for `fall` / walk, both on a path that is there: {falling / reverse:.2f}"
    )
    print(f"{len(PENALTIES)} penalties / one: {five / walked:.2f}")
    print(f"largest difference of a decision value: {worst:.1e}")


if __name__ == "__main__":
    main()
