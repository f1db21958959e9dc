"""Files: where the package keeps its own, their checksums, and writing them whole or not at all."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping
from pathlib import Path

with warnings.catch_warnings():  # pooch imports tqdm.auto, which warns on stderr in a notebook
    warnings.simplefilter("ignore")
    import pooch

__all__ = ["cache_folder", "file_sha256", "write_together", "write_whole"]


def cache_folder() -> Path:
    """Folder of downloads and of computed features; not made here."""
    return Path(pooch.os_cache("distunlearn_lite"))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write the whole file, or leave it as it was."""
    write_together({path: text.encode()})


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together, each whole, in the order given.

    Whatever fails before all are drafted changes nothing. The old files then go, last to first, and
    the new ones come, first to last: whenever the process is killed, the last file is there only
    together with all the others of its own version.
    """
    # A name of its own for each process, so that two runs at once do not mix their bytes.
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in contents}
    try:
        for path, draft in drafts.items():
            draft.write_bytes(contents[path])
        for path in reversed(list(drafts)[1:]):  # the first is replaced in one step
            path.unlink(missing_ok=True)
        for path, draft in drafts.items():
            os.replace(draft, path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
