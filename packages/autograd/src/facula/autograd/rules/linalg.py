"""Derivatives of matrix products."""

from facula.autograd.plans import vjp
from facula.autograd.steps import conj
from facula.core import ops

matmul, mT = ops.linalg.batched_matmul, ops.shape.matrix_transpose

vjp(matmul, input=lambda g, other: matmul(g, conj(mT(other))),
    other=lambda g, input: matmul(conj(mT(input)), g))
