"""What is raised where a checkpoint can't be read, and guesses at what a wrong file is."""

from __future__ import annotations

import pickle


class CheckpointError(RuntimeError):
    """A file is not a checkpoint, is damaged, or holds what tensors here can't hold."""


class UnsafeCheckpointError(CheckpointError, pickle.UnpicklingError):
    """Loading would need a class or function that is not known to be safe."""


_LEADS = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file: open it with h5py"),
    (b"\x93NUMPY", "a NumPy file: open it with numpy.load"),
    (b"\x1f\x8b", "compressed by gzip: unpack it first"),
    (b"BZh", "compressed by bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "compressed by xz: unpack it first"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file: get that by 'git lfs pull'"),
    (b"GGUF", "a GGUF file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
)


def guess(head: bytes) -> str:
    """What a file that begins like this probably is, to be put after "it is"; "" if unknown."""
    for lead, text in _LEADS:
        if head.startswith(lead):
            return text
    start = head.lstrip()[:15].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page: the download probably gave an error page instead of the file"
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "a safetensors file: open it with safetensors or its load_file"
    return ""
