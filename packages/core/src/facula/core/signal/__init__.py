"""Signal processing, as ``torch.signal``: its windows."""

from facula.core.signal import windows

__all__ = ["windows"]
