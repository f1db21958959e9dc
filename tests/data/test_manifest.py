"""The manifest: every entry says what is needed to fetch, check and cite a data set."""

import re

import pytest

from distunlearn_lite.data.manifest import MANIFEST


@pytest.mark.parametrize("name", MANIFEST)
def test_entries_are_complete(name):
    dataset = MANIFEST[name]
    assert dataset.name == name
    for text in (dataset.title, dataset.licence, dataset.citation, dataset.standin):
        assert text
    assert dataset.members
    forms = (dataset.members, *dataset.alternatives)
    for member in (member for form in forms for member in form):
        # A relative path of plain names cannot leave the folder it is put into.
        assert re.fullmatch(r"(\w[\w.+-]*/)*\w[\w.+-]*", member.path)
        assert member.path.startswith(f"{name}/")
        assert member.path.endswith(member.inside)
    if dataset.contents:
        assert dataset.contents in dataset.alternatives
        assert all(len(form) != len(dataset.contents) for form in forms if form != dataset.contents)


@pytest.mark.parametrize("name", [name for name in MANIFEST if MANIFEST[name].addresses])
def test_what_is_downloaded_can_be_checked(name):
    dataset = MANIFEST[name]
    assert len(set(dataset.addresses)) == len(dataset.addresses) >= 2
    assert all(address.startswith("https://") for address in dataset.addresses)
    forms = (dataset.members, *dataset.alternatives)
    for item in (dataset, *(member for form in forms for member in form)):
        assert re.fullmatch("[0-9a-f]{64}", item.sha256)
        assert item.size > 0


def test_one_cannot_be_downloaded_and_one_is_fetched_without_being_named():
    assert [name for name in MANIFEST if not MANIFEST[name].addresses] == ["jigsaw"]
    assert "kaggle competitions download" in MANIFEST["jigsaw"].by_hand
    assert [name for name in MANIFEST if MANIFEST[name].by_default] == ["sms_spam"]


def test_entries_cannot_be_changed():
    with pytest.raises(TypeError):
        MANIFEST["sms_spam"] = None
    with pytest.raises(AttributeError):
        MANIFEST["sms_spam"].sha256 = ""
