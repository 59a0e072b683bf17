"""The engine: gradients flow from outputs to leaves, the latest node first.

Nodes are numbered in the order of their creation, which is a topological order, so a heap of
(-number, node) visits each node after everything that uses it. There is no recursion.
"""

from __future__ import annotations

import heapq
from typing import Any

from facula.core import ops
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor

from facula.autograd.meta import FREED, Leaf, Node, Output
from facula.autograd.plans import restore


class Pending:
    """Gradients that wait for their node: the value so far, and whether it is ours alone."""

    __slots__ = ("heap", "values")

    def __init__(self) -> None:
        self.heap: list[tuple[int, Any]] = []
        self.values: dict[Any, tuple[Tensor, bool]] = {}

    def add(self, target: Any, g: Tensor, own: bool) -> None:
        """Add a gradient for a slot; ``own`` if nobody else holds its memory."""
        values = self.values
        if target in values:
            before, ours = values[target]
            if ours and not grad_mode.enabled and before._kind is g._kind:
                before.add_(g)  # type: ignore[attr-defined]
            else:
                values[target] = before + g, True  # type: ignore[operator]
        else:
            values[target] = g, own
            heapq.heappush(self.heap, (-target.seq, target))


def sum_to(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The gradient of a broadcast operand, summed back to the operand's shape."""
    have = g._data.shape
    lead = len(have) - len(shape)
    dims = (*range(lead), *(i + lead for i, n in enumerate(shape) if n == 1 != have[i + lead]))
    if dims:
        g = ops.reduce.sum(g, dims, True)
    return ops.shape.view_as_shape(g, shape) if lead else g


def fit(g: Tensor, target: Any) -> Tensor:
    """The gradient in its slot's shape, dtype and device."""
    if g._data.shape != target.shape:
        g = sum_to(g, target.shape)
    if g._kind is not target.kind:
        g = ops.convert.to(g, dtype=target.kind.dtype, device=target.kind.device)
    return g


def is_view(t: Tensor) -> bool:
    """Whether a tensor shares its memory with a base."""
    return hasattr(t, "_view")


def run_hooks(hooks: dict[int, Any], g: Tensor) -> Tensor:
    """The gradient after the hooks, each of which may replace it."""
    for hook in list(hooks.values()):
        answer = hook(g)
        if answer is not None:
            if not isinstance(answer, Tensor) or answer._data.shape != g._data.shape:
                raise RuntimeError(f"hook: must return None or a gradient of shape "
                                   f"{tuple(g.shape)}, but returned {answer!r}")
            g = answer
    return g


def accumulate(leaf: Any, g: Tensor, own: bool) -> None:
    """Add to a leaf's ``.grad``."""
    if leaf.grad is None:
        leaf.grad = g if own or grad_mode.enabled else g.detach().clone()  # type: ignore
    elif grad_mode.enabled:
        leaf.grad = leaf.grad + g
    else:
        leaf.grad.add_(g)
    if leaf.post_hooks:
        for hook in list(leaf.post_hooks.values()):
            hook()


def needed_nodes(roots: list[Any], targets: set[Any]) -> set[Any]:
    """The nodes on a path from the roots to the targets."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    needed = set(targets)
    for node in sorted(seen, key=lambda n: n.seq):
        if any(p in needed for p in node.parents if p is not None):
            needed.add(node)
    return needed


def run(roots: list[tuple[Any, Tensor]], retain_graph: bool,
        targets: set[Any] | None = None, collect: dict[Any, Tensor] | None = None) -> None:
    """Propagate gradients from (slot, gradient) pairs.

    Parameters
    ----------
    roots : list
        Where to begin.
    retain_graph : bool
        Keep saved values.
    targets : set, optional
        Only these slots are wanted; nothing is computed for others.
    collect : dict, optional
        Receives the targets' gradients; without it they are added to ``.grad``.
    """
    needed = None if targets is None else needed_nodes([r for r, _ in roots], targets)
    pending = Pending()
    collected: dict[Node, list[Any]] = {}
    for slot, g in roots:
        if needed is None or slot in needed:
            pending.add(slot, g, False)
    heap, values = pending.heap, pending.values
    while heap:
        _, slot = heapq.heappop(heap)
        if slot in collected:  # all outputs of an operation with several have been seen
            _apply(slot, None, collected.pop(slot), pending, needed, retain_graph)
            continue
        g, own = values.pop(slot)
        if slot.hooks:
            g, own = run_hooks(slot.hooks, g), False
        if targets is not None and slot in targets:
            _deliver(slot, g, own, collect)
        elif targets is None and type(slot) is Leaf and slot.requires_grad:
            accumulate(slot, g, own)
        if type(slot) is Leaf or (needed is not None
                                  and not any(p in needed for p in slot.parents)):
            continue
        if hasattr(slot, "retained") and targets is None:
            before = slot.grad
            slot.retained = g.detach().clone() if before is None else before + g
        if type(slot) is Output:
            node = slot.node
            if node not in collected:
                collected[node] = [None] * node.plan.op.outputs
                heapq.heappush(heap, (-node.seq, node))
            collected[node][slot.index] = g
        else:
            _apply(slot, g, None, pending, needed, retain_graph)


def _deliver(slot: Any, g: Tensor, own: bool, collect: dict[Any, Tensor] | None) -> None:
    if collect is not None:
        collect[slot] = g
    elif type(slot) is Leaf:
        accumulate(slot, g, own)
    else:
        before = slot.grad
        slot.retained = g if before is None else before + g


def _apply(node: Node, g: Any, several: list[Any] | None, pending: Pending,
           needed: set[Any] | None, retain_graph: bool) -> None:
    """Call one node's rules and hand the results to its parents."""
    plan = node.plan
    saved = node.saved
    if saved is FREED:
        raise RuntimeError(
            f"backward: the graph was freed at {plan.name}: backward ran through it before: "
            "give retain_graph=True the first time")
    values = restore(node, saved) if saved else saved
    if not retain_graph and saved:
        node.saved = FREED
    grads = (g,) if several is None else _filled(several, node)
    parents = node.parents
    if plan.simple and not plan.nested:
        for (function, where), parent in zip(plan.calls, parents, strict=True):
            if needed is None or parent in needed:
                _hand_over(pending, parent, function(g, *[values[i] for i in where[1:]]), g)
        return
    results: list[Any] = []
    for function, where in plan.calls:
        answer = function(*[grads[-1 - i] if i < 0 else values[i] for i in where])
        if plan.joint:
            results += [x for i in plan.needs for x in _listed(answer[i])]
        else:
            results += _listed(answer)
    for parent, result in zip(parents, results, strict=True):
        if parent is not None and result is not None and (needed is None or parent in needed):
            _hand_over(pending, parent, result, g)


def _listed(answer: Any) -> list[Any]:
    return list(answer) if isinstance(answer, (tuple, list)) else [answer]


def _filled(several: list[Any], node: Node) -> list[Any]:
    """Zeros for the floating outputs that nothing used: rules take all gradients as given."""
    return [g if g is not None or meta is None
            else ops.creation.zeros(meta[0], dtype=meta[1].dtype, device=meta[1].device)
            for g, meta in zip(several, node.outputs, strict=True)]


def _hand_over(pending: Pending, parent: Any, result: Any, g: Any) -> None:
    if result is None:
        return
    fitted = fit(result, parent)
    pending.add(parent, fitted, fitted is not g and not is_view(fitted))
