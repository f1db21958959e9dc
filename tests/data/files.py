"""Files of made-up data sets: packed, put into folders, and known to the manifest."""

import hashlib
import io
import os
import tarfile
import zipfile
from dataclasses import replace
from types import MappingProxyType

from distunlearn_lite import cli
from distunlearn_lite.data import cifar10, fetching, sms_spam
from distunlearn_lite.data.manifest import MANIFEST


def put(folder, name, contents):
    """Write a file, with the folders on the way to it, and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
    return path


def sha256(contents):
    return hashlib.sha256(contents).hexdigest()


def zipped(contents, method=zipfile.ZIP_DEFLATED):
    """A zip file of contents by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as bundle:
        for name, content in contents.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def tarred(entries):
    """A tar of pairs: a name, or all that is to be said of the file, and its content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as bundle:
        for entry, content in entries:
            about = entry if isinstance(entry, tarfile.TarInfo) else tarfile.TarInfo(entry)
            about.size = len(content)
            bundle.addfile(about, io.BytesIO(content))
    return buffer.getvalue()


def holding(described, contents):
    """A member, or a download, of other contents."""
    return replace(described, size=len(contents), sha256=sha256(contents))


def make_known(monkeypatch, dataset):
    """Let the manifest hold that data set alone."""
    manifest = MappingProxyType({dataset.name: dataset})
    for module in (cifar10, cli, fetching, sms_spam):
        monkeypatch.setattr(module, "MANIFEST", manifest)


def make_messages_known(monkeypatch, contents, **changes):
    """Let the manifest hold an SMS Spam Collection of those contents alone."""
    original = MANIFEST["sms_spam"]
    members = (holding(original.members[0], contents),)
    make_known(monkeypatch, replace(original, members=members, **changes))


class Trap:
    """Makes a folder where it is unpickled: what a pickle can do to those who load it."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)
