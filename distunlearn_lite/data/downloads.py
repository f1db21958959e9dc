"""One download: from an address into the cache, all of it and checked, or nothing."""

from __future__ import annotations

import tempfile
import time
import zipfile
from pathlib import Path

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError

from ..files import file_sha256
from .manifest import Dataset

TIMEOUT = (5.0, 30.0)  # seconds to connect, and between two packets
# Seconds that any transfer may take, and the bytes per second that a larger one must keep up.
GRACE, SLOWEST = 60.0, 50_000


def download(address: str, dataset: Dataset, cache: Path) -> None:
    """Fetch the archive of a data set, and move its members into the cache once it is whole.

    Raises
    ------
    OSError
        Where the address does not answer, the transfer breaks off or takes too long, or the cache
        cannot be written.
    ValueError
        Where what came is not the original.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="partial-") as folder:
        archive = Path(folder) / dataset.archive
        try:
            _transfer(address, archive, dataset.size)
        except requests.ConnectionError as error:
            raise OSError(f"no connection ({type(error).__name__})") from None
        except HTTPError as error:
            raise OSError(f"the transfer broke off ({error})") from None
        if file_sha256(archive) != dataset.sha256:
            raise ValueError("what was sent is not the original: its SHA-256 differs")
        for member in dataset.members:
            whole = archive
            if member.inside != dataset.archive:
                with zipfile.ZipFile(archive) as bundle:
                    whole = Path(bundle.extract(member.inside, folder))
            target = cache / member.path
            target.parent.mkdir(parents=True, exist_ok=True)
            whole.replace(target)


def _transfer(address: str, archive: Path, size: int) -> None:
    """Write what the address sends to a file, no more than `size` bytes and not for ever."""
    seconds = GRACE + size / SLOWEST
    end = time.monotonic() + seconds
    with (
        # As it is stored: neither packed on the way nor unpacked here.
        requests.get(
            address, stream=True, timeout=TIMEOUT, headers={"Accept-Encoding": "identity"}
        ) as response,
        archive.open("wb") as stream,
        # No bar unless stderr is a terminal: it would end up in the outputs of a notebook.
        tqdm(total=size, unit="B", unit_scale=True, leave=False, disable=None) as bar,
    ):
        if not response.ok:
            raise OSError(f"HTTP {response.status_code}")
        # What has come so far, so that a server that drips does not hold up the look at the clock.
        while chunk := response.raw.read1(2**16, decode_content=False):
            if stream.tell() + len(chunk) > size:
                raise ValueError(f"what was sent is not the original: more than {size:,} bytes")
            if time.monotonic() > end:
                raise OSError(f"still not whole after {seconds:.0f} s")
            stream.write(chunk)
            bar.update(len(chunk))
