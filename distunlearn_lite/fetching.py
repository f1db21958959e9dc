"""Finding, checking and fetching the files of a data set."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import DatasetUnavailable
from .manifest import MANIFEST, Dataset
from .validation import choice

with warnings.catch_warnings():  # pooch imports tqdm.auto, which warns on stderr in a notebook
    warnings.simplefilter("ignore")
    import pooch

__all__ = ["Found", "available", "fetch", "find", "verify"]

VARIABLE = "DISTUNLEARN_DATA"

# Addresses that failed in this process, with the reason: a dead network costs its wait only once.
_refused: dict[str, str] = {}


@dataclass(frozen=True)
class Found:
    """Files of a data set, and the kind of place: argument, environment or cache."""

    place: str
    paths: tuple[Path, ...]


def find(name: str, data_home: str | os.PathLike[str] | None = None) -> Found | None:
    """Return where a data set lies, without checking or downloading it.

    Looked for in `data_home`, in the folder that the environment variable DISTUNLEARN_DATA names,
    and in the cache; each may hold the file itself or the folder named after the data set.

    Raises
    ------
    ValueError
        Where the name is unknown, or `data_home` or DISTUNLEARN_DATA is set but no folder.
    """
    dataset = MANIFEST[choice("data set", name, MANIFEST)]
    for place, folder in _places(data_home):
        paths = []
        for member in dataset.members:
            candidates = (folder / member.path, folder / Path(member.path).name)
            paths += [path for path in candidates if path.is_file()][:1]
        if len(paths) == len(dataset.members):
            return Found(place, tuple(paths))
    return None


def verify(name: str, data_home: str | os.PathLike[str] | None = None) -> Found:
    """Return the files of a data set that is on this machine, checksums compared.

    Raises
    ------
    DatasetUnavailable
        Where the data set is not on this machine.
    ValueError
        Where a file is not the original, or as in ``find``.
    """
    found = find(name, data_home)
    if found is None:
        raise DatasetUnavailable(_explanation(MANIFEST[name], {}))
    for path, member in zip(found.paths, MANIFEST[name].members, strict=True):
        actual = _sha256(path)
        if actual != member.sha256:
            raise ValueError(
                f"{path} is not the original {member.inside}: its SHA-256 is {actual} "
                f"({path.stat().st_size:,} bytes), expected {member.sha256} ({member.size:,} "
                "bytes); delete or replace the file"
            )
    return found


def fetch(name: str, data_home: str | os.PathLike[str] | None = None) -> Found:
    """Return the files of a data set, checksums compared, downloaded into the cache if absent.

    Raises
    ------
    DatasetUnavailable
        Where the data set is not on this machine and no address gives it.
    ValueError
        Where a file outside the cache is not the original, or as in ``find``.
    """
    found = find(name, data_home)
    damaged: ValueError | None = None
    if found is not None:
        try:
            return verify(name, data_home)
        except ValueError as error:
            if found.place != "cache":
                raise
            damaged = error  # the cache is ours to repair
    dataset = MANIFEST[name]
    reasons = {}
    for address in dataset.addresses:
        if address not in _refused:
            try:
                _download(address, dataset)
                return verify(name, data_home)
            except (OSError, ValueError, zipfile.BadZipFile, KeyError) as error:
                _refused[address] = _reason(error)
        reasons[address] = _refused[address]
    if damaged is not None:
        raise damaged
    raise DatasetUnavailable(_explanation(dataset, reasons))


def available(data_home: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """State of every data set: ``absent``, or size, start of the SHA-256 and kind of place."""
    states = {}
    for name in MANIFEST:
        found = find(name, data_home)
        files = [] if found is None else [(p.stat().st_size, _sha256(p)[:12]) for p in found.paths]
        sizes = ", ".join(f"{size} bytes, sha256 {digest}" for size, digest in files)
        states[name] = "absent" if found is None else f"{sizes}, {found.place}"
    return states


def _places(data_home: str | os.PathLike[str] | None) -> Iterator[tuple[str, Path]]:
    """Folders to look in, in order, with the kind of each."""
    if data_home is not None:
        folder = Path(data_home).expanduser()
        if not folder.is_dir():
            raise ValueError(f"data_home must be an existing folder, got {str(data_home)!r}")
        yield "argument", folder
    value = os.environ.get(VARIABLE)
    if value is not None:
        if not Path(value).is_absolute() or not Path(value).is_dir():
            raise ValueError(
                f"{VARIABLE} must be the absolute path of an existing folder, got {value!r}; "
                "correct or unset it (notebooks run in a folder of their own, so a relative path "
                "would mean another place there)"
            )
        yield "environment", Path(value)
    yield "cache", _cache()


def _cache() -> Path:
    return Path(pooch.os_cache("distunlearn_lite"))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(address: str, dataset: Dataset) -> None:
    """Fetch the archive and put its checked members into the cache, each in one step."""
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="partial-") as folder, _quiet_pooch():
        archive = pooch.retrieve(
            address,
            known_hash=f"sha256:{dataset.sha256}",
            fname=dataset.archive,
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=(5, 30)),
        )
        with zipfile.ZipFile(archive) as bundle:
            for number, member in enumerate(dataset.members):
                if bundle.getinfo(member.inside).file_size != member.size:
                    raise ValueError(f"{member.inside} in the archive has the wrong size")
                whole = Path(folder) / f"member-{number}"
                whole.write_bytes(bundle.read(member.inside))
                if _sha256(whole) != member.sha256:
                    raise ValueError(f"{member.inside} in the archive has the wrong checksum")
                target = cache / member.path
                target.parent.mkdir(parents=True, exist_ok=True)
                whole.replace(target)


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Keep pooch's progress lines off stderr, where they would end up in notebook outputs."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _reason(error: Exception) -> str:
    """Why an address failed, in a few words."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    known = {
        "ConnectTimeout": "no connection within 5 s",
        "ReadTimeout": "the server stopped sending",
        "ConnectionError": "no connection",
        "ChunkedEncodingError": "the transfer broke off",
        "ValueError": "the file sent is not the original (checksum or size differs)",
    }
    return known.get(type(error).__name__, f"{type(error).__name__}: {str(error)[:120]}")


def _explanation(dataset: Dataset, reasons: Mapping[str, str]) -> str:
    """What to do where a data set cannot be had."""
    tried = [f"  tried {address}: {reason}" for address, reason in reasons.items()]
    files = ", ".join(member.inside for member in dataset.members)
    folder = (_cache() / dataset.members[0].path).parent
    return "\n".join(
        [
            f"{dataset.title} is not on this machine"
            + (" and could not be downloaded:" if tried else " (nothing was downloaded)."),
            *tried,
            f"By hand: download {dataset.addresses[0]}, unpack it, and put {files} into",
            f"  {folder}",
            f"or into any folder whose absolute path you set as {VARIABLE} or pass as data_home.",
            f"Without it: {dataset.standin} is a stand-in that every machine has.",
        ]
    )
