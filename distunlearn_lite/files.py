"""Files: where the package keeps its own, their checksums, and writing them whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import platformdirs


def cache_folder() -> Path:
    """Folder of downloads and of computed features; not made here."""
    return platformdirs.user_cache_path("distunlearn_lite")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a draft that takes the place of the file once it is whole, and is else removed."""
    # A name of its own for each writer, so that two at once do not mix their bytes.
    draft = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with draft.open("xb") as stream:
            yield stream
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write the whole file, or leave it as it was."""
    with open_whole(path) as stream:
        stream.write(text.encode())


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together, each whole, in the order given.

    Whatever fails before all are drafted changes nothing. The old files then go, last to first, and
    the new ones come, first to last: whenever the process is killed, the last file is there only
    together with all the others of its own version.
    """
    backwards = list(contents)[::-1]
    with ExitStack() as drafts:  # the last to be opened is the first to be moved
        for path in backwards:
            stream = drafts.enter_context(open_whole(path))
            stream.write(contents[path])
            stream.flush()
        for path in backwards[:-1]:  # the first is replaced in one step
            path.unlink(missing_ok=True)
