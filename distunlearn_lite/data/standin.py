"""Loaders: each returns an unlearning task, from real data or from a stand-in every machine has."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator

import numpy as np

from ..theory.gaussian import Gaussian
from ..validation import choice, count, generator, separation_scalar
from .fetching import fetch, verify
from .manifest import MANIFEST
from .task import UnlearningTask

__all__ = ["load_sms_spam", "load_standin", "make_gaussians"]

FORGET_MODULES = ("scipy.stats", "scipy.stats.contingency", "scipy.stats.mstats", "scipy.stats.qmc")
RETAIN_MODULES = (
    *("scipy", "scipy.cluster.hierarchy", "scipy.cluster.vq", "scipy.fft", "scipy.integrate"),
    *("scipy.interpolate", "scipy.io", "scipy.linalg", "scipy.ndimage", "scipy.optimize"),
    *("scipy.signal", "scipy.signal.windows", "scipy.sparse", "scipy.sparse.csgraph"),
    *("scipy.sparse.linalg", "scipy.spatial", "scipy.spatial.distance", "scipy.special"),
    *("numpy", "numpy.char", "numpy.fft", "numpy.lib.stride_tricks", "numpy.linalg", "numpy.ma"),
    *("numpy.polynomial", "numpy.random", "numpy.testing"),
    *("sklearn.base", "sklearn.calibration", "sklearn.cluster", "sklearn.compose"),
    *("sklearn.covariance", "sklearn.cross_decomposition", "sklearn.datasets"),
    *("sklearn.decomposition", "sklearn.discriminant_analysis", "sklearn.dummy"),
    *("sklearn.ensemble", "sklearn.feature_extraction.text", "sklearn.feature_selection"),
    *("sklearn.gaussian_process", "sklearn.gaussian_process.kernels", "sklearn.impute"),
    *("sklearn.inspection", "sklearn.isotonic", "sklearn.kernel_approximation"),
    *("sklearn.linear_model", "sklearn.manifold", "sklearn.metrics", "sklearn.metrics.pairwise"),
    *("sklearn.mixture", "sklearn.model_selection", "sklearn.multiclass", "sklearn.multioutput"),
    *("sklearn.naive_bayes", "sklearn.neighbors", "sklearn.neural_network", "sklearn.pipeline"),
    *("sklearn.preprocessing", "sklearn.random_projection", "sklearn.semi_supervised"),
    *("sklearn.svm", "sklearn.tree", "sklearn.utils"),
)


def load_sms_spam(
    *, data_home: str | os.PathLike[str] | None = None, download: bool = True
) -> UnlearningTask:
    """SMS Spam Collection: 5,574 messages, of which the 747 spam messages are to be forgotten.

    Looked for in `data_home`, in the folder that the environment variable DISTUNLEARN_DATA names
    (an absolute path), and in the cache; then downloaded into the cache (200 kB). The checksum is
    compared before use.

    Parameters
    ----------
    data_home : path, optional
        Folder with the file ``SMSSpamCollection``, or with a folder ``sms_spam`` that has it.
    download : bool
        False looks on this machine only.

    Returns
    -------
    UnlearningTask
        Texts; y is 1 for spam and 0 for ham, and spam is the forget set. 403 messages are copies of
        an earlier line.

    Raises
    ------
    DatasetUnavailable
        Where the file is not here and not to be had; the message says what to do.
    ValueError
        Where a folder that was named does not exist, or a file is not the original.

    Notes
    -----
    Source: the SMS Spam chapter. T. A. Almeida and J. M. Gómez Hidalgo, UCI Machine Learning
    Repository, doi:10.24432/C5CC84, CC BY 4.0.

    Examples
    --------
    >>> from distunlearn_lite import DatasetUnavailable, load_sms_spam, load_standin
    >>> try:
    ...     task = load_sms_spam(download=False)
    ... except DatasetUnavailable:
    ...     task = load_standin("text")
    >>> task.is_text
    True
    """
    dataset = MANIFEST["sms_spam"]
    found = fetch(dataset.name, data_home) if download else verify(dataset.name, data_home)
    # Only a line feed ends a message: some hold characters that str.splitlines would cut at.
    lines = found.paths[0].read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    pairs = [line.split("\t", 1) for line in lines]
    spam = np.array([label == "spam" for label, _ in pairs])
    return UnlearningTask(
        X=np.array([text for _, text in pairs], dtype=object),
        y=spam.astype(np.int64),
        forget=spam,
        name=dataset.name,
        provenance=f"{dataset.title}; {dataset.citation}; sha256 {dataset.members[0].sha256}",
    )


def load_standin(kind: str = "text") -> UnlearningTask:
    """Data that every machine with this library has, for where the real data is missing.

    Parameters
    ----------
    kind : str
        ``text``: the docstrings of installed packages, cut to their first 600 characters; those of
        scipy.stats are to be forgotten (y = 1), those of the rest of scipy, of numpy and of
        scikit-learn retained. They change with the versions of the packages. ``images``:
        scikit-learn's 1,797 handwritten digits of 8 x 8 pixels as 64 columns (0 to 16); the digit
        3 is to be forgotten, y is the digit.

    Returns
    -------
    UnlearningTask
        With ``standin`` true.

    Raises
    ------
    ValueError
        Where `kind` is unknown.

    Notes
    -----
    Source: the SMS Spam chapter.

    Examples
    --------
    >>> from distunlearn_lite import load_standin
    >>> task = load_standin("images")
    >>> task.X.shape, int(task.forget.sum()), task.standin
    ((1797, 64), 183, True)
    """
    if choice("kind", kind, ("text", "images")) == "text":
        return _docstrings()
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    return UnlearningTask(
        X=pixels,
        y=digits,
        forget=digits == 3,
        name="standin-images",
        provenance="stand-in: the handwritten digits that come with scikit-learn",
        standin=True,
    )


def make_gaussians(
    n1: int,
    n2: int,
    separation: float,
    dim: int = 1,
    *,
    rng: np.random.Generator | int,
    name: str = "gaussians",
) -> UnlearningTask:
    r"""Synthetic rows of two known Gaussians, in coordinates where their covariance is I.

    n1 rows of :math:`p_1 = N(\Delta e_1, I)`, to be forgotten, then n2 rows of
    :math:`p_2 = N(0, I)`.

    Parameters
    ----------
    n1, n2 : int
        Numbers of forget and of retained rows, at least 1.
    separation : float
        Mahalanobis distance :math:`\Delta` of the two means, non-negative.
    dim : int
        Dimension, at least 1.
    rng : numpy.random.Generator or int
        Generator, or a seed.
    name : str
        Name of the task in result tables.

    Returns
    -------
    UnlearningTask
        X of shape (n1 + n2, dim); y is 1 for forget rows and 0 for the others; ``truth`` holds
        p1 and p2.

    Raises
    ------
    TypeError
        Where a size is no whole number, or `rng` is missing or no generator.
    ValueError
        Where a number is out of its range.

    Notes
    -----
    Source: chapter 7. ``sweep`` with ``model="gaussian"`` measures against the true distributions
    and draws new rows for each seed.

    Examples
    --------
    >>> from distunlearn_lite import make_gaussians
    >>> task = make_gaussians(100, 200, separation=2.0, dim=3, rng=0)
    >>> task.X.shape, int(task.forget.sum()), task.truth[0].mean.tolist()
    ((300, 3), 100, [2.0, 0.0, 0.0])
    """
    unwanted, wanted = count("n1", n1, least=1), count("n2", n2, least=1)
    delta, d = separation_scalar(separation), count("dim", dim, least=1)
    p1, p2 = Gaussian(delta * np.eye(d)[0], np.eye(d)), Gaussian(np.zeros(d), np.eye(d))
    seed = f", seed {rng}" if isinstance(rng, (int, np.integer)) else ""
    plural = "s" if d > 1 else ""
    draw = generator(rng)
    forget = np.arange(unwanted + wanted) < unwanted
    return UnlearningTask(
        X=np.concatenate([p1.sample(unwanted, draw), p2.sample(wanted, draw)]),
        y=forget.astype(np.int64),
        forget=forget,
        name=name,
        provenance=(
            f"synthetic: {unwanted} rows of N({delta:g} e1, I) and {wanted} of N(0, I) in "
            f"{d} dimension{plural}{seed}; a Gaussian sweep draws anew for each of its seeds"
        ),
        truth=(p1, p2),
    )


def _docstrings() -> UnlearningTask:
    """Distinct docstrings, those of the forget modules first, in the order of their names."""
    texts: dict[str, bool] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated names announce themselves when looked at
        for names, forget in ((FORGET_MODULES, True), (RETAIN_MODULES, False)):
            for name in names:
                for text in _documented(name):
                    texts.setdefault(text.strip()[:600], forget)
    forgotten = np.array(list(texts.values()))
    packages = (importlib.import_module(name) for name in ("numpy", "scipy", "sklearn"))
    versions = ", ".join(f"{package.__name__} {package.__version__}" for package in packages)
    return UnlearningTask(
        X=np.array(list(texts), dtype=object),
        y=forgotten.astype(np.int64),
        forget=forgotten,
        name="standin-text",
        provenance=f"stand-in: docstrings of installed packages ({versions})",
        standin=True,
    )


def _documented(name: str) -> Iterator[str]:
    """Docstrings of the public callables of a module, and of the methods of its classes."""
    module = importlib.import_module(name)
    for public in sorted(dir(module)):
        value = getattr(module, public, None)
        if public.startswith("_") or not callable(value):
            continue
        members = sorted(vars(value).items()) if isinstance(value, type) else []
        methods = [method for key, method in members if not key.startswith("_")]
        for documented in (value, *methods):
            text = getattr(documented, "__doc__", None)
            if isinstance(text, str) and text.strip():
                yield text
