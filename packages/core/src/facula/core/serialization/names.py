"""PyTorch's names in a checkpoint: what stands for them here, in both directions.

A checkpoint is a pickle that names ``torch._utils._rebuild_tensor_v2``, ``torch.FloatStorage`` and
a few others. Nothing of PyTorch is needed for that. On writing, objects of this module take their
places; protocol 2 was made for files that another Python reads under other names, and its table of
renamed globals (``_compat_pickle``) carries ours as well, so the C pickler writes PyTorch's names.
"""

from __future__ import annotations

import _compat_pickle
from typing import Any

from facula.core import dtypes
from facula.core.dtypes import dtype

# PyTorch's storage classes by element type.
STORAGES = {
    "DoubleStorage": dtypes.float64, "FloatStorage": dtypes.float32, "HalfStorage": dtypes.float16,
    "BFloat16Storage": dtypes.bfloat16, "LongStorage": dtypes.int64, "IntStorage": dtypes.int32,
    "ShortStorage": dtypes.int16, "CharStorage": dtypes.int8, "ByteStorage": dtypes.uint8,
    "BoolStorage": dtypes.bool_, "ComplexDoubleStorage": dtypes.complex128,
    "ComplexFloatStorage": dtypes.complex64,
}
# Element types of PyTorch that facula does not have; files with them get an error that says so.
MISSING = (
    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu",
    "float4_e2m1fn_x2", "complex32", "qint8", "quint8", "qint32", "quint4x2", "quint2x4",
)
MISSING_STORAGES = ("QInt8Storage", "QUInt8Storage", "QInt32Storage", "QUInt4x2Storage",
                    "QUInt2x4Storage")


class StorageType:
    """What a storage class of PyTorch's means: an element type, or bytes without one."""

    def __init__(self, name: str, dtype: dtype | None) -> None:
        self.__name__ = self.__qualname__ = name
        self.dtype = dtype

    def __call__(self) -> None:
        """Only its name is wanted; the pickler writes names of callables alone."""

    def __reduce__(self) -> str:
        return self.__name__


def _stand_in(name: str) -> Any:
    def call(*args: Any) -> Any:
        """Only its name is wanted: :mod:`rebuild` does the work when a file is read."""
    call.__name__ = call.__qualname__ = name
    return call


_rebuild_tensor_v2 = _stand_in("_rebuild_tensor_v2")
_rebuild_tensor_v3 = _stand_in("_rebuild_tensor_v3")
_rebuild_parameter = _stand_in("_rebuild_parameter")
_rebuild_parameter_with_state = _stand_in("_rebuild_parameter_with_state")
Size = _stand_in("Size")
device = _stand_in("device")

# Bytes without an element type, which the tensor on them brings: newer dtypes have no class.
UntypedStorage = StorageType("UntypedStorage", None)
STORAGE_OF: dict[dtype, StorageType] = {}
for _name, _dtype in STORAGES.items():
    globals()[_name] = STORAGE_OF[_dtype] = StorageType(_name, _dtype)

_PYTORCH = {
    (__name__, "_rebuild_tensor_v2"): ("torch._utils", "_rebuild_tensor_v2"),
    (__name__, "_rebuild_tensor_v3"): ("torch._utils", "_rebuild_tensor_v3"),
    (__name__, "_rebuild_parameter"): ("torch._utils", "_rebuild_parameter"),
    (__name__, "_rebuild_parameter_with_state"): ("torch._utils", "_rebuild_parameter_with_state"),
    (__name__, "UntypedStorage"): ("torch.storage", "UntypedStorage"),
    (__name__, "Size"): ("torch", "Size"),
    (__name__, "device"): ("torch", "device"),
    **{(__name__, name): ("torch", name) for name in STORAGES},
    **{(dtypes.__name__, d.name): ("torch", d.name) for d in dtypes.ALL},
    (dtypes.__name__, "bool_"): ("torch", "bool"),
}
_compat_pickle.REVERSE_NAME_MAPPING.update(_PYTORCH)  # type: ignore[attr-defined]
