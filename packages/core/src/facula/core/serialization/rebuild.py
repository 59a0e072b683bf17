"""What PyTorch's functions in a checkpoint become: the table of all names that load by default.

``facula.nn`` adds ``Parameter`` to it with :func:`register_global` and :func:`register_reducer`;
core alone reads parameters as tensors.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core import dtypes, slot
from facula.core.devices import device
from facula.core.dtypes import dtype
from facula.core.serialization.errors import CheckpointError
from facula.core.serialization.names import MISSING, MISSING_STORAGES, STORAGES, StorageType
from facula.core.serialization.storage import Storage
from facula.core.tensor import Size, Tensor, tensor_from_numpy


def _storage(value: Any, op: str) -> Storage:
    if not isinstance(value, Storage):
        raise CheckpointError(f"{op} is given {type(value).__name__} and not a storage")
    return value


def _finish(tensor: Tensor, requires_grad: Any, metadata: Any) -> Tensor:
    if isinstance(metadata, dict):
        data = tensor._data
        if metadata.get("conj"):
            data = np.conj(data)
        if metadata.get("neg"):
            data = -data
        if data is not tensor._data:
            tensor = tensor_from_numpy(data)
    if requires_grad and slot.Installed.tape is not None:
        tensor.requires_grad_()
    return tensor


def tensor_v1(storage: Any, offset: Any, size: Any, stride: Any) -> Tensor:
    """PyTorch's first format: a tensor that does not require grad."""
    return tensor_v2(storage, offset, size, stride, False, None)


def tensor_v2(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any,
              backward_hooks: Any, metadata: Any = None) -> Tensor:
    """A tensor on a typed storage."""
    found = _storage(storage, "_rebuild_tensor_v2")
    if found.dtype is None:
        raise CheckpointError("_rebuild_tensor_v2 is given a storage without element type")
    return _finish(found.tensor(found.dtype, offset, tuple(size), tuple(stride)),
                   requires_grad, metadata)


def tensor_v3(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any,
              backward_hooks: Any, kind: Any, metadata: Any = None) -> Tensor:
    """A tensor that brings its element type, on a storage of bytes."""
    if not isinstance(kind, dtype):
        raise CheckpointError(f"_rebuild_tensor_v3 is given {kind!r} and not a dtype")
    return _finish(_storage(storage, "_rebuild_tensor_v3").tensor(
        kind, offset, tuple(size), tuple(stride)), requires_grad, metadata)


def parameter(data: Any, requires_grad: Any, backward_hooks: Any) -> Tensor:
    """A parameter where ``facula.nn`` has not been imported: a tensor."""
    return _finish(data, requires_grad, None)


def parameter_with_state(data: Any, requires_grad: Any, backward_hooks: Any,
                         state: Any) -> Tensor:
    """The same for parameters with attributes, which are left out."""
    return Registry.globals["torch._utils._rebuild_parameter"](data, requires_grad, backward_hooks)


def from_host_array(array: Any, kind: Any, where: Any, requires_grad: Any) -> Tensor:
    """A tensor of a device whose memory PyTorch saves as a NumPy array."""
    return _finish(tensor_from_numpy(np.asarray(array).astype(kind.numpy, copy=False)),
                   requires_grad, None)


def from_type(function: Any, kind: Any, args: Any, state: Any) -> Any:
    """A tensor with Python attributes, which are left out."""
    if function not in [Registry.globals[name] for name in _TENSOR_FUNCTIONS]:
        raise CheckpointError(f"_rebuild_from_type_v2 is given {function!r}, which makes no tensor")
    return function(*args)


def encode(text: Any, encoding: Any) -> bytes:
    """``_codecs.encode`` as pickle uses it for bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise CheckpointError(f"_codecs.encode is asked for {encoding!r}, which pickle never does")
    return text.encode("latin-1")


def default_dict(factory: Any = None, *items: Any) -> Any:
    """A defaultdict of a harmless factory."""
    if factory not in (None, list, dict, set, int, float, str, tuple):
        raise CheckpointError(f"a defaultdict has the factory {factory!r}: only list, dict, set, "
                              "int, float, str and tuple are known to be safe")
    return collections.defaultdict(factory, *items)


def _numeric(kind: Any) -> np.dtype[Any]:
    if not isinstance(kind, np.dtype) or kind.hasobject:
        raise CheckpointError(f"a NumPy value has the dtype {kind!r}: only numbers are loaded")
    return kind


def numpy_dtype(name: Any, align: Any = False, copy: Any = False) -> np.dtype[Any]:
    """A NumPy dtype of plain numbers."""
    if not isinstance(name, str) or len(name) > 8:
        raise CheckpointError(f"a NumPy dtype is given as {name!r}: only numbers are loaded")
    return _numeric(np.dtype(name))


def numpy_scalar(kind: Any, data: Any) -> Any:
    """A NumPy number."""
    if isinstance(data, str):
        data = data.encode("latin-1")
    return np.frombuffer(data, _numeric(kind), 1)[0]


class NumpyArray:
    """A NumPy array under construction: pickle makes it empty and fills it afterwards."""

    def __init__(self, *args: Any) -> None:
        self.array: np.ndarray | None = None

    def fill(self, state: Any) -> np.ndarray:
        """The array of the state that pickle brings."""
        _, shape, kind, fortran, data = state
        if isinstance(data, str):
            data = data.encode("latin-1")
        return np.frombuffer(bytearray(data), _numeric(kind)).reshape(
            shape, order="F" if fortran else "C")


def device_or_name(type: Any, index: Any = None) -> Any:
    """A device; for kinds of device that do not exist here its name, such as ``"mps:0"``."""
    try:
        return device(type, index)
    except ValueError:
        return str(type) if index is None else f"{type}:{index}"


def _of_list(kind: Any) -> Any:
    def make(items: Any = ()) -> Any:
        if not isinstance(items, (list, tuple)):
            raise CheckpointError(f"{kind.__name__} is given {type(items).__name__}, not a list")
        return kind(items)
    return make


def _bytearray(data: Any = b"", encoding: Any = None) -> bytearray:
    return bytearray(data if isinstance(data, bytes) else encode(data, encoding))


def _no_bytes() -> bytes:
    """How protocol 2 writes empty bytes."""
    return b""


# Classes that mean no harm as values, but whose calls could ask for any amount of memory.
GUARDS: dict[Any, Any] = {
    set: _of_list(set), frozenset: _of_list(frozenset), Size: _of_list(Size),
    bytearray: _bytearray, bytes: _no_bytes,
    **dict.fromkeys((list, dict, tuple, int, float, str, np.ndarray, Tensor)),
}


class MissingType:
    """A dtype or storage class of PyTorch's that facula does not have."""

    def __init__(self, name: str) -> None:
        self.name = name


class Registry:
    """The names that load, and how instances of registered classes are saved."""

    globals: dict[str, Any] = {}
    reducers: dict[type, Callable[[Any], tuple[Any, ...]]] = {}


def register_global(name: str, value: Any) -> None:
    """Say what a name in a checkpoint stands for; it is then loaded without being asked.

    Parameters
    ----------
    name : str
        Module and name as PyTorch writes them, such as ``"torch.nn.parameter.Parameter"``.
    value : object
        A class or a function that has no side effects whatever its arguments, or a value.
    """
    Registry.globals[name] = value


def register_reducer(kind: type, reduce: Callable[[Any], tuple[Any, ...]]) -> None:
    """Say how instances of a class are saved: as ``__reduce__`` would.

    Parameters
    ----------
    kind : type
    reduce : callable
        ``reduce(instance)`` gives a pair: one of the functions of
        :mod:`facula.core.serialization.names`, and its arguments.
    """
    Registry.reducers[kind] = reduce


_TENSOR_FUNCTIONS = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
                     "torch._utils._rebuild_parameter")

for _name, _dtype in STORAGES.items():
    for _module in ("torch", "torch.cuda"):
        register_global(f"{_module}.{_name}", StorageType(_name, _dtype))
        register_global(f"{_module}.{_name.replace('Storage', 'Tensor')}",
                        StorageType(_name, _dtype))
register_global("torch.storage.UntypedStorage", StorageType("UntypedStorage", None))
for _dtype in dtypes.ALL:
    register_global(f"torch.{_dtype.name}", _dtype)
for _name in (*MISSING, *MISSING_STORAGES):
    register_global(f"torch.{_name}", MissingType(_name))

for _name, _value in {
    "torch._utils._rebuild_tensor": tensor_v1,
    "torch._utils._rebuild_tensor_v2": tensor_v2,
    "torch._utils._rebuild_tensor_v3": tensor_v3,
    "torch._utils._rebuild_parameter": parameter,
    "torch._utils._rebuild_parameter_with_state": parameter_with_state,
    "torch._utils._rebuild_device_tensor_from_numpy": from_host_array,
    "torch._tensor._rebuild_from_type_v2": from_type,
    "torch.Size": Size,
    "torch.device": device_or_name,
    "torch.Tensor": Tensor,
    "torch.nn.parameter.Parameter": Tensor,
    "collections.OrderedDict": collections.OrderedDict,
    "collections.Counter": collections.Counter,
    "collections.defaultdict": default_dict,
    "_codecs.encode": encode,
    "builtins.set": set,
    "builtins.frozenset": frozenset,
    "builtins.bytes": bytes,
    "builtins.bytearray": bytearray,
    "builtins.complex": complex,
    "builtins.list": list,
    "builtins.dict": dict,
    "builtins.tuple": tuple,
    "builtins.int": int,
    "builtins.float": float,
    "builtins.str": str,
    "builtins.slice": slice,
    "numpy.dtype": numpy_dtype,
    "numpy.ndarray": np.ndarray,
    "numpy.core.multiarray.scalar": numpy_scalar,
    "numpy._core.multiarray.scalar": numpy_scalar,
    "numpy.core.multiarray._reconstruct": NumpyArray,
    "numpy._core.multiarray._reconstruct": NumpyArray,
}.items():
    register_global(_name, _value)
