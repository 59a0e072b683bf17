"""What a node keeps for backward, and how it comes back: checked, connected, unpacked.

An output is kept as raw data, so that its node does not hold the tensor that holds the node: graphs
die by reference count. Each saved tensor is remembered with its count of in-place writes.
"""

from __future__ import annotations

from typing import Any

from facula.autograd.meta import FREED, Node, output_slot
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor, Version, from_data


class Packed:
    """A saved tensor in the form that a user's ``pack`` function gave it."""

    __slots__ = ("value", "unpack")

    def __init__(self, value: Any, unpack: Any) -> None:
        self.value = value
        self.unpack = unpack

    def restored(self) -> Tensor:
        """The tensor again.

        Raises
        ------
        TypeError
            If the user's function returns something else.
        """
        answer = self.unpack(self.value)
        if not isinstance(answer, Tensor):
            raise TypeError(f"saved_tensors_hooks: the unpack function must return a Tensor, but "
                            f"returned {answer!r}")
        return answer


def save_output(out: Tensor) -> tuple[Any, Any, Version]:
    """An output's raw data."""
    version = out._version
    if version is None:
        version = out._version = Version()
    return out._data, out._kind, version


def count(value: Any) -> int:
    """The in-place writes to a tensor's memory so far; the sum for a sequence of tensors."""
    if isinstance(value, Tensor):
        return 0 if value._version is None else value._version.count
    if isinstance(value, (tuple, list)):
        return sum([count(v) for v in value])
    return 0


def restore(node: Node) -> Any:
    """What the rule's formulas get.

    Raises
    ------
    RuntimeError
        If the graph was freed, or a saved tensor was written to since.
    """
    saved, plan, versions = node.saved, node.plan, node.versions
    if saved is FREED:
        raise RuntimeError(
            f"backward: the graph was freed at {plan.name}: backward ran through it before: "
            "give retain_graph=True the first time")
    for i in plan.tensors:
        value = saved[i]
        if isinstance(value, Tensor):
            version = value._version
            if version is None or version.count == (0 if versions is None else versions[i]):
                continue
            raise changed(plan, i, value, 0 if versions is None else versions[i], version.count)
        if type(value) is Packed or (value and isinstance(value, (tuple, list))):
            return _restored(node)
    if not plan.outputs:
        return _restored(node) if plan.anchors and grad_mode.enabled else saved
    if len(saved) == 1 and type(saved[0]) is tuple and not plan.several:
        data, kind, version = saved[0]  # the hottest case, written out
        y = from_data(data, kind)
        y._version = version
        if version.count != versions[0]:
            raise changed(plan, 0, y, versions[0], version.count)
        if grad_mode.enabled:
            y._autograd = node
        return (y,)
    return _restored(node)


def _restored(node: Node) -> list[Any]:
    """The general case: packed values, sequences, outputs, and recording for a higher order."""
    plan, versions = node.plan, node.versions
    values = list(node.saved)
    for i in plan.tensors:
        value = values[i]
        if type(value) is Packed:
            values[i] = value.restored()
        elif isinstance(value, (tuple, list)):
            now, then = count(value), 0 if versions is None else versions[i]
            if now != then:
                raise changed(plan, i, value, then, now)
            values[i] = type(value)([v.restored() if type(v) is Packed else v for v in value])
    if grad_mode.enabled:
        for i, k in plan.anchors:
            values[i] = connected(values[i], node.parents[k])
    for i, number in plan.outputs:
        if type(values[i]) is Packed:
            packed = values[i].restored()
            y = from_data(packed._data, packed._kind)
            y._version = packed._version
        else:
            data, kind, version = values[i]
            y = from_data(data, kind)
            y._version = version
            if version.count != versions[i]:
                raise changed(plan, i, y, versions[i], version.count)
        values[i] = y
        if grad_mode.enabled:
            y._autograd = output_slot(node, number, y) if plan.several else node
    return values


def connected(value: Any, slot: Any) -> Any:
    """The tensor with the slot it had when it was saved; an alias if it has another by now."""
    if not isinstance(value, Tensor) or value._autograd is slot:
        return value
    alias = value.detach()
    alias._autograd = slot
    return alias


def changed(plan: Any, at: int, value: Any, then: int, now: int) -> RuntimeError:
    """The error for a saved value that was written to."""
    label = plan.labels[at]
    shape = tuple(value.shape) if isinstance(value, Tensor) else "several tensors"
    what = "the output" if any(at == i for i, _ in plan.outputs) else label
    return RuntimeError(
        f"{plan.subject}: {what}, of shape {shape}, is needed to compute the gradient, but was "
        f"changed by an in-place operation: it is at version {now}, expected {then}: "
        "clone() it before writing, or use the out-of-place operation")
