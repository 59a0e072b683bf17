"""Derivatives of diagonals and windows."""

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.views


def _folded(g, input_shape, dimension, size, step):  # type: ignore[no-untyped-def]
    """Each window's gradient added back where the window lay."""
    zeros = ops.creation.zeros(input_shape, dtype=g.dtype, device=g.device)
    if not input_shape:
        return ops.reduce.sum(g)
    positions = op.unfold(ops.creation.arange(input_shape[dimension], device=g.device), 0, size,
                          step)
    together = ops.views.movedim(g, -1, dimension + 1)
    indices = (*(None,) * dimension, positions, *(None,) * (len(input_shape) - dimension - 1))
    return ops.index.advanced_index_put(zeros, indices, together, True)


def _placed_in_memory(g, input, size, stride, storage_offset):  # type: ignore[no-untyped-def]
    """Gradients added up in a stretch of memory like the input's, then read in its layout."""
    shape, steps = tuple(input.shape), input.stride()
    if any(s == 0 and n > 1 for n, s in zip(shape, steps, strict=True)):
        raise RuntimeError("as_strided: no gradient for an expanded input, whose elements are the "
                           "same memory: clone() it first")
    reach = 1 + sum((n - 1) * s for n, s in zip(shape, steps, strict=True)) if g.numel() else 0
    memory = ops.creation.zeros(max(reach, 0), dtype=g.dtype, device=g.device)
    if g.numel():
        places = op.as_strided(ops.creation.arange(reach, device=g.device), size, stride,
                               storage_offset)
        memory = ops.gather.index_add(memory, 0, places.reshape(-1), g.reshape(-1))
        return op.as_strided(memory, shape, steps)
    return ops.creation.zeros(shape, dtype=g.dtype, device=g.device)


vjp(op.diagonal, input=lambda g, input_shape, offset, dim1, dim2: op.diagonal_put_zeros(
    g, input_shape, offset, dim1, dim2))
vjp(op.diagonal_put_zeros, grad=lambda g, offset, dim1, dim2: op.diagonal(g, offset, dim1, dim2))
vjp(op.unfold, input=_folded)
vjp(op.as_strided, input=_placed_in_memory)
