"""What a transform of one's own asks the parts of a sample, by then a flat list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image as PIL

from facula.vision.transforms.v2 import functional as F
from facula.vision.tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, Video

Check = type | Callable[[Any], bool]


def check_type(obj: Any, types_or_checks: Sequence[Check]) -> bool:
    """Whether an object is of one of the types, or passes one of the checks.

    Examples
    --------
    >>> from facula.vision.transforms.v2 import check_type
    >>> check_type(1, (str, lambda x: x == 1))
    True
    """
    return any(isinstance(obj, check) if isinstance(check, type) else check(obj)
               for check in types_or_checks)


def has_any(flat_inputs: Sequence[Any], *types_or_checks: Check) -> bool:
    """Whether some part passes :func:`check_type`."""
    return any(check_type(part, types_or_checks) for part in flat_inputs)


def has_all(flat_inputs: Sequence[Any], *types_or_checks: Check) -> bool:
    """Whether for each type or check there is a part that passes it."""
    return all(has_any(flat_inputs, check) for check in types_or_checks)


def _first(flat_inputs: Sequence[Any], kind: type) -> Any:
    for part in flat_inputs:
        if isinstance(part, kind):
            return part
    raise ValueError(f"the sample holds no {kind.__name__}")


def get_bounding_boxes(flat_inputs: Sequence[Any]) -> BoundingBoxes:
    """The first boxes of a sample."""
    boxes: BoundingBoxes = _first(flat_inputs, BoundingBoxes)
    return boxes


def get_keypoints(flat_inputs: Sequence[Any]) -> KeyPoints:
    """The first points of a sample."""
    points: KeyPoints = _first(flat_inputs, KeyPoints)
    return points


def _agreed(found: set[tuple[int, ...]], what: str) -> tuple[int, ...]:
    if not found:
        raise TypeError(f"no part of the sample has {what}")
    if len(found) > 1:
        raise ValueError(f"the parts of the sample have {len(found)} {what}, "
                         f"{sorted(found)}: they must agree")
    return found.pop()


def query_chw(flat_inputs: Sequence[Any]) -> tuple[int, int, int]:
    """The channels, height and width that all pictures and videos agree on."""
    channels, height, width = _agreed(
        {tuple(F.get_dimensions(x)) for x in flat_inputs
         if check_type(x, (F.is_pure_tensor, Image, Video, PIL.Image))},
        "numbers of channels and sizes")
    return channels, height, width


def query_size(flat_inputs: Sequence[Any]) -> tuple[int, int]:
    """The height and width that all inputs agree on.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms.v2 import query_size
    >>> query_size([facula.zeros(3, 4, 5), "a label"])
    (4, 5)
    """
    height, width = _agreed(
        {tuple(F.get_size(x)) for x in flat_inputs
         if check_type(x, (F.is_pure_tensor, Image, Video, PIL.Image, Mask, BoundingBoxes,
                           KeyPoints))}, "sizes")
    return height, width
