"""Downloading against a server on this machine: resuming, checksums, mirrors, broken lines."""

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from facula.vision import datasets
from facula.vision.datasets import utils

DATA = bytes(range(256)) * 4000
MD5 = hashlib.md5(DATA).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves DATA under several paths that behave differently; notes the requests."""

    seen: list[str]

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.seen.append(f"{self.path} {wanted}".strip())
        if self.path == "/hop":
            self.send_response(302)
            self.send_header("Location", "/file.bin")
            self.end_headers()
        elif self.path == "/two-hops":
            self.send_response(302)
            self.send_header("Location", "/hop")
            self.end_headers()
        elif self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
        elif self.path.startswith("/missing"):
            self.send_error(404)
        else:
            self.send(wanted)

    def send(self, wanted: str) -> None:
        start = int(re.match(r"bytes=(\d+)-", wanted)[1]) if wanted else 0  # type: ignore[index]
        if self.path == "/norange":
            start = 0
        if start >= len(DATA):
            self.send_error(416)
            return
        body = DATA[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/breaks" and not start:
            self.wfile.write(body[:500_000])
            self.wfile.flush()
            self.connection.close()
        elif self.path != "/always-breaks":
            self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[str]:
    Handler.seen = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download_and_no_second_one(server: str, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    path = utils.download_url(f"{server}/file.bin", tmp_path / "new", md5=MD5,
                              progress=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == DATA
    assert told[-1] == (len(DATA), len(DATA))
    utils.download_url(f"{server}/file.bin", tmp_path / "new", md5=MD5)
    assert Handler.seen == ["/file.bin"]
    assert leftovers(tmp_path / "new") == ["file.bin"]


def test_an_interrupted_download_goes_on(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(DATA[:1000])
    assert utils.download_url(f"{server}/file.bin", tmp_path, md5=MD5).read_bytes() == DATA
    assert Handler.seen == ["/file.bin bytes=1000-"]


def test_without_a_checksum_it_starts_anew(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(b"of another file")
    assert utils.download_url(f"{server}/file.bin", tmp_path).read_bytes() == DATA
    assert Handler.seen == ["/file.bin"]


def test_a_wrong_part_is_thrown_away(server: str, tmp_path: Path) -> None:
    for part in (b"x" * 1000, b"x" * (len(DATA) + 5)):
        (tmp_path / "file.bin.part").write_bytes(part)
        path = utils.download_url(f"{server}/file.bin", tmp_path, md5=MD5)
        assert path.read_bytes() == DATA
        path.unlink()


def test_a_server_without_ranges(server: str, tmp_path: Path) -> None:
    (tmp_path / "norange.part").write_bytes(DATA[:1000])
    assert utils.download_url(f"{server}/norange", tmp_path, md5=MD5).read_bytes() == DATA


def test_a_broken_line_is_tried_again(server: str, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(DATA).hexdigest()
    path = utils.download_url(f"{server}/breaks", tmp_path, sha256=sha256)
    assert path.read_bytes() == DATA
    assert Handler.seen == ["/breaks", "/breaks bytes=500000-"]


def test_redirections_and_their_limit(server: str, tmp_path: Path) -> None:
    assert utils.download_url(f"{server}/hop", tmp_path, "a", MD5).read_bytes() == DATA
    with pytest.raises(RuntimeError, match="can't fetch b"):
        utils.download_url(f"{server}/loop", tmp_path, "b")
    with pytest.raises(RuntimeError, match="can't fetch c"):
        utils.download_url(f"{server}/two-hops", tmp_path, "c", max_redirect_hops=1)


@pytest.mark.parametrize(("path", "says"), [
    ("missing", "404"), ("always-breaks", "only 0 of|broke after 0"), ("file.bin", "its md5 is")])
def test_what_cannot_be_had_leaves_nothing_final(server: str, tmp_path: Path, path: str,
                                                 says: str) -> None:
    (tmp_path / "kept").write_text("an older file")
    with pytest.raises(RuntimeError, match=f"(?s)can't fetch kept: .*({says})"):
        utils.download_url(f"{server}/{path}", tmp_path, "kept", "0" * 32)
    assert (tmp_path / "kept").read_text() == "an older file"


def test_no_server_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="can't fetch x: http"):
        utils.download_url("http://127.0.0.1:9/x", tmp_path, timeout=2)


def test_a_data_set_from_its_second_mirror(server: str, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{server}/missing/", f"{server}/there/"])
    monkeypatch.setattr(datasets.MNIST, "resources", [
        ("train-images-idx3-ubyte.gz", MD5), ("train-labels-idx1-ubyte.gz", MD5)])
    with pytest.raises(RuntimeError, match="is not a compressed file"):
        datasets.MNIST(tmp_path, download=True)
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    assert path.read_bytes() == DATA
    assert [line.split("/")[1] for line in Handler.seen] == ["missing", "there"] * 2


def test_archives_are_fetched_and_unpacked(server: str, tmp_path: Path) -> None:
    with pytest.raises(utils.ArchiveError, match="damaged"):
        utils.download_and_extract_archive(f"{server}/file.zip", tmp_path, md5=MD5)
    assert leftovers(tmp_path) == ["file.zip"]
