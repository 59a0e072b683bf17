"""Published weights: fetched once from a server, kept, checked, and loaded without running code."""

import functools
import hashlib
import http.server
import io
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import facula.core as core
from facula.core import hub


@pytest.fixture
def seen() -> list[str]:
    """What was asked of the server."""
    return []


@pytest.fixture
def server(tmp_path: Path, seen: list[str]) -> Iterator[str]:
    """A server of the folder ``published``."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            seen.append(self.path)
            super().do_GET()

    (tmp_path / "published").mkdir()
    handler = functools.partial(Handler, directory=str(tmp_path / "published"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def published(tmp_path: Path, server: str) -> tuple[str, bytes]:
    """The address of weights whose name ends in the first digits of their checksum."""
    held = io.BytesIO()
    core.save({"w": core.arange(4.0)}, held)
    data = held.getvalue()
    name = f"net-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    (tmp_path / "published" / name).write_bytes(data)
    return f"{server}/{name}", data


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for what is fetched, by the environment."""
    monkeypatch.setattr(hub, "_chosen", [])
    monkeypatch.setenv("FACULA_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "hub" / "checkpoints"


def test_it_is_fetched_once(published: tuple[str, bytes], kept: Path, seen: list[str]) -> None:
    for _ in range(2):
        state = hub.load_state_dict_from_url(published[0], progress=False, check_hash=True)
        assert state["w"].tolist() == [0, 1, 2, 3]
    assert len(seen) == 1
    assert [path.read_bytes() for path in kept.iterdir()] == [published[1]]


def test_a_damaged_file_is_fetched_anew(published: tuple[str, bytes], kept: Path) -> None:
    hub.load_state_dict_from_url(published[0])
    (path,) = kept.iterdir()
    path.write_bytes(b"damaged")
    assert hub.load_state_dict_from_url(published[0], check_hash=True)["w"].numel() == 4
    assert path.read_bytes() == published[1]


def test_another_checksum_is_refused_and_nothing_stays(server: str, tmp_path: Path,
                                                       kept: Path) -> None:
    (tmp_path / "published" / "net-00000000.pth").write_bytes(b"something else")
    with pytest.raises(RuntimeError, match=r"its sha256 is .*, not 00000000"):
        hub.load_state_dict_from_url(f"{server}/net-00000000.pth", check_hash=True)
    with pytest.raises(RuntimeError, match="404"):
        hub.load_state_dict_from_url(f"{server}/missing.pth")
    assert list(kept.iterdir()) == []
    with pytest.raises(ValueError, match="no digits of a checksum in the name"):
        hub.load_state_dict_from_url(f"{server}/net.pth", check_hash=True)


def test_names_folders_and_devices(published: tuple[str, bytes], tmp_path: Path,
                                   device: str) -> None:
    state = hub.load_state_dict_from_url(published[0], tmp_path / "mine", map_location=device,
                                         file_name="name.pth")
    assert state["w"].device.type == core.device(device).type
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["name.pth"]


def test_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "_chosen", [])
    monkeypatch.delenv("FACULA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert hub.get_dir() == str(tmp_path / "facula" / "hub")
    hub.set_dir(tmp_path / "chosen")
    assert hub.get_dir() == str(tmp_path / "chosen")


def test_a_file_of_ones_own_place(published: tuple[str, bytes], tmp_path: Path) -> None:
    digits = hashlib.sha256(published[1]).hexdigest()
    (tmp_path / "here.pth").write_bytes(b"an older file")
    with pytest.raises(RuntimeError, match="sha256"):
        hub.download_url_to_file(published[0], tmp_path / "here.pth", "12345678")
    assert (tmp_path / "here.pth").read_bytes() == b"an older file"
    hub.download_url_to_file(published[0], tmp_path / "here.pth", digits[:10], progress=False)
    assert (tmp_path / "here.pth").read_bytes() == published[1]


class Evil:
    """A pickle that would write a file."""

    def __reduce__(self) -> object:
        return Path.write_text, (Path("ran"), "code ran")


def test_no_code_of_a_file_runs(server: str, tmp_path: Path, kept: Path,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "published" / "evil.pth").write_bytes(pickle.dumps(Evil(), protocol=2))
    with pytest.raises(RuntimeError, match=r"evil\.pth"):
        hub.load_state_dict_from_url(f"{server}/evil.pth")
    assert not (tmp_path / "ran").exists()
