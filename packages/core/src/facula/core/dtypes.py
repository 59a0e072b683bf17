"""The element types: one interned ``dtype`` object each, and what is known about their numbers."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

BOOL, INTEGER, FLOAT, COMPLEX = range(4)
PYTHON_TYPES = (bool, int, float, complex)


class dtype:
    """The type of a tensor's elements, as PyTorch's ``torch.dtype``.

    There is one object per type, so ``is`` and ``==`` agree.

    Attributes
    ----------
    name : str
        For example ``"float32"``.
    numpy : numpy.dtype
        The NumPy type of the same bits (bfloat16 comes from ml_dtypes).
    category : int
        0 bool, 1 integer, 2 floating, 3 complex: the ladder of type promotion.
    itemsize : int
        Bytes per element.

    Examples
    --------
    >>> import facula
    >>> facula.float32
    facula.float32
    >>> facula.int64.itemsize, facula.bfloat16.is_floating_point
    (8, True)
    """

    __slots__ = ("name", "numpy", "category", "itemsize", "rank", "is_signed")

    def __init__(self, name: str, numpy: Any, category: int, rank: int) -> None:
        self.name = name
        self.numpy = np.dtype(numpy)
        self.category = category
        self.itemsize = self.numpy.itemsize
        self.rank = rank
        self.is_signed = category >= FLOAT or self.numpy.kind == "i"

    @property
    def is_floating_point(self) -> bool:
        """Whether this is one of the real floating types."""
        return self.category == FLOAT

    @property
    def is_complex(self) -> bool:
        """Whether this is a complex type."""
        return self.category == COMPLEX

    def to_real(self) -> dtype:
        """The real type of the same precision (itself unless complex)."""
        return _REAL.get(self, self)

    def to_complex(self) -> dtype:
        """The complex type of the same precision."""
        return complex128 if self in (float64, complex128) else complex64

    def __repr__(self) -> str:
        return f"facula.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (by_name, (self.name,))

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> dtype:
        return self


bool_ = dtype("bool", np.bool_, BOOL, 0)
uint8 = dtype("uint8", np.uint8, INTEGER, 1)
int8 = dtype("int8", np.int8, INTEGER, 2)
int16 = dtype("int16", np.int16, INTEGER, 3)
int32 = dtype("int32", np.int32, INTEGER, 4)
int64 = dtype("int64", np.int64, INTEGER, 5)
float16 = dtype("float16", np.float16, FLOAT, 6)
bfloat16 = dtype("bfloat16", ml_dtypes.bfloat16, FLOAT, 7)
float32 = dtype("float32", np.float32, FLOAT, 8)
float64 = dtype("float64", np.float64, FLOAT, 9)
complex64 = dtype("complex64", np.complex64, COMPLEX, 10)
complex128 = dtype("complex128", np.complex128, COMPLEX, 11)
uint16 = dtype("uint16", np.uint16, INTEGER, 3)
uint32 = dtype("uint32", np.uint32, INTEGER, 4)
uint64 = dtype("uint64", np.uint64, INTEGER, 5)

ALL = (bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64,
       complex64, complex128, uint16, uint32, uint64)
FLOATS = (float16, bfloat16, float32, float64)
SIGNED = (int8, int16, int32, int64)
UNSIGNED = (uint8, uint16, uint32, uint64)
INTEGERS = (uint8, *SIGNED, *UNSIGNED[1:])

_BY_NAME = {d.name: d for d in ALL} | {
    "half": float16, "float": float32, "double": float64, "short": int16, "int": int32,
    "long": int64, "cfloat": complex64, "cdouble": complex128,
}
_BY_NUMPY = {d.numpy: d for d in ALL}
_BY_PYTHON = {bool: bool_, int: int64, float: float32, complex: complex64}
_REAL = {complex64: float32, complex128: float64}


def by_name(name: str) -> dtype:
    """The dtype called ``name``."""
    return _BY_NAME[name]


def as_dtype(value: Any) -> dtype:
    """The dtype meant by a dtype, a Python type, a name, or anything NumPy reads as one.

    Python's ``float`` and ``complex`` mean the default floating type and its complex partner.
    """
    if isinstance(value, dtype):
        return value
    if value is float:
        return get_default_dtype()
    if value is complex:
        return get_default_dtype().to_complex()
    if isinstance(value, type) and value in _BY_PYTHON:
        return _BY_PYTHON[value]
    if isinstance(value, str) and value in _BY_NAME:
        return _BY_NAME[value]
    try:
        return _BY_NUMPY[np.dtype(value)]
    except (TypeError, KeyError):
        names = ", ".join(d.name for d in ALL)
        raise TypeError(f"dtype: {value!r} is not an element type: use one of {names}") from None


class _Default:
    """The one mutable setting of this module."""

    floating: dtype = float32


def get_default_dtype() -> dtype:
    """The floating type given to Python floats: float32 unless changed."""
    return _Default.floating


def set_default_dtype(d: dtype) -> None:
    """Choose the floating type given to Python floats.

    Raises
    ------
    TypeError
        If ``d`` is not a floating type.
    """
    d = as_dtype(d)
    if not d.is_floating_point:
        raise TypeError(f"set_default_dtype: {d} is not a floating type: "
                        f"use one of {', '.join(map(str, FLOATS))}")
    _Default.floating = d


class finfo:
    """Limits of a floating (or complex) type, as ``torch.finfo``.

    Examples
    --------
    >>> import facula
    >>> facula.finfo(facula.float16).max
    65504.0
    """

    def __init__(self, type: dtype | None = None) -> None:
        d = get_default_dtype() if type is None else as_dtype(type)
        if d.category < FLOAT:
            raise TypeError(f"finfo: {d} is not a floating type: use iinfo for integers")
        info = ml_dtypes.finfo(d.to_real().numpy)
        self.dtype = d.name
        self.bits = int(info.bits)
        self.eps = float(info.eps)
        self.max = float(info.max)
        self.min = float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(info.resolution)

    def __repr__(self) -> str:
        return (f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
                f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, dtype={self.dtype})")


class iinfo:
    """Limits of an integer type, as ``torch.iinfo``.

    Examples
    --------
    >>> import facula
    >>> facula.iinfo(facula.int8).min
    -128
    """

    def __init__(self, type: dtype) -> None:
        d = as_dtype(type)
        if d.category != INTEGER:
            raise TypeError(f"iinfo: {d} is not an integer type: use finfo for floating types")
        info = np.iinfo(d.numpy)
        self.dtype = d.name
        self.bits = int(info.bits)
        self.max = int(info.max)
        self.min = int(info.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
