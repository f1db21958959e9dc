"""The two errors of the library's own."""

from __future__ import annotations


class InfeasibleTarget(ValueError):
    """A target no deletion, or no member of the family, can meet.

    The message says why and names the nearest target that can be met.

    Examples
    --------
    >>> from distunlearn_lite import InfeasibleTarget, deletion_budget
    >>> try:
    ...     deletion_budget("distance", 100, 100, separation=1.0, alpha=2.0)
    ... except InfeasibleTarget as error:
    ...     print("out of reach")
    out of reach
    """


class DatasetUnavailable(RuntimeError):
    """Real data that is neither on this machine nor to be fetched.

    The message says where it was looked for, how to fetch it by hand, and which stand-in
    every machine has.

    Examples
    --------
    >>> from distunlearn_lite import DatasetUnavailable, load_sms_spam
    >>> try:
    ...     load_sms_spam(data_home="/nowhere", download=False)
    ... except (DatasetUnavailable, ValueError) as error:
    ...     print("not here")
    not here
    """
