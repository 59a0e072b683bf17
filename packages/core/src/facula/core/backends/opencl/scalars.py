"""How each element type is stored, read, computed with and written in OpenCL C."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.dtypes import dtype


@dataclass(frozen=True, slots=True)
class Scalar:
    """The C side of one dtype; ``code`` is its short name in kernel names."""

    code: str
    storage: str
    compute: str
    load: str
    store: str
    limits: tuple[str, str]
    argument: np.dtype[Any]
    partial: dtype


_INT = ("INT_MIN", "INT_MAX")
_LONG = ("LONG_MIN", "LONG_MAX")
_FLOAT = ("-INFINITY", "INFINITY")
_ARG_LONG, _ARG_FLOAT = np.dtype(np.int64), np.dtype(np.float32)
_ARG_DOUBLE = np.dtype(np.float64)


def _integer(code: str, storage: str, low: str, high: str) -> Scalar:
    # A floating value goes to a narrow type through int, as NumPy's conversion does on x86.
    return Scalar(code, storage, "int", "{}", f"({storage})(int)({{}})", (low, high), _ARG_LONG,
                  dtypes.int32)


def _unsigned(code: str, storage: str, compute: str, high: str) -> Scalar:
    # A floating value goes to an unsigned type through long, so that negative ones wrap.
    return Scalar(code, storage, compute, "{}", f"({storage})to_{compute}({{}})", ("0", high),
                  _ARG_LONG, dtypes.uint64 if compute == "ulong" else dtypes.uint32)


SCALARS: dict[dtype, Scalar] = {
    dtypes.bool_: Scalar("b1", "uchar", "int", "({} != 0)", "(uchar)(({}) != 0)", ("0", "1"),
                         _ARG_LONG, dtypes.int32),
    dtypes.uint8: _integer("u8", "uchar", "0", "UCHAR_MAX"),
    dtypes.int8: _integer("i8", "char", "CHAR_MIN", "CHAR_MAX"),
    dtypes.int16: _integer("i16", "short", "SHRT_MIN", "SHRT_MAX"),
    dtypes.int32: Scalar("i32", "int", "int", "{}", "(int)({})", _INT, _ARG_LONG, dtypes.int32),
    dtypes.int64: Scalar("i64", "long", "long", "{}", "(long)({})", _LONG, _ARG_LONG,
                         dtypes.int64),
    dtypes.float16: Scalar("f16", "ushort", "float", "half_to_float({})",
                           "float_to_half((float)({}))", _FLOAT, _ARG_FLOAT, dtypes.float32),
    dtypes.bfloat16: Scalar("bf16", "ushort", "float", "bfloat_to_float({})",
                            "float_to_bfloat((float)({}))", _FLOAT, _ARG_FLOAT, dtypes.float32),
    dtypes.float32: Scalar("f32", "float", "float", "{}", "(float)({})", _FLOAT, _ARG_FLOAT,
                           dtypes.float32),
    dtypes.float64: Scalar("f64", "double", "double", "{}", "(double)({})", _FLOAT, _ARG_DOUBLE,
                           dtypes.float64),
    dtypes.uint16: _unsigned("u16", "ushort", "uint", "USHRT_MAX"),
    dtypes.uint32: _unsigned("u32", "uint", "uint", "UINT_MAX"),
    dtypes.uint64: _unsigned("u64", "ulong", "ulong", "ULONG_MAX"),
}

# Computed in 32 bits, so an operand of a wider type (a 0-d one) has to be brought into range.
_NARROW = (dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.uint16)
_UNSIGNED = ("uint", "ulong")

BY_NUMPY: dict[np.dtype[Any], dtype] = {d.numpy: d for d in dtypes.ALL}


def scalar(d: dtype, where: str) -> Scalar:
    """The C side of ``d``.

    Raises
    ------
    TypeError
        If OpenCL kernels do not know the type (the complex ones, so far).
    """
    found = SCALARS.get(d)
    if found is None:
        raise TypeError(f"{where}: {d} is not supported on OpenCL devices: "
                        f"use one of {', '.join(map(str, SCALARS))}, or the cpu device")
    return found


def converted(value: str, source: dtype, target: dtype) -> str:
    """``value``, an element of ``source`` in its compute type, as the compute type of ``target``.

    Becoming bool means being other than 0; a wider integer wraps, as does a negative number that
    becomes unsigned; all else is C's conversion.
    """
    if target is dtypes.bool_:
        return value if source is dtypes.bool_ else f"({value} != 0)"
    to = SCALARS[target].compute
    if to in _UNSIGNED and source.is_floating_point:
        value = f"to_{to}({value})"
    if target in _NARROW and source.category == dtypes.INTEGER and source is not target:
        return f"({to})({SCALARS[target].storage}){value}"
    return value if SCALARS[source].compute == to else f"({to}){value}"
