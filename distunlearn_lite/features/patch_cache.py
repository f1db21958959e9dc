"""Patch features of a whole task, computed once and kept in a file that is read in place."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from tqdm import tqdm

from ..data.task import UnlearningTask
from ..files import cache_folder, file_sha256, open_whole, write_whole
from ..matrices import row_blocks
from ..validation import count
from .patch_codes import checked_images
from .patches import PatchFeatures

# Part of every key: raise it where the same parameters and pixels give other numbers.
METHOD = 1


def patch_features(
    task: UnlearningTask,
    features: PatchFeatures,
    *,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> UnlearningTask:
    """Replace the pixels of a task by their patch features, from a file where they are known.

    The dictionary is learnt on the rows outside the official test set (on all rows where there is
    none), without labels and without regard to which rows are to be forgotten: it plays the part
    of a network pretrained on the images. Features of all rows are then written to a file, which
    later calls with the same pixels and parameters only check.

    Parameters
    ----------
    task : UnlearningTask
        Images, one a row.
    features : PatchFeatures
        What to compute; it is not fitted itself. The values do not depend on its `n_jobs`.
    folder : path, optional
        Where the file is kept, by default ``features`` in the package's cache folder; made if it
        is not there. Features of a task take 16 bytes a filter and row.
    progress : bool, optional
        Show a bar on stderr; by default only where stderr is a terminal.

    Returns
    -------
    UnlearningTask
        The same rows, with X a read-only, memory-mapped array of float32, shape
        (n, 4 x number of filters).

    Raises
    ------
    TypeError
        Where `task` or `features` is of another kind.
    ValueError
        Where the parameters do not fit the rows, as in ``PatchFeatures``.
    OSError
        Where the file cannot be written; nothing half-written is left.

    Notes
    -----
    Source: the CIFAR-10 chapter. A file is used only where shape, type and SHA-256 are those that
    were noted when it was written; a damaged one is computed anew.

    Examples
    --------
    >>> import tempfile
    >>> from distunlearn_lite import load_standin
    >>> from distunlearn_lite.features import patch_features
    >>> from distunlearn_lite.features import PatchFeatures
    >>> digits = load_standin("images")
    >>> features = PatchFeatures(
    ...     10, patch=3, stride=1, shape=(1, 8, 8), n_patches=1000, mirror=False
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     task = patch_features(digits, features, folder=folder)
    >>> task.X.shape, task.X.dtype.name, task.X.flags.writeable
    ((1797, 40), 'float32', False)
    """
    if not isinstance(task, UnlearningTask):
        raise TypeError(f"task must be an UnlearningTask, got {type(task).__name__}")
    if not isinstance(features, PatchFeatures):
        raise TypeError(f"features must be a PatchFeatures, got {type(features).__name__}")
    settings = {name: value for name, value in features.get_params().items() if name != "n_jobs"}
    pixels = checked_images(task.X, features.shape, features.patch, features.stride)
    size = (len(task), 4 * count("n_filters", features.n_filters, least=2))
    learnt_on = np.ones(len(task), bool) if task.official_test is None else ~task.official_test
    place = cache_folder() / "features" if folder is None else Path(folder)
    path = place / f"patches-{_key(pixels, learnt_on, settings)}.npy"
    if not _sound(path, size):
        fitted = clone(features).fit(pixels[learnt_on])
        disable = None if progress is None else not progress
        with tqdm(total=len(task), desc="patch features", unit="img", disable=disable) as bar:
            _write(path, size, fitted.blocks(pixels), bar)
    said = ", ".join(f"{name} {value}" for name, value in settings.items())
    return replace(
        task,
        X=np.lib.format.open_memmap(path, mode="r"),
        provenance=f"{task.provenance}; whitened k-means patches: {said}",
    )


def _key(images: NDArray[Any], learnt_on: NDArray[np.bool_], settings: dict[str, Any]) -> str:
    """Hash of all that the features depend on."""
    about = {"method": METHOD, "type": str(images.dtype), "size": images.shape} | settings
    total = hashlib.sha256(json.dumps(about, sort_keys=True, default=int).encode())
    total.update(learnt_on.tobytes())
    for rows in row_blocks(*images.shape):
        total.update(np.ascontiguousarray(images[rows]).tobytes())
    return total.hexdigest()[:32]


def _note(path: Path) -> Path:
    """File with the checksum of the features."""
    return path.with_suffix(".sha256")


def _sound(path: Path, size: tuple[int, int]) -> bool:
    """Whether the file is there, whole and as it was written."""
    try:
        known = np.lib.format.open_memmap(path, mode="r")
        if known.shape != size or known.dtype != np.float32:
            return False
        return _note(path).read_text(encoding="ascii").strip() == file_sha256(path)
    except (OSError, ValueError, EOFError):
        return False


def _write(
    path: Path, size: tuple[int, int], blocks: Iterable[NDArray[np.float32]], bar: Any
) -> None:
    """Write the blocks as they come; the file is there once it is whole, then its checksum."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Plain writing and no mapped file: on a full disk the latter ends the process.
        with open_whole(path) as stream:
            about = {"descr": "<f4", "fortran_order": False, "shape": size}
            np.lib.format.write_array_header_1_0(stream, about)
            for block in blocks:
                stream.write(np.ascontiguousarray(block, "<f4").data)
                bar.update(len(block))
        write_whole(_note(path), file_sha256(path) + "\n")
    except OSError as error:
        raise OSError(
            error.errno,
            f"{error.strerror}: {path.parent}, where {4 * size[0] * size[1]:,} bytes of features "
            "go; free some, or name another place by folder=",
        ) from None
