"""Type promotion by PyTorch's rules, and the dtype rules that operations declare.

Operands count in three classes: tensors with dimensions, tensors without, Python scalars. A lower
class decides only when its category (bool < integer < floating < complex) is above the higher's.
Source: PyTorch documentation, "Tensor Attributes", ``torch.result_type``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from facula.core import dtypes
from facula.core.dtypes import BOOL, COMPLEX, FLOAT, INTEGER, dtype

DIMENSIONED, ZERO_DIM, SCALAR = 2, 1, 0


def _promote(a: dtype, b: dtype) -> dtype:
    low, high = sorted((a, b), key=lambda d: (d.category, d.rank))
    if low is high or low.category == BOOL:
        return high
    if high.category == COMPLEX:
        wide = dtypes.float64 in (low, high) or dtypes.complex128 in (low, high)
        return dtypes.complex128 if wide else dtypes.complex64
    if low.category != high.category:
        return high
    if {low, high} == {dtypes.float16, dtypes.bfloat16}:
        return dtypes.float32
    if low is dtypes.uint8 and high is dtypes.int8:
        return dtypes.int16
    return high


_TABLE = {(a, b): _promote(a, b) for a in dtypes.ALL for b in dtypes.ALL}


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds both, as ``torch.promote_types``.

    Examples
    --------
    >>> import facula
    >>> facula.promote_types(facula.int32, facula.float16)
    facula.float16
    """
    return _TABLE[dtypes.as_dtype(type1), dtypes.as_dtype(type2)]


def scalar_dtype(python_type: type) -> dtype:
    """The dtype that a Python scalar of this type takes part with."""
    if issubclass(python_type, bool):
        return dtypes.bool_
    if issubclass(python_type, int):
        return dtypes.int64
    if issubclass(python_type, float):
        return dtypes.get_default_dtype()
    return dtypes.get_default_dtype().to_complex()


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    if higher is None or lower is None:
        return higher or lower
    if higher.category == FLOAT and lower.category == COMPLEX:
        return higher.to_complex()
    if higher.category >= FLOAT:
        return higher
    if higher.category == BOOL or lower.category >= FLOAT:
        return _TABLE[higher, lower]
    return higher


def result_dtype(operands: Iterable[tuple[dtype, int]]) -> dtype:
    """The common dtype of operands given as (dtype, class)."""
    classes: list[dtype | None] = [None, None, None]
    for d, level in operands:
        so_far = classes[level]
        classes[level] = d if so_far is None else _TABLE[so_far, d]
    result = _combine(classes[DIMENSIONED], _combine(classes[ZERO_DIM], classes[SCALAR]))
    assert result is not None
    return result


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a value may be stored in another type without losing its category.

    Examples
    --------
    >>> import facula
    >>> facula.can_cast(facula.float32, facula.int32)
    False
    """
    source, target = dtypes.as_dtype(from_), dtypes.as_dtype(to)
    if source.category > target.category:
        return False
    return not (source.category == target.category == INTEGER
                and source.is_signed and not target.is_signed)


def _floating(d: dtype) -> dtype:
    return d if d.category >= FLOAT else dtypes.get_default_dtype()


def _integral_to_long(d: dtype) -> dtype:
    return d if d.category >= FLOAT else dtypes.int64


# A rule takes the promoted dtype and says in which type to compute and which type comes out.
Rule = Callable[[dtype], tuple[dtype, dtype]]
RULES: dict[str, Rule] = {
    "same": lambda d: (d, d),
    "float": lambda d: (_floating(d), _floating(d)),
    "bool": lambda d: (d, dtypes.bool_),
    "real": lambda d: (d, d.to_real()),
    "sum": lambda d: (_integral_to_long(d), _integral_to_long(d)),
    "int64": lambda d: (d, dtypes.int64),
}


def apply_rule(rule: Any, promoted: dtype) -> tuple[dtype, dtype]:
    """``(compute, result)`` for a declared rule: a name, a dtype, or a function of the dtype."""
    if isinstance(rule, str):
        return RULES[rule](promoted)
    if isinstance(rule, dtype):
        return promoted, rule
    return rule(promoted)
