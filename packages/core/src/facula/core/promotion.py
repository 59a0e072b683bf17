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


def _promote(a: dtype, b: dtype) -> dtype | None:
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
    if high.category == INTEGER and low.is_signed is not high.is_signed:
        return _signed_for(*((high, low) if low.is_signed else (low, high)))
    return high


def _signed_for(unsigned: dtype, signed: dtype) -> dtype | None:
    """The smallest signed type that holds an unsigned and a signed one; None with uint64."""
    for d in dtypes.SIGNED:
        if d.itemsize > unsigned.itemsize and d.itemsize >= signed.itemsize:
            return d
    return None


_TABLE = {(a, b): _promote(a, b) for a in dtypes.ALL for b in dtypes.ALL}


def _common(a: dtype, b: dtype, op: str) -> dtype:
    found = _TABLE[a, b]
    if found is None:
        raise RuntimeError(f"{op}: no dtype holds both {a.name} and {b.name}: convert one of them")
    return found


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds both, as ``torch.promote_types``.

    Pairs that PyTorch refuses, of uint16, uint32 or uint64 and another integer type, follow the
    array API standard: ``uint16`` and ``int16`` give ``int32``.

    Raises
    ------
    RuntimeError
        For uint64 and a signed type: no integer type holds both.

    Examples
    --------
    >>> import facula
    >>> facula.promote_types(facula.int32, facula.float16)
    facula.float16
    """
    return _common(dtypes.as_dtype(type1), dtypes.as_dtype(type2), "promote_types")


def scalar_dtype(python_type: type) -> dtype:
    """The dtype that a Python scalar of this type takes part with."""
    if issubclass(python_type, bool):
        return dtypes.bool_
    if issubclass(python_type, int):
        return dtypes.int64
    if issubclass(python_type, float):
        return dtypes.get_default_dtype()
    return dtypes.get_default_dtype().to_complex()


def _combine(higher: dtype | None, lower: dtype | None, op: str) -> dtype | None:
    if higher is None or lower is None:
        return higher or lower
    if higher.category == FLOAT and lower.category == COMPLEX:
        return higher.to_complex()
    if higher.category >= FLOAT:
        return higher
    if higher.category == BOOL or lower.category >= FLOAT:
        return _common(higher, lower, op)
    return higher


def result_dtype(operands: Iterable[tuple[dtype, int]], op: str) -> dtype:
    """The common dtype of operands given as (dtype, class), for the operation of this name."""
    classes: list[dtype | None] = [None, None, None]
    for d, level in operands:
        so_far = classes[level]
        classes[level] = d if so_far is None else _common(so_far, d, op)
    undimensioned = _combine(classes[ZERO_DIM], classes[SCALAR], op)
    result = _combine(classes[DIMENSIONED], undimensioned, op)
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
    # PyTorch's rule names uint8 alone: the wider unsigned types came later.
    return not (source.category == INTEGER and source.is_signed and target is dtypes.uint8)


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
