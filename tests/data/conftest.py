"""Where the tests look for data: nowhere but in folders of their own."""

import platformdirs
import pytest


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The place of an empty cache; no environment variable says where the data is."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: folder)
    monkeypatch.delenv("DISTUNLEARN_DATA", raising=False)
    return folder
