"""Switches of torchvision that programs set at their beginning; here there is Pillow alone."""

from __future__ import annotations

__all__ = ["disable_beta_transforms_warning", "get_image_backend", "set_image_backend"]


def get_image_backend() -> str:
    """What pictures are read with: always ``"PIL"``."""
    return "PIL"


def set_image_backend(backend: str) -> None:
    """Choose what pictures are read with: ``"PIL"``.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> from facula import vision
    >>> vision.set_image_backend("PIL")
    """
    if backend != "PIL":
        raise ValueError(f"set_image_backend: backend={backend!r} does not exist here: only 'PIL' "
                         "does")


def disable_beta_transforms_warning() -> None:
    """Nothing: the transforms of version 2 give no warning."""
