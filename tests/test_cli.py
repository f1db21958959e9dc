"""The command line: what each command prints and writes, and how it fails."""

import json
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

import distunlearn_lite
from distunlearn_lite import score, select_deletions
from distunlearn_lite.cli import main
from distunlearn_lite.data.fetching import Found
from distunlearn_lite.data.manifest import MANIFEST
from distunlearn_lite.replication.records import load_recorded
from tests.data.files import make_messages_known, put
from tests.replication.test_runner import small_experiment
from tests.test_row_files import ROOT, contents

RNG = np.random.default_rng(0)
FORGET, RETAIN = RNG.standard_normal((20, 3)) + 1, RNG.standard_normal((30, 3))


@pytest.fixture
def folder(tmp_path):
    """A folder with the two sets."""
    np.save(tmp_path / "forget.npy", FORGET)
    np.save(tmp_path / "retain.npy", RETAIN)
    return tmp_path


def select(folder, *options, forget="forget.npy", retain="retain.npy", output="rows.npy"):
    paths = [str(folder / forget), str(folder / retain)]
    return main(["select", *paths, "-o", str(folder / output), *options])


@pytest.mark.parametrize(("options", "rule"), [([], "lr-maha"), (["--rule", "l2-mu2"], "l2-mu2")])
@pytest.mark.parametrize(("budget", "expected"), [("5", 5), ("0.25", 5), ("0", 0), ("1.0", 20)])
def test_select_writes_rows_and_report(folder, capsys, budget, expected, options, rule):
    assert select(folder, "--budget", budget, *options) == 0
    rows = np.load(folder / "rows.npy")
    assert rows.tolist() == select_deletions(score(FORGET, RETAIN, rule), expected).tolist()
    report = json.loads((folder / "rows.json").read_text())
    assert report["deleted"] == expected
    assert report["forget"] == {"file": "forget.npy", "rows": 20}
    assert report["rule"] == rule
    assert report["output"] == "rows.npy"
    assert f"{expected} of 20 rows to delete" in capsys.readouterr().out
    assert (folder / "rows.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("budget", "files", "message"),
    [
        ("21", {}, "at most 20, got 21"),
        ("1", {"output": "rows.txt"}, "must end in .npy or .csv, got 'rows.txt'"),
        ("1", {"forget": "absent.npy"}, "absent.npy"),
        ("1", {"forget": "narrow.npy"}, "the same columns, got 2 and 3"),
    ],
)
def test_bad_input_to_select_is_one_message(folder, capsys, budget, files, message):
    np.save(folder / "narrow.npy", np.ones((4, 2)))
    assert select(folder, "--budget", budget, **files) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("distunlearn: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert captured.out == ""
    assert not (folder / "rows.npy").exists()


def refuse_to_read(patch):
    too_early = AssertionError("read before the output was looked at")
    patch.setattr("distunlearn_lite.cli.read_rows", mock.Mock(side_effect=too_early))


@pytest.mark.parametrize(
    "output", ["forget.npy", "folder/../retain.npy", "soft.npy", "hard.npy", "report.npy"]
)
def test_select_never_overwrites_an_input(folder, capsys, monkeypatch, output):
    (folder / "folder").mkdir()
    (folder / "soft.npy").symlink_to(folder / "forget.npy")
    (folder / "hard.npy").hardlink_to(folder / "retain.npy")
    (folder / "report.json").hardlink_to(folder / "forget.npy")
    before = contents(folder)
    refuse_to_read(monkeypatch)
    assert select(folder, "--budget", "5", "--force", output=output) == 2
    assert "is one of the inputs" in capsys.readouterr().err
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["rows.npy", "rows.json", "rows.png"])
def test_select_overwrites_nothing_unless_told(folder, capsys, monkeypatch, name):
    (folder / name).write_text("something else")
    before = contents(folder)
    with monkeypatch.context() as patch:
        refuse_to_read(patch)
        assert select(folder, "--budget", "5") == 2
    assert f"{name} is there already" in capsys.readouterr().err
    assert contents(folder) == before
    assert select(folder, "--budget", "5", "--force") == 0
    assert np.load(folder / "rows.npy").size == 5
    assert contents(folder).keys() - before.keys() | {name} == {"rows.npy", "rows.json", "rows.png"}


def test_a_link_that_leads_nowhere_and_a_folder_are_there_too(folder, capsys):
    (folder / "rows.png").symlink_to(folder / "nowhere")
    assert select(folder, "--budget", "5") == 2
    assert "rows.png is there already" in capsys.readouterr().err
    (folder / "rows.json").mkdir()
    assert select(folder, "--budget", "5", "--force") == 2
    assert "rows.json is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["absent/rows.npy", "forget.npy/rows.npy", "closed/rows.npy"])
def test_a_folder_that_cannot_be_written_in_is_reported_first(folder, capsys, monkeypatch, output):
    (folder / "closed").mkdir()
    if output.startswith("closed"):  # the superuser may write in any folder
        denied = PermissionError(13, "Permission denied")
        monkeypatch.setattr("tempfile.TemporaryFile", mock.Mock(side_effect=denied))
    refuse_to_read(monkeypatch)
    assert select(folder, "--budget", "5", output=output) == 2
    message = capsys.readouterr().err
    assert str(folder / output.split("/")[0]) in message
    assert "the folder of the output" in message


def test_the_help_of_select_is_honest_about_small_budgets(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["select", "--help"])
    assert stopped.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "less than random deletion. At a fifth of the rows most rules" in printed
    table = load_recorded("sms", ROOT / "book" / "results").frame
    fifth = table[(table["metric"] == "forget_recall") & np.isclose(table["budget"], 0.2)]
    remembered = fifth.groupby("rule")["value"].mean()
    above = remembered.drop("random") > remembered["random"]
    assert above.mean() > 0.5
    assert above["lr-maha"]


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.split() == ["distunlearn", distunlearn_lite.__version__]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["select", "a.npy", "b.npy", "-o", "c.npy"], "required: --budget"),
        (["select", "a", "b", "-o", "c", "--budget", "many"], "'many' is neither a number of rows"),
        (["select", "a", "b", "-o", "c", "--budget", "1", "--rule", "x"], "choose from"),
        (["replicate", "mnist"], "choose from"),
        (["data", "burn"], "choose from"),
    ],
)
def test_unknown_arguments_are_refused(capsys, arguments, message):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.fixture
def replication(tmp_path, monkeypatch):
    """A small experiment, the only one; arguments that run it, and the folder of its results."""
    known = {"tiny": small_experiment()}
    for module in ("replication.runner", "cli"):
        monkeypatch.setattr(f"distunlearn_lite.{module}.EXPERIMENTS", known)
    folder = tmp_path / "results"
    return ["replicate", "tiny", "--folder", str(folder)], folder


def test_replicate_records_and_prints_the_halving_budgets(replication, capsys):
    arguments, folder = replication
    assert main([*arguments, "--seeds", "4", "3"]) == 0
    about = json.loads((folder / "tiny.json").read_text())
    assert about["seeds"] == [3, 4]
    assert about["command"].endswith(" --seeds 3 4")
    assert (folder / "tiny.csv").is_file()
    printed = capsys.readouterr().out
    assert "96 values" in printed
    assert "fewer_than_random" in printed
    assert main([*arguments, "--seeds", "3", "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "48 values" in printed
    assert "fewer_than_random" not in printed


def test_bad_seeds_are_refused_before_anything_is_written(replication, capsys):
    arguments, folder = replication
    assert main([*arguments, "--seeds", "1", "1"]) == 2
    assert "seeds must be distinct" in capsys.readouterr().err
    assert not folder.exists()


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (KeyboardInterrupt, 130, "interrupted"),
        (TerminatedWorkerError, 2, "the same command goes on from the finished seeds"),
    ],
)
def test_what_stops_a_replication_is_no_traceback(capsys, monkeypatch, error, status, message):
    monkeypatch.setattr("distunlearn_lite.cli.replicate", mock.Mock(side_effect=error))
    assert main(["replicate", "sms"]) == status
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache, and a data folder of which the test decides what is in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr("distunlearn_lite.data.fetching.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("DISTUNLEARN_DATA", str(folder))
    return folder


def test_data_that_is_absent_or_unknown(home, capsys):
    assert main(["data", "list", "mnist"]) == 2
    assert "unknown data set 'mnist'" in capsys.readouterr().err
    assert main(["data", "list"]) == 0
    assert "sms_spam: SMS Spam Collection v.1, CC BY 4.0; absent" in capsys.readouterr().out
    assert main(["data", "verify", "sms_spam"]) == 2
    assert "SMS Spam Collection v.1 is not on this machine" in capsys.readouterr().err
    assert main(["data", "verify"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{name}: absent; distunlearn data fetch {name}" for name in MANIFEST
    ]
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert 'sms_spam: absent, chapters run on load_standin("text")' in printed
    assert "distunlearn data fetch sms_spam" in printed
    assert f"numpy {np.__version__}" in printed


def test_data_that_is_damaged(home, capsys):
    (home / "SMSSpamCollection").write_text("ham\thello\n")
    assert main(["data", "verify"]) == 2
    assert "is not the original SMSSpamCollection" in capsys.readouterr().err
    assert main(["doctor"]) == 1
    assert "sms_spam: chapters stop" in capsys.readouterr().out


def test_data_that_is_there(home, capsys, monkeypatch):
    content = b"ham\thello\n"
    put(home, "SMSSpamCollection", content)
    make_messages_known(monkeypatch, content)
    for action in ("fetch", "verify"):
        assert main(["data", action, "sms_spam"]) == 0
        assert "sms_spam: checksums right" in capsys.readouterr().out
    assert main(["doctor"]) == 0
    assert "real data (environment)" in capsys.readouterr().out


def test_without_names_the_small_one_is_fetched_and_what_is_here_verified(
    home, capsys, monkeypatch
):
    fetch, verify = (mock.Mock(return_value=Found("cache", ())) for _ in range(2))
    monkeypatch.setattr("distunlearn_lite.cli.fetch", fetch)
    monkeypatch.setattr("distunlearn_lite.cli.verify", verify)
    assert main(["data", "fetch"]) == 0
    assert main(["data", "fetch", "cifar10"]) == 0
    assert fetch.mock_calls == [mock.call("sms_spam"), mock.call("cifar10")]
    assert "cifar10: checksums right" in capsys.readouterr().out
    put(home, "SMSSpamCollection", b"ham\thello\n")
    assert main(["data", "verify"]) == 0
    assert verify.mock_calls == [mock.call("sms_spam")]


def test_replicate_passes_its_options_on(monkeypatch, tmp_path):
    called = mock.Mock(side_effect=KeyboardInterrupt)
    monkeypatch.setattr("distunlearn_lite.cli.replicate", called)
    options = ["--jobs", "2", "--seeds", "4", "1", "--folder", str(tmp_path), "--judged"]
    main(["replicate", "cifar10", *options, "--features", "mine.npy"])
    expected = {"seeds": [4, 1], "n_jobs": 2, "folder": tmp_path}
    expected |= {"features": Path("mine.npy"), "judged": True}
    called.assert_called_once_with("cifar10", **expected)
