"""Discrete Fourier transforms: of complex, real and Hermitian signals, in any number of dimensions.

Three primitives do the work, all of them unscaled transforms times a number: complex to complex,
real to the half of the frequencies that is not redundant, and from that half back to real numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.errors import canonical_dim, describe
from facula.core.ops import complex_numbers, convert, creation, joining, rearrange
from facula.core.tensor import Tensor

_NORMS = (None, "backward", "ortho", "forward")


def _complex_of(*values: Any) -> dtypes.dtype:
    return values[0]._kind.dtype.to_complex()


def _real_of(*values: Any) -> dtypes.dtype:
    return values[0]._kind.dtype.to_real()


@primitive(export=False)
def fft_complex(input: Tensor, dim: tuple[int, ...], forward: bool, scale: float) -> Tensor:
    """The transform of complex numbers along dimensions, with the sign of the exponent."""
    return input, dim, forward, scale  # type: ignore[return-value]


@primitive(result=_complex_of, export=False)
def fft_real(input: Tensor, dim: tuple[int, ...], scale: float) -> Tensor:
    """The forward transform of real numbers; of the last dimension the first half and the middle.
    """
    return input, dim, scale  # type: ignore[return-value]


@primitive(result=_real_of, export=False)
def fft_halved(input: Tensor, dim: tuple[int, ...], size: int, scale: float) -> Tensor:
    """The backward transform to real numbers, from the first half of the last dimension."""
    return input, dim, size, scale  # type: ignore[return-value]


# Arguments


def _scale(name: str, norm: str | None, forward: bool, sizes: Sequence[int]) -> float:
    """What an unscaled transform is multiplied by."""
    if norm not in _NORMS:
        raise RuntimeError(f"{name}: norm={norm!r} is unknown: use 'backward', 'ortho' or "
                           "'forward'")
    n = math.prod(sizes)
    if norm == "ortho":
        return 1 / math.sqrt(n)
    return 1 / n if (norm == "forward") == forward else 1.0


def _number(name: str, input: Tensor) -> Tensor:
    """The input in a type that is transformed: whole numbers become the default floating type."""
    d = input._kind.dtype
    if d.category < dtypes.FLOAT:
        return convert.to(input, dtype=dtypes.get_default_dtype())
    if d in (dtypes.float16, dtypes.bfloat16):
        raise RuntimeError(f"{name}: takes float32, float64 or complex tensors, but got "
                           f"{describe(input)}: convert it")
    return input


def _complex(name: str, input: Tensor) -> Tensor:
    input = _number(name, input)
    return input if input.is_complex() else convert.to(input, dtype=input.dtype.to_complex())


def _real(name: str, input: Tensor) -> Tensor:
    if input.is_complex():
        raise RuntimeError(f"{name}: takes real tensors, but got {describe(input)}")
    return _number(name, input)


def _one(name: str, input: Tensor, n: int | None, dim: int) -> tuple[list[int], list[int]]:
    """The dimension and size of a transform in one dimension."""
    if not input.ndim:
        raise IndexError(f"{name}: takes at least one dimension, but got {describe(input)}")
    at = canonical_dim(name, dim, input.ndim)
    return [at], [_checked(name, input._data.shape[at] if n is None else n, input)]


def _checked(name: str, n: int, input: Tensor) -> int:
    if n < 1:
        raise RuntimeError(f"{name}: the number of data points must be positive, but is {n}: "
                           f"{describe(input)}")
    return n


def _many(name: str, input: Tensor, s: Any, dim: Any, *, halved: bool = False,
          ) -> tuple[list[int], list[int]]:
    """The dimensions and sizes of a transform in several; ``halved`` as irfftn reads sizes."""
    s = (s,) if isinstance(s, int) else s
    dim = (dim,) if isinstance(dim, int) else dim
    if dim is not None:
        dims = [canonical_dim(name, d, input.ndim) for d in dim]
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"{name}: dim={tuple(dim)} names a dimension twice")
        if s is not None and len(s) != len(dims):
            raise RuntimeError(f"{name}: s={tuple(s)} and dim={tuple(dim)} must be equally long")
    elif s is not None:
        if len(s) > input.ndim:
            raise RuntimeError(f"{name}: s={tuple(s)} has more sizes than the input has "
                               f"dimensions: {describe(input)}")
        dims = list(range(input.ndim - len(s), input.ndim))
    else:
        dims = list(range(input.ndim))
    given = [-1] * len(dims) if s is None else [-1 if n is None else n for n in s]
    sizes = [input._data.shape[d] if n == -1 else n for n, d in zip(given, dims, strict=True)]
    if halved and given and given[-1] == -1:
        sizes[-1] = 2 * (sizes[-1] - 1)
    return dims, [_checked(name, n, input) for n in sizes]


def _resized(input: Tensor, dims: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """The input cut to the sizes, or filled up with zeros, at the ends of dimensions."""
    for d, n in zip(dims, sizes, strict=True):
        have = input._data.shape[d]
        if have > n:
            input = input[(slice(None),) * d + (slice(n),)]  # type: ignore[index]
        elif have < n:
            rest = list(input._data.shape)
            rest[d] = n - have
            zeros = creation.zeros(rest, dtype=input.dtype, device=input.device)
            input = joining.cat((input, zeros), d)
    return input


# The transforms, once their arguments are known


def _both_ways(name: str, input: Tensor, dims: list[int], sizes: list[int], norm: str | None,
               forward: bool) -> Tensor:
    scale = _scale(name, norm, forward, sizes)
    input = _complex(name, input)
    if not dims:
        return input.clone()  # type: ignore[attr-defined, no-any-return]
    return fft_complex(_resized(input, dims, sizes), tuple(dims), forward, scale)


def _to_half(name: str, input: Tensor, dims: list[int], sizes: list[int], norm: str | None,
             forward: bool) -> Tensor:
    """From real numbers; the backward transform is the conjugate of the forward one."""
    if not dims:
        raise RuntimeError(f"{name}: must transform at least one dimension")
    scale = _scale(name, norm, forward, sizes)
    y = fft_real(_resized(_real(name, input), dims, sizes), tuple(dims), scale)
    return y if forward else complex_numbers.conj(y)


def _from_half(name: str, input: Tensor, dims: list[int], sizes: list[int], norm: str | None,
               forward: bool) -> Tensor:
    if not dims:
        raise RuntimeError(f"{name}: must transform at least one dimension")
    scale = _scale(name, norm, forward, sizes)
    input = _complex(name, input)
    if forward:
        input = complex_numbers.conj(input)
    kept = [*sizes[:-1], sizes[-1] // 2 + 1]
    return fft_halved(_resized(input, dims, kept), tuple(dims), sizes[-1], scale)


# One dimension


@composite(space="fft")
def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The discrete Fourier transform: ``sum_j input[j] exp(-2 pi i j k / n)``.

    Parameters
    ----------
    input : Tensor
        Real or complex.
    n : int, optional
        The length: the input is cut, or filled up with zeros. By default as it is.
    dim : int
        The dimension to transform.
    norm : {"backward", "ortho", "forward"}, optional
        Divide by 1 (the default), ``sqrt(n)`` or ``n``.

    Returns
    -------
    Tensor
        Complex.

    References
    ----------
    Cooley, J. W., Tukey, J. W. (1965). An algorithm for the machine calculation of complex
    Fourier series. Mathematics of Computation 19.

    Examples
    --------
    >>> import facula
    >>> facula.fft.fft(facula.tensor([1.0, 0.0, -1.0, 0.0]))
    tensor([0.+0.j, 2.+0.j, 0.+0.j, 2.+0.j])
    """
    return _both_ways("fft.fft", input, *_one("fft.fft", input, n, dim), norm, True)


@composite(space="fft")
def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of :func:`facula.fft.fft`: ``sum_k input[k] exp(2 pi i j k / n) / n``.

    Parameters
    ----------
    input : Tensor
        Real or complex.
    n : int, optional
        The length: the input is cut, or filled up with zeros.
    dim : int
        The dimension to transform.
    norm : {"backward", "ortho", "forward"}, optional
        Divide by ``n`` (the default), ``sqrt(n)`` or 1.

    Examples
    --------
    >>> import facula
    >>> facula.fft.ifft(facula.tensor([0.0, 2.0, 0.0, 2.0]))
    tensor([ 1.+0.j,  0.+0.j, -1.+0.j,  0.+0.j])
    """
    return _both_ways("fft.ifft", input, *_one("fft.ifft", input, n, dim), norm, False)


@composite(space="fft")
def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """:func:`facula.fft.fft` of real numbers, without the half that repeats the other conjugated.

    Parameters
    ----------
    input : Tensor
        Real.
    n : int, optional
        The length: the input is cut, or filled up with zeros.
    dim : int
        The dimension to transform.
    norm : {"backward", "ortho", "forward"}, optional
        As for :func:`facula.fft.fft`.

    Returns
    -------
    Tensor
        Complex, ``n // 2 + 1`` long.

    Examples
    --------
    >>> import facula
    >>> facula.fft.rfft(facula.tensor([1.0, 0.0, -1.0, 0.0]))
    tensor([0.+0.j, 2.+0.j, 0.+0.j])
    """
    return _to_half("fft.rfft", input, *_one("fft.rfft", input, n, dim), norm, True)


def _length(name: str, input: Tensor, n: int | None, dim: int) -> tuple[list[int], list[int]]:
    """As ``_one``, where the input is the half of what comes out."""
    if n is None and input.ndim:
        n = 2 * (input._data.shape[canonical_dim(name, dim, input.ndim)] - 1)
    return _one(name, input, n, dim)


@composite(space="fft")
def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of :func:`facula.fft.rfft`.

    Parameters
    ----------
    input : Tensor
        Half of the frequencies of a real signal.
    n : int, optional
        The length of the result, ``2 * (input's - 1)`` by default: say it where it is odd.
    dim : int
        The dimension to transform.
    norm : {"backward", "ortho", "forward"}, optional
        As for :func:`facula.fft.ifft`.

    Returns
    -------
    Tensor
        Real.

    Examples
    --------
    >>> import facula
    >>> facula.fft.irfft(facula.fft.rfft(facula.tensor([1.0, 2.0, 6.0])), n=3)
    tensor([1., 2., 6.])
    """
    return _from_half("fft.irfft", input, *_length("fft.irfft", input, n, dim), norm, False)


@composite(space="fft")
def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """:func:`facula.fft.fft` of a signal that is its own conjugate reversed, given by half.

    Parameters
    ----------
    input : Tensor
        The first half of the signal.
    n : int, optional
        The length of the result, ``2 * (input's - 1)`` by default.
    dim : int
        The dimension to transform.
    norm : {"backward", "ortho", "forward"}, optional
        As for :func:`facula.fft.fft`.

    Returns
    -------
    Tensor
        Real.

    Examples
    --------
    >>> import facula
    >>> facula.fft.hfft(facula.tensor([0.0, 1.0, 0.0]))
    tensor([ 2.,  0., -2.,  0.])
    """
    return _from_half("fft.hfft", input, *_length("fft.hfft", input, n, dim), norm, True)


@composite(space="fft")
def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of :func:`facula.fft.hfft`: half of the inverse transform of real numbers.

    Parameters
    ----------
    input : Tensor
        Real.
    n : int, optional
        The length: the input is cut, or filled up with zeros.
    dim : int
        The dimension to transform.
    norm : {"backward", "ortho", "forward"}, optional
        As for :func:`facula.fft.ifft`.

    Examples
    --------
    >>> import facula
    >>> facula.fft.ihfft(facula.tensor([2.0, 0.0, -2.0, 0.0])).real
    tensor([0., 1., 0.])
    """
    return _to_half("fft.ihfft", input, *_one("fft.ihfft", input, n, dim), norm, False)


# Several dimensions


@composite(space="fft")
def fftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """:func:`facula.fft.fft` along several dimensions.

    Parameters
    ----------
    input : Tensor
        Real or complex.
    s : sequence of int, optional
        The lengths, -1 for as it is; without ``dim`` they are those of the last dimensions.
    dim : int or sequence of int, optional
        The dimensions to transform; all by default.
    norm : {"backward", "ortho", "forward"}, optional
        As for :func:`facula.fft.fft`, n being the product of the lengths.

    Examples
    --------
    >>> import facula
    >>> facula.fft.fftn(facula.ones(2, 2)).real
    tensor([[4., 0.],
            [0., 0.]])
    """
    return _both_ways("fft.fftn", input, *_many("fft.fftn", input, s, dim), norm, True)


@composite(space="fft")
def ifftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of :func:`facula.fft.fftn`, with the same arguments.

    Examples
    --------
    >>> import facula
    >>> facula.fft.ifftn(facula.tensor([[4.0, 0.0], [0.0, 0.0]])).real
    tensor([[1., 1.],
            [1., 1.]])
    """
    return _both_ways("fft.ifftn", input, *_many("fft.ifftn", input, s, dim), norm, False)


@composite(space="fft")
def rfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """:func:`facula.fft.fftn` of real numbers, of the last dimension only the first half.

    Parameters
    ----------
    input : Tensor
        Real.
    s : sequence of int, optional
        The lengths, -1 for as it is; without ``dim`` they are those of the last dimensions.
    dim : int or sequence of int, optional
        The dimensions to transform, of which the last is halved; all by default.
    norm : {"backward", "ortho", "forward"}, optional
        As for :func:`facula.fft.fftn`.

    Examples
    --------
    >>> import facula
    >>> facula.fft.rfftn(facula.ones(2, 4)).shape
    facula.Size([2, 3])
    """
    return _to_half("fft.rfftn", input, *_many("fft.rfftn", input, s, dim), norm, True)


@composite(space="fft")
def irfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of :func:`facula.fft.rfftn`; ``s`` holds the lengths of the result.

    Examples
    --------
    >>> import facula
    >>> facula.fft.irfftn(facula.fft.rfftn(facula.eye(2)))
    tensor([[1., 0.],
            [0., 1.]])
    """
    return _from_half("fft.irfftn", input, *_many("fft.irfftn", input, s, dim, halved=True), norm,
                      False)


@composite(space="fft")
def hfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """:func:`facula.fft.fftn` of a Hermitian signal, given by half of the last dimension.

    The arguments are those of :func:`facula.fft.irfftn`.

    Examples
    --------
    >>> import facula
    >>> facula.fft.hfftn(facula.ones(2, 2))
    tensor([[4., 0.],
            [0., 0.]])
    """
    return _from_half("fft.hfftn", input, *_many("fft.hfftn", input, s, dim, halved=True), norm,
                      True)


@composite(space="fft")
def ihfftn(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of :func:`facula.fft.hfftn`; the arguments are those of rfftn.

    Examples
    --------
    >>> import facula
    >>> facula.fft.ihfftn(facula.ones(2, 4)).shape
    facula.Size([2, 3])
    """
    return _to_half("fft.ihfftn", input, *_many("fft.ihfftn", input, s, dim), norm, False)


# Order and frequencies


@composite(space="fft")
def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Bring frequency 0 to the middle: the second half of each dimension before the first.

    Parameters
    ----------
    input : Tensor
    dim : int or sequence of int, optional
        All dimensions by default.

    Examples
    --------
    >>> import facula
    >>> facula.fft.fftshift(facula.tensor([0, 1, 2, -2, -1]))
    tensor([-2, -1,  0,  1,  2])
    """
    dims, sizes = _shifted("fft.fftshift", input, dim)
    return rearrange.roll(input, [n // 2 for n in sizes], dims)


@composite(space="fft")
def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of :func:`facula.fft.fftshift`.

    Examples
    --------
    >>> import facula
    >>> facula.fft.ifftshift(facula.tensor([-2, -1, 0, 1, 2]))
    tensor([ 0,  1,  2, -2, -1])
    """
    dims, sizes = _shifted("fft.ifftshift", input, dim)
    return rearrange.roll(input, [(n + 1) // 2 for n in sizes], dims)


def _shifted(name: str, input: Tensor, dim: Any) -> tuple[list[int], list[int]]:
    dims = list(range(input.ndim)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    dims = [canonical_dim(name, d, input.ndim) for d in dims]
    return dims, [input._data.shape[d] for d in dims]


def _frequencies(values: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    d = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return creation.tensor(values.astype(d.numpy), dtype=d, device=device,
                           requires_grad=requires_grad)


@composite(space="fft")
def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """The frequencies of :func:`facula.fft.fft`'s results, in cycles per unit.

    Parameters
    ----------
    n : int
        The length.
    d : float
        The distance of samples.
    dtype, device, requires_grad
        As for :func:`facula.zeros`.

    Examples
    --------
    >>> import facula
    >>> facula.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    values = np.fft.fftfreq(n, float(d)) if n else np.zeros(0)
    return _frequencies(values, dtype, device, requires_grad)


@composite(space="fft")
def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """The frequencies of :func:`facula.fft.rfft`'s results, in cycles per unit.

    Parameters
    ----------
    n : int
        The length of the signal.
    d : float
        The distance of samples.
    dtype, device, requires_grad
        As for :func:`facula.zeros`.

    Examples
    --------
    >>> import facula
    >>> facula.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    return _frequencies(np.fft.rfftfreq(n, float(d)), dtype, device, requires_grad)
