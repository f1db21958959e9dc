"""Finding, checking and fetching: look-up order, damaged files, downloads from a local server."""

import dataclasses
import errno
import gzip
import hashlib
import io
import os
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

import platformdirs
import pytest

from distunlearn_lite.data import downloads, fetching
from distunlearn_lite.data.fetching import Found, available, fetch, find, judged, verify
from distunlearn_lite.data.manifest import MANIFEST, Member
from distunlearn_lite.errors import DatasetUnavailable

MESSAGES = b"ham\tsee you\nspam\twin cash\n"
NOT_THE_FILE = b"ham\tsee you\nspam\twin CASH\n"


def zipped(contents, name="SMSSpamCollection"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("readme", "about")
        bundle.writestr("../../outside", "must not be unpacked")
        if contents is not None:
            bundle.writestr(name, contents)
    return buffer.getvalue()


GOOD = zipped(MESSAGES)


def sha256(contents):
    return hashlib.sha256(contents).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves what the test put at a path: bytes, an error status, or a function that answers."""

    def do_GET(self):
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path, 404)
        if isinstance(answer, int):
            self.send_error(answer)
        elif callable(answer):
            try:
                answer(self)
            except ConnectionError:
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
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.answers, running.asked, running.over = {}, [], threading.Event()
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.over.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, no environment variable, no proxy."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: folder)
    monkeypatch.delenv("DISTUNLEARN_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def small(server, cache, monkeypatch):
    """The manifest with a tiny SMS Spam at two addresses of the local server."""
    original = MANIFEST["sms_spam"]
    host = f"http://127.0.0.1:{server.server_port}"
    member = dataclasses.replace(original.members[0], size=len(MESSAGES), sha256=sha256(MESSAGES))
    dataset = dataclasses.replace(
        original,
        size=len(GOOD),
        sha256=sha256(GOOD),
        addresses=(f"{host}/first.zip", f"{host}/second.zip"),
        members=(member,),
    )
    monkeypatch.setattr(fetching, "MANIFEST", MappingProxyType({"sms_spam": dataset}))


def put(folder, contents=MESSAGES, path="sms_spam/SMSSpamCollection"):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(contents)
    return target


@pytest.mark.parametrize("path", ["sms_spam/SMSSpamCollection", "SMSSpamCollection"])
@pytest.mark.usefixtures("small")
def test_the_order_is_argument_environment_cache(path, tmp_path, cache, monkeypatch):
    assert find("sms_spam") is None
    assert available() == {"sms_spam": "absent"}
    in_cache = put(cache)
    assert verify("sms_spam") == Found("cache", (in_cache,))
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("DISTUNLEARN_DATA", str(empty))
    assert find("sms_spam").place == "cache"
    in_environment = put(tmp_path / "environment", path=path)
    monkeypatch.setenv("DISTUNLEARN_DATA", str(tmp_path / "environment"))
    assert fetch("sms_spam") == Found("environment", (in_environment,))
    in_argument = put(tmp_path / "argument", path=path)
    assert fetch("sms_spam", tmp_path / "argument") == Found("argument", (in_argument,))
    assert fetch("sms_spam", str(tmp_path / "argument")).place == "argument"
    assert verify("sms_spam", empty).place == "environment"
    assert available() == {
        "sms_spam": f"{len(MESSAGES)} bytes, sha256 {sha256(MESSAGES)[:12]}, environment"
    }


@pytest.mark.parametrize("value", ["", "data", "/no/such/folder"])
@pytest.mark.parametrize("use", [find, verify, fetch])
def test_a_bad_environment_variable_is_an_error(value, use, cache, tmp_path, monkeypatch):
    put(tmp_path / "data")  # a relative folder is refused even where it exists
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISTUNLEARN_DATA", value)
    with pytest.raises(ValueError, match=r"absolute path of an existing folder, got .*unset it"):
        use("sms_spam")


def test_a_data_home_that_is_no_folder_is_an_error(cache, tmp_path):
    file = put(tmp_path, path="file")
    for folder in (tmp_path / "missing", file):
        with pytest.raises(ValueError, match=r"data_home must be an existing folder, got '.*'"):
            find("sms_spam", folder)


def test_an_unknown_name_is_an_error(cache):
    with pytest.raises(ValueError, match="unknown data set 'imdb'; the known ones are sms_spam"):
        find("imdb")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("use", [verify, fetch])
def test_a_file_that_is_not_the_original_is_an_error_and_no_stand_in(use, server, cache, tmp_path):
    server.answers["/first.zip"] = GOOD
    put(tmp_path / "home", NOT_THE_FILE)
    with pytest.raises(ValueError, match=r"is not the original.*SHA-256.*expected.*delete or repl"):
        use("sms_spam", tmp_path / "home")
    assert sha256(NOT_THE_FILE)[:12] in available(tmp_path / "home")["sms_spam"]
    assert not server.asked


@pytest.mark.usefixtures("small")
def test_a_download_goes_into_the_cache_and_is_made_once(server, cache, capfd):
    server.answers["/first.zip"] = GOOD
    found = fetch("sms_spam")
    assert found == Found("cache", (cache / "sms_spam" / "SMSSpamCollection",))
    assert found.paths[0].read_bytes() == MESSAGES
    assert fetch("sms_spam") == found
    assert server.asked == ["/first.zip"]
    # Nothing else is left: no archive, no other member, no partial folder.
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["SMSSpamCollection"]
    assert sorted(path.name for path in cache.iterdir()) == ["sms_spam"]
    assert not list(cache.parent.rglob("outside"))
    assert capfd.readouterr() == ("", "")


def endless(handler):
    """Far more than the file has, though not for ever where nobody stops it."""
    handler.send(b"", 10**15 if handler.path == "/first.zip" else None)
    for _ in range(1000):
        handler.wfile.write(bytes(2**16))
        handler.server.sent += 2**16


def drip(handler):
    handler.send(b"", len(GOOD))
    for number in range(len(GOOD)):
        if handler.server.over.wait(0.01):
            return
        handler.wfile.write(GOOD[number : number + 1])
        handler.server.sent += 1


def stall(handler):
    handler.server.over.wait(1)


def stall_half_way(handler):
    handler.send(GOOD[:40], len(GOOD))
    handler.server.over.wait(1)


FAULTS = {
    "missing": (404, "HTTP 404"),
    "another file": (zipped(NOT_THE_FILE), "not the original"),
    "a page instead of the file": (b"<html>moved</html>", "not the original"),
    "cut short": (GOOD[:40], "not the original"),
    "cut off in the middle": (lambda h: h.send(GOOD[:40], len(GOOD)), "the transfer broke off"),
    "empty": (b"", "not the original"),
    "endless": (endless, "not the original: more than"),
    "dripping": (drip, "not whole after"),
    "silent": (stall, "timed out"),
    "silent half way": (stall_half_way, "timed out"),
}


@pytest.mark.usefixtures("small")
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


@pytest.mark.usefixtures("small")
def test_a_large_file_may_take_longer(server, monkeypatch):
    monkeypatch.setattr(downloads, "GRACE", 0)
    monkeypatch.setattr(downloads, "SLOWEST", 1)
    server.answers["/first.zip"] = GOOD
    assert fetch("sms_spam").place == "cache"


@pytest.mark.usefixtures("cache")
def test_without_a_server_there_is_no_connection(small, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(DatasetUnavailable, match=r"first\.zip: no connection"):
        fetch("sms_spam")


@pytest.mark.usefixtures("small")
def test_an_interrupted_download_leaves_nothing(server, cache, monkeypatch):
    server.answers["/first.zip"] = GOOD

    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "file_sha256", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch("sms_spam")
    assert not list(cache.iterdir())


@pytest.mark.usefixtures("small")
def test_a_full_disk_does_not_keep_the_second_address_from_being_tried(server, cache, monkeypatch):
    server.answers["/second.zip"] = GOOD
    transfer = downloads._transfer

    def full_at_first(address, archive, size):
        if address.endswith("first.zip"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        transfer(address, archive, size)

    monkeypatch.setattr(downloads, "_transfer", full_at_first)
    assert fetch("sms_spam").paths[0].read_bytes() == MESSAGES
    del server.answers["/second.zip"]
    (cache / "sms_spam" / "SMSSpamCollection").unlink()
    with pytest.raises(DatasetUnavailable, match=r"first\.zip: .*No space left"):
        fetch("sms_spam")


@pytest.mark.usefixtures("small")
def test_a_damaged_cache_is_repaired_or_reported(server, cache):
    put(cache, MESSAGES[:10])
    with pytest.raises(ValueError, match="is not the original"):
        verify("sms_spam")
    with pytest.raises(ValueError, match="is not the original"):
        fetch("sms_spam")
    server.answers = {"/first.zip": GOOD}
    assert fetch("sms_spam").paths[0].read_bytes() == MESSAGES


@pytest.mark.usefixtures("small")
def test_looking_never_downloads(server, cache):
    server.answers = {"/first.zip": GOOD, "/second.zip": GOOD}
    assert find("sms_spam") is None
    assert available() == {"sms_spam": "absent"}
    with pytest.raises(DatasetUnavailable, match=r"not on this machine \(nothing was downloaded\)"):
        verify("sms_spam")
    assert not server.asked
    assert not cache.exists()


def test_a_cache_that_cannot_be_made_is_a_reason(small, server, tmp_path, monkeypatch):
    file = put(tmp_path, path="file")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: file / "cache")
    with pytest.raises(DatasetUnavailable, match=r"first\.zip: .*Not a directory"):
        fetch("sms_spam")
    assert not server.asked


@pytest.fixture
def whole(small, server, monkeypatch):
    """A data set whose download is kept as it is, at two addresses of the local server."""
    raw = gzip.compress(b"an archive")
    member = Member("photos/photos.tar.gz", "photos.tar.gz", len(raw), sha256(raw))
    host = f"http://127.0.0.1:{server.server_port}"
    dataset = dataclasses.replace(
        MANIFEST["cifar10"],
        name="photos",
        title="Photos",
        archive="photos.tar.gz",
        size=len(raw),
        sha256=sha256(raw),
        addresses=(f"{host}/first", f"{host}/second"),
        members=(member,),
        alternatives=(),
        contents=(),
    )
    monkeypatch.setattr(fetching, "MANIFEST", MappingProxyType({"photos": dataset}))
    return raw


def test_an_archive_is_kept_whole(whole, server, cache):
    # Some servers declare a .tar.gz as a tar that they packed; so does one that means harm.
    def answer(handler):
        body = whole if handler.headers["Accept-Encoding"] == "identity" else gzip.compress(whole)
        handler.send(body, len(body), Content_Encoding="gzip")

    server.answers["/first"] = answer
    found = fetch("photos")
    assert found == Found("cache", (cache / "photos" / "photos.tar.gz",))
    assert found.paths[0].read_bytes() == whole
    assert [path for path in cache.rglob("*") if path.is_file()] == list(found.paths)
    assert judged("photos", found) == "checksums right"
    assert fetch("photos") == found
    assert server.asked == ["/first"]


def test_where_it_is_not_fetched_the_message_gives_the_command(whole):
    with pytest.raises(DatasetUnavailable) as caught:
        verify("photos")
    message = str(caught.value)
    assert f"distunlearn data fetch photos ({len(whole)} bytes)" in message
    assert "/first and put it, as it is, into" in message


def test_a_closed_cache_does_not_matter_where_the_data_is_elsewhere(whole, tmp_path, monkeypatch):
    file = put(tmp_path, path="file")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: file / "cache")
    put(tmp_path / "home", whole, "photos.tar.gz")
    assert fetch("photos", tmp_path / "home").place == "argument"


def test_a_data_set_without_an_address_is_the_readers_to_fetch(cache, tmp_path):
    for use in (fetch, verify):
        with pytest.raises(DatasetUnavailable) as caught:
            use("jigsaw")
        message = str(caught.value)
        assert "By hand: with a free Kaggle account" in message
        assert str(cache / "jigsaw") in message
        assert "To fetch it" not in message
    for path in ("train.csv.gz", "jigsaw/train.csv.zip", "train.csv"):
        # What a reader's own file holds is for the loader to judge; the plain form goes first.
        own = put(tmp_path / "home", b"any bytes", path)
        assert fetch("jigsaw", tmp_path / "home") == Found("argument", (own,))
