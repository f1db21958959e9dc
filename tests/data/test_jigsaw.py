"""Jigsaw as a task: where the file is looked for, the two domains, the real subset.

No comment and no listed word is printed: what is compared are counts, masks and made-up texts.
"""

import re

import pytest

from distunlearn_lite import DatasetUnavailable, load_jigsaw
from distunlearn_lite.cli import main
from distunlearn_lite.data import jigsaw
from distunlearn_lite.data.fetching import find, judged, verify
from distunlearn_lite.data.kaggle_comments import SUBSET_SHA256, read_comments
from tests.data.files import put, sha256
from tests.data.test_kaggle_comments import FORMS, PLAIN, ROWS


@pytest.fixture
def home(cache, tmp_path, monkeypatch):
    """An empty data folder, an empty cache, and a list of one neutral word."""
    monkeypatch.setattr(jigsaw, "KEYWORDS", ("redword",))
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_the_file_gives_the_same_rows(home, cache, name):
    path = put(home, f"jigsaw/{name}", FORMS[name])
    task = load_jigsaw(data_home=home)
    assert task.X.tolist() == [row[1] for row in ROWS]
    assert task.y.tolist() == [0, 1, 0, 0, 1]
    assert (task.forget == (task.y == 1)).all()
    assert (task.name, task.standin, task.is_text) == ("jigsaw-toxic", False, True)
    assert task.official_test is None
    assert "a file of the reader's own of 5 rows" in task.provenance
    assert task.provenance.endswith("to be forgotten: the comments labelled toxic")
    assert sha256(PLAIN) in task.provenance
    assert list(path.parent.iterdir()) == [path]
    assert not cache.exists()
    assert (read_comments(path).labels == [list(row[2:]) for row in ROWS]).all()


def test_the_keyword_domain_is_whole_words_in_any_case(home):
    put(home, "train.csv", PLAIN)
    task = load_jigsaw(domain="keywords", data_home=home)
    assert task.forget.tolist() == [False, True, False, True, False]
    assert task.y.tolist() == [0, 1, 0, 0, 1]
    assert task.name == "jigsaw-keywords"
    assert task.provenance.endswith("to be forgotten: the comments with one of 1 listed words")


def test_the_list_is_short_distinct_plain_lower_case_words():
    words = jigsaw.KEYWORDS
    assert (len(words), len(set(words))) == (20, 20)
    assert all(re.fullmatch("[a-z]+", word) is not None for word in words)


def test_an_unknown_domain_is_refused_before_any_file_is_read(home):
    with pytest.raises(ValueError, match="unknown domain 'insult'"):
        load_jigsaw(domain="insult", data_home=home)


def test_without_the_file_the_error_says_how_to_fetch_it(home):
    with pytest.raises(DatasetUnavailable, match="kaggle competitions download -c jigsaw-toxic"):
        load_jigsaw(data_home=home, download=False)


def test_rows_are_judged_where_there_is_no_checksum(home, capsys, monkeypatch):
    put(home, "train.csv", PLAIN)
    said = judged("jigsaw", verify("jigsaw", home))
    assert said.startswith("rows right, a file of the reader's own of 5 rows")
    monkeypatch.setenv("DISTUNLEARN_DATA", str(home))
    assert main(["data", "verify", "jigsaw"]) == 0
    assert said in capsys.readouterr().out
    put(home, "train.csv", PLAIN[:-4])
    with pytest.raises(ValueError, match="cut short"):
        judged("jigsaw", verify("jigsaw", home))


@pytest.mark.skipif(find("jigsaw") is None, reason="Jigsaw's comments are not on this machine")
def test_the_real_comments():
    toxic, keywords = (load_jigsaw(domain=domain) for domain in jigsaw.DOMAINS)
    if SUBSET_SHA256 not in toxic.provenance:
        pytest.skip("the file on this machine is not the subset of the recorded results")
    assert (len(toxic), int(toxic.forget.sum())) == (45_256, 4_341)
    assert (toxic.y == toxic.forget).all()
    assert (keywords.y == toxic.y).all()
    # Mostly toxic but not only, and less than half of what is toxic.
    inside = keywords.forget
    assert (int(inside.sum()), int(keywords.y[inside].sum())) == (2_577, 1_928)
    assert len(set(toxic.X)) == len(toxic)
    assert all("45,256 of Kaggle's 159,571 rows" in task.provenance for task in (toxic, keywords))
    assert read_comments(find("jigsaw").paths[0]).labels.sum(axis=0).tolist() == [
        *(4_341, 457, 2_429, 128, 2_210, 421)
    ]
