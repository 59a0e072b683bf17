"""Derivatives of diagonals and windows."""

from facula.autograd.plans import not_differentiable, vjp
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


vjp(op.diagonal, input=lambda g, input_shape, offset, dim1, dim2: op.diagonal_put_zeros(
    g, input_shape, offset, dim1, dim2))
vjp(op.diagonal_put_zeros, grad=lambda g, offset, dim1, dim2: op.diagonal(g, offset, dim1, dim2))
vjp(op.unfold, input=_folded)
not_differentiable(op.as_strided, reason="elements may lie anywhere in memory, several times: "
                   "use narrow, diagonal or unfold")
