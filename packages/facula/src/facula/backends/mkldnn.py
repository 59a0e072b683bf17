"""PyTorch's switches for Intel's oneDNN, which is not used."""

import contextlib
from collections.abc import Iterator

__all__ = ["flags", "is_available"]


def is_available() -> bool:
    """False: convolutions are written with NumPy's products."""
    return False


@contextlib.contextmanager
def flags(enabled: bool = False, deterministic: bool = False,
          allow_tf32: bool = True) -> Iterator[None]:
    """A block in which nothing changes."""
    yield
