"""Derivatives of views and copies."""

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.shape


def _unpermuted(g, dims):  # type: ignore[no-untyped-def]
    return op.permute(g, tuple(sorted(range(len(dims)), key=dims.__getitem__)))


vjp(op.view_as_shape, input=lambda g, input_shape: op.reshape(g, input_shape))
vjp(op.permute, input=_unpermuted)
vjp(op.expand, input=lambda g: g)  # the engine sums broadcast gradients back
vjp(op.clone, input=lambda g: g)
