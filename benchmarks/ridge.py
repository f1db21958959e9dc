"""Ridge walk over 21 budgets against one fit and against refits: ratios within one run.

    python benchmarks/ridge.py

CIFAR-10 in the recorded features (they are computed first where they are not in the cache), class
cat, the rule random.
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.linear_model import RidgeClassifier
from threadpoolctl import threadpool_limits

from distunlearn_lite.replication import image_classifier
from distunlearn_lite.replication.experiments.cifar10 import cifar10_classes
from distunlearn_lite.unlearners.ridge import RidgePath

BUDGETS = np.arange(21) / 20


def main() -> None:
    """Print the two ratios, and the largest difference of any decision value."""
    task = next(part for part in cifar10_classes() if part.name == "cifar10-cat")
    train, test = ~task.official_test, task.official_test
    retain, forget = train & ~task.forget, train & task.forget
    n1, model = int(forget.sum()), image_classifier().set_params(solver="cholesky")
    order = np.random.default_rng(0).permutation(n1)
    sizes = np.rint(BUDGETS * n1).astype(int)
    rows, unwanted = np.asarray(task.X[retain]), np.asarray(task.X[forget])
    y, y_unwanted = task.y[retain], task.y[forget]
    answers = np.asarray(task.X[test][:1000], dtype=np.float64)
    with threadpool_limits(limits=1):
        start = time.process_time()
        path = RidgePath(model, rows, unwanted, y, y_unwanted)
        fits = list(path.walk(order, sizes))
        walked = time.process_time() - start

        refits, worst = [], 0.0
        for step in (0, 10, 20):
            kept = order[sizes[step] :]
            x = np.concatenate([rows, unwanted[kept]]).astype(np.float64)
            labels = np.concatenate([y, y_unwanted[kept]])
            start = time.process_time()
            refit = RidgeClassifier(**model.get_params()).fit(x, labels)
            refits.append(time.process_time() - start)
            gap = fits[step].decision_function(answers) - refit.decision_function(answers)
            worst = max(worst, float(np.abs(gap).max()))
            del x
    one = float(np.mean(refits))
    print(f"{len(rows) + n1} rows, {rows.shape[1]} columns, {n1} of them to forget, one thread")
    print(f"walk over {len(sizes)} budgets / one fit:  {walked / one:.2f}")
    print(f"a refit at each budget / walk:   {len(sizes) * one / walked:.1f}")
    print(f"largest difference of a decision value: {worst:.1e}")


if __name__ == "__main__":
    main()
