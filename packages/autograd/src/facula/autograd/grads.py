"""``backward`` and ``grad`` as functions of several outputs and inputs."""

from __future__ import annotations

from typing import Any

from facula.autograd.tape import as_sequence, run_backward, slot_of, wanted_slots
from facula.core.errors import describe
from facula.core.ops.creation import zeros_like
from facula.core.ops.joining import stack
from facula.core.ops.views import unbind
from facula.core.tensor import Tensor


def backward(tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None,
             create_graph: bool = False, grad_variables: Any = None, inputs: Any = None) -> None:
    """Add to ``.grad`` of the leaves (or of ``inputs``) the derivative of some tensors' sum.

    Parameters
    ----------
    tensors : Tensor or sequence of Tensor
        Where to begin.
    grad_tensors : Tensor or sequence, optional
        Their gradients; may be left out for single elements.
    retain_graph, create_graph, inputs
        As for :meth:`facula.Tensor.backward`.
    grad_variables : optional
        An older name of ``grad_tensors``.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor(3.0, requires_grad=True)
    >>> facula.autograd.backward([x * 2, x * x])
    >>> x.grad
    tensor(8.)
    """
    outputs = as_sequence(tensors)
    grad_tensors = grad_variables if grad_tensors is None else grad_tensors
    gradients = ((None,) * len(outputs) if grad_tensors is None else as_sequence(grad_tensors))
    if len(gradients) != len(outputs):
        raise RuntimeError(f"backward: {len(outputs)} tensors, but {len(gradients)} gradients")
    run_backward("backward", outputs, gradients, retain_graph, create_graph,
                 wanted_slots("backward", inputs), None)


def grad(outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None,
         create_graph: bool = False, only_inputs: bool = True, allow_unused: bool | None = None,
         is_grads_batched: bool = False, materialize_grads: bool = False
         ) -> tuple[Tensor | None, ...]:
    """The derivative of some tensors' sum with respect to others, returned, not accumulated.

    Parameters
    ----------
    outputs, inputs : Tensor or sequence of Tensor
        What to differentiate, and by what.
    grad_outputs : Tensor or sequence, optional
        The gradients of the outputs; may be left out for single elements.
    retain_graph : bool, optional
        Keep saved values; ``create_graph`` where not given.
    create_graph : bool
        Record the computation, for higher derivatives.
    only_inputs : bool
        Without effect, as in PyTorch: nothing is accumulated elsewhere.
    allow_unused : bool, optional
        Return None for inputs that play no part instead of raising.
    is_grads_batched : bool
        The gradients of the outputs have a first dimension more, and so have the results: one
        backward for each index.
    materialize_grads : bool
        Return zeros for them.

    Returns
    -------
    tuple of Tensor

    Raises
    ------
    RuntimeError
        If an input plays no part and neither option allows it.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor(2.0, requires_grad=True)
    >>> (first,) = facula.autograd.grad(x ** 3, x, create_graph=True)
    >>> facula.autograd.grad(first, x)
    (tensor(12.),)
    """
    outs, ins = as_sequence(outputs), as_sequence(inputs)
    gradients = (None,) * len(outs) if grad_outputs is None else as_sequence(grad_outputs)
    if len(gradients) != len(outs):
        raise RuntimeError(f"grad: {len(outs)} outputs, but {len(gradients)} grad_outputs")
    if is_grads_batched:
        rows = list(zip(*[unbind(g) for g in gradients], strict=True))
        found = [grad(outs, ins, row, True if i + 1 < len(rows) else retain_graph, create_graph,
                      True, allow_unused, False, materialize_grads) for i, row in enumerate(rows)]
        return tuple([None if g[0] is None else stack(g) for g in zip(*found, strict=True)])
    slots = [slot_of("grad", t) for t in ins]
    collected: dict[Any, Tensor] = {}
    run_backward("grad", outs, gradients, retain_graph, create_graph, set(slots), collected)
    results: list[Tensor | None] = []
    for t, slot in zip(ins, slots, strict=True):
        g = collected.get(slot)
        if g is None and materialize_grads:
            g = zeros_like(t.detach())
        elif g is None and not (allow_unused or materialize_grads):
            raise RuntimeError(f"grad: the input {describe(t)} plays no part in the outputs: "
                               "give allow_unused=True if that is meant")
        results.append(g)
    return tuple(results)
