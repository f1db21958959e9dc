"""Features of small images without a neural network: whitened k-means patches."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from ..validation import FloatArray, count
from .patch_codes import Encoder, checked_images, normalised, top_left

# Added to the eigenvalues, as in the paper.
WHITENING = 0.1
ROUNDS = 10
# Distances held at a time, so that a block stays in the processor's cache.
ENTRIES = 2**20


class PatchFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Nearness of an image's patches to a dictionary of patches, added up over four quadrants.

    A patch x is set to mean 0 and scaled, :math:`n = (x - \bar x)/\sqrt{\mathrm{var}(x) + 10}`,
    and whitened, :math:`w = W(n - m)`. With :math:`z_k = \lVert w - c_k\rVert` for the K filters
    :math:`c_k`, its code is :math:`\max(0, \bar z - z_k)` for each k: about half of the filters,
    those nearer than the average, answer. The codes of the patches whose positions lie in one
    quadrant of the image are added up, and so are those of the mirror image.

    Parameters
    ----------
    n_filters : int
        Number K of filters, at least 2.
    patch : int
        Side of a patch in pixels, at least 2.
    stride : int
        Step between the patches of an image in pixels.
    shape : tuple of int
        Channels, height and width of an image; a row holds one channel after the other, each row
        by row, pixels on a scale from 0 to 255 or so.
    n_patches : int
        Patches drawn at random to learn mean, whitening and filters from.
    mirror : bool
        Whether the image mirrored left to right counts as well: right for photographs, where the
        features then do not depend on which way an animal looks; wrong for digits and letters.
    random_state : int
        Seed of that draw and of k-means.
    n_jobs : int, optional
        Threads; the values do not depend on it.

    Attributes
    ----------
    mean_
        Mean m of the normalised patches; shape (p,), p = channels x patch x patch.
    whitening_
        Symmetric W, inverse square root of their covariance plus 0.1 I; shape (p, p).
    filters_
        Centres :math:`c_k` of k-means on the whitened patches; shape (n_filters, p).

    Notes
    -----
    Source: the CIFAR-10 chapter; A. Coates, H. Lee and A. Ng, An Analysis of Single-Layer Networks
    in Unsupervised Feature Learning, AISTATS 2011 (the mirror image is this book's). Labels are
    never used. Images go through in blocks, in single precision; squared distances come out of one
    matrix product, :math:`z_k^2 = \lVert w\rVert^2 - 2 c_k\cdot w + \lVert c_k\rVert^2`.

    Examples
    --------
    >>> from distunlearn_lite import load_standin
    >>> from distunlearn_lite.features import PatchFeatures
    >>> digits = load_standin("images").X
    >>> features = PatchFeatures(
    ...     20, patch=3, stride=1, shape=(1, 8, 8), n_patches=2000, mirror=False
    ... )
    >>> features.fit_transform(digits).shape
    (1797, 80)
    """

    def __init__(
        self,
        n_filters: int = 800,
        *,
        patch: int = 6,
        stride: int = 2,
        shape: tuple[int, int, int] = (3, 32, 32),
        n_patches: int = 100_000,
        mirror: bool = True,
        random_state: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_filters = n_filters
        self.patch = patch
        self.stride = stride
        self.shape = shape
        self.n_patches = n_patches
        self.mirror = mirror
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn mean, whitening and filters from random patches of the rows.

        Parameters
        ----------
        X : ndarray, shape (n, channels * height * width)
            Images.
        y : object
            Ignored.

        Returns
        -------
        PatchFeatures
            Itself.

        Raises
        ------
        TypeError
            Where a parameter is no whole number.
        ValueError
            Where rows do not have the shape, a patch does not fit, or there are too few patches.
        """
        images = checked_images(X, self.shape, self.patch, self.stride)
        filters = count("n_filters", self.n_filters, least=2)
        drawn = count("n_patches", self.n_patches, least=filters)
        seed = count("random_state", self.random_state)
        _, height, width = self.shape
        rng = np.random.default_rng(seed)
        row = rng.integers(images.shape[0], size=drawn)
        corner = rng.integers([height - self.patch + 1, width - self.patch + 1], size=(drawn, 2))
        pixels = top_left(self.shape, self.patch) + (corner @ [width, 1])[:, None]
        patches = normalised(images[row[:, None], pixels].astype(np.float64))
        # Double precision and one thread: k-means then takes the same turns on any machine.
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # said below
            self.mean_: FloatArray = patches.mean(axis=0)
            patches -= self.mean_
            values, vectors = np.linalg.eigh(patches.T @ patches / drawn)
            scale = 1 / np.sqrt(np.maximum(values, 0) + WHITENING)
            self.whitening_: FloatArray = (vectors * scale) @ vectors.T
            centres = KMeans(
                filters, init="random", n_init=1, max_iter=ROUNDS, tol=0, random_state=seed
            ).fit(patches @ self.whitening_)
        used = len(np.unique(centres.labels_))
        if used < filters:
            raise ValueError(
                f"the {drawn} patches drawn differ too little for {filters} filters, only {used} "
                "are nearest to any; pass fewer n_filters, or more n_patches or images"
            )
        self.filters_: FloatArray = centres.cluster_centers_
        self.n_features_in_ = images.shape[1]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Features of images.

        Parameters
        ----------
        X : ndarray, shape (n, channels * height * width)
            Images, as in ``fit``.

        Returns
        -------
        ndarray of float32, shape (n, 4 * n_filters)
            Non-negative sums over the top left quadrant, then top right, bottom left and right.

        Raises
        ------
        ValueError
            Where rows do not have the shape.
        """
        return np.concatenate(list(self.blocks(X)))

    def blocks(self, X: ArrayLike) -> Iterator[NDArray[np.float32]]:
        """Yield the rows of ``transform`` a few images at a time, in order.

        Parameters
        ----------
        X : ndarray, shape (n, channels * height * width)
            Images, as in ``fit``; a memory-mapped array is read a block at a time.

        Yields
        ------
        ndarray of float32, shape (block, 4 * n_filters)
        """
        images, encode = checked_images(X, self.shape, self.patch, self.stride), self.encoder()
        step = max(1, ENTRIES // (encode.positions * len(self.filters_)))
        parts = (slice(at, at + step) for at in range(0, len(images), step))
        with threadpool_limits(limits=1):
            yield from _in_order(encode, (images[part] for part in parts), self.n_jobs)

    def encoder(self) -> Encoder:
        """What takes a block of images to its features, as ``fit`` has learnt it."""
        check_is_fitted(self)
        return Encoder(
            self.filters_,
            self.mean_,
            self.whitening_,
            patch=self.patch,
            stride=self.stride,
            shape=self.shape,
            mirror=self.mirror,
        )


def _in_order(
    encode: Encoder, parts: Iterable[NDArray[Any]], n_jobs: int | None
) -> Iterator[NDArray[np.float32]]:
    """Results of the parts in their order, a few of them worked on at a time."""
    threads = effective_n_jobs(n_jobs)
    if threads == 1:
        yield from map(encode, parts)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[NDArray[np.float32]]] = deque()
        for part in parts:
            waiting.append(pool.submit(encode, part))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
