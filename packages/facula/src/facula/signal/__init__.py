"""Signal processing: `facula.core.signal` under the umbrella's name."""

from facula.signal import windows

__all__ = ["windows"]
