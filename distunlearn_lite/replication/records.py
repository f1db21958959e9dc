"""Tables recorded with their provenance, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from ..files import open_whole
from ..sweeps.sweeping import COLUMNS

PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "joblib")
DECIMALS = 6


@dataclass(frozen=True)
class Recorded:
    """A recorded sweep.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its values, rounded to six decimals, in the columns of ``sweep``.
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
        both = live.round({"budget": DECIMALS}).merge(
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
    text = frame.round({"budget": DECIMALS, "value": DECIMALS}).to_csv(
        index=False, lineterminator="\n"
    )
    provenance = {
        "name": name,
        "date": datetime.now(UTC).date().isoformat(),
        **about,
        "seeds": sorted({int(seed) for seed in frame["seed"]}),
        "rules": list(dict.fromkeys(frame["rule"])),
        "budgets": sorted({round(float(budget), DECIMALS) for budget in frame["budget"]}),
        "machine": {"system": platform.system(), "cores": os.cpu_count()},
        "csv_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    described = json.dumps(provenance, indent=1, ensure_ascii=False) + "\n"
    with open_whole(place / f"{name}.csv") as table, open_whole(place / f"{name}.json") as beside:
        for stream, content in ((table, text), (beside, described)):
            stream.write(content.encode())
            stream.flush()  # a full disk shows before either is moved
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
        Where the table is not the one its provenance was written for.
    """
    table, about = (Path(folder) / f"{name}.{ending}" for ending in ("csv", "json"))
    for path in (table, about):
        if not path.is_file():
            raise FileNotFoundError(
                f"no recorded results at {path}; record them with `distunlearn replicate {name}`"
            )
    content = table.read_bytes()
    provenance = json.loads(about.read_text(encoding="utf-8"))
    if hashlib.sha256(content).hexdigest() != provenance.get("csv_sha256"):
        raise ValueError(
            f"{table} is not the table that {about.name} describes: it was edited, or a run "
            f"stopped in between; record it anew with `distunlearn replicate {name}`"
        )
    return Recorded(pd.read_csv(io.BytesIO(content)), _of_today(provenance))


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the values depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def _of_today(about: dict[str, Any]) -> dict[str, Any]:
    """Provenance in today's form: it once had one task bare, and the models apart from the data."""
    model, variants = about.pop("model", None), about.pop("variants", {})
    data = about["data"] if isinstance(about["data"], list) else [about["data"]]
    if model is not None:
        models = {task: plan["model"] for task, plan in variants.items() if "model" in plan}
        data = [part | {"model": models.get(part["task"], model)} for part in data]
    return about | {"data": data}
