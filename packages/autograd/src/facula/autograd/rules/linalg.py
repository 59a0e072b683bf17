"""Derivatives of matrix products."""

from facula.autograd.plans import vjp
from facula.core import ops

matmul, mT = ops.linalg.batched_matmul, ops.shape.matrix_transpose

vjp(matmul, input=lambda g, other: matmul(g, mT(other)),
    other=lambda g, input: matmul(mT(input), g))
