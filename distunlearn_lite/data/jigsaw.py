"""Jigsaw's toxic comments as a task, with one of two domains to be forgotten."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..validation import choice
from .fetching import fetch, verify
from .kaggle_comments import read_comments
from .manifest import MANIFEST
from .task import UnlearningTask

DOMAINS = ("toxic", "keywords")

# Content warning: vulgar words. The domain "keywords" is the comments that hold one of them as a
# whole word. The list was fixed before any result was seen, and has no word for a group of people:
# the seven words of the 1978 ruling FCC v. Pacifica on what may not be said on the radio, inflected
# forms and compounds of them, and milder words that well-meant comments use too, so that the domain
# is neither the toxic label nor a part of it.
KEYWORDS = (
    *("shit", "shitty", "bullshit", "piss", "pissed", "fuck", "fucked", "fucker", "fucking"),
    *("motherfucker", "cunt", "cocksucker", "tits"),
    *("ass", "asshole", "bitch", "bastard", "crap", "damn", "hell"),
)


def load_jigsaw(
    *,
    domain: str = "toxic",
    data_home: str | os.PathLike[str] | None = None,
    download: bool = True,
) -> UnlearningTask:
    """Jigsaw Toxic Comment Classification: Wikipedia comments with a domain to be forgotten.

    The comments are offensive. Kaggle asks for an account, so nothing is downloaded: the reader's
    own ``train.csv``, ``train.csv.zip``, ``train.csv.gz`` or the zip file of the whole competition
    is looked for in `data_home`, in the folder that the environment variable DISTUNLEARN_DATA names
    (an absolute path), and in the cache; each may hold it in a folder ``jigsaw``.

    Parameters
    ----------
    domain : str
        What to forget. ``toxic``: the comments labelled toxic. ``keywords``: the comments with a
        vulgar word of a fixed list, toxic or not; here the domain is not the label to predict.
    data_home : path, optional
        Folder with the file.
    download : bool
        Accepted as by the other loaders; there is no address to download from.

    Returns
    -------
    UnlearningTask
        Texts; y is 1 where the comment is labelled toxic, else 0. The provenance says whether the
        file is Kaggle's full one, the subset of this book's recorded results, or another.

    Raises
    ------
    DatasetUnavailable
        Where no such file is on this machine; the message says how to fetch one by hand.
    ValueError
        Where the domain is unknown, a folder that was named does not exist, or the file is damaged
        or not in Kaggle's form.

    Notes
    -----
    Source: the Jigsaw chapter. Jigsaw and Conversation AI, Kaggle 2018; data CC0, text of the
    comments CC BY-SA 3.0.

    Examples
    --------
    >>> from distunlearn_lite import DatasetUnavailable, load_jigsaw, load_standin
    >>> try:
    ...     task = load_jigsaw(domain="keywords")
    ... except DatasetUnavailable:
    ...     task = load_standin("text")
    >>> task.is_text
    True
    """
    choice("domain", domain, DOMAINS)
    found = fetch("jigsaw", data_home) if download else verify("jigsaw", data_home)
    comments = read_comments(found.paths[0])
    toxic = comments.labels[:, 0]
    if domain == "toxic":
        forget, what = toxic == 1, "the comments labelled toxic"
    else:
        forget = _holds_keyword(comments.texts)
        what = f"the comments with one of {len(KEYWORDS)} listed words"
    dataset = MANIFEST["jigsaw"]
    return UnlearningTask(
        X=comments.texts,
        y=toxic,
        forget=forget,
        name=f"jigsaw-{domain}",
        provenance=(
            f"{dataset.title}; {dataset.citation}; {comments.origin}; to be forgotten: {what}"
        ),
    )


def _holds_keyword(texts: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a text holds a listed word as a whole word, in upper or lower case."""
    word = re.compile(rf"\b(?:{'|'.join(KEYWORDS)})\b")
    return np.array([word.search(text.lower()) is not None for text in texts], dtype=np.bool_)
