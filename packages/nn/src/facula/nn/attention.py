"""Which implementation of attention to use: accepted for programs that ask, as there is one."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

__all__ = ["SDPBackend", "sdpa_kernel"]


class SDPBackend(enum.Enum):
    """PyTorch's implementations of scaled dot-product attention."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends: SDPBackend | Iterable[SDPBackend],
                set_priority: bool = False) -> Iterator[None]:
    """A block in which attention is computed as everywhere else: nothing depends on it.

    Parameters
    ----------
    backends : SDPBackend or list of SDPBackend
        Accepted for PyTorch's sake.
    set_priority : bool
        Likewise.

    Raises
    ------
    AssertionError
        If ``backends`` holds something else.

    Examples
    --------
    >>> import facula
    >>> from facula.nn.attention import SDPBackend, sdpa_kernel
    >>> x = facula.ones(1, 2, 3, 4)
    >>> with sdpa_kernel(SDPBackend.MATH):
    ...     facula.nn.functional.scaled_dot_product_attention(x, x, x).shape
    facula.Size([1, 2, 3, 4])
    """
    listed = [backends] if isinstance(backends, SDPBackend) else list(backends)
    if not listed or not all(isinstance(b, SDPBackend) for b in listed):
        raise AssertionError("sdpa_kernel: backends must be an instance of SDPBackend or a list of "
                             f"them, but is {backends!r}")
    yield
