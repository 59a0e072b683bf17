"""The sizes that come out when a window moves over an input: convolution and pooling."""

from __future__ import annotations

Ints = tuple[int, ...]


def convolved_size(sizes: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Ints:
    """``(n + 2p - d(k - 1) - 1) // s + 1`` in each dimension."""
    return tuple([(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in
                  zip(sizes, kernel, stride, padding, dilation, strict=True)])


def pooled_size(sizes: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints,
                ceil_mode: bool) -> Ints:
    """The same; with ``ceil_mode`` a last window may hang over the end.

    It must begin inside the input or the padding before it.
    """
    out = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        span = n + 2 * p - d * (k - 1) - 1
        size = (span + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (size - 1) * s >= n + p:
            size -= 1
        out.append(size)
    return tuple(out)
