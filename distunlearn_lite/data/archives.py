"""Reading chosen files from a tar archive, in memory, each checked before it is given out."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from .manifest import Member

REMEDY = "delete or replace the file"


def read_members(paths: Sequence[Path], expected: Sequence[Member]) -> Iterator[tuple[str, bytes]]:
    """Yield base name and content of each expected file, from one archive or from plain files.

    An archive is read once, front to back; nothing is unpacked to disk.

    Parameters
    ----------
    paths : sequence of path
        One tar archive, however packed, or as many files as are expected, in their order.
    expected : sequence of Member
        Name inside the archive, size and SHA-256 of each.

    Yields
    ------
    tuple of str and bytes
        In the order of the archive; each content has passed its checksum.

    Raises
    ------
    ValueError
        Where the archive is cut short or damaged, or a member is missing or altered.
    """
    missing = {member.inside: member for member in expected}
    if len(paths) == len(expected):
        contents = _read(paths, expected)
    else:
        contents = _unpacked(paths[0], missing)
    for name, content in contents:
        member = missing.pop(name)
        actual = hashlib.sha256(content).hexdigest()
        if actual != member.sha256:
            raise ValueError(
                f"{paths[0]} does not hold the original {name}: its SHA-256 is {actual}, expected "
                f"{member.sha256}; {REMEDY}"
            )
        yield Path(name).name, content
        if not missing:
            return
    raise ValueError(
        f"{paths[0]} lacks the original {', '.join(missing)}: it is cut short or another archive; "
        f"{REMEDY}"
    )


def _read(paths: Sequence[Path], expected: Sequence[Member]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file."""
    for path, member in zip(paths, expected, strict=True):
        yield member.inside, path.read_bytes()


def _unpacked(path: Path, missing: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each plain file in the archive with a name that is still missing."""
    try:
        with tarfile.open(path, "r|*") as bundle:
            for entry in bundle:
                inside = bundle.extractfile(entry) if entry.name in missing else None
                if inside is not None:
                    yield entry.name, inside.read()
    except tarfile.TarError as error:
        raise ValueError(f"{path} is cut short or damaged ({error}); {REMEDY}") from None
