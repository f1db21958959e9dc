"""SMS Spam Collection: five thousand messages, of which the spam is to be forgotten."""

from __future__ import annotations

import os

import numpy as np

from .fetching import fetch, verify
from .manifest import MANIFEST
from .task import UnlearningTask


def load_sms_spam(
    *, data_home: str | os.PathLike[str] | None = None, download: bool = True
) -> UnlearningTask:
    """SMS Spam Collection: 5,574 messages, of which the 747 spam messages are to be forgotten.

    Looked for in `data_home`, in the folder that the environment variable DISTUNLEARN_DATA names
    (an absolute path), and in the cache; then downloaded into the cache (200 kB). The checksum is
    compared before use.

    Parameters
    ----------
    data_home : path, optional
        Folder with the file ``SMSSpamCollection``, or with a folder ``sms_spam`` that has it.
    download : bool
        False looks on this machine only.

    Returns
    -------
    UnlearningTask
        Texts; y is 1 for spam and 0 for ham, and spam is the forget set. 403 messages are copies of
        an earlier line.

    Raises
    ------
    DatasetUnavailable
        Where the file is not here and not to be had; the message says what to do.
    ValueError
        Where a folder that was named does not exist, or a file is not the original.

    Notes
    -----
    Source: the SMS Spam chapter. T. A. Almeida and J. M. Gómez Hidalgo, UCI Machine Learning
    Repository, doi:10.24432/C5CC84, CC BY 4.0.

    Examples
    --------
    >>> from distunlearn_lite import DatasetUnavailable, load_sms_spam, load_standin
    >>> try:
    ...     task = load_sms_spam(download=False)
    ... except DatasetUnavailable:
    ...     task = load_standin("text")
    >>> task.is_text
    True
    """
    dataset = MANIFEST["sms_spam"]
    found = fetch(dataset.name, data_home) if download else verify(dataset.name, data_home)
    # Only a line feed ends a message: some hold characters that str.splitlines would cut at.
    lines = found.paths[0].read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    pairs = [line.split("\t", 1) for line in lines]
    spam = np.array([label == "spam" for label, _ in pairs])
    return UnlearningTask(
        X=np.array([text for _, text in pairs], dtype=object),
        y=spam.astype(np.int64),
        forget=spam,
        name=dataset.name,
        provenance=f"{dataset.title}; {dataset.citation}; sha256 {dataset.members[0].sha256}",
    )
