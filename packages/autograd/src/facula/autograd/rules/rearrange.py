"""Derivatives of flips and padding."""

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.rearrange


def _unpadded(g, input_shape, before):  # type: ignore[no-untyped-def]
    return ops.index.basic_index(g, tuple(
        [slice(a, a + n) for a, n in zip(before, input_shape, strict=True)] + [...]))


vjp(op.flip, input=lambda g, dims: op.flip(g, dims))
vjp(op.pad_constant, input=_unpadded)
