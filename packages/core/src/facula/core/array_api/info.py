"""What this namespace can do, as the array API standard lets programs ask."""

from __future__ import annotations

from typing import Any

from facula import core
from facula.core import opencl
from facula.core.array_api.types import KINDS
from facula.core.devices import device

__all__ = ["__array_namespace_info__"]

_STANDARD = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
             "uint64", "float32", "float64", "complex64", "complex128")


class __array_namespace_info__:
    """Capabilities, dtypes and devices of this namespace.

    Examples
    --------
    >>> import facula
    >>> facula.array_api.__array_namespace_info__().default_dtypes()["integral"]
    facula.int64
    """

    def capabilities(self) -> dict[str, Any]:
        """That boolean masks and shapes that depend on data work; tensors have up to 64 dims."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> device:
        """Where arrays are made when no device is named."""
        return core.get_default_device()

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The dtypes that numbers get."""
        real = core.get_default_dtype()
        return {"real floating": real, "complex floating": real.to_complex(),
                "integral": core.int64, "indexing": core.int64}

    def devices(self) -> list[device]:
        """The CPU, and the OpenCL devices that there are."""
        return [core.device("cpu"),
                *(core.device("opencl", i) for i in range(opencl.device_count()))]

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The standard's dtypes that arrays have here, or those of a kind."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        for name in kinds:
            if name is not None and name not in KINDS:
                raise ValueError(f"dtypes: {name!r} is no kind of dtype: use one of "
                                 f"{', '.join(KINDS)}")
        return {name: getattr(core, name) for name in _STANDARD
                if kind is None or any(getattr(core, name) in KINDS[k] for k in kinds)}
