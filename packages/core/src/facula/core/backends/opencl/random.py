"""Random numbers on the device: the same Philox stream as NumPy's, so as the cpu device's."""

from __future__ import annotations

from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.families import declare
from facula.core.backends.opencl.programs import BUFFER, LONG
from facula.core.backends.opencl.registry import kernel
from facula.core.dtypes import dtype

_ARGUMENTS = [BUFFER, LONG, LONG, LONG]
declare("random.cl", {"random_uniform": _ARGUMENTS, "random_normal": _ARGUMENTS}, dtypes.FLOATS)
declare("random.cl", {"random_bits": _ARGUMENTS})
_INT64 = np.dtype(np.int64)


def _signed(word: int) -> int:
    """The 64 bits of a number as the signed integer that kernels take."""
    word &= 2**64 - 1
    return word - 2**64 if word >= 2**63 else word


def _generate(backend: Any, name: str, out: CLArray, per_block: int, seed: int,
              offset: int) -> CLArray:
    if out.size:
        backend.runtime.launch_flat(backend.families.kernel(name, out.dtype),
                                    -(-out.size // per_block), out.mem, out.size,
                                    _signed(seed), _signed(offset))
    return out


def _floating(backend: Any, name: str, shape: tuple[int, ...], d: dtype, seed: int,
              offset: int) -> CLArray:
    if d not in dtypes.FLOATS:
        raise TypeError(f"{name}: {d} is not a floating type: "
                        f"use one of {', '.join(map(str, dtypes.FLOATS))}")
    return _generate(backend, name, backend.runtime.new(tuple(shape), d.numpy),
                     4 if d is dtypes.float64 else 8, seed, offset)


@kernel("random_uniform")
def random_uniform(backend: Any, shape: tuple[int, ...], dtype: dtype, seed: int,
                   offset: int) -> CLArray:
    """Uniform in [0, 1); ``offset`` counts blocks of four 64-bit words."""
    return _floating(backend, "random_uniform", shape, dtype, seed, offset)


@kernel("random_normal")
def random_normal(backend: Any, shape: tuple[int, ...], dtype: dtype, seed: int,
                  offset: int) -> CLArray:
    """Standard normal, by Box and Muller's formula over pairs of uniforms."""
    return _floating(backend, "random_normal", shape, dtype, seed, offset)


@kernel("random_bits")
def random_bits(backend: Any, shape: tuple[int, ...], seed: int, offset: int) -> CLArray:
    """int64 with 63 random bits."""
    return _generate(backend, "random_bits", backend.runtime.new(tuple(shape), _INT64), 4,
                     seed, offset)
