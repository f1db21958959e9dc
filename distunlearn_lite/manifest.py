"""The data sets: what each is, whose it is, where it comes from, and its checksums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["MANIFEST", "Dataset", "Member"]


@dataclass(frozen=True)
class Member:
    """A file of a data set: its place in a data folder, its name in the download, its checksum."""

    path: str
    inside: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """A data set; `size` and `sha256` are those of the download, addresses are tried in order."""

    name: str
    title: str
    licence: str
    citation: str
    archive: str
    size: int
    sha256: str
    addresses: tuple[str, ...]
    members: tuple[Member, ...]
    standin: str


MANIFEST: Mapping[str, Dataset] = MappingProxyType(
    {
        "sms_spam": Dataset(
            name="sms_spam",
            title="SMS Spam Collection v.1",
            licence="CC BY 4.0",
            citation=(
                "T. A. Almeida and J. M. Gómez Hidalgo (2011). SMS Spam Collection. "
                "UCI Machine Learning Repository. doi:10.24432/C5CC84"
            ),
            archive="sms+spam+collection.zip",
            size=203_415,
            sha256="1587ea43e58e82b14ff1f5425c88e17f8496bfcdb67a583dbff9eefaf9963ce3",
            addresses=(
                "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
                "https://archive.ics.uci.edu/ml/machine-learning-databases/00228/"
                "smsspamcollection.zip",
            ),
            members=(
                Member(
                    path="sms_spam/SMSSpamCollection",
                    inside="SMSSpamCollection",
                    size=477_907,
                    sha256="7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
                ),
            ),
            standin='load_standin("text")',
        ),
    }
)
