"""The manifest: every entry says what is needed to fetch, check and cite a data set."""

import re

import pytest

from distunlearn_lite.manifest import MANIFEST


@pytest.mark.parametrize("name", MANIFEST)
def test_entries_are_complete(name):
    dataset = MANIFEST[name]
    assert dataset.name == name
    for text in (dataset.title, dataset.licence, dataset.citation, dataset.standin):
        assert text
    assert len(set(dataset.addresses)) == len(dataset.addresses) >= 2
    assert all(address.startswith("https://") for address in dataset.addresses)
    assert dataset.members
    for item in (dataset, *dataset.members):
        assert re.fullmatch("[0-9a-f]{64}", item.sha256)
        assert item.size > 0
    for member in dataset.members:
        # A relative path of plain names cannot leave the folder it is put into.
        assert re.fullmatch(r"(\w[\w.+-]*/)*\w[\w.+-]*", member.path)
        assert member.path.startswith(f"{name}/")


def test_entries_cannot_be_changed():
    with pytest.raises(TypeError):
        MANIFEST["sms_spam"] = None
    with pytest.raises(AttributeError):
        MANIFEST["sms_spam"].sha256 = ""
