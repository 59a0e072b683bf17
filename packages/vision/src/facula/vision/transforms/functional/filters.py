"""Filters over the neighbourhood, and erasing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core import Tensor
from facula.vision.transforms.functional.convert import pil_to_tensor, to_pil_image
from facula.vision.transforms.functional.kinds import check_picture, get_dimensions, is_pil, pair
from facula.vision.transforms.functional.resample import apply_matrices, blur_matrix


def gaussian_blur(img: Any, kernel_size: Any, sigma: Any = None) -> Any:
    """A picture blurred by a Gaussian filter, reflected at the edges.

    Parameters
    ----------
    img : PIL image or Tensor
        A tensor has shape (..., H, W).
    kernel_size : int or sequence of int
        Odd; along x and y.
    sigma : float or sequence of float, optional
        The standard deviation along x and y; by default ``0.15 * kernel_size + 0.35``.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.gaussian_blur(facula.ones(1, 4, 4), 3).sum()
    tensor(16.)
    """
    check_picture("gaussian_blur", img)
    sizes = pair("gaussian_blur", "kernel_size", kernel_size)
    if min(sizes) < 1 or sizes[0] % 2 == 0 or sizes[1] % 2 == 0:
        raise ValueError(f"gaussian_blur: kernel_size={kernel_size!r} must be odd and above 0")
    if sigma is None:
        sigmas = [0.15 * size + 0.35 for size in sizes]
    else:
        given = [float(s) for s in sigma] if isinstance(sigma, Sequence) else [float(sigma)]
        sigmas = [given[0], given[-1]]
    if min(sigmas) <= 0:
        raise ValueError(f"gaussian_blur: sigma={sigma!r} must be above 0")
    _, height, width = get_dimensions(img)
    x = pil_to_tensor(img) if is_pil(img) else img
    out = apply_matrices(x, blur_matrix(height, sizes[1], sigmas[1]),
                         blur_matrix(width, sizes[0], sigmas[0]))
    return to_pil_image(out, img.mode) if is_pil(img) else out


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Tensor:
    """A tensor picture with the rectangle at row i, column j of size h x w set to ``v``.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import functional as F
    >>> F.erase(facula.ones(1, 2, 2), 0, 1, 2, 1, 0.0)
    tensor([[[1., 0.],
             [1., 0.]]])
    """
    if not isinstance(img, Tensor):
        raise TypeError(f"erase: needs a Tensor, not {type(img).__name__}: use ToTensor first")
    out = img if inplace else img.clone()
    out[..., i:i + h, j:j + w] = v
    return out
