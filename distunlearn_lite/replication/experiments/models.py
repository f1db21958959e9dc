"""The classifiers of the recorded runs, and of the chapters that show parts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def text_classifier(C: float = 1.0, *, characters: bool = False) -> BaseEstimator:
    """TF-IDF and logistic regression, as scikit-learn sets them, fitted to the optimum.

    The tolerance is tighter than scikit-learn's, so that a warm start does not show: at 1e-4 the
    answers of a warm and of a cold fit differ on a few test messages.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty.
    characters : bool
        Count 2 to 4 neighbouring characters in place of words.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Not yet fitted.
    """
    counted = {"analyzer": "char_wb", "ngram_range": (2, 4)} if characters else {}
    return make_pipeline(
        TfidfVectorizer(**counted),
        LogisticRegression(C=C, solver="newton-cg", tol=1e-8, max_iter=1000, warm_start=True),
    )


def image_classifier(alpha: float = 2000.0) -> BaseEstimator:
    """Ridge regression on the classes.

    Parameters
    ----------
    alpha : float
        Strength of the penalty; the default was chosen on a validation part (``book/protocol.md``).

    Returns
    -------
    sklearn.linear_model.RidgeClassifier
        Not yet fitted.
    """
    return RidgeClassifier(alpha=alpha)


def pair_classifier(C: float = 1.0) -> BaseEstimator:
    """Logistic regression on standardised columns, for two classes of images.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Not yet fitted.
    """
    return make_pipeline(
        StandardScaler(),
        LogisticRegression(C=C, solver="newton-cholesky", tol=1e-8, max_iter=1000, warm_start=True),
    )


def penalties(
    make: Callable[[float], BaseEstimator], name: str, values: Iterable[float]
) -> Callable[[], dict[str, BaseEstimator]]:
    """Several models that differ in their penalty, by names such as ``C=10``, made when called."""
    return partial(_made, make, name, tuple(values))


def _made(
    make: Callable[[float], BaseEstimator], name: str, values: tuple[float, ...]
) -> dict[str, BaseEstimator]:
    return {f"{name}={value:g}": make(value) for value in values}
