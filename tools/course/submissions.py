"""What was handed in: folders, files and zips, as they are, or as Canvas and Moodle name them.

Nothing is unpacked on disk.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from .rebuild import NotANotebook, handed_in
from .roster import Roster
from .source import Source

LARGEST = 200 << 20  # bytes of a file that is still read
CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)$")
MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_?(?P<file>.*)$")
SKIPPED = re.compile(r"(^|/)(\.|__MACOSX)")


@dataclass(frozen=True)
class File:
    """A file of a submission: its name as the student gave it, and its bytes when asked."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Submission:
    """What is graded of what a student handed in."""

    student: str
    file: str
    raw: bytes
    flags: tuple[str, ...]


def _open_zip(raw: bytes) -> Iterator[tuple[str, Callable[[], bytes]]]:
    try:
        archive = zipfile.ZipFile(BytesIO(raw))
    except (zipfile.BadZipFile, OSError):
        return
    for info in archive.infolist():
        if not info.is_dir() and info.file_size <= LARGEST:
            yield info.filename, lambda info=info: _from_zip(archive, info)


def _from_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as stream:
            return stream.read(LARGEST)
    except (zipfile.BadZipFile, RuntimeError, OSError, NotImplementedError, EOFError):
        return b""


def _entries(place: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Paths within a folder or zip; a zip that holds a class is a folder."""
    if place.is_file():
        yield from _open_zip(place.read_bytes())
        return
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_symlink() or SKIPPED.search(name):
            continue
        if path.is_dir():
            if path.parent == place and not any(path.iterdir()):
                yield f"{name}/", bytes
        elif path.suffix == ".zip" and path.parent == place and not _who(name)[2]:
            inside = [e for e in _open_zip(path.read_bytes()) if not SKIPPED.search(e[0])]
            single = sum(inner.endswith(".ipynb") for inner, _ in inside) <= 1
            prefix = f"{path.stem}/" if single else ""
            yield from ((prefix + inner, read) for inner, read in inside)
        elif path.stat().st_size <= LARGEST:
            yield name, path.read_bytes


def _who(name: str) -> tuple[list[str], str, bool]:
    """Words that name the student, the file's own name, and whether an LMS has named it."""
    path = PurePosixPath(name)
    for part in path.parts:
        found = MOODLE.match(part) or (CANVAS.match(part) if part == path.name else None)
        if found:
            own = path.name if part != path.name else found["file"]
            return [found["id"], found["name"]], own, True
    first = path.parts[0]
    return [first if len(path.parts) > 1 or name.endswith("/") else path.stem], path.name, False


def _files(place: Path) -> Iterator[tuple[list[str], File]]:
    for name, read in _entries(place):
        words, own, _ = _who(name)
        if SKIPPED.search(name) or (len(PurePosixPath(name).parts) == 1 and name.endswith(".csv")):
            continue
        if name.endswith("/"):
            yield words, File("", read)
        elif own.endswith(".zip"):
            for inner, inner_read in _open_zip(read()):
                if not SKIPPED.search(inner):
                    yield words, File(PurePosixPath(inner).name, inner_read)
        else:
            yield words, File(own, read)


def collected(place: Path, roster: Roster | None) -> tuple[dict[str, list[File]], dict[str, str]]:
    """The files of each student, and flags of those who are not on the list."""
    found: dict[str, list[File]] = defaultdict(list)
    strangers: dict[str, str] = {}
    for words, file in _files(place):
        student = (roster and roster.student(*words)) or ""
        if not student:
            student = words[0]
            if roster:
                strangers[student] = "not on the roster"
        found[student].append(file)
    return dict(sorted(found.items())), strangers


def _known(raw: bytes, source: Source) -> int:
    """How many cells of an assignment a file holds; -1 if it is no notebook."""
    ids = {cell.id for cell in source.of("answer", "marked", "manual")}
    try:
        return len({name for cell in handed_in(raw) for name in cell.ids} & ids)
    except NotANotebook:
        return -1


def assignment(files: dict[str, list[File]], sources: dict[str, Source]) -> str:
    """The assignment that most of the files belong to."""
    votes: Counter[str] = Counter()
    for own in files.values():
        for file in own:
            raw = file.read()
            counts = {name: _known(raw, source) for name, source in sources.items()}
            best = max(counts, key=lambda name: (counts[name], name in file.name))
            votes[best] += counts[best] > 0
    best, number = votes.most_common(1)[0] if votes else ("", 0)
    if not number:
        raise SystemExit("there is no submission of any assignment here")
    return best


def chosen(student: str, files: list[File], source: Source) -> Submission:
    """The notebook among the files of a student."""
    named = [(file.name, file.read()) for file in files if file.name]
    if not named:
        return Submission(student, "", b"", ("no file",))
    counts = [_known(raw, source) for _, raw in named]
    best = max(range(len(named)), key=lambda n: (counts[n], named[n][0].endswith(".ipynb"), n))
    name, raw = named[best]
    flags = []
    stem = re.sub(r"( ?\(\d+\)|-\d+)?\.ipynb$", "", name)
    if stem.casefold() != source.name.casefold() or not name.endswith(".ipynb"):
        flags.append(f"file name: {name}")
    if sum(count > 0 for count in counts) > 1:
        flags.append(f"several notebooks: {name} was taken")
    return Submission(student, name, raw, tuple(flags))
