"""Reading chosen files from a tar archive as a stream, in memory, each checked before use."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from .manifest import Member

__all__ = ["read_members"]

REMEDY = "delete or replace the file"
# Headers, padding and small files that the original holds besides those of interest.
SLACK = 2_000_000


def read_members(paths: Sequence[Path], expected: Sequence[Member]) -> Iterator[tuple[str, bytes]]:
    """Yield base name and content of each expected file, from one archive or from plain files.

    An archive is read once, front to back; nothing is unpacked to disk. A member counts only where
    its full name is exactly the expected one and it is a plain file of the expected size; names
    that lead elsewhere, links and devices are never followed.

    Parameters
    ----------
    paths : sequence of path
        One tar archive packed by gzip or xz, or as many files as are expected, in their order.
    expected : sequence of Member
        Name inside the archive, size and SHA-256 of each.

    Yields
    ------
    tuple of str and bytes
        In the order of the archive; each content has passed its checksum.

    Raises
    ------
    ValueError
        Where the archive is cut short, damaged or too large, or a member is missing or altered.
    """
    if len(paths) == len(expected):
        for path, member in zip(paths, expected, strict=True):
            content = path.read_bytes()
            _check(path, member, content)
            yield Path(member.inside).name, content
        return
    (path,) = paths
    missing = {member.inside: member for member in expected}
    limit = sum(member.size for member in expected) + SLACK
    try:
        with (
            _unpacked(path) as stream,
            tarfile.open(fileobj=_Limited(stream, limit, path), mode="r|", bufsize=2**18) as bundle,
        ):
            for entry in bundle:
                if entry.name not in missing:
                    continue
                member = missing.pop(entry.name)
                inside = bundle.extractfile(entry) if entry.isreg() else None
                if inside is None:
                    raise ValueError(f"{path}: {entry.name} is no plain file; {REMEDY}")
                if entry.size != member.size:
                    raise ValueError(
                        f"{path}: {entry.name} has {entry.size:,} bytes, expected "
                        f"{member.size:,}; {REMEDY}"
                    )
                content = inside.read()
                _check(path, member, content)
                yield Path(member.inside).name, content
                if not missing:
                    return
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise ValueError(
            f"{path} is cut short or damaged ({path.stat().st_size:,} bytes; {error}); {REMEDY}"
        ) from None
    raise ValueError(
        f"{path} lacks {', '.join(missing)}: it is cut short or another archive; {REMEDY}"
    )


class _Limited(io.RawIOBase):
    """A stream that refuses to give more than the original holds: no archive can fill memory."""

    def __init__(self, stream: gzip.GzipFile | lzma.LZMAFile, limit: int, path: Path) -> None:
        self.stream, self.left, self.path = stream, limit, path

    def read(self, size: int = -1, /) -> bytes:
        data = self.stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise ValueError(f"{self.path} unpacks to more than the original holds; {REMEDY}")
        return data


def _unpacked(path: Path) -> gzip.GzipFile | lzma.LZMAFile:
    """The tar inside; what it is packed with is told from the first bytes."""
    with path.open("rb") as stream:
        start = stream.read(6)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(path, "rb")
    if start == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(path, "rb")
    raise ValueError(f"{path} is packed neither by gzip nor by xz; {REMEDY}")


def _check(path: Path, member: Member, content: bytes) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != member.sha256:
        raise ValueError(
            f"{path} does not hold the original {member.inside}: its SHA-256 is {actual} "
            f"({len(content):,} bytes), expected {member.sha256} ({member.size:,} bytes); {REMEDY}"
        )
