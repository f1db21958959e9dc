"""One download: an address, a checked archive, and its members moved into the cache in one step."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from .manifest import Dataset, Member

with warnings.catch_warnings():  # pooch imports tqdm.auto, which warns on stderr in a notebook
    warnings.simplefilter("ignore")
    import pooch

__all__ = ["disk_reason", "download", "pooch", "reason_of"]

# Faults of this machine's disk, for which no address is to blame.
FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def download(address: str, dataset: Dataset, cache: Path) -> None:
    """Fetch the archive and put its checked members into the cache, each in one step.

    Whatever goes wrong, nothing half-written is left there.

    Raises
    ------
    OSError
        Where the address does not answer, the transfer breaks off, or the disk is full or closed.
    ValueError
        Where what came is not the original.
    """
    cache.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(cache).free < _needed(dataset):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with (
        tempfile.TemporaryDirectory(dir=cache, prefix="partial-") as folder,
        _quiet_pooch(),
        # No bar unless stderr is a terminal: it would end up in the outputs of a notebook.
        tqdm(total=dataset.size, unit="B", unit_scale=True, leave=False, disable=None) as bar,
    ):
        archive = Path(
            pooch.retrieve(
                address,
                known_hash=f"sha256:{dataset.sha256}",
                fname=dataset.archive,
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=(5, 30), progressbar=bar),
            )
        )
        for number, member in enumerate(dataset.members):
            whole = archive
            if member.inside != dataset.archive:
                whole = Path(folder) / f"member-{number}"
                whole.write_bytes(_unzipped(archive, member))
            target = cache / member.path
            target.parent.mkdir(parents=True, exist_ok=True)
            whole.replace(target)


def _unzipped(archive: Path, member: Member) -> bytes:
    with zipfile.ZipFile(archive) as bundle:
        if bundle.getinfo(member.inside).file_size != member.size:
            raise ValueError(f"{member.inside} in the archive has the wrong size")
        content = bundle.read(member.inside)
    if hashlib.sha256(content).hexdigest() != member.sha256:
        raise ValueError(f"{member.inside} in the archive has the wrong checksum")
    return content


def _needed(dataset: Dataset) -> int:
    """Bytes on disk that a download takes while it is unpacked."""
    inside = (member.size for member in dataset.members if member.inside != dataset.archive)
    return dataset.size + sum(inside)


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


def reason_of(error: Exception) -> str:
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


def disk_reason(error: Exception, dataset: Dataset, cache: Path) -> str | None:
    """What is wrong with the cache folder and what would help, or None where it is not at fault."""
    if not isinstance(error, OSError) or error.errno not in (*FULL, *CLOSED):
        return None
    if error.errno in FULL:
        return f"no space left in {cache}, {_needed(dataset):,} bytes are needed; free some"
    return f"{cache} cannot be written ({error.strerror})"
