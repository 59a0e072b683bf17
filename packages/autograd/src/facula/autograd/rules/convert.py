"""Derivatives of conversions: the engine casts and moves gradients back by itself."""

from facula.autograd.plans import vjp
from facula.core import ops

vjp(ops.convert.cast, input=lambda g: g)
vjp(ops.convert.transfer, input=lambda g: g)
vjp(ops.convert.copy, input=lambda g: ops.creation.zeros_like(g), src=lambda g: g)
