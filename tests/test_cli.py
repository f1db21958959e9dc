"""The command line: what each command prints and writes, and how it fails."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from scipy import sparse

import distunlearn_lite
from distunlearn_lite import score, select_deletions
from distunlearn_lite.cli import main
from distunlearn_lite.data.fetching import Found
from distunlearn_lite.data.manifest import MANIFEST
from distunlearn_lite.replication.records import load_recorded
from tests.replication.test_runner import small_experiment
from tests.test_row_files import ROOT, contents


@pytest.fixture
def arrays(tmp_path):
    rng = np.random.default_rng(0)
    forget, retain = rng.standard_normal((20, 3)) + 1, rng.standard_normal((30, 3))
    np.save(tmp_path / "forget.npy", forget)
    np.save(tmp_path / "retain.npy", retain)
    return tmp_path, forget, retain


def select(folder, *options, forget="forget.npy", retain="retain.npy", output="rows.npy"):
    paths = [str(folder / forget), str(folder / retain)]
    return main(["select", *paths, "-o", str(folder / output), *options])


@pytest.mark.parametrize(("budget", "expected"), [("5", 5), ("0.25", 5), ("0", 0), ("1.0", 20)])
def test_select_writes_rows_and_report(arrays, capsys, budget, expected):
    folder, forget, retain = arrays
    assert select(folder, "--budget", budget) == 0
    rows = np.load(folder / "rows.npy")
    assert rows.tolist() == select_deletions(score(forget, retain, "lr-maha"), expected).tolist()
    report = json.loads((folder / "rows.json").read_text())
    assert report["deleted"] == expected
    assert report["forget"] == {"file": "forget.npy", "rows": 20}
    assert report["rule"] == "lr-maha"
    assert report["output"] == "rows.npy"
    assert f"{expected} of 20 rows to delete" in capsys.readouterr().out
    assert (folder / "rows.png").read_bytes().startswith(b"\x89PNG")


def test_select_reads_every_kind_of_file_alike(arrays, monkeypatch):
    folder, forget, retain = arrays
    # The engine is no dependency; what pandas reads with it is a data frame.
    monkeypatch.setattr("pandas.read_parquet", lambda path: pd.DataFrame(forget))
    np.savetxt(folder / "forget.csv", forget, delimiter=",", header="a,b,c", comments="")
    np.savez(folder / "retain.npz", rows=retain)
    sparse.save_npz(folder / "sparse.npz", sparse.csr_array(forget))
    chosen = []
    for name in ("forget.npy", "forget.csv", "sparse.npz", "forget.parquet"):
        options = ("--budget", "7", "--rule", "l2-mu2", "--force")
        assert select(folder, *options, forget=name, retain="retain.npz", output="rows.csv") == 0
        chosen.append((folder / "rows.csv").read_text().splitlines())
    assert chosen.count(chosen[0]) == 4
    assert chosen[0][0] == "row"
    assert len(chosen[0]) == 8


@pytest.mark.parametrize(
    ("options", "files", "message"),
    [
        (["--budget", "21"], {}, "at most 20, got 21"),
        (["--budget", "1.5"], {}, r"fraction in [0, 1], got 1.5"),
        (["--budget", "1"], {"output": "rows.txt"}, "must end in .npy or .csv, got 'rows.txt'"),
        (["--budget", "1"], {"forget": "forget.txt"}, "must end in .npy, .npz, .csv or .parquet"),
        (["--budget", "1"], {"forget": "rows.parquet"}, "needs the package pyarrow"),
        (["--budget", "1"], {"forget": "absent.npy"}, "absent.npy"),
        (["--budget", "1"], {"forget": "words.csv"}, "column 'b' does not; drop or encode it"),
        (["--budget", "1"], {"forget": "two.npz"}, "must hold one array, got x, y"),
        (["--budget", "1"], {"forget": "narrow.npy"}, "the same columns, got 2 and 3"),
    ],
)
def test_bad_input_to_select_is_one_message(arrays, capsys, monkeypatch, options, files, message):
    def no_engine(path):
        raise ImportError

    monkeypatch.setattr("pandas.read_parquet", no_engine)
    folder = arrays[0]
    (folder / "words.csv").write_text("a,b\n1,x\n")
    np.savez(folder / "two.npz", x=np.ones(2), y=np.ones(2))
    np.save(folder / "narrow.npy", np.ones((4, 2)))
    assert select(folder, *options, **files) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("distunlearn: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert captured.out == ""
    assert not (folder / "rows.npy").exists()


def refuse_to_read(monkeypatch):
    def read(*paths):
        raise AssertionError("read before the output was looked at")

    monkeypatch.setattr("distunlearn_lite.cli.read_rows", read)


@pytest.mark.parametrize("output", ["forget.npy", "folder/../retain.npy", "soft.npy", "hard.npy"])
def test_select_never_overwrites_an_input(arrays, capsys, monkeypatch, output):
    folder = arrays[0]
    (folder / "folder").mkdir()
    (folder / "soft.npy").symlink_to(folder / "forget.npy")
    (folder / "hard.npy").hardlink_to(folder / "retain.npy")
    before = contents(folder)
    refuse_to_read(monkeypatch)
    assert select(folder, "--budget", "5", "--force", output=output) == 2
    assert "is one of the inputs" in capsys.readouterr().err
    assert contents(folder) == before


def test_the_report_does_not_overwrite_an_input_either(arrays, capsys):
    folder = arrays[0]
    (folder / "rows.json").hardlink_to(folder / "forget.npy")
    assert select(folder, "--budget", "5", "--force") == 2
    assert "rows.json is one of the inputs" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["rows.npy", "rows.json", "rows.png"])
def test_select_overwrites_nothing_unless_told(arrays, capsys, monkeypatch, name):
    folder = arrays[0]
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


def test_a_link_that_leads_nowhere_and_a_folder_are_there_too(arrays, capsys):
    folder = arrays[0]
    (folder / "rows.png").symlink_to(folder / "nowhere")
    assert select(folder, "--budget", "5") == 2
    assert "rows.png is there already" in capsys.readouterr().err
    (folder / "rows.json").mkdir()
    assert select(folder, "--budget", "5", "--force") == 2
    assert "rows.json is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["absent/rows.npy", "forget.npy/rows.npy", "closed/rows.npy"])
def test_a_folder_that_cannot_be_written_in_is_reported_first(arrays, capsys, monkeypatch, output):
    def denied(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    folder = arrays[0]
    (folder / "closed").mkdir()
    if output.startswith("closed"):  # the superuser may write in any folder
        monkeypatch.setattr("tempfile.TemporaryFile", denied)
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
    assert "deletion_budget gives a Gaussian's answer, not a classifier's" in printed
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
        (
            ["select", "a", "b", "-o", "c", "--budget", "many"],
            "'many' is neither a number of rows (12) nor a fraction",
        ),
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


def test_replicate_records_and_prints_the_halving_budgets(tmp_path, capsys, monkeypatch):
    known = {"tiny": small_experiment()}
    monkeypatch.setattr("distunlearn_lite.replication.runner.EXPERIMENTS", known)
    monkeypatch.setattr("distunlearn_lite.cli.EXPERIMENTS", known)
    folder = ["--folder", str(tmp_path)]
    assert main(["replicate", "tiny", *folder, "--jobs", "1"]) == 0
    assert (tmp_path / "tiny.csv").is_file()
    printed = capsys.readouterr().out
    assert "72 values" in printed
    assert "fewer_than_random" in printed
    assert main(["replicate", "tiny", *folder, "--seeds", "3"]) == 0
    assert json.loads((tmp_path / "tiny.json").read_text())["seeds"] == [3]
    printed = capsys.readouterr().out
    assert "36 values" in printed
    assert "fewer_than_random" not in printed


def test_an_interrupt_is_no_traceback(capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("distunlearn_lite.cli.replicate", interrupted)
    assert main(["replicate", "sms"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_killed_worker_is_no_traceback(capsys, monkeypatch):
    def killed(*args, **kwargs):
        raise TerminatedWorkerError

    monkeypatch.setattr("distunlearn_lite.cli.replicate", killed)
    assert main(["replicate", "sms", "--jobs", "2"]) == 2
    message = capsys.readouterr().err
    assert "the same command goes on from the finished seeds" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("seeds", "message"),
    [(["1", "1"], "seeds must be distinct, but 1"), (["-1"], "seed must be at least 0")],
)
def test_bad_seeds_are_refused_before_anything_is_written(
    tmp_path, capsys, monkeypatch, seeds, message
):
    known = {"sms": small_experiment()}
    monkeypatch.setattr("distunlearn_lite.replication.runner.EXPERIMENTS", known)
    folder = tmp_path / "new"
    assert main(["replicate", "sms", "--folder", str(folder), "--seeds", *seeds]) == 2
    assert message in capsys.readouterr().err
    assert not folder.exists()


def test_seeds_on_the_command_line_are_those_of_the_provenance(tmp_path, monkeypatch):
    known = {"sms": small_experiment()}
    monkeypatch.setattr("distunlearn_lite.replication.runner.EXPERIMENTS", known)
    monkeypatch.setattr("distunlearn_lite.cli.EXPERIMENTS", known)
    assert main(["replicate", "sms", "--folder", str(tmp_path), "--seeds", "4", "3"]) == 0
    about = json.loads((tmp_path / "tiny.json").read_text())
    assert about["seeds"] == [3, 4]
    assert about["command"].endswith(" --seeds 3 4")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache, and a data folder of which the test decides what is in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr("distunlearn_lite.data.fetching.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("DISTUNLEARN_DATA", str(folder))
    return folder


def test_data_that_is_absent(home, capsys):
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
    import dataclasses

    content = b"ham\thello\n"
    (home / "SMSSpamCollection").write_bytes(content)
    dataset = MANIFEST["sms_spam"]
    member = dataclasses.replace(
        dataset.members[0], size=len(content), sha256=hashlib.sha256(content).hexdigest()
    )
    changed = {"sms_spam": dataclasses.replace(dataset, members=(member,))}
    for module in ("cli", "data.fetching"):
        monkeypatch.setattr(f"distunlearn_lite.{module}.MANIFEST", changed)
    for action in ("fetch", "verify"):
        assert main(["data", action, "sms_spam"]) == 0
        assert "sms_spam: checksums right" in capsys.readouterr().out
    assert main(["doctor"]) == 0
    assert "real data (environment)" in capsys.readouterr().out


def test_without_names_the_small_one_is_fetched_and_what_is_here_verified(
    home, capsys, monkeypatch
):
    asked = []

    def noted(name):
        asked.append(name)
        return Found("cache", ())

    monkeypatch.setattr("distunlearn_lite.cli.fetch", noted)
    monkeypatch.setattr("distunlearn_lite.cli.verify", noted)
    assert main(["data", "fetch"]) == 0
    assert asked == ["sms_spam"]
    assert main(["data", "fetch", "cifar10"]) == 0
    assert asked == ["sms_spam", "cifar10"]
    assert "cifar10: checksums right" in capsys.readouterr().out
    asked.clear()
    (home / "SMSSpamCollection").write_text("ham\thello\n")
    assert main(["data", "verify"]) == 0
    assert asked == ["sms_spam"]


def test_an_unknown_data_set(home, capsys):
    assert main(["data", "list", "mnist"]) == 2
    assert "unknown data set 'mnist'; the known ones are sms_spam" in capsys.readouterr().err
