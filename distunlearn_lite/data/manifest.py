"""The data sets: what each is, whose it is, where it comes from, and its checksums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .kaggle_comments import read_comments


@dataclass(frozen=True)
class Member:
    """A file of a data set: its place in a data folder, its name in the download, its checksum.

    A download kept whole has its own name as `inside`. An empty `sha256` is not compared: the
    loader then judges the content.
    """

    path: str
    inside: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Dataset:
    """A data set; `size` and `sha256` are those of the download, addresses are tried in order.

    `members` are the files looked for; each of `alternatives` is another set of files that does as
    well. `contents` are the files of interest inside an archive that is kept whole. A data set
    without addresses is the reader's to fetch, as `by_hand` says. `origin` reads and checks a file
    that has no checksum, and says which one it is.
    """

    name: str
    title: str
    licence: str
    citation: str
    members: tuple[Member, ...]
    standin: str
    archive: str = ""
    size: int = 0
    sha256: str = ""
    addresses: tuple[str, ...] = ()
    alternatives: tuple[tuple[Member, ...], ...] = ()
    contents: tuple[Member, ...] = ()
    by_hand: str = ""
    origin: Callable[[Path], str] | None = None
    by_default: bool = False


_CIFAR10 = tuple(
    Member(f"cifar10/cifar-10-batches-py/{name}", f"cifar-10-batches-py/{name}", size, sha256)
    for name, size, sha256 in (
        (
            "data_batch_1",
            31_035_704,
            "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd",
        ),
        (
            "data_batch_2",
            31_035_320,
            "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8",
        ),
        (
            "data_batch_3",
            31_035_999,
            "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9",
        ),
        (
            "data_batch_4",
            31_035_696,
            "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b",
        ),
        (
            "data_batch_5",
            31_035_623,
            "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154",
        ),
        (
            "test_batch",
            31_035_526,
            "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831",
        ),
    )
)

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
            by_default=True,
        ),
        "jigsaw": Dataset(
            name="jigsaw",
            title="Jigsaw Toxic Comment Classification",
            licence="CC0, comments CC BY-SA 3.0",
            citation=(
                "Jigsaw and Conversation AI (2018). Toxic Comment Classification Challenge. Kaggle"
            ),
            members=(Member("jigsaw/train.csv", "train.csv"),),
            alternatives=(
                (Member("jigsaw/train.csv.zip", "train.csv.zip"),),
                (Member("jigsaw/train.csv.gz", "train.csv.gz"),),
                (
                    Member(
                        "jigsaw/jigsaw-toxic-comment-classification-challenge.zip",
                        "jigsaw-toxic-comment-classification-challenge.zip",
                    ),
                ),
            ),
            by_hand=(
                "with a free Kaggle account accept the terms of the competition, run `kaggle "
                "competitions download -c jigsaw-toxic-comment-classification-challenge`, and put "
                "the zip file, or train.csv from it, into"
            ),
            origin=lambda path: read_comments(path).origin,
            standin='load_standin("text")',
        ),
        "cifar10": Dataset(
            name="cifar10",
            title="CIFAR-10",
            licence="none stated, the author asks for the citation",
            citation=(
                "A. Krizhevsky (2009). Learning Multiple Layers of Features from Tiny Images. "
                "Technical report, University of Toronto"
            ),
            archive="cifar-10-python.tar.gz",
            size=170_498_071,
            sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            addresses=(
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
                "cifar-10-python.tar.gz",
            ),
            members=(
                Member(
                    path="cifar10/cifar-10-python.tar.gz",
                    inside="cifar-10-python.tar.gz",
                    size=170_498_071,
                    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                ),
            ),
            alternatives=(
                (
                    # The same files, compressed anew.
                    Member(
                        path="cifar10/cifar-10-batches-py.tar.xz",
                        inside="cifar-10-batches-py.tar.xz",
                        size=123_667_024,
                        sha256="bcf2cc8e7d592b4fdc92fb81cb93e4329cde6a81264fd66964abeaf101c95f1d",
                    ),
                ),
                _CIFAR10,
            ),
            contents=_CIFAR10,
            standin='load_standin("images")',
        ),
    }
)
