"""Pictures of pictures: grids, files, and what is drawn on them: boxes, masks, points, flows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from facula.core import Tensor, from_numpy, full, no_grad, stack
from facula.vision.io import encode_jpeg, encode_png, write_file
from facula.vision.transforms.functional import pil_to_tensor, to_pil_image
from facula.vision.transforms.functional.resample import clip

__all__ = ["make_grid", "save_image", "draw_bounding_boxes", "draw_segmentation_masks",
           "draw_keypoints", "flow_to_image"]


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
def save_image(tensor: Tensor | Sequence[Tensor], fp: str | os.PathLike[str] | BinaryIO,
               format: str | None = None, **kwargs: Any) -> None:
    """Write pictures with values from 0 to 1 as one PNG or JPEG file.

    Parameters
    ----------
    tensor, **kwargs
        As for :func:`make_grid`.
    fp : str, Path or binary file
        Where to.
    format : str, optional
        ``"png"`` or ``"jpeg"``; by default by the name's ending.

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
    by_name = isinstance(fp, (str, os.PathLike))
    ending = os.path.splitext(os.fspath(fp))[1].lower() if by_name else ""  # type: ignore[arg-type]
    kind = f".{format.lower()}" if format is not None else ending
    if kind not in (".png", ".jpg", ".jpeg"):
        raise ValueError(f"save_image: unknown kind of file {kind!r}: use .png or .jpg, or give "
                         "format")
    coded = encode_png(data) if kind == ".png" else encode_jpeg(data)
    if isinstance(fp, (str, os.PathLike)):
        write_file(fp, coded)
    else:
        fp.write(coded.numpy().tobytes())


_STEPS = (2**25 - 1, 2**15 - 1, 2**21 - 1)  # by which red, green and blue go on, modulo 255


def _colors(op: str, colors: Any, count: int) -> list[tuple[int, ...]]:
    """A colour for each object: the given ones, or torchvision's row of well-told-apart ones."""
    if colors is None:
        colors = [tuple(i * step % 255 for step in _STEPS) for i in range(count)]
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
                        colors: Any = None, fill: bool | None = False, width: int = 1,
                        font: str | None = None, font_size: int | None = None,
                        label_colors: Any = None, label_background_colors: Any = None,
                        fill_labels: bool = False) -> Tensor:
    """A picture with boxes drawn on it, and words in their corners.

    Parameters
    ----------
    image : Tensor
        Shape (1 or 3, H, W), uint8 or floating from 0 to 1; a grey one becomes RGB.
    boxes : Tensor
        Shape (N, 4): x1, y1, x2, y2.
    labels : sequence of str, optional
        A word for each box.
    colors : str, tuple, or a sequence of them, optional
        Names, ``"#rrggbb"`` or (r, g, b); by default black, then another for each.
    fill : bool
        Fill the boxes, half transparent.
    width : int
        Of the lines.
    font : str, optional
        The file or name of a TrueType font; by default Pillow's own.
    font_size : int, optional
        Of the words; with a font 10 by default.
    label_colors, label_background_colors : str, tuple, or a sequence of them, optional
        Of the words, and of rectangles behind them; by default the boxes' colours, and no
        rectangles.
    fill_labels : bool
        Rectangles in the boxes' colours behind the words, which are black or white upon them.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.utils import draw_bounding_boxes
    >>> picture = facula.zeros(3, 8, 8, dtype=facula.uint8)
    >>> drawn = draw_bounding_boxes(picture, facula.tensor([[1, 1, 5, 5]]), colors="red")
    >>> drawn[0, 1].tolist()
    [0, 255, 255, 255, 255, 255, 0, 0]
    """
    op = "draw_bounding_boxes"
    _check(op, image)
    count = len(boxes)
    if count and (boxes.ndim != 2 or boxes.shape[1] != 4):
        raise ValueError(f"{op}: boxes has shape {tuple(boxes.shape)}: it must be (N, 4); rotated "
                         "boxes are not supported")
    if labels is not None and len(labels) != count:
        raise ValueError(f"{op}: {len(labels)} labels for {count} boxes")
    paint = _colors(op, colors, count)
    behind = _colors(op, label_background_colors, count) if label_background_colors else (
        paint if fill_labels else None)
    if label_colors is not None:
        ink = _colors(op, label_colors, count)
    else:
        ink = paint if behind is None else [_readable(color) for color in behind]
    letters = _font(font, font_size)
    canvas = _canvas(image)
    draw = ImageDraw.Draw(canvas, "RGBA" if fill else "RGB")
    for i, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        if x2 < x1 or y2 < y1:
            raise ValueError(f"{op}: box {i} is {(x1, y1, x2, y2)}: x1 <= x2 and y1 <= y2 must "
                             "hold")
        inner = (*paint[i][:3], 100) if fill else None
        draw.rectangle([x1, y1, x2, y2], inner, paint[i], width)
        word = labels[i] if labels is not None else None
        if word:
            place = (x1 + width + 1, y1 + width + 1)
            if behind is not None:
                left, top, right, bottom = draw.textbbox(place, word, font=letters)
                draw.rectangle([left - 1, top - 1, right + 1, bottom + 1], behind[i])
            draw.text(place, word, fill=ink[i], font=letters)
    return _back(canvas, image)


def _canvas(image: Tensor) -> Image.Image:
    return to_pil_image(image).convert("RGB")


def _back(canvas: Image.Image, like: Tensor) -> Tensor:
    """What was drawn, as a tensor of the picture's dtype on its device."""
    out = pil_to_tensor(canvas)
    if like.is_floating_point():
        out = out.to(like.dtype) / 255
    return out.to(like.device)


def _font(font: str | None, size: int | None) -> Any:
    if font is not None:
        return ImageFont.truetype(font, size or 10)
    return None if size is None else ImageFont.load_default(size)


def _readable(color: tuple[int, ...]) -> tuple[int, int, int]:
    """Black on bright colours, white on dark ones, by their luminance."""
    bright = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2] > 128
    return (0, 0, 0) if bright else (255, 255, 255)


@no_grad()
def draw_segmentation_masks(image: Tensor, masks: Tensor, alpha: float = 0.8,
                            colors: Any = None) -> Tensor:
    """A picture with masks laid over it in colours, black where several overlap.

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
    over[:, layers.numpy(force=True).sum(0) > 1] = 0
    mixed = np.round((canvas * (1 - alpha) + over * alpha) * top, 6)
    return from_numpy(mixed).to(image.dtype).to(image.device)


@no_grad()
def draw_keypoints(image: Tensor, keypoints: Tensor,
                   connectivity: Sequence[tuple[int, int]] | None = None, colors: Any = None,
                   radius: int = 2, width: int = 3, visibility: Tensor | None = None) -> Tensor:
    """A picture with points drawn on it, and lines between them.

    Parameters
    ----------
    image : Tensor
        Shape (3, H, W), uint8 or floating from 0 to 1.
    keypoints : Tensor
        Shape (N, K, 2): x and y of the K points of N instances.
    connectivity : sequence of tuple, optional
        Pairs of points that a line joins.
    colors : str or tuple, optional
        Of the points; white by default, as the lines are.
    radius : int
        Of the points.
    width : int
        Of the lines.
    visibility : Tensor, optional
        Shape (N, K) or (N, K, 1): which points, with their lines, are drawn.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.utils import draw_keypoints
    >>> picture = facula.zeros(3, 5, 5, dtype=facula.uint8)
    >>> draw_keypoints(picture, facula.tensor([[[2, 2]]]), colors="red", radius=1)[0, 2].tolist()
    [0, 255, 255, 255, 0]
    """
    _check("draw_keypoints", image)
    if keypoints.ndim != 3 or keypoints.shape[-1] < 2:
        raise ValueError(f"draw_keypoints: keypoints has shape {tuple(keypoints.shape)}: it must "
                         "be (N, K, 2)")
    shown = [[True] * keypoints.shape[1]] * len(keypoints)
    if visibility is not None:
        seen = visibility.squeeze(-1) if visibility.ndim == 3 else visibility
        if tuple(seen.shape) != tuple(keypoints.shape[:2]):
            raise ValueError(f"draw_keypoints: visibility has shape {tuple(visibility.shape)} for "
                             f"keypoints of shape {tuple(keypoints.shape)}")
        shown = seen.bool().tolist()
    canvas = _canvas(image)
    draw = ImageDraw.Draw(canvas)
    paint = None if colors is None else _colors("draw_keypoints", colors, 1)[0]
    for points, seen_points in zip(keypoints.long().tolist(), shown, strict=True):
        for (x, y, *_), visible in zip(points, seen_points, strict=True):
            if visible:
                draw.ellipse([x - radius, y - radius, x + radius, y + radius],
                             fill=paint or "white")
        for one, two in connectivity or ():
            if seen_points[one] and seen_points[two]:
                draw.line([tuple(points[one][:2]), tuple(points[two][:2])], width=width)
    return _back(canvas, image)


def _wheel() -> np.ndarray:
    """The 55 colours around the wheel, red first, by the steps that the eye tells apart."""
    parts = []
    for fixed, moving, rises, steps in ((0, 1, True, 15), (1, 0, False, 6), (1, 2, True, 4),
                                        (2, 1, False, 11), (2, 0, True, 13), (0, 2, False, 6)):
        part = np.zeros((steps, 3))
        part[:, fixed] = 255
        ramp = np.floor(255 * np.arange(steps) / steps)
        part[:, moving] = ramp if rises else 255 - ramp
        parts.append(part)
    return np.concatenate(parts)


@no_grad()
def flow_to_image(flow: Tensor) -> Tensor:
    """Optical flow as colours: the hue is the direction, the strength the speed.

    Parameters
    ----------
    flow : Tensor
        float32 of shape (2, H, W) or (N, 2, H, W); the fastest of all has full colour.

    Returns
    -------
    Tensor
        uint8 of shape (3, H, W) or (N, 3, H, W).

    References
    ----------
    S. Baker et al., A database and evaluation methodology for optical flow, IJCV 92, 2011.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.utils import flow_to_image
    >>> flow_to_image(facula.zeros(2, 1, 1)).reshape(-1).tolist()
    [255, 255, 255]
    """
    if not isinstance(flow, Tensor) or flow.dtype.name != "float32":
        raise ValueError("flow_to_image: flow must be a float32 tensor")
    if flow.ndim not in (3, 4) or flow.shape[-3] != 2:
        raise ValueError(f"flow_to_image: flow has shape {tuple(flow.shape)}: it must be (2, H, W) "
                         "or (N, 2, H, W)")
    values = flow.numpy(force=True)
    if values.ndim == 3:
        values = values[None]
    speed = np.sqrt((values ** 2).sum(1))
    values = values / (speed.max(initial=0.0) + np.finfo(np.float32).eps)
    speed = np.sqrt((values ** 2).sum(1))[..., None]
    wheel = _wheel()
    turn = np.arctan2(-values[:, 1], -values[:, 0]) / np.float32(np.pi)
    at = (turn + 1) / 2 * (len(wheel) - 1)
    first = np.floor(at).astype(np.int64)
    share = (at - first)[..., None]
    color = ((1 - share) * wheel[first] + share * wheel[(first + 1) % len(wheel)]) / 255
    out = np.floor(255 * (1 - speed * (1 - color))).astype(np.uint8).transpose(0, 3, 1, 2)
    answer = from_numpy(np.ascontiguousarray(out)).to(flow.device)
    return answer.squeeze(0) if flow.ndim == 3 else answer
