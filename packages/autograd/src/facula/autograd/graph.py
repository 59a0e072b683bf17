"""Looking at the graph, and deciding how it keeps what backward needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from facula.autograd import observe
from facula.autograd.meta import Leaf, Node
from facula.autograd.saved import Packed
from facula.core import opencl
from facula.core.errors import describe
from facula.core.slot import no_grad
from facula.core.tensor import Tensor, from_data

__all__ = ["Node", "save_on_cpu", "saved_tensors_hooks", "to_dot", "to_text"]


class _Stack(threading.local):
    """The hooks in force in this thread; the innermost counts."""

    def __init__(self) -> None:
        self.hooks: list[saved_tensors_hooks] = []


_stack = _Stack()


class saved_tensors_hooks:
    """A context manager in which each tensor saved for backward goes through ``pack_hook``.

    Parameters
    ----------
    pack_hook : callable
        Gets the tensor (outside the graph) when it is saved; returns anything.
    unpack_hook : callable
        Gets that when backward needs the tensor; returns a tensor of the same value.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([2.0], requires_grad=True)
    >>> with facula.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), facula.tensor):
    ...     y = x * x
    >>> y.backward()
    >>> x.grad
    tensor([4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any],
                 unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> saved_tensors_hooks:
        _stack.hooks.append(self)
        observe.start(self._watch, False)
        return self

    def __exit__(self, *exc: object) -> None:
        observe.stop(self._watch, False)
        _stack.hooks.pop()

    def _watch(self, node: Any) -> None:
        if _stack.hooks[-1] is self:
            with no_grad():
                self._pack(node)

    def _pack(self, node: Any) -> None:
        plan, saved = node.plan, list(node.saved)
        versions = None if node.versions is None else list(node.versions)
        for i in plan.tensors:
            value = saved[i]
            if isinstance(value, Tensor):
                saved[i] = self._packed(value)
            elif isinstance(value, (tuple, list)):
                saved[i] = tuple([self._packed(v) if isinstance(v, Tensor) else v for v in value])
                if versions is not None:
                    versions[i] = 0
        for i, _ in plan.outputs:
            data, kind, version = saved[i]
            y = from_data(data, kind)
            y._version = version
            saved[i] = self._packed(y)
        node.saved = tuple(saved)
        node.versions = None if versions is None else tuple(versions)

    def _packed(self, t: Tensor) -> Packed:
        return Packed(self.pack_hook(t.detach()), self.unpack_hook)


class save_on_cpu(saved_tensors_hooks):
    """A context manager in which tensors saved for backward wait in the host's memory.

    Parameters
    ----------
    pin_memory : bool
        Have it pinned where there is an OpenCL device: see :meth:`Tensor.pin_memory`.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([2.0], requires_grad=True)
    >>> with facula.autograd.graph.save_on_cpu():
    ...     y = x * x
    >>> y.backward()
    >>> x.grad
    tensor([4.])
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        pin = pin_memory and opencl.is_available()

        def pack(t: Any) -> Any:
            return t.device, t.cpu().pin_memory() if pin else t.cpu()
        super().__init__(pack, lambda packed: packed[1].to(packed[0], non_blocking=pin))


def _walk(tensor: Tensor) -> Iterator[tuple[Any, list[tuple[Any, int]]]]:
    """The nodes behind a tensor, the latest first, each with the edges that it has."""
    start = tensor._autograd if tensor.is_leaf else tensor.grad_fn
    if start is None:
        raise RuntimeError(f"graph: {describe(tensor)} does not require grad: it has no graph")
    seen, stack = {start}, [start]
    while stack:
        for after, _ in stack.pop().next_functions:
            if after is not None and after not in seen:
                seen.add(after)
                stack.append(after)
    for node in sorted(seen, key=lambda n: -n.seq):
        yield node, [e for e in node.next_functions if e[0] is not None]


def _label(node: Any, names: Mapping[Any, str]) -> str:
    if not isinstance(node, Leaf):
        return node.name().removesuffix("0").removesuffix("Backward")
    shape = f"{tuple(node.shape)} {node.kind.dtype.name}"
    return f"{names[node]} {shape}" if node in names else f"leaf {shape}"


def _named(params: Mapping[str, Tensor] | None) -> dict[Any, str]:
    return {t._autograd: name for name, t in (params or {}).items()}


def to_text(tensor: Tensor, params: Mapping[str, Tensor] | None = None) -> str:
    """The graph of a tensor as lines of text, the last operation first.

    Parameters
    ----------
    tensor : Tensor
        The result.
    params : mapping of str to Tensor, optional
        Names for leaves, such as ``dict(model.named_parameters())``.

    Returns
    -------
    str
        One line per node: its number, what it is, and the numbers of the nodes to which its
        gradients go.

    Examples
    --------
    >>> import facula
    >>> x = facula.ones(3, requires_grad=True)
    >>> print(facula.autograd.graph.to_text((x * x).sum(), {"x": x}))
    0 Sum -> 1
    1 Mul -> 2, 2
    2 x (3,) float32
    """
    nodes, names = list(_walk(tensor)), _named(params)
    number = {node: i for i, (node, _) in enumerate(nodes)}
    lines = []
    for node, edges in nodes:
        line = f"{number[node]} {_label(node, names)}"
        if edges:
            line += f" -> {', '.join([str(number[after]) for after, _ in edges])}"
        lines.append(line)
    return "\n".join(lines)


def to_dot(tensor: Tensor, params: Mapping[str, Tensor] | None = None) -> str:
    """The graph of a tensor in Graphviz's language; the arrows show where gradients go.

    Parameters
    ----------
    tensor, params
        As for :func:`to_text`.

    Examples
    --------
    >>> import facula
    >>> x = facula.ones(3, requires_grad=True)
    >>> print(facula.autograd.graph.to_dot(x.exp(), {"x": x}))
    digraph {
      n0 [label="Exp", shape=box]
      n1 [label="x (3,) float32", shape=ellipse]
      n0 -> n1
    }
    """
    nodes, names = list(_walk(tensor)), _named(params)
    number = {node: i for i, (node, _) in enumerate(nodes)}
    lines = []
    for node, _ in nodes:
        label = _label(node, names).replace("\\", "\\\\").replace('"', '\\"')
        shape = "ellipse" if isinstance(node, Leaf) else "box"
        lines.append(f'  n{number[node]} [label="{label}", shape={shape}]')
    lines += [f"  n{number[node]} -> n{number[after]}"
              for node, edges in nodes for after, _ in edges]
    return "\n".join(["digraph {", *lines, "}"])
