"""CIFAR-10 in features of one's own, for example those of a pretrained network."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ...data.cifar10 import load_cifar10
from ...data.task import UnlearningTask
from ...files import file_sha256
from ...unlearners.choosing import classifier_paths
from .cifar10 import class_plans, of_each_class
from .models import image_classifier
from .plan import Experiment

ALPHAS = (20.0, 200.0, 2000.0, 20_000.0)


def validation_accuracies(
    rows: Any, labels: NDArray[Any], alphas: tuple[float, ...] = ALPHAS
) -> dict[float, float]:
    """Accuracy of the image classifier by its penalty, on a fifth of the rows that it did not see.

    Parameters
    ----------
    rows : array_like, shape (n, d)
        Training rows; no test row belongs here.
    labels : ndarray, shape (n,)
        Their classes.
    alphas : tuple of float
        Penalties to try.

    Returns
    -------
    dict of float to float
        Accuracy (fraction) by penalty. The fifth is always the same one, stratified by class.

    Notes
    -----
    Source: the protocol of the replications.
    """
    parts = train_test_split(np.arange(labels.size), test_size=0.2, stratify=labels, random_state=0)
    learn, held = (np.sort(part) for part in parts)
    # One row plays the forget set, of which nothing is deleted: the sums over the data serve all.
    rows_of, labels_of = (rows[learn[1:]], rows[learn[:1]]), (labels[learn[1:]], labels[learn[:1]])
    paths = classifier_paths([image_classifier(alpha) for alpha in alphas], *rows_of, *labels_of)
    found = {}
    for alpha, path in zip(alphas, paths, strict=True):
        (model,) = path.walk([np.empty(0, dtype=np.intp)])
        found[alpha] = float((model.predict(rows[held]) == labels[held]).mean())
    return found


def with_own_features(path: str | os.PathLike[str], **options: Any) -> Experiment:
    """The experiment on CIFAR-10 with features from a file in place of the patch features.

    The file is an array (60000, d + 1) as ``numpy.save`` writes it: one row an image, in the order
    of ``load_cifar10`` (the five training batches, then the test batch), d features and in the
    last column the label, 0 to 9, by which the order is checked. Columns are centred and divided by
    their standard deviations over the training images; the penalty of the ridge is chosen by
    ``validation_accuracies``.

    Parameters
    ----------
    path : path
        The file.
    **options
        ``data_home`` and ``download``, as ``load_cifar10`` takes them.

    Returns
    -------
    Experiment
        ``cifar10-features``: the ten classes, each in turn to be forgotten. Its tasks are loaded.

    Raises
    ------
    ValueError
        Where the file is no array, has another shape, is not finite, or its labels are not those
        of the images in that order.

    Notes
    -----
    Source: the CIFAR-10 chapter, which shows how such a file is made with a network.
    """
    images = load_cifar10(**options)
    rows = _read(Path(path), images)
    training = ~np.asarray(images.official_test, dtype=bool)
    scale = rows[training].std(axis=0)
    rows -= rows[training].mean(axis=0)
    rows /= np.where(scale > 0, scale, 1)
    accuracies = validation_accuracies(rows[training], images.y[training])
    alpha = max(accuracies, key=lambda value: accuracies[value])
    told = ", ".join(f"{value:g}: {accuracy:.4f}" for value, accuracy in accuracies.items())
    provenance = (
        f"{images.provenance}; features of one's own, {rows.shape[1]} columns, sha256 "
        f"{file_sha256(Path(path))}; accuracy on the validation part by alpha: {told}"
    )
    tasks = of_each_class(replace(images, X=rows, provenance=provenance))
    return Experiment(
        name="cifar10-features",
        summary="CIFAR-10, each class in turn to be forgotten, features of one's own, ridge",
        load=lambda **_: tasks,
        plans=class_plans(partial(image_classifier, alpha)),
        draws="bootstrap",
    )


def _read(path: Path, images: UnlearningTask) -> NDArray[np.float32]:
    """The features of a file, without its column of labels, refused where they do not fit."""
    try:
        table = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is no array as numpy.save writes it: {error}") from None
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.dtype.kind not in "fiu":
        raise ValueError(
            f"{path} must hold one array of numbers, shape ({len(images)}, features + 1)"
        )
    if table.shape[0] != len(images) or table.shape[1] < 2:
        raise ValueError(
            f"{path} must have shape ({len(images)}, features + 1), one row an image and the label "
            f"in the last column, got {table.shape}"
        )
    rows, labels = np.array(table[:, :-1], np.float32), table[:, -1]
    if not np.isfinite(table).all():
        row = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0])
        raise ValueError(f"{path} holds NaN or infinite numbers, the first of them in row {row}")
    wrong = np.flatnonzero(labels != images.y)
    if wrong.size:
        raise ValueError(
            f"{path} is not in the order of the images: {wrong.size} labels in its last column are "
            f"not theirs, the first of them in row {wrong[0]}; write the five training batches in "
            "order and then the test batch, without shuffling"
        )
    return rows
