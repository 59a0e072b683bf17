"""What PyTorch says of OpenMP: it is not used."""

__all__ = ["is_available"]


def is_available() -> bool:
    """False: products of matrices are NumPy's, loops run in a pool of threads."""
    return False
