"""In-place fronts: the first operand's memory receives the result."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core import slot
from facula.core.devices import CPU
from facula.core.dtypes import INTEGER, dtype
from facula.core.errors import describe, not_a_tensor
from facula.core.fronts.elementwise import operand_key
from facula.core.fronts.operands import (
    bind,
    common_kind,
    data_on,
    leaves,
    operand,
    tracked,
    unwrap,
)
from facula.core.fronts.telling import retell
from facula.core.operation import Operation
from facula.core.tensor import Tensor


def inplace_front(op: Operation) -> Callable[..., Any]:
    """The in-place method of an elementwise operation.

    Raises
    ------
    RuntimeError
        From the method: if the result's dtype or shape does not fit into the operand, if its
        memory is read-only or stands several times in it, or if autograd forbids the write.
    """
    resolver = op.extra["resolver"]
    name = op.name + "_"
    count = len(op.tensors)
    known: dict[Any, Callable[..., Any]] = {}

    def front(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        try:
            values = bind(op, (self, *args), kwargs)
            others = [operand(op, n, v)
                      for n, v in zip(op.tensors[1:], values[1:count], strict=True)]
            attributes = values[count:]
            for x in others:
                if isinstance(x, Tensor):
                    _check_operand(name, self, x)
            keys = [operand_key(x) for x in (self, *others)]
            full_key = (self._kind.device, *keys)
            kernel = known.get(full_key)
            if kernel is None:
                compute, results = resolver.types(keys)
                check_storable(name, results[0], self._kind.dtype)
                kernel = known[full_key] = self._kind.backend.elementwise_into(
                    op, tuple(d for d, _ in keys), compute, self._kind.dtype)
            before = _begin(op, name, self, tracked((self, *others)), values)
            kernel(self._data, self._data,
                   *(data_on(self._kind, x) if isinstance(x, Tensor) else x for x in others),
                   *attributes)
            if before is not None:
                assert op.record_inplace is not None
                op.record_inplace(self, before, *others, *attributes)
            return self
        except Exception as error:
            retell(op, name, error, (self, *args), kwargs)

    return front


def inplace_primitive_front(op: Operation) -> Callable[..., Any]:
    """The in-place method of a primitive.

    A backend's kernel called ``name_``, else the declared ``into``, writes into the tensor's own
    memory: ``kernel(out, *other arguments)``. Without one the result is made apart, then stored.
    """
    name = op.name + "_"
    into = op.extra.get("into")

    def front(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        try:
            values = op.function(self, *args, **kwargs)
            backend = self._kind.backend
            kernel = backend.kernels.get(name)
            if kernel is None and into is not None:
                kernel = functools.partial(into, backend)
            if kernel is None:
                assert op.public is not None
                with slot.no_grad():
                    result = op.public(self, *args, **kwargs)
                if result._data.shape != self._data.shape:
                    raise RuntimeError(f"{name}: the result's shape {tuple(result.shape)} is not "
                                       f"the tensor's shape {tuple(self.shape)}")
                check_storable(name, result._kind.dtype, self._kind.dtype)
            tensors = leaves(values)
            common_kind(name, tensors)
            before = _begin(op, name, self, tracked(tensors), values)
            if kernel is None:
                backend.assign(self._data, result._data)
            else:
                kernel(self._data, *[unwrap(v, self._kind) for v in values[1:]])
            if before is not None:
                assert op.record_inplace is not None
                op.record_inplace(self, before, *values[1:])
            return self
        except Exception as error:
            retell(op, name, error, (self, *args), kwargs)

    return front


def inplace_composite_front(op: Operation) -> Callable[..., Any]:
    """The in-place method of a composite: the result is made apart, then copied in.

    While recording, the operation works on a copy of the tensor, so that what its gradient saves
    is not overwritten.
    """
    name = op.name + "_"

    def front(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        try:
            if not isinstance(self, Tensor):
                raise not_a_tensor(name, op.parameters[0], self)
            self._check_write(name)
            source = self
            if slot.grad_mode.enabled and tracked(leaves((self, *args, *kwargs.values()))):
                source = self.clone()
                args = tuple([source if a is self else a for a in args])
            assert op.public is not None
            result = op.public(source, *args, **kwargs)
            if result._data.shape != self._data.shape:
                raise RuntimeError(f"{name}: the result's shape {tuple(result.shape)} is not the "
                                   f"tensor's shape {tuple(self.shape)}")
            check_storable(name, result._kind.dtype, self._kind.dtype)
            return self.copy_(result)
        except Exception as error:
            retell(op, name, error, (self, *args), kwargs)

    return front


def _begin(op: Operation, name: str, self: Tensor, recorded: bool, values: Any) -> Tensor | None:
    """Announce a write; what the recorder gets is a copy if the gradient needs the old values."""
    before = self._begin_write(name, recorded and op.record_inplace is not None)
    if before is not None and op.copies_first is not None and op.copies_first(*values):
        before._data, before._version = self._kind.backend.copy(before._data), None
    return before


def check_storable(name: str, result: dtype, target: dtype) -> None:
    """Refuse to store a result of a higher category than its target, as PyTorch does.

    Raises
    ------
    RuntimeError
        Naming both dtypes.
    """
    if result.category > target.category and (result.category > INTEGER or target.category == 0):
        raise RuntimeError(f"{name}: the result has dtype {result.name}, which can't be stored in "
                           f"a tensor of dtype {target.name}: convert the tensor first")


def _check_operand(name: str, target: Tensor, x: Tensor) -> None:
    mine, theirs = target._data.shape, x._data.shape
    if x._kind.device is not target._kind.device and (x._kind.device is not CPU or theirs):
        raise RuntimeError(f"{name}: the operands are on different devices: {describe(target)}, "
                           f"{describe(x)}: move them to one with .to(device)")
    if theirs == mine:
        return
    try:
        fits = np.broadcast_shapes(mine, theirs) == mine
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(f"{name}: the operand's shape {tuple(theirs)} does not broadcast to "
                           f"the tensor's shape {tuple(mine)}")
