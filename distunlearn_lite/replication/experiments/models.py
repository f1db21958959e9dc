"""The classifiers of the recorded runs, and of the chapters that show parts of them."""

from __future__ import annotations

from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def text_classifier() -> BaseEstimator:
    """TF-IDF of words and logistic regression, as scikit-learn sets them, fitted to the optimum.

    The tolerance is tighter than scikit-learn's, so that a warm start does not show: at 1e-4 the
    answers of a warm and of a cold fit differ on a few test messages.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Not yet fitted.
    """
    return make_pipeline(
        TfidfVectorizer(),
        LogisticRegression(solver="newton-cg", tol=1e-8, max_iter=1000, warm_start=True),
    )


def image_classifier() -> BaseEstimator:
    """Ridge regression on the ten classes.

    Returns
    -------
    sklearn.linear_model.RidgeClassifier
        Not yet fitted.
    """
    return RidgeClassifier(alpha=2000.0)


def logistic_image_classifier() -> BaseEstimator:
    """Logistic regression on the ten classes, to check that the ridge is no special case.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Not yet fitted.
    """
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=1e-3, max_iter=1000, warm_start=True)
    )
