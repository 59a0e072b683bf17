"""Complex numbers: making them, their parts as views, conjugates, angles and directions."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.base import Backend
from facula.core.declare import composite, elementwise, primitive, view
from facula.core.errors import describe
from facula.core.ops import binary, compare, creation, shape, unary
from facula.core.ops.views import broadcast_shapes
from facula.core.tensor import Tensor

# Parts


@view(result=dtypes.dtype.to_real)
def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs of real ones, in a new last dimension of size 2, without copying.

    Raises
    ------
    TypeError
        If the input is not complex.

    Examples
    --------
    >>> import facula
    >>> facula.view_as_real(facula.tensor([1 + 2j, 3j]))
    tensor([[1., 2.],
            [0., 3.]])
    """
    if not input.is_complex():
        raise TypeError(f"view_as_real: takes complex tensors, but the input is {describe(input)}")
    return (input._kind.backend.parts(input._data),)  # type: ignore[return-value]


@view(result=dtypes.dtype.to_complex)
def view_as_complex(input: Tensor) -> Tensor:
    """Pairs of real numbers in the last dimension as complex ones, without copying.

    Raises
    ------
    TypeError
        If the input is not float32 or float64.
    RuntimeError
        If the last dimension is not of size 2 and dense in memory, or another stride is odd.

    Examples
    --------
    >>> import facula
    >>> facula.view_as_complex(facula.tensor([[1.0, 2.0], [0.0, 3.0]]))
    tensor([1.+2.j, 0.+3.j])
    """
    _check_real("view_as_complex", input)
    data, item = input._data, input.itemsize
    if not data.ndim or data.shape[-1] != 2:
        raise RuntimeError(f"view_as_complex: the last dimension must have size 2, but the input "
                           f"has shape {tuple(input.shape)}")
    steps = [s for s, n in zip(data.strides, data.shape, strict=True) if n > 1]
    if data.size and (steps[-1] != item or any(s % (2 * item) for s in steps[:-1])):
        raise RuntimeError(f"view_as_complex: the last stride must be 1 and all others even, but "
                           f"the strides are {input.stride()}: use contiguous()")
    if getattr(data, "offset", 0) % 2:  # OpenCL's memory is addressed in whole elements
        raise RuntimeError("view_as_complex: the input begins at an odd place of its memory: "
                           "clone() it first")
    return (input._kind.backend.unparted(data),)  # type: ignore[return-value]


def _check_real(name: str, *tensors: Tensor) -> None:
    for t in tensors:
        if not isinstance(t, Tensor) or t.dtype not in (dtypes.float32, dtypes.float64):
            raise TypeError(f"{name}: takes float32 or float64 tensors, but got {describe(t)}")


@composite(method=False)
def real(input: Tensor) -> Tensor:
    """The real parts as a view of the same memory; a real tensor itself.

    Examples
    --------
    >>> import facula
    >>> facula.real(facula.tensor([1 + 2j, 3j]))
    tensor([1., 0.])
    """
    return view_as_real(input)[..., 0] if input.is_complex() else input  # type: ignore[index]


@composite(method=False)
def imag(input: Tensor) -> Tensor:
    """The imaginary parts as a view of the same memory.

    Raises
    ------
    TypeError
        If the input is not complex.

    Examples
    --------
    >>> import facula
    >>> facula.imag(facula.tensor([1 + 2j, 3j]))
    tensor([2., 3.])
    """
    if not input.is_complex():
        raise TypeError(f"imag: takes complex tensors, but the input is {describe(input)}")
    return view_as_real(input)[..., 1]  # type: ignore[index]


# Making them


def _joined(backend: Backend, real: Any, imag: Any) -> Any:
    # Part by part: a + 1j * b would make NaN of infinities.
    out = backend.empty(np.broadcast_shapes(real.shape, imag.shape),
                        dtypes.as_dtype(real.dtype).to_complex())
    parts = backend.parts(out)
    backend.assign(parts[..., 0], real)
    backend.assign(parts[..., 1], imag)
    return out


@primitive(result=lambda real, imag: real.dtype.to_complex(), portable=_joined, export=False)
def complex_of(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers from parts of one dtype, that broadcast: the work of ``complex``."""
    broadcast_shapes(real.shape, imag.shape)
    return real, imag  # type: ignore[return-value]


@composite(method=False)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers from their real and imaginary parts.

    Parameters
    ----------
    real, imag : Tensor
        Both float32 or both float64; they broadcast.

    Examples
    --------
    >>> import facula
    >>> facula.complex(facula.tensor([1.0, 2.0]), facula.tensor([0.5, -1.0]))
    tensor([1.+0.5000j, 2.-1.0000j])
    """
    _check_real("complex", real, imag)
    if real.dtype is not imag.dtype:
        raise TypeError(f"complex: real is {real.dtype.name} and imag is {imag.dtype.name}: "
                        "they must be the same")
    return complex_of(real, imag)


@composite(method=False)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Complex numbers from absolute values and angles: abs * exp(i angle).

    Parameters
    ----------
    abs, angle : Tensor
        Both float32 or both float64; they broadcast.

    Examples
    --------
    >>> import math
    >>> import facula
    >>> facula.polar(facula.tensor([1.0]), facula.tensor([math.pi])).real
    tensor([-1.])
    """
    _check_real("polar", abs, angle)
    if abs.dtype is not angle.dtype:
        raise TypeError(f"polar: abs is {abs.dtype.name} and angle is {angle.dtype.name}: "
                        "they must be the same")
    return complex_of(binary.mul(abs, unary.cos(angle)), binary.mul(abs, unary.sin(angle)))


# Conjugates: computed at once; there is no lazy conjugate bit, nor a lazy negative bit


@elementwise(numpy=np.conjugate, opencl="input")
def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate of each element; real ones as they are."""


@composite
def conj(input: Tensor) -> Tensor:
    """The complex conjugate of each element; a real tensor itself.

    Computed at once, unlike PyTorch's, which marks a view as conjugated.

    Examples
    --------
    >>> import facula
    >>> facula.conj(facula.tensor([1 + 2j, 3 - 1j]))
    tensor([1.-2.j, 3.+1.j])
    """
    return conj_physical(input) if input.is_complex() else input


@composite
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugates are always computed at once."""
    return input


@composite
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: negatives are always computed at once."""
    return input


@composite
def is_conj(input: Tensor) -> bool:
    """False: no tensor is marked as conjugated."""
    return False


@composite
def is_neg(input: Tensor) -> bool:
    """False: no tensor is marked as negated."""
    return False


@composite
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, and complex numbers conjugated.

    Examples
    --------
    >>> import facula
    >>> facula.adjoint(facula.tensor([[1 + 1j, 2 + 0j]]))
    tensor([[1.-1.j],
            [2.-0.j]])
    """
    return shape.matrix_transpose(conj(input))


@composite(method=False, export=False)
def hermitian_transpose(input: Tensor) -> Tensor:
    """The conjugated transpose of a matrix."""
    if input.ndim not in (0, 2):
        raise RuntimeError(f"H: takes a matrix, but the tensor has shape {tuple(input.shape)}: "
                           "use mH for batches of matrices")
    return adjoint(input) if input.ndim else conj(input)


# Angles and directions


def _floating_real(d: dtypes.dtype) -> tuple[dtypes.dtype, dtypes.dtype]:
    compute = d if d.category >= dtypes.FLOAT else dtypes.get_default_dtype()
    return compute, compute.to_real()


def _angle(x: np.ndarray) -> np.ndarray:
    if x.dtype.kind == "c":
        return np.arctan2(x.imag, x.real)
    zero, half_turn = x.dtype.type(0), x.dtype.type(np.pi)
    return np.where(x < 0, half_turn, np.where(x != x, x, zero))


@elementwise(numpy=_angle, opencl="input < 0 ? (T)M_PI : input != input ? input : (T)0",
             result=_floating_real, inplace=False)
def angle(input: Tensor) -> Tensor:
    """The angle of each element in the complex plane, in radians; pi for negative real numbers.

    Examples
    --------
    >>> import facula
    >>> facula.angle(facula.tensor([1j, -1 + 0j, 1 + 1j]))
    tensor([1.5708, 3.1416, 0.7854])
    """


def _sgn(x: np.ndarray) -> np.ndarray:
    if x.dtype.kind != "c":
        return x if x.dtype.kind == "b" else np.sign(x)
    size = np.abs(x)
    return np.where(size == 0, x.dtype.type(0), x / size)


@elementwise(numpy=_sgn, opencl="SIGN(input)")
def sgn(input: Tensor) -> Tensor:
    """The sign of each element; of a complex one, the number of modulus 1 in its direction.

    Examples
    --------
    >>> import facula
    >>> facula.sgn(facula.tensor([3 + 4j, 0j]))
    tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """


# Questions


@composite
def isreal(input: Tensor) -> Tensor:
    """Whether each element is a real number: its imaginary part is 0.

    Examples
    --------
    >>> import facula
    >>> facula.isreal(facula.tensor([1 + 0j, 1j]))
    tensor([ True, False])
    """
    if not input.is_complex():
        return creation.ones_like(input, dtype=dtypes.bool_)
    return compare.eq(imag(input), 0)


@composite(method=False)
def is_floating_point(input: Tensor) -> bool:
    """Whether the tensor's dtype is one of the real floating types."""
    return input.is_floating_point()


@composite(method=False)
def is_complex(input: Tensor) -> bool:
    """Whether the tensor's dtype is complex."""
    return input.is_complex()
