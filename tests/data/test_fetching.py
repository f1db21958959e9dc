"""Finding, checking and fetching: look-up order, damaged files, downloads from a local server."""

import errno
import gzip
import os
import threading
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from distunlearn_lite.data import downloads
from distunlearn_lite.data.fetching import Found, available, fetch, find, judged, verify
from distunlearn_lite.data.manifest import MANIFEST
from distunlearn_lite.errors import DatasetUnavailable
from tests.data.files import holding, make_known, make_messages_known, put, sha256, zipped

SMS = "sms_spam/SMSSpamCollection"
MESSAGES = b"ham\tsee you\nspam\twin cash\n"
NOT_THE_FILE = b"ham\tsee you\nspam\twin CASH\n"
AROUND = {"readme": b"about", "../../outside": b"must not be unpacked"}
GOOD = zipped(AROUND | {"SMSSpamCollection": MESSAGES})


class Handler(BaseHTTPRequestHandler):
    """Serves what the test put at a path: bytes, or a function that answers."""

    def do_GET(self):
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path)
        if answer is None:
            self.send_error(404)
        elif callable(answer):
            with suppress(ConnectionError):
                answer(self)
            self.close_connection = True
        else:
            self.send(answer, len(answer))

    def send(self, body, length=None, **headers):
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.answers, running.asked, running.over = {}, [], threading.Event()
        running.host = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.over.set()
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _small(server, cache, monkeypatch):
    """An empty cache, and a manifest of a tiny SMS Spam at two addresses of the local server."""
    addresses = (f"{server.host}/first.zip", f"{server.host}/second.zip")
    download = {"size": len(GOOD), "sha256": sha256(GOOD), "addresses": addresses}
    make_messages_known(monkeypatch, MESSAGES, **download)


def test_the_order_is_argument_environment_cache(tmp_path, cache, monkeypatch):
    in_cache = put(cache, SMS, MESSAGES)
    assert verify("sms_spam") == Found("cache", (in_cache,))
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("DISTUNLEARN_DATA", str(empty))
    assert find("sms_spam").place == "cache"
    in_environment = put(tmp_path / "environment", SMS, MESSAGES)
    monkeypatch.setenv("DISTUNLEARN_DATA", str(tmp_path / "environment"))
    assert fetch("sms_spam") == Found("environment", (in_environment,))
    in_argument = put(tmp_path / "argument", "SMSSpamCollection", MESSAGES)
    for home in (tmp_path / "argument", str(tmp_path / "argument")):
        assert fetch("sms_spam", home) == Found("argument", (in_argument,))
    assert verify("sms_spam", empty).place == "environment"
    assert available() == {
        "sms_spam": f"{len(MESSAGES)} bytes, sha256 {sha256(MESSAGES)[:12]}, environment"
    }


@pytest.mark.parametrize("value", ["", "data", "/no/such/folder"])
def test_a_bad_environment_variable_is_an_error(value, tmp_path, monkeypatch):
    put(tmp_path / "data", SMS, MESSAGES)  # a relative folder is refused even where it exists
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISTUNLEARN_DATA", value)
    with pytest.raises(ValueError, match=r"absolute path of an existing folder, got .*unset it"):
        find("sms_spam")


def test_a_data_home_that_is_no_folder_and_an_unknown_name_are_errors(tmp_path):
    with pytest.raises(ValueError, match=r"data_home must be an existing folder, got '.*'"):
        find("sms_spam", put(tmp_path, "file", b""))
    for use in (find, verify):
        with pytest.raises(ValueError, match="unknown data set 'imdb'"):
            use("imdb")


@pytest.mark.parametrize("use", [verify, fetch])
def test_a_file_that_is_not_the_original_is_an_error_and_no_stand_in(use, server, tmp_path):
    server.answers["/first.zip"] = GOOD
    put(tmp_path / "home", SMS, NOT_THE_FILE)
    with pytest.raises(ValueError, match=r"is not the original.*SHA-256.*delete or replace"):
        use("sms_spam", tmp_path / "home")
    assert sha256(NOT_THE_FILE)[:12] in available(tmp_path / "home")["sms_spam"]
    assert not server.asked


def test_a_download_goes_into_the_cache_and_is_made_once(server, cache, capfd):
    server.answers["/first.zip"] = GOOD
    found = fetch("sms_spam")
    assert found == Found("cache", (cache / SMS,))
    assert found.paths[0].read_bytes() == MESSAGES
    assert fetch("sms_spam") == found
    assert server.asked == ["/first.zip"]
    # Nothing else is left: no archive, no other member, no partial folder.
    assert sorted(cache.parent.rglob("*")) == [cache, cache / "sms_spam", cache / SMS]
    assert capfd.readouterr() == ("", "")


def endless(handler):
    """Far more than the file has, though not for ever where nobody stops it."""
    handler.send(b"", 10**15 if handler.path == "/first.zip" else None)
    for _ in range(1000):
        handler.wfile.write(bytes(2**16))
        handler.server.sent += 2**16


def drip(handler):
    handler.send(b"", len(GOOD))
    for byte in GOOD:
        handler.server.over.wait(0.01)
        handler.wfile.write(bytes([byte]))
        handler.server.sent += 1


def stall(handler):
    handler.server.over.wait(1)


def stall_half_way(handler):
    handler.send(GOOD[:40], len(GOOD))
    handler.server.over.wait(1)


FAULTS = {
    "missing": (None, "HTTP 404"),
    "another file": (zipped({"SMSSpamCollection": NOT_THE_FILE}), "not the original"),
    "cut off in the middle": (lambda h: h.send(GOOD[:40], len(GOOD)), "the transfer broke off"),
    "empty": (b"", "not the original"),
    "endless": (endless, "not the original: more than"),
    "dripping": (drip, "not whole after"),
    "silent": (stall, "timed out"),
    "silent half way": (stall_half_way, "timed out"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_address_is_tried_once_and_the_message_says_why(fault, server, cache, monkeypatch):
    server.sent = 0
    answer, reason = FAULTS[fault]
    server.answers = {"/first.zip": answer, "/second.zip": answer}
    with monkeypatch.context() as patch:
        if answer is drip:
            patch.setattr(downloads, "GRACE", 0.1)
        elif answer in (stall, stall_half_way):
            patch.setattr(downloads, "TIMEOUT", (5, 0.1))
        with pytest.raises(DatasetUnavailable) as caught:
            fetch("sms_spam")
    message = str(caught.value)
    for address in ("/first.zip", "/second.zip"):
        assert any(address in line and reason in line for line in message.splitlines())
    for part in ("By hand: download", str(cache / "sms_spam"), "DISTUNLEARN_DATA", "data_home"):
        assert part in message
    assert 'load_standin("text")' in message
    assert not list(cache.iterdir())
    # What failed may work the next time, and where the first fails the second helps.
    server.answers = {"/second.zip": GOOD}
    assert fetch("sms_spam").paths[0].read_bytes() == MESSAGES
    assert server.asked == 2 * ["/first.zip", "/second.zip"]
    assert sorted(path.name for path in cache.iterdir()) == ["sms_spam"]
    # Nobody read on: what was sent is what the sockets held before they were closed.
    assert server.sent < (len(GOOD) if answer is drip else 30_000_000)


def test_a_large_file_may_take_longer(server, monkeypatch):
    monkeypatch.setattr(downloads, "GRACE", 0)
    monkeypatch.setattr(downloads, "SLOWEST", 1)
    server.answers["/first.zip"] = GOOD
    assert fetch("sms_spam").place == "cache"


def test_without_a_server_there_is_no_connection(server):
    server.shutdown()
    server.server_close()
    with pytest.raises(DatasetUnavailable, match=r"first\.zip: no connection"):
        fetch("sms_spam")


def test_an_interrupted_download_leaves_nothing(server, cache, monkeypatch):
    def interrupted(path):
        raise KeyboardInterrupt

    server.answers["/first.zip"] = GOOD
    monkeypatch.setattr(downloads, "file_sha256", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch("sms_spam")
    assert not list(cache.iterdir())


def test_a_full_disk_does_not_keep_the_second_address_from_being_tried(server, cache, monkeypatch):
    transfer = downloads._transfer

    def full_at_first(address, archive, size):
        if address.endswith("first.zip"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        transfer(address, archive, size)

    monkeypatch.setattr(downloads, "_transfer", full_at_first)
    with pytest.raises(DatasetUnavailable, match=r"first\.zip: .*No space left"):
        fetch("sms_spam")
    server.answers["/second.zip"] = GOOD
    assert fetch("sms_spam").paths[0].read_bytes() == MESSAGES


def test_a_damaged_cache_is_repaired_or_reported(server, cache):
    put(cache, SMS, MESSAGES[:10])
    for use in (verify, fetch):
        with pytest.raises(ValueError, match="is not the original"):
            use("sms_spam")
    server.answers = {"/first.zip": GOOD}
    assert fetch("sms_spam").paths[0].read_bytes() == MESSAGES


def test_looking_never_downloads(server, cache):
    server.answers = {"/first.zip": GOOD, "/second.zip": GOOD}
    assert find("sms_spam") is None
    assert available() == {"sms_spam": "absent"}
    with pytest.raises(DatasetUnavailable, match=r"not on this machine \(nothing was downloaded\)"):
        verify("sms_spam")
    assert not server.asked
    assert not cache.exists()


def test_an_archive_may_be_kept_whole(server, cache, monkeypatch):
    whole, original = gzip.compress(b"an archive"), MANIFEST["cifar10"]
    dataset = replace(
        holding(original, whole),
        addresses=(f"{server.host}/first",),
        members=(holding(original.members[0], whole),),
    )
    make_known(monkeypatch, dataset)
    with pytest.raises(DatasetUnavailable) as caught:
        verify("cifar10")
    assert f"distunlearn data fetch cifar10 ({len(whole)} bytes)" in str(caught.value)
    assert "/first and put it, as it is, into" in str(caught.value)

    # Some servers declare a .tar.gz as a tar that they packed; so does one that means harm.
    def answer(handler):
        body = whole if handler.headers["Accept-Encoding"] == "identity" else gzip.compress(whole)
        handler.send(body, len(body), Content_Encoding="gzip")

    server.answers["/first"] = answer
    found = fetch("cifar10")
    assert found == Found("cache", (cache / original.members[0].path,))
    assert found.paths[0].read_bytes() == whole
    assert [path for path in cache.rglob("*") if path.is_file()] == list(found.paths)
    assert judged("cifar10", found) == "checksums right"
    assert fetch("cifar10") == found
    assert server.asked == ["/first"]


def test_a_data_set_without_an_address_is_the_readers_to_fetch(cache, tmp_path, monkeypatch):
    make_known(monkeypatch, MANIFEST["jigsaw"])
    for use in (fetch, verify):
        with pytest.raises(DatasetUnavailable) as caught:
            use("jigsaw")
        message = str(caught.value)
        assert "By hand: with a free Kaggle account" in message
        assert str(cache / "jigsaw") in message
        assert "To fetch it" not in message
    for path in ("train.csv.gz", "jigsaw/train.csv.zip", "train.csv"):
        # What a reader's own file holds is for the loader to judge; the plain form goes first.
        own = put(tmp_path / "home", path, b"any bytes")
        assert fetch("jigsaw", tmp_path / "home") == Found("argument", (own,))
