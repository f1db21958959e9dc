"""CIFAR-10: sixty thousand small photographs, read from the archive as it is."""

from __future__ import annotations

import os
import pickle
import warnings

import numpy as np
from numpy.typing import NDArray

from ..validation import choice
from .archives import read_members
from .fetching import fetch, verify
from .manifest import MANIFEST
from .task import UnlearningTask

CIFAR10_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
ROWS, PIXELS = 10_000, 3 * 32 * 32


def load_cifar10(
    *,
    forget: str = "cat",
    data_home: str | os.PathLike[str] | None = None,
    download: bool = True,
) -> UnlearningTask:
    """CIFAR-10: 60,000 colour images of ten classes, one of which is to be forgotten.

    Looked for in `data_home`, in the folder that the environment variable DISTUNLEARN_DATA names
    (an absolute path), and in the cache, as the official ``cifar-10-python.tar.gz``, as
    ``cifar-10-batches-py.tar.xz`` or as the unpacked folder ``cifar-10-batches-py``; then
    downloaded into the cache (170 MB). An archive is read as it is, in about ten seconds, and
    never unpacked to disk; every file in it is checked before use.

    Parameters
    ----------
    forget : str
        Class to forget, one of the ten names in ``CIFAR10_CLASSES``.
    data_home : path, optional
        Folder with one of the forms, or with a folder ``cifar10`` that has it.
    download : bool
        False looks on this machine only.

    Returns
    -------
    UnlearningTask
        X holds the pixels, uint8 of shape (60000, 3072): 1024 red, 1024 green, 1024 blue, row by
        row. y is the number of the class, 0 to 9. The 10,000 images of the official test set come
        last.

    Raises
    ------
    DatasetUnavailable
        Where the data is not here and not to be had; the message says what to do.
    ValueError
        Where the class is unknown, a folder that was named does not exist, or a file is damaged
        or not the original.

    Notes
    -----
    Source: the CIFAR-10 chapter. A. Krizhevsky, Learning Multiple Layers of Features from Tiny
    Images, technical report, 2009.

    Examples
    --------
    >>> from distunlearn_lite import DatasetUnavailable, load_cifar10, load_standin
    >>> try:
    ...     task = load_cifar10(forget="dog", data_home="/nowhere", download=False)
    ... except (DatasetUnavailable, ValueError):
    ...     task = load_standin("images")
    >>> task.standin
    True
    """
    number = CIFAR10_CLASSES.index(choice("class", forget, CIFAR10_CLASSES))
    dataset = MANIFEST["cifar10"]
    found = (fetch if download else verify)(dataset.name, data_home)
    place = {member.path.split("/")[-1]: row for row, member in enumerate(dataset.contents)}
    n = ROWS * len(place)
    images, labels = np.empty((n, PIXELS), np.uint8), np.empty(n, np.int64)
    for name, content in read_members(found.paths, dataset.contents):
        rows = slice(ROWS * place[name], ROWS * (place[name] + 1))
        images[rows], labels[rows] = _batch(content)
    return UnlearningTask(
        X=images,
        y=labels,
        forget=labels == number,
        official_test=np.arange(n) >= n - ROWS,
        name=f"cifar10-{forget}",
        provenance=(
            f"{dataset.title}; {dataset.citation}; batches as in the archive of sha256 "
            f"{dataset.sha256}"
        ),
    )


def _batch(content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images and labels of one batch, whose checksum has been compared: a pickle can do harm."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some versions of NumPy warn of flags in so old a pickle
        batch = pickle.loads(content, encoding="bytes")
    return batch[b"data"], np.array(batch[b"labels"], np.int64)
