"""Checks of hyper-parameters, so that each optimiser's constructor states its ranges in a line."""

from __future__ import annotations

from typing import Any

from facula.core import Tensor


def require(good: bool, op: str, name: str, value: Any, right: str) -> None:
    """Refuse a value.

    Raises
    ------
    ValueError
        Unless ``good``.
    """
    if not good:
        raise ValueError(f"{op}: {name} is out of range: {name}={value!r}: it must be {right}")


def not_negative(op: str, **values: Any) -> None:
    """Every value must be at least 0; a tensor must hold one element.

    Raises
    ------
    ValueError
        Naming the first that is not.
    """
    for name, value in values.items():
        if isinstance(value, Tensor):
            require(value.numel() == 1, op, name, value, "a tensor of one element")
        require(bool(value >= 0), op, name, value, "at least 0")


def fractions(op: str, **values: Any) -> None:
    """Every value, or every one in a tuple, must lie in [0, 1).

    Raises
    ------
    ValueError
        Naming the first that does not.
    """
    for name, value in values.items():
        for i, x in enumerate(value) if isinstance(value, (tuple, list)) else [(None, value)]:
            require(bool(x >= 0) and bool(x < 1), op,
                    name if i is None else f"{name}[{i}]", x, "in [0, 1)")


def one_of_two(op: str, foreach: bool | None, fused: bool | None) -> None:
    """``foreach`` and ``fused`` name two of PyTorch's implementations; here there is one.

    Raises
    ------
    RuntimeError
        If both are asked for.
    """
    if foreach and fused:
        raise RuntimeError(f"{op}: foreach={foreach} and fused={fused} exclude each other: "
                           "give one at most (updates are always fused here)")
