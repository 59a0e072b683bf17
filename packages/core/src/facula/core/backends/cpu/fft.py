"""Discrete Fourier transforms on the CPU: NumPy's pocketfft, unscaled, then scaled once."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core.backends.cpu.backend import kernel

Array = np.ndarray[Any, Any]


def _scaled(array: Array, scale: float, like: np.dtype[Any]) -> Array:
    if array.dtype != like:  # NumPy 1 computes in double precision
        array = array.astype(like)
    if scale != 1:
        array *= scale
    return array


@kernel
def fft_complex(input: Array, dim: tuple[int, ...], forward: bool, scale: float) -> Array:
    if forward:
        return _scaled(np.fft.fftn(input, axes=dim), scale, input.dtype)
    return _scaled(np.fft.ifftn(input, axes=dim, norm="forward"), scale, input.dtype)


@kernel
def fft_real(input: Array, dim: tuple[int, ...], scale: float) -> Array:
    return _scaled(np.fft.rfftn(input, axes=dim), scale, np.result_type(input.dtype, np.complex64))


@kernel
def fft_halved(input: Array, dim: tuple[int, ...], size: int, scale: float) -> Array:
    real = input.real.dtype
    if len(dim) > 1:
        input = np.fft.ifftn(input, axes=dim[:-1], norm="forward")
    return _scaled(np.fft.irfft(input, size, dim[-1], norm="forward"), scale, real)
