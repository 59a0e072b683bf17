"""Pictures of pictures: grids, files, and boxes and masks drawn on them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import ImageColor, ImageDraw

from facula.core import Tensor, from_numpy, full, no_grad, stack
from facula.vision.io import encode_jpeg, encode_png, write_file
from facula.vision.transforms.functional import pil_to_tensor, to_pil_image
from facula.vision.transforms.functional.resample import clip, restore

__all__ = ["make_grid", "save_image", "draw_bounding_boxes", "draw_segmentation_masks"]


@no_grad()
def make_grid(tensor: Tensor | Sequence[Tensor], nrow: int = 8, padding: int = 2,
              normalize: bool = False, value_range: tuple[float, float] | None = None,
              scale_each: bool = False, pad_value: float = 0.0) -> Tensor:
    """Several pictures as one, side by side in rows.

    Parameters
    ----------
    tensor : Tensor or sequence of Tensor
        Shape (N, C, H, W), or a list of pictures of one size; grey ones become RGB.
    nrow : int
        The number of pictures in a row.
    padding : int
        The pixels between them.
    normalize : bool
        Stretch the values to 0 to 1.
    value_range : tuple of float, optional
        From which range; by default from the least to the largest value.
    scale_each : bool
        Stretch each picture by itself.
    pad_value : float
        The value between the pictures.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.utils import make_grid
    >>> make_grid(facula.zeros(5, 1, 4, 4), nrow=3).shape
    facula.Size([3, 14, 20])
    """
    x = tensor if isinstance(tensor, Tensor) else stack(list(tensor))
    if not 2 <= x.ndim <= 4:
        raise ValueError(f"make_grid: needs shape (N, C, H, W), but got {tuple(x.shape)}")
    if x.ndim == 2:
        x = x.unsqueeze(0)
    if x.ndim == 3:
        x = x.unsqueeze(0)
    if x.shape[1] == 1:
        x = x.repeat(1, 3, 1, 1)
    if normalize:
        parts = [x[i:i + 1] for i in range(len(x))] if scale_each else [x]
        x = stack([_stretched(part, value_range) for part in parts]).reshape(x.shape)
    count, channels, height, width = x.shape
    if count == 1:
        return x.squeeze(0)
    columns = min(nrow, count)
    rows = -(-count // columns)
    height, width = height + padding, width + padding
    grid = full((channels, rows * height + padding, columns * width + padding), pad_value,
                dtype=x.dtype, device=x.device)
    for i in range(count):
        top, left = i // columns * height + padding, i % columns * width + padding
        grid[:, top:top + height - padding, left:left + width - padding] = x[i]
    return grid


def _stretched(x: Tensor, value_range: tuple[float, float] | None) -> Tensor:
    low, high = value_range or (x.amin().item(), x.amax().item())
    return (clip(x, low, high) - low) / max(high - low, 1e-5)


@no_grad()
def save_image(tensor: Tensor | Sequence[Tensor], fp: str | os.PathLike[str],
               **kwargs: Any) -> None:
    """Write pictures with values from 0 to 1 as one PNG or JPEG file, by the name's ending.

    Parameters
    ----------
    tensor, **kwargs
        As for :func:`make_grid`.
    fp : str or Path
        The file.

    Examples
    --------
    >>> import pathlib, tempfile, facula
    >>> from facula.vision.utils import save_image
    >>> path = pathlib.Path(tempfile.mkdtemp(), "grid.png")
    >>> save_image(facula.rand(4, 3, 8, 8), path)
    >>> path.stat().st_size > 100
    True
    """
    grid = make_grid(tensor, **kwargs)
    picture = clip(grid * 255 + 0.5, 0, 255).cpu()
    data = from_numpy(picture.numpy().astype(np.uint8))
    ending = os.path.splitext(os.fspath(fp))[1].lower()
    if ending not in (".png", ".jpg", ".jpeg"):
        raise ValueError(f"save_image: unknown kind of file {ending!r}: use .png or .jpg")
    write_file(fp, encode_png(data) if ending == ".png" else encode_jpeg(data))


def _colors(op: str, colors: Any, count: int) -> list[tuple[int, ...]]:
    """A colour for each object: the given ones, or hues spread around the wheel."""
    if colors is None:
        colors = [f"hsv({round(i * 360 / max(count, 1))}, 90%, 95%)" for i in range(count)]
    if isinstance(colors, (str, tuple)):
        colors = [colors] * count
    if len(colors) < count:
        raise ValueError(f"{op}: {len(colors)} colors for {count} objects: give one for each")
    return [ImageColor.getrgb(c) if isinstance(c, str) else tuple(c) for c in colors]


def _check(op: str, image: Tensor) -> None:
    floating = isinstance(image, Tensor) and image.is_floating_point()
    if not isinstance(image, Tensor) or not (floating or image.dtype.name == "uint8"):
        raise TypeError(f"{op}: the picture must be a uint8 or floating tensor")
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"{op}: the picture must have shape (1 or 3, H, W), but has "
                         f"{tuple(image.shape)}")


@no_grad()
def draw_bounding_boxes(image: Tensor, boxes: Tensor, labels: Sequence[str | None] | None = None,
                        colors: Any = None, fill: bool = False, width: int = 1) -> Tensor:
    """A picture with boxes drawn on it, and words beside them.

    Parameters
    ----------
    image : Tensor
        Shape (1 or 3, H, W), uint8 or floating from 0 to 1.
    boxes : Tensor
        Shape (N, 4): x1, y1, x2, y2.
    labels : sequence of str, optional
        A word for each box.
    colors : str, tuple, or a sequence of them, optional
        Names, ``"#rrggbb"`` or (r, g, b); by default a hue for each.
    fill : bool
        Fill the boxes, half transparent.
    width : int
        Of the lines.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.utils import draw_bounding_boxes
    >>> picture = facula.zeros(3, 8, 8, dtype=facula.uint8)
    >>> drawn = draw_bounding_boxes(picture, facula.tensor([[1, 1, 5, 5]]), colors="red")
    >>> drawn[0, 1].tolist()
    [0, 255, 255, 255, 255, 255, 0, 0]
    """
    _check("draw_bounding_boxes", image)
    if labels is not None and len(labels) != len(boxes):
        raise ValueError(f"draw_bounding_boxes: {len(labels)} labels for {len(boxes)} boxes")
    canvas = to_pil_image(image).convert("RGB")
    draw = ImageDraw.Draw(canvas, "RGBA" if fill else "RGB")
    paint = _colors("draw_bounding_boxes", colors, len(boxes))
    for i, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        if x2 < x1 or y2 < y1:
            raise ValueError(f"draw_bounding_boxes: box {i} is {(x1, y1, x2, y2)}: x1 <= x2 and "
                             "y1 <= y2 must hold")
        inner = (*paint[i][:3], 100) if fill else None
        draw.rectangle([x1, y1, x2, y2], inner, paint[i], width)
        word = labels[i] if labels is not None else None
        if word:
            draw.text((x1 + width + 1, y1 + width), word, fill=paint[i])
    out = pil_to_tensor(canvas)
    if image.is_floating_point():
        return (out.to(image.dtype) / 255).to(image.device)
    return out.to(image.device)


@no_grad()
def draw_segmentation_masks(image: Tensor, masks: Tensor, alpha: float = 0.8,
                            colors: Any = None) -> Tensor:
    """A picture with masks laid over it in colours.

    Parameters
    ----------
    image : Tensor
        Shape (3, H, W), uint8 or floating from 0 to 1.
    masks : Tensor
        Shape (N, H, W) or (H, W), bool.
    alpha : float
        How opaque they are, from 0 to 1.
    colors : str, tuple, or a sequence of them, optional
        As for :func:`draw_bounding_boxes`.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.utils import draw_segmentation_masks
    >>> picture = facula.zeros(3, 1, 2)
    >>> draw_segmentation_masks(picture, facula.tensor([[True, False]]), 0.5, "white")[0]
    tensor([[0.5000, 0.0000]])
    """
    _check("draw_segmentation_masks", image)
    layers = masks.unsqueeze(0) if masks.ndim == 2 else masks
    if layers.dtype.name != "bool" or layers.ndim != 3 or layers.shape[1:] != image.shape[1:]:
        raise ValueError(f"draw_segmentation_masks: masks must be bool of shape (N, "
                         f"{image.shape[1]}, {image.shape[2]}), but are {masks.dtype.name} of "
                         f"shape {tuple(masks.shape)}")
    top = 1.0 if image.is_floating_point() else 255.0
    canvas = image.numpy(force=True).astype(np.float64) / top
    over = canvas.copy()
    paint = _colors("draw_segmentation_masks", colors, len(layers))
    for mask, color in zip(layers.numpy(force=True), paint, strict=False):
        over[:, mask] = np.array(color[:3])[:, None] / 255
    mixed = from_numpy((canvas * (1 - alpha) + over * alpha) * top).float()
    return restore(mixed, image.dtype).to(image.device)
