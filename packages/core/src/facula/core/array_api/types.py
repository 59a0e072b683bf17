"""Dtypes and what goes into which, by the array API standard."""

from __future__ import annotations

import functools
from typing import Any

from facula import core
from facula.core import dtypes
from facula.core.dtypes import dtype
from facula.core.promotion import promote_types
from facula.core.tensor import Tensor

__all__ = ["astype", "bool", "can_cast", "complex128", "complex64", "finfo", "float32", "float64",
           "iinfo", "int16", "int32", "int64", "int8", "isdtype", "result_type", "uint16", "uint32",
           "uint64", "uint8"]

bool = core.bool
int8, int16, int32, int64 = dtypes.SIGNED
uint8, uint16, uint32, uint64 = dtypes.UNSIGNED
float32, float64 = core.float32, core.float64
complex64, complex128 = core.complex64, core.complex128

KINDS = {
    "bool": (bool,), "signed integer": dtypes.SIGNED, "unsigned integer": dtypes.UNSIGNED,
    "integral": dtypes.INTEGERS, "real floating": dtypes.FLOATS,
    "complex floating": (complex64, complex128),
    "numeric": (*dtypes.INTEGERS, *dtypes.FLOATS, complex64, complex128),
}


def astype(x: Tensor, dtype: dtype, /, *, copy: Any = True, device: Any = None) -> Tensor:
    """The array in another dtype; a new one, unless ``copy`` is False and nothing changes."""
    if x.dtype.is_complex and not dtypes.as_dtype(dtype).is_complex:
        raise TypeError(f"astype: {x.dtype} can't become {dtype}: take real(x) or imag(x)")
    return x.to(x.device if device is None else device, dtype, copy=copy)


def can_cast(from_: dtype | Tensor, to: dtype, /) -> Any:
    """Whether the standard's promotion rules lead from one dtype to the other."""
    source = from_.dtype if isinstance(from_, Tensor) else from_
    return promote_types(source, to) is to


def _type_of(x: Any) -> dtype:
    return x.dtype if isinstance(x, Tensor) else dtypes.as_dtype(x)


def finfo(type: Any, /) -> core.finfo:
    """Limits of a floating dtype; of a complex one, of its parts."""
    return core.finfo(_type_of(type).to_real())


def iinfo(type: Any, /) -> core.iinfo:
    """Limits of an integer dtype."""
    return core.iinfo(_type_of(type))


def isdtype(dtype: dtype, kind: Any) -> Any:
    """Whether a dtype is of a kind: a dtype, one of the standard's names, or a tuple of these.

    Examples
    --------
    >>> import facula
    >>> facula.array_api.isdtype(facula.int8, "integral")
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(f"isdtype: {kind!r} is no kind of dtype: use one of "
                             f"{', '.join(KINDS)}")
        return dtype in KINDS[kind]
    return dtype is kind


def result_type(*arrays_and_dtypes: Any) -> dtype:
    """The dtype that an operation on these arrays, dtypes and Python numbers gives.

    Arrays without dimensions count like all others here; Python numbers only by their kind.
    """
    typed = [_type_of(x) for x in arrays_and_dtypes if isinstance(x, (Tensor, dtypes.dtype))]
    if not typed:
        raise ValueError("result_type: needs at least one array or dtype")
    found = functools.reduce(promote_types, typed)
    for number in arrays_and_dtypes:
        if isinstance(number, (Tensor, dtypes.dtype)):
            continue
        category = dtypes.as_dtype(type(number)).category
        if category == dtypes.COMPLEX and found.category < category:
            found = found.to_complex()
        elif category > found.category:
            found = promote_types(found, dtypes.as_dtype(type(number)))
    return found
