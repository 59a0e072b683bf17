"""Archives are unpacked whole or not at all, and never outside their folder."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from facula.vision.datasets import archives
from facula.vision.datasets.utils import ArchiveError, extract_archive


def make_tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def member(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz", "tar.xz", "tar.bz2"])
def test_tar(tmp_path: Path, ending: str) -> None:
    mode = {"gz": "w:gz", "xz": "w:xz", "z2": "w:bz2"}.get(ending[-2:], "w")
    path = make_tar(tmp_path / f"a.{ending}", (member("d/x.txt"), b"facula"),
                    mode="w:gz" if ending == "tgz" else mode)
    out = tmp_path / "out"
    assert extract_archive(path, out, remove_finished=True) == str(out)
    assert (out / "d" / "x.txt").read_bytes() == b"facula"
    assert [p.name for p in out.iterdir()] == ["d"]
    assert not path.exists()


def test_zip_joins_folders_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "old").write_text("old")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("d/", "")
        archive.writestr("d/new", "new")
    extract_archive(tmp_path / "a.zip")
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == ["new", "old"]


@pytest.mark.parametrize(("ending", "module"), [("gz", gzip), ("xz", lzma), ("bz2", bz2)])
def test_single_files(tmp_path: Path, ending: str, module: object) -> None:
    path = tmp_path / f"x.txt.{ending}"
    path.write_bytes(module.compress(b"facula"))  # type: ignore[attr-defined]
    assert extract_archive(path) == str(tmp_path / "x.txt")
    assert (tmp_path / "x.txt").read_bytes() == b"facula"


def test_unknown_endings(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown kind of archive"):
        extract_archive(tmp_path / "a.rar")


BAD_NAMES = ["../evil", "d/../../evil", "/tmp/evil-facula", "..\\evil", "C:\\evil", "C:/evil"]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_names_that_lead_outside(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "tar":
        make_tar(path, (member("good"), b"x"), (member(name), b"x"))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("good", "x")
            archive.writestr(name, "x")
    out = tmp_path / "deep" / "out"
    with pytest.raises(ArchiveError, match="outside the folder"):
        extract_archive(path, out)
    assert list(out.iterdir()) == []
    assert not (tmp_path / "deep" / "evil").exists()
    assert not (tmp_path / "evil").exists()


def test_links_and_devices(tmp_path: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        path = make_tar(tmp_path / "a.tar", (member("l", type=kind, linkname="/etc/passwd"), b""))
        with pytest.raises(ArchiveError, match="a link or a device"):
            extract_archive(path, tmp_path / "out")
    link = zipfile.ZipInfo("l")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ArchiveError, match="a link or a device"):
        extract_archive(tmp_path / "a.zip", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "gz"])
def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(archives, "SLACK", 1 << 10)
    zeros, path = bytes(20_000_000), tmp_path / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros", zeros)
    elif kind == "gz":
        path.write_bytes(gzip.compress(zeros))
    else:
        make_tar(path, (member("zeros"), zeros), mode="w:gz")
    with pytest.raises(ArchiveError, match="refused as a bomb"):
        extract_archive(path, tmp_path / "out" / "x" if kind == "gz" else tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz", "tar.bz2", "tar", "gz", "xz", "bz2"])
def test_every_truncation_writes_nothing(tmp_path: Path, kind: str) -> None:
    path, out = tmp_path / f"a.{kind}", tmp_path / "out"
    body = bytes(range(256)) * 8
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x", body)
    elif kind.startswith("tar"):
        make_tar(path, (member("x"), body), mode=f"w:{kind[4:]}" if kind != "tar" else "w")
    else:
        path.write_bytes({"gz": gzip, "xz": lzma, "bz2": bz2}[kind].compress(body))
    whole = path.read_bytes()
    end = 512 + len(body) if kind == "tar" else len(whole)  # behind it lies only padding
    for size in range(0, end - 1, max(1, end // 40)):
        path.write_bytes(whole[:size])
        with pytest.raises(ArchiveError):
            extract_archive(path, out / "x" if kind in ("gz", "xz", "bz2") else out)
        assert list(out.iterdir()) == []
