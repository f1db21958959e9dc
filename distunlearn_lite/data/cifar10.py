"""CIFAR-10: sixty thousand small photographs, read from the archive without trusting it."""

from __future__ import annotations

import io
import os
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..validation import choice
from .archives import read_members
from .fetching import fetch, verify
from .manifest import MANIFEST
from .task import UnlearningTask

__all__ = ["CIFAR10_CLASSES", "load_cifar10"]

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
        images[rows], labels[rows] = _batch(name, content)
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


def _batch(name: str, content: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images and labels of one batch."""
    try:
        batch = _Arrays(io.BytesIO(content), encoding="bytes").load()
        images, labels = batch[b"data"], np.asarray(batch[b"labels"])
    except Exception as error:  # a pickle can go wrong in any way
        raise ValueError(f"{name} is no batch of CIFAR-10: {error}") from None
    if not isinstance(images, np.ndarray) or images.shape != (ROWS, PIXELS):
        raise ValueError(f"{name} must hold {ROWS} images of {PIXELS} pixels, got {images!r:.80}")
    if labels.shape != (ROWS,) or labels.dtype.kind != "i" or not np.isin(labels, range(10)).all():
        raise ValueError(f"{name} must hold {ROWS} labels from 0 to 9")
    return images, labels.astype(np.int64)


class _Arrays(pickle.Unpickler):
    """Unpickler that makes arrays of bytes and plain containers, and calls nothing else.

    Checksums come first; this is for the day on which one of them is wrong.
    """

    def find_class(self, module: str, name: str) -> Any:
        admitted = {
            ("numpy.core.multiarray", "_reconstruct"): _empty_array,
            ("numpy._core.multiarray", "_reconstruct"): _empty_array,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): _byte_type,
        }
        if (module, name) not in admitted:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch needs")
        return admitted[module, name]


def _empty_array(*_: Any) -> NDArray[np.uint8]:
    """The array that the pickle then fills."""
    return np.empty(0, np.uint8)


def _byte_type(code: bytes | str, *_: Any) -> np.dtype[np.uint8]:
    """The one type of entries in a batch; old pickles give flags that new numpy warns of."""
    if code not in (b"u1", "u1"):
        raise pickle.UnpicklingError(f"it holds entries of type {code!r}, expected 'u1'")
    return np.dtype(np.uint8)
