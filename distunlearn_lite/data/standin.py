"""Data that every machine with this library has: docstrings for texts, digits for images."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import DatasetUnavailable
from ..validation import choice
from .task import UnlearningTask

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


def load_or_standin(
    load: Callable[..., UnlearningTask], kind: str, **options: Any
) -> UnlearningTask:
    """Return the real data where it can be had, else a stand-in; the task says which it is.

    Parameters
    ----------
    load : callable
        A loader of real data; `options` go to it.
    kind : str
        As ``load_standin`` takes it.

    Returns
    -------
    UnlearningTask
        Its ``standin`` says which of the two it is.
    """
    try:
        return load(**options)
    except DatasetUnavailable:
        return load_standin(kind)


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
