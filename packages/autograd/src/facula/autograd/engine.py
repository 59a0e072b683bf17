"""The engine: gradients flow from outputs to leaves, the latest node first.

Nodes are numbered in the order of their creation, which is a topological order, so a heap of
(-number, node) visits each node after everything that uses it. There is no recursion.
"""

from __future__ import annotations

import threading
from heapq import heappop, heappush
from typing import Any

from facula.autograd import anomaly
from facula.autograd.fitting import add_into, fit
from facula.autograd.hooks import hooks_of
from facula.autograd.meta import FREED, Node, Output
from facula.autograd.saved import restore
from facula.core import ops
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor

_accumulating = threading.Lock()  # threads may share leaves


class Pass:
    """One backward pass: the gradients that wait for their slot, and what is wanted.

    Attributes
    ----------
    values : dict
        Slot -> (gradient so far, whether its memory is ours alone).
    heap : list
        (-number, slot) of all slots with a gradient waiting.
    several : dict
        Node of an operation with several outputs -> the gradients of its outputs so far.
    needed : set or None
        The slots on a path to the targets; None where all are wanted.
    collect : dict or None
        Receives the targets' gradients; without it they are added to ``.grad``.
    reached : int
        How many ``.grad`` have changed.
    """

    def __init__(self, roots: list[Any], retain_graph: bool, targets: set[Any] | None,
                 collect: dict[Any, Tensor] | None) -> None:
        self.values: dict[Any, tuple[Tensor, bool]] = {}
        self.heap: list[tuple[int, Any]] = []
        self.several: dict[Node, list[Any]] = {}
        self.retain_graph = retain_graph
        self.targets = targets
        self.needed = None if targets is None else needed_slots(roots, targets)
        self.collect = collect
        self.reached = 0

    def add(self, target: Any, g: Tensor, own: bool) -> None:
        """Add a gradient for a slot; ``own`` if nobody else holds its memory."""
        values = self.values
        entry = values.get(target)
        if entry is None:
            values[target] = g, own
            heappush(self.heap, (-target.seq, target))
            return
        before, ours = entry
        if ours and not grad_mode.enabled:
            add_into(before._data, g)
        elif own and not grad_mode.enabled:
            add_into(g._data, before)
            values[target] = g, True
        else:
            values[target] = before + g, True  # type: ignore[operator]

    def run(self) -> None:
        """Visit the slots until no gradient waits."""
        heap, values, needed, targets = self.heap, self.values, self.needed, self.targets
        retain, checking, recording = self.retain_graph, anomaly.enabled(), grad_mode.enabled
        while heap:
            slot = heappop(heap)[1]
            entry = values.pop(slot, None)
            if entry is None:  # all outputs of an operation with several have been seen
                self.apply(slot, filled(self.several.pop(slot), slot), checking)
                continue
            g, own = entry
            hooks = slot.hooks
            if hooks is not None:
                g, own = run_tensor_hooks(hooks, g), False
            if targets is None:
                if slot.is_leaf:
                    self.accumulate(slot, g, own)
                    continue
            else:
                if slot in targets:
                    self.deliver(slot, g, own)
                if not any(p in needed for p in slot.parents):  # type: ignore[operator]
                    continue
            if hooks is not None and hooks.keeps and (targets is None or slot not in targets):
                keep(hooks, g)
            if type(slot) is Output:
                node = slot.node
                grads = self.several.get(node)
                if grads is None:
                    grads = self.several[node] = [None] * len(node.outputs)
                    heappush(heap, (-node.seq, node))
                grads[slot.index] = g
                continue
            plan = slot.plan
            if plan.quick is None or hooks is not None or checking:
                self.apply(slot, [g], checking)
                continue
            saved = slot.saved
            if plan.holds:
                saved = restore(slot)
                if not retain:
                    slot.saved = FREED
            for (function, where, adds), parent in zip(plan.quick, slot.parents, strict=True):
                if needed is not None and parent not in needed:
                    continue
                if adds is not None and not recording:
                    entry = values.get(parent)
                    if entry is not None and entry[1]:
                        adds(entry[0], g, *[saved[i] for i in where])
                        continue
                count = len(where)
                if count == 0:
                    result = function(g)
                elif count == 1:
                    result = function(g, saved[where[0]])
                else:
                    result = function(g, *[saved[i] for i in where])
                if result._data.shape != parent.shape or result._kind is not parent.kind:
                    result = fit(result, parent)
                entry = values.get(parent)
                if entry is None:
                    # A tensor that shares its memory has a version; a fresh one has none.
                    values[parent] = result, result is not g and result._version is None
                    heappush(heap, (-parent.seq, parent))
                elif recording or not entry[1]:
                    self.add(parent, result, result is not g and result._version is None)
                else:
                    add_into(entry[0]._data, result)

    def apply(self, node: Node, grads: list[Any], checking: bool) -> None:
        """Visit one node of any sort: with its hooks, several outputs, or looking for NaN."""
        plan, hooks, needed = node.plan, node.hooks, self.needed
        wanted = [p is not None and (needed is None or p in needed) for p in node.parents]
        if hooks is not None:
            for hook in list(hooks.before.values()):
                answer = hook(tuple(grads))
                if answer is not None:
                    grads = list(answer) if isinstance(answer, (tuple, list)) else [answer]
        if checking:
            results = anomaly.watched(node, lambda: plan.gradients(node, grads, wanted))
        else:
            results = plan.gradients(node, grads, wanted)
        if plan.holds and not self.retain_graph:
            node.saved = FREED
        fresh = plan.fresh
        if hooks is not None and hooks.after:
            fresh = False
            results = run_node_hooks(hooks, plan, results, grads)
        for i, (parent, result, want) in enumerate(zip(node.parents, results, wanted, strict=True)):
            if want and result is not None:
                own = (fresh and result._version is None and not any(result is g for g in grads)
                       and not any(result is r for r in results[:i]))
                fitted = fit(result, parent)
                self.add(parent, fitted, own or (fitted is not result
                                                 and fitted._version is None))

    def accumulate(self, leaf: Any, g: Tensor, own: bool) -> None:
        """Add to a leaf's ``.grad``."""
        if not leaf.requires_grad:
            return
        self.reached += 1
        with _accumulating:
            if leaf.grad is None:
                leaf.grad = g if own and not grad_mode.enabled else owned(g)
            elif grad_mode.enabled:
                leaf.grad = leaf.grad + g
            else:
                leaf.grad.add_(g)
        if leaf.hooks is not None:
            for hook in list(leaf.hooks.accumulated.values()):
                hook()

    def deliver(self, slot: Any, g: Tensor, own: bool) -> None:
        """Hand a target its gradient."""
        if self.collect is not None:
            self.collect[slot] = g if own else owned(g)
        elif slot.is_leaf:
            self.accumulate(slot, g, own)
        else:
            self.reached += 1
            keep(hooks_of(slot), g)


def owned(g: Tensor) -> Tensor:
    """A copy that nobody else holds; recorded if the pass is."""
    return ops.shape.clone(g if grad_mode.enabled else g.detach())


def keep(hooks: Any, g: Tensor) -> None:
    """Add to the kept gradient of a tensor that is no leaf."""
    hooks.kept = owned(g) if hooks.kept is None else hooks.kept + g


def run_tensor_hooks(hooks: Any, g: Tensor) -> Tensor:
    """The gradient after the hooks, each of which may replace it."""
    for hook in list(hooks.tensor.values()):
        answer = hook(g)
        if answer is not None:
            if not isinstance(answer, Tensor) or answer._data.shape != g._data.shape:
                raise RuntimeError(f"hook: must return None or a gradient of shape "
                                   f"{tuple(g.shape)}, but returned {answer!r}")
            g = answer
    return g


def run_node_hooks(hooks: Any, plan: Any, results: list[Any], grads: list[Any]) -> list[Any]:
    """The gradients of a node's inputs after the hooks."""
    for hook in list(hooks.after.values()):
        answer = hook(tuple(plan.spread(results, None)), tuple(grads))
        if answer is not None:
            results = plan.gather(answer if isinstance(answer, (tuple, list)) else (answer,))
    return results


def filled(several: list[Any], node: Node) -> list[Any]:
    """Zeros for the floating outputs that nothing used: rules take all gradients as given."""
    if not getattr(node.plan, "fills", True):
        return several
    return [g if g is not None or meta is None
            else ops.creation.zeros(meta[0], dtype=meta[1].dtype, device=meta[1].device)
            for g, meta in zip(several, node.outputs, strict=True)]


def needed_slots(roots: list[Any], targets: set[Any]) -> set[Any]:
    """The slots on a path from the roots to the targets."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    needed = set(targets)
    for slot in sorted(seen, key=lambda n: n.seq):
        if any(p in needed for p in slot.parents):
            needed.add(slot)
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
    work = Pass([slot for slot, _ in roots], retain_graph, targets, collect)
    for slot, g in roots:
        if work.needed is None or slot in work.needed:
            work.add(slot, fit(g, slot), False)
    try:
        work.run()
    except BaseException as error:
        if work.reached:
            error.add_note(f"backward: stopped by this error after {work.reached} of the tensors "
                           "had received their gradients: set .grad to None before going on")
        raise
