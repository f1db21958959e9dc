"""Finding, checking and fetching the files of a data set."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DatasetUnavailable
from ..files import cache_folder, file_sha256
from ..validation import choice
from .archives import read_members
from .downloads import download
from .manifest import MANIFEST, Dataset, Member

VARIABLE = "DISTUNLEARN_DATA"


@dataclass(frozen=True)
class Found:
    """Files of a data set, and the kind of place: argument, environment or cache."""

    place: str
    paths: tuple[Path, ...]


def find(name: str, data_home: str | os.PathLike[str] | None = None) -> Found | None:
    """Return where a data set lies, without checking or downloading it.

    Looked for in `data_home`, in the folder that the environment variable DISTUNLEARN_DATA names,
    and in the cache; each may hold the files themselves or the folder named after the data set.
    A folder with the files in any of their forms goes before the next folder.

    Raises
    ------
    ValueError
        Where the name is unknown, or `data_home` or DISTUNLEARN_DATA is set but no folder.
    """
    located = _located(MANIFEST[choice("data set", name, MANIFEST)], data_home)
    return None if located is None else located[0]


def verify(name: str, data_home: str | os.PathLike[str] | None = None) -> Found:
    """Return the files of a data set that is on this machine, checksums compared.

    An archive compressed anew passes where the files inside are the original ones; a file without
    a checksum in the manifest is left to its loader to judge.

    Raises
    ------
    DatasetUnavailable
        Where the data set is not on this machine.
    ValueError
        Where a file is not the original, or as in ``find``.
    """
    dataset = MANIFEST[choice("data set", name, MANIFEST)]
    located = _located(dataset, data_home)
    if located is None:
        raise DatasetUnavailable(_explanation(dataset, {}))
    found, members = located
    for path, member in zip(found.paths, members, strict=True):
        actual = file_sha256(path) if member.sha256 else ""
        if actual != member.sha256:
            if dataset.contents and members != dataset.contents:
                for _ in read_members(found.paths, dataset.contents):
                    pass
                break
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
        try:
            download(address, dataset, cache_folder())
            return verify(name, data_home)
        except (OSError, ValueError) as error:
            reasons[address] = str(error)
    if damaged is not None:
        raise damaged
    raise DatasetUnavailable(_explanation(dataset, reasons))


def judged(name: str, found: Found) -> str:
    """Say what is right about the files that ``fetch`` or ``verify`` gave: checksums, or all rows.

    Raises
    ------
    ValueError
        Where a file without a checksum is damaged or in another form.
    """
    origin = MANIFEST[name].origin
    return "checksums right" if origin is None else f"rows right, {origin(found.paths[0])}"


def available(data_home: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """State of every data set: ``absent``, or size, start of the SHA-256 and kind of place."""
    states = {}
    for name in MANIFEST:
        found = find(name, data_home)
        files = (
            [] if found is None else [(p.stat().st_size, file_sha256(p)[:12]) for p in found.paths]
        )
        sizes = ", ".join(f"{size} bytes, sha256 {digest}" for size, digest in files)
        states[name] = "absent" if found is None else f"{sizes}, {found.place}"
    return states


def _located(
    dataset: Dataset, data_home: str | os.PathLike[str] | None
) -> tuple[Found, tuple[Member, ...]] | None:
    """The first complete set of files, with what each should be."""
    for place, folder in _places(data_home):
        for members in (dataset.members, *dataset.alternatives):
            paths: list[Path] = []
            for member in members:
                parts = Path(member.path).parts
                tails = (folder.joinpath(*parts[cut:]) for cut in range(len(parts)))
                paths += [path for path in tails if path.is_file()][:1]
            if len(paths) == len(members):
                return Found(place, tuple(paths)), members
    return None


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
    yield "cache", cache_folder()


def _explanation(dataset: Dataset, reasons: Mapping[str, str]) -> str:
    """What to do where a data set cannot be had."""
    tried = [f"  tried {address}: {reason}" for address, reason in reasons.items()]
    lines = [
        f"{dataset.title} is not on this machine"
        + (" and could not be downloaded:" if tried else " (nothing was downloaded)."),
        *tried,
    ]
    if dataset.addresses and not tried:
        lines.append(
            f"To fetch it: distunlearn data fetch {dataset.name} ({dataset.size:,} bytes)."
        )
    files = ", ".join(member.inside for member in dataset.members)
    whole = files == dataset.archive
    unpack = " and put it, as it is," if whole else f", unpack it, and put {files}"
    by_hand = dataset.by_hand or f"download {dataset.addresses[0]}{unpack} into"
    return "\n".join(
        [
            *lines,
            f"By hand: {by_hand}",
            f"  {(cache_folder() / dataset.members[0].path).parent}",
            f"or into any folder whose absolute path you set as {VARIABLE} or pass as data_home.",
            f"Without it: {dataset.standin} is a stand-in that every machine has.",
        ]
    )
