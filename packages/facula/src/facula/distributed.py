"""What programs ask of PyTorch's `torch.distributed` first: it is not available."""

__all__ = ["is_available", "is_initialized"]


def is_available() -> bool:
    """False: there is no training over several processes or machines."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def __getattr__(name: str) -> object:
    raise AttributeError(f"module 'facula.distributed' has no attribute {name!r}: there is no "
                         "training over several processes, and is_available() is False")
