"""What all fronts do with their arguments when something about them is not ordinary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from facula.core.devices import CPU, Kind
from facula.core.errors import describe, not_a_tensor
from facula.core.operation import Operation
from facula.core.tensor import Tensor, tensor_from_numpy

PYTHON_SCALARS = (bool, int, float, complex)


def operand(op: Operation, name: str, value: Any) -> Any:
    """A tensor or a Python scalar from whatever was given; NumPy arrays become tensors.

    Raises
    ------
    TypeError
        If the value is neither.
    """
    if isinstance(value, (Tensor, *PYTHON_SCALARS)):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biufc":
        return value.item()
    if isinstance(value, np.ndarray):
        return tensor_from_numpy(value)
    raise not_a_tensor(op.name, name, value)


def common_kind(name: str, tensors: list[Tensor]) -> Kind:
    """The kind of the operand that decides the device: 0-d CPU tensors go along with any.

    Raises
    ------
    RuntimeError
        If operands with dimensions are on different devices.
    """
    chosen = tensors[0]._kind
    for t in tensors:
        if t._kind.device is not chosen.device and chosen.device is CPU:
            chosen = t._kind
    for t in tensors:
        if t._kind.device is not chosen.device and (t._kind.device is not CPU or t._data.shape):
            raise RuntimeError(
                f"{name}: the operands are on different devices: "
                f"{', '.join(describe(x) for x in tensors)}: move them to one with .to(device)")
    return chosen


def data_on(home: Kind, t: Tensor) -> Any:
    """The tensor's data on the home device (only 0-d CPU data ever moves)."""
    return t._data if t._kind.device is home.device else home.backend.from_numpy(t._data)


def tracked(values: Iterable[Any]) -> bool:
    """Whether any operand takes part in differentiation."""
    return any(isinstance(x, Tensor) and x._autograd is not None for x in values)


def bind(op: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """All arguments in declared order, defaults filled in.

    Raises
    ------
    TypeError
        If the arguments do not fit the signature.
    """
    if not kwargs and len(args) == len(op.parameters):
        return list(args)
    try:
        bound = op.signature.bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{op.name}{op.signature}: {error}") from None
    bound.apply_defaults()
    return list(bound.arguments.values())


def unwrap(value: Any, home: Kind) -> Any:
    """The data of a tensor on the home device, also within tuples and lists (then a tuple)."""
    if isinstance(value, Tensor):
        return data_on(home, value)
    if isinstance(value, (tuple, list)):
        return tuple([unwrap(v, home) for v in value])
    return value


def leaves(values: Iterable[Any]) -> list[Tensor]:
    """The tensors among the values and within tuples or lists of them."""
    found = []
    for v in values:
        if isinstance(v, Tensor):
            found.append(v)
        elif isinstance(v, (tuple, list)):
            found += [x for x in v if isinstance(x, Tensor)]
    return found


def misfit(op: Operation, operands: Iterable[Any], error: Exception) -> Exception:
    """What a kernel's error means: operands that do not broadcast, told by name; else itself."""
    if not isinstance(error, ValueError):
        return error
    named = [(n, tuple(x._data.shape)) for n, x in zip(op.tensors, operands, strict=False)
             if isinstance(x, Tensor)]
    try:
        np.broadcast_shapes(*(shape for _, shape in named))
    except ValueError:
        listed = ", ".join(f"{name} has shape {shape}" for name, shape in named)
        return RuntimeError(f"{op.name}: the shapes do not broadcast: {listed}: counted from the "
                            "last, sizes must be equal or 1")
    return error
