"""Command line: ``distunlearn data | select | replicate | doctor``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from pathlib import Path

from .data.fetching import available, fetch, find, judged, verify
from .data.manifest import MANIFEST
from .errors import DatasetUnavailable
from .replication.experiments import EXPERIMENTS
from .replication.protocol import ROWS
from .replication.protocol import judged as judge
from .replication.records import PACKAGES
from .replication.runner import replicate
from .row_files import check_output, read_rows, write_selection
from .rules.scoring import SCORING_RULES, score
from .rules.selection import select_deletions
from .sweeps.summaries import budget_to_reach


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0 where it went well, 1 where `doctor` found something wrong, 2 on bad input, missing data
        or a killed worker, with one message on stderr, and 130 where it was interrupted.
    """
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (ValueError, TypeError, DatasetUnavailable, OSError) as error:
        print(f"distunlearn: {error}", file=sys.stderr)
        return 2
    except BrokenProcessPool:
        print(
            "distunlearn: a worker process was killed, most likely for want of memory; the same "
            "command goes on from the finished seeds, and a smaller --jobs takes less memory",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("distunlearn: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="distunlearn", description="Delete the points that make a data set forget a domain."
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {version('distunlearn-lite')}"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="list, fetch or verify the real data sets")
    data.add_argument("action", choices=("list", "fetch", "verify"))
    data.add_argument(
        "name", nargs="*", metavar="NAME", help="by default all, for fetch the small one"
    )
    data.set_defaults(run=_data)

    select = commands.add_parser(
        "select",
        help="choose the rows of your own arrays to delete",
        epilog="No rule is safe at small budgets: selection can forget less than random deletion. "
        "At a fifth of the rows most rules do so in the recorded SMS table, the default rule among "
        "them. Sweep your own data first (sweep); "
        "deletion_budget gives a Gaussian's answer, not a classifier's.",
    )
    select.add_argument(
        "forget", type=Path, help="rows to forget: .npy, .npz, .csv with a header, or .parquet"
    )
    select.add_argument("retain", type=Path, help="rows to keep, same columns in the same order")
    select.add_argument(
        "--rule", default="lr-maha", choices=tuple(SCORING_RULES), help="default: lr-maha"
    )
    select.add_argument(
        "--budget",
        required=True,
        type=_budget,
        help="rows (12) or fraction (0.25) to delete; 1 is one row, 1.0 is all",
    )
    select.add_argument("--seed", type=int, default=0, help="seed of the rule random")
    select.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        help="row indices, .npy or .csv; a report (.json) and a picture (.png) go beside it",
    )
    select.add_argument(
        "--force", action="store_true", help="overwrite these three files, but never an input"
    )
    select.set_defaults(run=_select)

    again = commands.add_parser("replicate", help="run a replication and record its results")
    again.add_argument("name", choices=tuple(EXPERIMENTS))
    again.add_argument(
        "--seeds", type=int, nargs="+", metavar="SEED", help="seeds instead of the experiment's"
    )
    again.add_argument("--jobs", type=int, default=1, help="seeds that run at a time")
    again.add_argument(
        "--folder", type=Path, default=Path("book", "results"), help="default: book/results"
    )
    again.add_argument(
        "--features",
        type=Path,
        metavar="FILE.npy",
        help="cifar10 only: your own features of the 60,000 images, the labels in a last column; "
        "recorded as cifar10-features",
    )
    again.add_argument(
        "--judged",
        action="store_true",
        help="only what the protocol judges, recorded as NAME-judged: a check on fresh seeds",
    )
    again.set_defaults(run=_replicate)

    doctor = commands.add_parser("doctor", help="versions, data, and what would run on what")
    doctor.set_defaults(run=_doctor)
    return parser


def _budget(text: str) -> float:
    try:
        return int(text) if text.removeprefix("-").isdigit() else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number of rows (12) nor a fraction (0.25)"
        ) from None


def _data(arguments: argparse.Namespace) -> int:
    names = arguments.name or list(MANIFEST)
    if not arguments.name and arguments.action == "fetch":
        names = [name for name in MANIFEST if MANIFEST[name].by_default]
    unknown = [name for name in names if name not in MANIFEST]
    if unknown:
        raise ValueError(
            f"unknown data set {unknown[0]!r}; the known ones are {', '.join(MANIFEST)}"
        )
    if arguments.action == "list":
        states = available()
        for name in names:
            dataset = MANIFEST[name]
            print(f"{name}: {dataset.title}, {dataset.licence}; {states[name]}")
        return 0
    for name in names:
        if not arguments.name and arguments.action == "verify" and find(name) is None:
            print(f"{name}: absent; distunlearn data fetch {name}")
            continue
        found = fetch(name) if arguments.action == "fetch" else verify(name)
        print(f"{name}: {judged(name, found)}; {', '.join(map(str, found.paths))}")
    return 0


def _select(arguments: argparse.Namespace) -> int:
    sources = (arguments.forget, arguments.retain)
    check_output(arguments.output, sources, overwrite=arguments.force)
    forget, retain = read_rows(*sources)
    scores = score(forget, retain, arguments.rule, rng=arguments.seed)
    rows = select_deletions(scores, arguments.budget)
    about = {
        "rule": arguments.rule,
        "seed": arguments.seed if arguments.rule == "random" else None,
        "forget": {"file": arguments.forget.name, "rows": int(forget.shape[0])},
        "retain": {"file": arguments.retain.name, "rows": int(retain.shape[0])},
        "columns": int(forget.shape[1]),
    }
    report, picture = write_selection(arguments.output, scores, rows, about)
    print(f"{rows.size} of {scores.size} rows to delete: {arguments.output}")
    print(f"report: {report}; picture: {picture}")
    return 0


def _replicate(arguments: argparse.Namespace) -> int:
    recorded = replicate(
        arguments.name,
        seeds=arguments.seeds,
        n_jobs=arguments.jobs,
        folder=arguments.folder,
        features=arguments.features,
        judged=arguments.judged,
    )
    print(f"{len(recorded.frame)} values in {arguments.folder / recorded.provenance['table']}")
    if recorded.frame["seed"].nunique() > 1:
        experiment = EXPERIMENTS[arguments.name]
        metric, target, draws = experiment.metric, experiment.target, experiment.draws
        for task, frame in recorded.frame.groupby("task", sort=False):
            print(f"{task}: deleted fraction at which {metric} reaches {target!r},")
            print(f"with its 95 % interval (what the seeds redraw: {draws}):")
            try:
                print(budget_to_reach(frame, metric, target, draws=draws).round(3).to_string())
            except ValueError as nothing_to_reach:
                print(nothing_to_reach)
        if experiment.name in {row.table for row in ROWS}:
            found = judge({experiment.name: recorded.frame}).round(3)
            print("beside the paper, by the protocol of the replications:")
            print(found.to_string(index=False))
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    versions = {name: version(name) for name in ("distunlearn-lite", *PACKAGES, "matplotlib")}
    print(f"python {platform.python_version()}, {os.cpu_count()} cores")
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    wrong = 0
    for name, dataset in MANIFEST.items():
        try:
            found = find(name)
            if found is None:
                print(f"{name}: absent, chapters run on {dataset.standin}")
                how = "to fetch it" if dataset.addresses else "how to fetch it by hand"
                print(f"  {how}: distunlearn data fetch {name}")
            else:
                place = verify(name).place
                print(f"{name}: chapters run on the real data ({place}), {judged(name, found)}")
        except ValueError as error:
            wrong = 1
            print(f"{name}: chapters stop: {error}")
    return wrong
