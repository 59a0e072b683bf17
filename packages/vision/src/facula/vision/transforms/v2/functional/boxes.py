"""Boxes and points: formats, cutting at the canvas, dropping what is too small."""

from __future__ import annotations

from typing import Any

from facula.core import Tensor, clamp, stack
from facula.vision.ops.boxes import box_convert
from facula.vision.transforms.v2.functional.moves import Canvas, Move, moved_boxes
from facula.vision.tv_tensors import (
    CLAMPING,
    BoundingBoxes,
    BoundingBoxFormat,
    KeyPoints,
    format_of,
    wrap,
)

XYXY = BoundingBoxFormat.XYXY


def converted(boxes: Tensor, old: BoundingBoxFormat, new: BoundingBoxFormat) -> Tensor:
    """Boxes in another format; halves of integers are dropped."""
    if old is new:
        return boxes
    if boxes.is_floating_point():
        return box_convert(boxes, old.value.lower(), new.value.lower())
    a, b, c, d = boxes.unbind(-1)
    if old is BoundingBoxFormat.XYWH:
        a, b, c, d = a, b, a + c, b + d
    elif old is BoundingBoxFormat.CXCYWH:
        a, b, c, d = a - c // 2, b - d // 2, a + c // 2, b + d // 2
    if new is BoundingBoxFormat.XYWH:
        a, b, c, d = a, b, c - a, d - b
    elif new is BoundingBoxFormat.CXCYWH:
        a, b, c, d = (a + c) // 2, (b + d) // 2, c - a, d - b
    return stack([a, b, c, d], dim=-1)


def cut(corners: Tensor, canvas: Canvas) -> Tensor:
    """Boxes of two corners, cut at the edges of a canvas."""
    x1, y1, x2, y2 = corners.unbind(-1)
    height, width = canvas
    return stack([clamp(x1, 0, width), clamp(y1, 0, height), clamp(x2, 0, width),
                  clamp(y2, 0, height)], dim=-1)


def moved(boxes: BoundingBoxes, move: Move) -> BoundingBoxes:
    """Boxes where a geometric transform puts them."""
    corners = moved_boxes(converted(boxes, boxes.format, XYXY), move)
    if move.clamps and boxes.clamping_mode is not None:
        corners = cut(corners, move.canvas)
    out: BoundingBoxes = wrap(converted(corners, XYXY, boxes.format), like=boxes,
                              canvas_size=move.canvas)
    return out


def _notes(op: str, inpt: Tensor, format: Any, canvas_size: Any,
           needs_canvas: bool = True) -> tuple[BoundingBoxFormat, Canvas]:
    """Format and canvas from the boxes themselves, or as given with plain tensors."""
    if isinstance(inpt, BoundingBoxes):
        if format is not None or canvas_size is not None:
            raise ValueError(f"{op}: format and canvas_size are for plain tensors: BoundingBoxes "
                             "have their own")
        return inpt.format, inpt.canvas_size
    if not isinstance(inpt, Tensor):
        raise TypeError(f"{op}: the input must be BoundingBoxes or a Tensor, but is of type "
                        f"{type(inpt).__name__}")
    if format is None or (needs_canvas and canvas_size is None):
        raise ValueError(f"{op}: format and canvas_size must be given with a plain tensor")
    return format_of(format), canvas_size


def convert_bounding_box_format(inpt: Any, old_format: Any = None, new_format: Any = None,
                                inplace: bool = False) -> Any:
    """Boxes in another format.

    Parameters
    ----------
    inpt : BoundingBoxes or Tensor
        A plain tensor needs ``old_format``.
    old_format, new_format : BoundingBoxFormat or str
        From which and to which.
    inplace : bool
        Write into the input's memory.

    Examples
    --------
    >>> from facula.vision.transforms.v2 import functional as F
    >>> from facula.vision.tv_tensors import BoundingBoxes
    >>> boxes = BoundingBoxes([[1, 2, 3, 4]], format="XYXY", canvas_size=(8, 8))
    >>> F.convert_bounding_box_format(boxes, new_format="XYWH").tolist()
    [[1, 2, 2, 2]]
    """
    if new_format is None:
        raise TypeError("convert_bounding_box_format: new_format must be given")
    old, _ = _notes("convert_bounding_box_format", inpt, old_format, None, needs_canvas=False)
    new = format_of(new_format)
    out = converted(inpt, old, new)
    if inplace and out is not inpt:
        inpt.copy_(out)
        out = inpt
    return wrap(out, like=inpt, format=new) if isinstance(inpt, BoundingBoxes) else out


def clamp_bounding_boxes(inpt: Any, format: Any = None, canvas_size: Canvas | None = None,
                         clamping_mode: str | None = "auto") -> Any:
    """Boxes cut at the edges of their canvas.

    Parameters
    ----------
    inpt : BoundingBoxes or Tensor
        A plain tensor needs ``format`` and ``canvas_size``.
    format, canvas_size
        As for :class:`~facula.vision.tv_tensors.BoundingBoxes`.
    clamping_mode : str, optional
        ``"auto"``: that of the boxes; ``"soft"`` and ``"hard"`` cut, None does not.
    """
    kind, canvas = _notes("clamp_bounding_boxes", inpt, format, canvas_size)
    if clamping_mode == "auto":
        clamping_mode = inpt.clamping_mode if isinstance(inpt, BoundingBoxes) else "soft"
    if clamping_mode not in CLAMPING:
        raise ValueError(f"clamp_bounding_boxes: clamping_mode={clamping_mode!r} must be 'auto' or "
                         f"one of {CLAMPING}")
    if clamping_mode is None:
        return inpt.clone()
    out = converted(cut(converted(inpt, kind, XYXY), canvas), XYXY, kind)
    return wrap(out, like=inpt) if isinstance(inpt, BoundingBoxes) else out


def clamp_keypoints(inpt: Any, canvas_size: Canvas | None = None) -> Any:
    """Points moved to the nearest pixel of their canvas."""
    if isinstance(inpt, KeyPoints):
        canvas_size = inpt.canvas_size
    elif canvas_size is None:
        raise ValueError("clamp_keypoints: canvas_size must be given with a plain tensor")
    x, y = inpt.unbind(-1)
    out = stack([clamp(x, 0, canvas_size[1] - 1), clamp(y, 0, canvas_size[0] - 1)], dim=-1)
    return wrap(out, like=inpt) if isinstance(inpt, KeyPoints) else out


def sanitize_bounding_boxes(bounding_boxes: Any, format: Any = None,
                            canvas_size: Canvas | None = None, min_size: float = 1.0,
                            min_area: float = 1.0) -> tuple[Any, Tensor]:
    """Only the boxes that are large enough and within the canvas; and which these are.

    Parameters
    ----------
    bounding_boxes : BoundingBoxes or Tensor
        A plain tensor needs ``format`` and ``canvas_size``.
    format, canvas_size
        As for :class:`~facula.vision.tv_tensors.BoundingBoxes`.
    min_size : float
        The least width and height.
    min_area : float
        The least area.

    Returns
    -------
    boxes, mask
        The boxes that stay, and a truth value for each that came.

    Examples
    --------
    >>> from facula.vision.transforms.v2 import functional as F
    >>> from facula.vision.tv_tensors import BoundingBoxes
    >>> boxes = BoundingBoxes([[1, 2, 3, 4], [1, 1, 1, 5]], format="XYXY", canvas_size=(8, 8))
    >>> F.sanitize_bounding_boxes(boxes)[1]
    tensor([ True, False])
    """
    kind, canvas = _notes("sanitize_bounding_boxes", bounding_boxes, format, canvas_size)
    x1, y1, x2, y2 = converted(bounding_boxes, kind, XYXY).unbind(-1)
    width, height = x2 - x1, y2 - y1
    valid = (width >= min_size) & (height >= min_size) & (width * height >= min_area)
    valid = valid & (x1 >= 0) & (y1 >= 0) & (x2 <= canvas[1]) & (y2 <= canvas[0])
    return _only(bounding_boxes, valid, BoundingBoxes), valid


def _only(inpt: Tensor, valid: Tensor, kind: type) -> Any:
    out = inpt[valid]
    return wrap(out, like=inpt) if isinstance(inpt, kind) else out  # type: ignore[arg-type]


def sanitize_keypoints(key_points: Any, canvas_size: Canvas | None = None) -> tuple[Any, Tensor]:
    """Only the points, or groups of them (N, ..., 2), all within the canvas; and which these are.

    Returns
    -------
    points, mask
        Those that stay, and a truth value for each that came.
    """
    if isinstance(key_points, KeyPoints):
        canvas_size = key_points.canvas_size
    elif canvas_size is None:
        raise ValueError("sanitize_keypoints: canvas_size must be given with a plain tensor")
    x, y = key_points.unbind(-1)
    valid = (x >= 0) & (x < canvas_size[1]) & (y >= 0) & (y < canvas_size[0])
    if valid.ndim > 1:
        valid = valid.reshape(len(valid), -1).all(1)
    return _only(key_points, valid, KeyPoints), valid
