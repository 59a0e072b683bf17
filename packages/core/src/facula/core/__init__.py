"""Tensors, dtypes, devices and operations of facula, on NumPy and OpenCL."""

from __future__ import annotations

import importlib
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING
from typing import Any as _Any

from facula.core import ops
from facula.core.amp.region import (
    autocast,
    clear_autocast_cache,
    get_autocast_dtype,
    is_autocast_cache_enabled,
    is_autocast_enabled,
    set_autocast_cache_enabled,
    set_autocast_dtype,
    set_autocast_enabled,
)
from facula.core.backends.cpu.threads import get_num_threads, set_num_threads
from facula.core.constants import e, inf, nan, newaxis, pi
from facula.core.devices import device, get_default_device, set_default_device
from facula.core.dtypes import (
    bfloat16,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
    uint16,
    uint32,
    uint64,
)
from facula.core.dtypes import bool_ as bool
from facula.core.memory import (
    UntypedStorage,
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from facula.core.methods import attach as _attach
from facula.core.methods import place as _place
from facula.core.operation import operation, operations
from facula.core.printing import set_printoptions
from facula.core.promotion import can_cast, promote_types
from facula.core.random import (
    Generator,
    default_generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from facula.core.settings import (
    are_deterministic_algorithms_enabled,
    compile,
    cond,
    get_deterministic_debug_mode,
    get_float32_matmul_precision,
    get_num_interop_threads,
    is_deterministic_algorithms_warn_only_enabled,
    is_warn_always_enabled,
    set_deterministic_debug_mode,
    set_float32_matmul_precision,
    set_flush_denormal,
    set_num_interop_threads,
    set_warn_always,
    use_deterministic_algorithms,
    while_loop,
)
from facula.core.slot import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from facula.core.tensor import Size, Tensor
from facula.core.tensor_types import (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    ComplexDoubleTensor,
    ComplexFloatTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    set_default_tensor_type,
)

if TYPE_CHECKING:
    from facula.core.serialization import load, save

_attach(Tensor)

OutOfMemoryError = MemoryError  # what a full device raises
# PyTorch's second names of the dtypes; bool hides Python's here, as it does in torch.
half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128

_OPERATIONS = {op.name: op.public for op in operations() if op.export}
globals().update(_OPERATIONS)
_place(_OPERATIONS.values(), __name__)

# Found when first named: a noticeable part of an import.
_LATER = {"load": "facula.core.serialization", "save": "facula.core.serialization"}

__all__ = sorted({*_LATER, *(name for name, value in globals().items() if not (
    name.startswith("_") or name in ("annotations", "TYPE_CHECKING")
    or isinstance(value, _ModuleType)))})


def __getattr__(name: str) -> _Any:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'facula.core' has no attribute {name!r}")
