"""Derivatives of matrix products."""

from facula.autograd.plans import vjp
from facula.autograd.steps import conj
from facula.core import ops

matmul, mT = ops.linalg.batched_matmul, ops.shape.matrix_transpose

def _rows(x):  # type: ignore[no-untyped-def]
    return ops.shape.reshape(x, -1, x.shape[-1])


def _by_other(g, input, other_shape):  # type: ignore[no-untyped-def]
    """One product for a whole batch that shares its right factor, instead of one each, summed."""
    if len(other_shape) == 2 < input.ndim:
        input, g = _rows(input), _rows(g)
    return matmul(conj(mT(input)), g)


vjp(matmul, input=lambda g, other: matmul(g, conj(mT(other))), other=_by_other)
