"""Patch features against the matrix products in them: how near the machine's limit they run.

    python benchmarks/patches.py [THREADS]

One side is `PatchFeatures.blocks`, the other the two matrix products of each block alone, of the
same shapes, in the same blocks, into memory that is there already. Both run in turns in one
process; the least CPU time (of all threads) of each counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from distunlearn_lite import DatasetUnavailable, load_cifar10
from distunlearn_lite.features.patches import ENTRIES, PatchFeatures

IMAGES, ROUNDS = 1200, 5
ALL = 60_000


def photographs() -> np.ndarray:
    """Images of CIFAR-10, or noise of the same shape: the work is the same."""
    try:
        return load_cifar10(download=False).X[:IMAGES]
    except DatasetUnavailable:
        return np.random.default_rng(0).integers(256, size=(IMAGES, 3072), dtype=np.uint8)


def products_alone(features: PatchFeatures, threads: int) -> Callable[[], None]:
    """The matrix products that the features of all images take, and nothing else."""
    encode = features.encoder()
    k, p = features.filters_.shape
    step = max(1, ENTRIES // (encode.positions * k))
    rows = step * encode.positions
    blocks = len(encode.views) * -(-IMAGES // step)

    def some(blocks: int) -> None:
        patches = np.ones((rows, p), np.float32)
        white, codes = np.ones((rows, p + 2), np.float32), np.empty((rows, k), np.float32)
        middle = np.empty((rows, p), np.float32)
        for _ in range(blocks):
            np.matmul(patches, encode.whitening, out=middle)
            np.matmul(white, encode.table, out=codes)

    def run() -> None:
        with threadpool_limits(limits=1), ThreadPoolExecutor(threads) as pool:
            list(pool.map(some, [blocks // threads] * threads))

    return run


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of all threads."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main(threads: int) -> None:
    """Print one line a number of filters."""
    images = photographs()
    print(f"{IMAGES} images, patches of 6 x 6 at steps of 2, mirrored, {threads} thread(s)")
    print(f"{'filters':>7} {'features':>9} {'products':>9} {'ratio':>6} {'60,000 images':>14}")
    for filters in (100, 800):
        features = PatchFeatures(filters, n_patches=20_000, n_jobs=threads).fit(images)
        products = products_alone(features, threads)
        whole, alone = [], []
        for _ in range(ROUNDS):
            alone.append(seconds(products))
            whole.append(seconds(lambda: sum(map(len, features.blocks(images)))))  # noqa: B023
        print(
            f"{filters:>7} {min(whole):>7.2f} s {min(alone):>7.2f} s"
            f" {min(whole) / min(alone):>6.2f} {min(whole) * ALL / IMAGES:>12.0f} s"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
