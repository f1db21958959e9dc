"""Tables recorded with their provenance, whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import platform
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from ..files import open_whole
from ..sweeps.sweeping import COLUMNS
from .protocol import EDITION

PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "joblib")
# Of a value as it is kept; what is compared has three digits or four.
DIGITS = 5
BUDGET_DECIMALS = 6
# Bytes of a table from which on it is kept compressed.
LARGE = 1_000_000


@dataclass(frozen=True)
class Recorded:
    """A recorded sweep.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its values, rounded to five digits, in the columns of ``sweep``.
    provenance : mapping
        How they came about: command, settings, data, versions, date.
    """

    frame: pd.DataFrame
    provenance: Mapping[str, Any]

    def gaps(self, live: pd.DataFrame) -> pd.DataFrame:
        """Return values computed now with their distance to the recorded ones.

        Parameters
        ----------
        live : pandas.DataFrame
            Result of ``sweep``: any part of the tasks, rules, budgets and seeds recorded.

        Returns
        -------
        pandas.DataFrame
            `live` with the columns ``recorded`` and ``gap``, the absolute difference.

        Raises
        ------
        ValueError
            Where `live` is empty or holds a value that was not recorded.
        """
        keys = [name for name in COLUMNS if name != "value"]
        both = live.round({"budget": BUDGET_DECIMALS}).merge(
            self.frame.rename(columns={"value": "recorded"}), on=keys
        )
        if len(both) != len(live) or live.empty:
            raise ValueError(
                f"{len(both)} of {len(live)} values stand in the record of "
                f"{self.provenance['name']!r}; compare tasks, rules, budgets and seeds that do"
            )
        return both.assign(gap=(both["value"] - both["recorded"]).abs())


def record(
    frame: pd.DataFrame, name: str, folder: str | os.PathLike[str], about: Mapping[str, Any]
) -> Recorded:
    """Write a sweep as ``<name>.csv``, with its provenance beside it as ``<name>.json``.

    A table of more than a million bytes is written as ``<name>.csv.gz``.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result of ``sweep``.
    name : str
        Name of the two files, without ending.
    folder : path
        Where they go; made if it is not there.
    about : mapping
        What the table does not say itself, as JSON takes it: ``command``, ``data`` (a list, one
        mapping a task), versions and code.

    Returns
    -------
    Recorded
        As ``load_recorded`` reads it.

    Raises
    ------
    ValueError
        Where `frame` is empty or holds other columns than those of ``sweep``.

    Notes
    -----
    Source: the SMS Spam chapter. Both files are written beside their places before either is moved
    there, so a full disk leaves the earlier two as they were.
    """
    if list(frame.columns) != list(COLUMNS) or frame.empty:
        raise ValueError(
            "frame must hold at least one row and the columns of sweep, got "
            f"{len(frame)} rows of {', '.join(map(str, frame.columns))}"
        )
    text = frame.assign(
        budget=frame["budget"].round(BUDGET_DECIMALS),
        value=[f"{value:.{DIGITS}g}" for value in frame["value"]],
    ).to_csv(index=False, lineterminator="\n")
    content = text.encode()
    plain, packed = f"{name}.csv", f"{name}.csv.gz"
    table, other = (packed, plain) if len(content) > LARGE else (plain, packed)
    provenance = {
        "name": name,
        "edition": EDITION,
        "table": table,
        "date": datetime.now(UTC).date().isoformat(),
        **about,
        "seeds": sorted({int(seed) for seed in frame["seed"]}),
        "rules": list(dict.fromkeys(frame["rule"])),
        "budgets": sorted({round(float(b), BUDGET_DECIMALS) for b in frame["budget"]}),
        "machine": {"system": platform.system(), "cores": os.cpu_count()},
        "csv_sha256": hashlib.sha256(content).hexdigest(),
    }
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    described = json.dumps(provenance, indent=1, ensure_ascii=False) + "\n"
    kept = gzip.compress(content, mtime=0) if table == packed else content
    with open_whole(place / table) as rows, open_whole(place / f"{name}.json") as beside:
        for stream, whole in ((rows, kept), (beside, described.encode())):
            stream.write(whole)
            stream.flush()  # a full disk shows before either is moved
    (place / other).unlink(missing_ok=True)
    return load_recorded(name, folder)


def load_recorded(name: str, folder: str | os.PathLike[str]) -> Recorded:
    """Read a recorded sweep, refused where table and provenance do not belong together.

    Parameters
    ----------
    name : str
        Name of the two files, without ending.
    folder : path
        Where they are.

    Returns
    -------
    Recorded
        Table and provenance.

    Raises
    ------
    FileNotFoundError
        Where a file is missing.
    ValueError
        Where the table is not the one its provenance was written for, or was recorded under
        another edition of the protocol.
    """
    again = f"record it anew with `distunlearn replicate {name}`"
    about = Path(folder) / f"{name}.json"
    if not about.is_file():
        raise FileNotFoundError(f"no recorded results at {about}; {again}")
    provenance = json.loads(about.read_text(encoding="utf-8"))
    edition = provenance.get("edition", 1)
    if edition != EDITION:
        raise ValueError(
            f"{about} belongs to edition {edition} of the protocol, and this is edition {EDITION}: "
            f"rules, seeds or metrics differ; {again}"
        )
    table = Path(folder) / provenance["table"]
    if not table.is_file():
        raise FileNotFoundError(f"no recorded results at {table}; {again}")
    content = table.read_bytes()
    with suppress(OSError, EOFError, zlib.error):  # what is damaged has another checksum
        content = gzip.decompress(content) if table.suffix == ".gz" else content
    if hashlib.sha256(content).hexdigest() != provenance["csv_sha256"]:
        raise ValueError(
            f"{table} is not the table that {about.name} describes: it was edited, or a run "
            f"stopped in between; {again}"
        )
    return Recorded(pd.read_csv(io.BytesIO(content)), provenance)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the values depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
