"""What PyTorch says of Apple's Metal: it is not used, their GPUs are reached through OpenCL."""

__all__ = ["is_available", "is_built"]


def is_available() -> bool:
    """False: use ``"opencl"``, see :func:`facula.opencl.is_available`."""
    return False


def is_built() -> bool:
    """False."""
    return False
