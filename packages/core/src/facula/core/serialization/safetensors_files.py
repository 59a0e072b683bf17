"""Tensors in safetensors files, through the ``safetensors`` library (the extra ``safetensors``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.devices import as_device, kind_of
from facula.core.serialization.atomic import replacing
from facula.core.serialization.errors import CheckpointError
from facula.core.tensor import Tensor, from_data

_DTYPES = {
    "BOOL": dtypes.bool_, "U8": dtypes.uint8, "I8": dtypes.int8, "I16": dtypes.int16,
    "I32": dtypes.int32, "I64": dtypes.int64, "F16": dtypes.float16, "BF16": dtypes.bfloat16,
    "F32": dtypes.float32, "F64": dtypes.float64, "C64": dtypes.complex64,
    "U16": dtypes.uint16, "U32": dtypes.uint32, "U64": dtypes.uint64,
}


def _library(purpose: str) -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        raise ImportError(f"{purpose}: safetensors files need the library safetensors: run "
                          "'pip install facula-core[safetensors]'") from None
    return safetensors


def save_file(tensors: Mapping[str, Tensor], filename: str | os.PathLike[str],
              metadata: Mapping[str, str] | None = None) -> None:
    """Save named tensors as a safetensors file: values only, no code, readable by many programs.

    Parameters
    ----------
    tensors : mapping from str to Tensor
        On any device; tensors that share memory are written once each.
    filename : str or path
        It takes its place at once when it is complete.
    metadata : mapping from str to str, optional
        Texts for the file's head.

    Raises
    ------
    TypeError
        If a name or a value is of another type, or a dtype (complex128) has no place in the format.
    ImportError
        If the library is missing.

    Examples
    --------
    >>> import facula
    >>> from facula.core.serialization import load_file, save_file
    >>> save_file({"weight": facula.ones(2)}, "model.safetensors")  # doctest: +SKIP
    >>> load_file("model.safetensors")  # doctest: +SKIP
    {'weight': tensor([1., 1.])}
    """
    library = _library("save_file")
    known = set(_DTYPES.values())
    arrays = {}
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise TypeError(f"save_file: {name!r} is a {type(tensor).__name__}: a safetensors file "
                            "holds tensors under names, nothing else")
        if tensor.dtype not in known:
            raise TypeError(f"save_file: {name!r} has dtype {tensor.dtype.name}, which safetensors "
                            "does not have: convert it first")
        arrays[name] = np.array(tensor.numpy(force=True), order="C")
    data = library.numpy.save(arrays, dict(metadata) if metadata else None)
    with replacing(filename) as file:
        view = memoryview(data)
        while len(view):
            view = view[file.write(view):]


def load_file(filename: str | os.PathLike[str], device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Parameters
    ----------
    filename : str or path
    device : device or str
        Where they go.

    Returns
    -------
    dict from str to Tensor

    Raises
    ------
    CheckpointError
        If the file is damaged, or holds a dtype that facula does not have.
    ImportError
        If the library is missing.
    """
    library = _library("load_file")
    with open(filename, "rb") as file:
        data = file.read()
    path, where = os.fsdecode(filename), as_device(device)
    try:
        entries = library.deserialize(data)
    except library.SafetensorError as error:
        raise CheckpointError(f"load_file: {path}: it is damaged or no safetensors file ({error})"
                              ) from error
    out = {}
    for name, entry in sorted(entries, key=lambda item: item[0]):
        d = _DTYPES.get(entry["dtype"])
        if d is None:
            raise CheckpointError(f"load_file: {path}: {name!r} has the type {entry['dtype']}, "
                                  "which facula does not have")
        kind = kind_of(where, d)
        array = np.frombuffer(entry["data"], d.numpy).reshape(entry["shape"])
        out[name] = from_data(kind.backend.from_numpy(array), kind)
    return out
