"""Derivatives of discrete Fourier transforms: other transforms, with the same scale.

The matrix of a transform is symmetric, so what goes back is the transform by its conjugate. A half
spectrum stands for the whole: seen from the real side its inner frequencies count twice.
"""

from facula.autograd.plans import vjp
from facula.core import ops

op = ops.fft
real = ops.complex_numbers.real


def _from_real(g, input_shape, dim, scale):  # type: ignore[no-untyped-def]
    """The half with zeros for the rest, transformed back; only the real part is the input's."""
    last = dim[-1]
    missing = input_shape[last] - g.shape[last]
    if missing:
        rest = list(g.shape)
        rest[last] = missing
        zeros = ops.creation.zeros(rest, dtype=g.dtype, device=g.device)
        g = ops.joining.cat((g, zeros), last)
    return real(op.fft_complex(g, dim, False, scale))


def _from_half(g, input_shape, dim, size, scale):  # type: ignore[no-untyped-def]
    """The half spectrum of the gradient, the frequencies that stand for two counted twice."""
    last, n = dim[-1], input_shape[dim[-1]]
    half = op.fft_real(g, dim, scale)
    twos = [1.0] + [2.0] * ((size - 1) // 2) + [1.0] * (n - 1 - (size - 1) // 2)
    weight = ops.creation.tensor(twos, dtype=g.dtype, device=g.device)
    return half * weight.reshape([-1 if d == last else 1 for d in range(len(input_shape))])


vjp(op.fft_complex, input=lambda g, dim, forward, scale: op.fft_complex(
    g, dim, not forward, scale))
vjp(op.fft_real, input=_from_real)
vjp(op.fft_halved, input=_from_half)
