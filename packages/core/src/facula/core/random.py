"""Random number generators: a seed and a position in its stream, which is the same on all devices.

The numbers come from Philox4x64-10, a counter-based generator: block ``i`` of the stream of a seed
is a function of the two numbers alone. A generator therefore is nothing but the seed and the number
of the next block; each call takes as many blocks as it needs, and the same seed gives the same
numbers on every device.

References
----------
J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from facula.core.devices import CPU, as_device, device
from facula.core.tensor import Tensor, tensor_from_numpy

# PyTorch's default seed of a new Generator.
_DEFAULT_SEED = 67280421310721
_WRAP = 1 << 64


def _unguessable() -> int:
    """53 bits from the system: exact as a float too, for logs kept as JSON."""
    return int.from_bytes(os.urandom(8), "little") >> 11


def _canonical_seed(op: str, seed: Any) -> int:
    value = int(seed)
    if not -(1 << 63) <= value < _WRAP:
        raise RuntimeError(f"{op}: the seed {value} does not fit 64 bits: it must be between "
                           f"{-(1 << 63)} and {_WRAP - 1}")
    return value % _WRAP


class Generator:
    """A stream of random numbers, as ``torch.Generator``.

    Parameters
    ----------
    device : str or device
        Kept for PyTorch's sake: any generator may serve tensors on any device.

    Examples
    --------
    >>> import facula
    >>> g = facula.Generator().manual_seed(7)
    >>> h = facula.Generator().manual_seed(7)
    >>> bool((facula.rand(3, generator=g) == facula.rand(3, generator=h)).all())
    True
    """

    __slots__ = ("device", "_seed", "_offset", "_lock")

    def __init__(self, device: Any = "cpu") -> None:
        self.device: device = CPU if device is None else as_device(device)
        self._seed = _DEFAULT_SEED
        self._offset = 0
        self._lock = threading.Lock()

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream of this seed from its beginning; returns the generator.

        Raises
        ------
        RuntimeError
            If the seed does not fit 64 bits.
        """
        value = _canonical_seed("manual_seed", seed)
        with self._lock:
            self._seed, self._offset = value, 0
        return self

    def seed(self) -> int:
        """Start the stream of a seed that nobody can guess, and return that seed."""
        value = _unguessable()
        self.manual_seed(value)
        return value

    def initial_seed(self) -> int:
        """The seed of the current stream."""
        return self._seed

    def get_state(self) -> Tensor:
        """Seed and position, as 16 bytes in a CPU tensor of dtype uint8."""
        return tensor_from_numpy(np.array([self._seed, self._offset], np.uint64).view(np.uint8))

    def set_state(self, new_state: Tensor) -> None:
        """Go back to what :meth:`get_state` returned.

        Raises
        ------
        RuntimeError
            If it is not such a state.
        """
        array = new_state.numpy(force=True) if isinstance(new_state, Tensor) else None
        if array is None or array.dtype != np.uint8 or array.shape != (16,):
            raise RuntimeError("set_state: the state must be a uint8 tensor of 16 elements, as "
                               "get_state() returns it")
        seed, offset = np.ascontiguousarray(array).view(np.uint64).tolist()
        with self._lock:
            self._seed, self._offset = seed, offset

    def clone_state(self) -> Generator:
        """Another generator at the same position of the same stream."""
        other = Generator(self.device)
        other._seed, other._offset = self._seed, self._offset
        return other

    def reserve(self, blocks: int) -> tuple[int, int]:
        """(seed, number of the first block) of this many blocks, which nobody else will get."""
        with self._lock:
            start = self._offset
            self._offset = (start + blocks) % _WRAP
        return self._seed, start

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restored, (str(self.device), self._seed, self._offset))

    def __repr__(self) -> str:
        return f"<facula.Generator device={self.device} seed={self._seed}>"


def _restored(where: str, seed: int, offset: int) -> Generator:
    generator = Generator(where)
    generator._seed, generator._offset = seed, offset
    return generator


default_generator = Generator().manual_seed(_unguessable())


def manual_seed(seed: int) -> Generator:
    """Start the default generator, which serves all devices, from this seed.

    Because there is one, a program draws the same numbers wherever its tensors live.

    Returns
    -------
    Generator
        The default generator.

    Examples
    --------
    >>> import facula
    >>> _ = facula.manual_seed(0)
    >>> a = facula.randn(3)
    >>> _ = facula.manual_seed(0)
    >>> bool((a == facula.randn(3)).all())
    True
    """
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator from a seed that nobody can guess, and return it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


def get_rng_state(device: Any = "cpu") -> Tensor:
    """The state of the default generator; ``device`` is accepted for PyTorch's sake."""
    as_device(device)
    return default_generator.get_state()


def set_rng_state(new_state: Tensor, device: Any = "cpu") -> None:
    """Set the state of the default generator; ``device`` is accepted for PyTorch's sake."""
    as_device(device)
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Iterable[Any] | None = None, enabled: bool = True) -> Iterator[None]:
    """At the end of the block, the default generator stands where it stood before it.

    Parameters
    ----------
    devices : iterable of device, optional
        Accepted for PyTorch's sake: the default generator serves all devices.
    enabled : bool
        False makes it do nothing.

    Examples
    --------
    >>> import facula
    >>> _ = facula.manual_seed(0)
    >>> with facula.fork_rng():
    ...     a = facula.rand(1)
    >>> bool((a == facula.rand(1)).all())
    True
    """
    state = default_generator.get_state()
    try:
        yield
    finally:
        if enabled:
            default_generator.set_state(state)
