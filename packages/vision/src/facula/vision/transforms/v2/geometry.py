"""Resizing, cropping, padding, flips and distortions of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facula.core import Tensor
from facula.vision.ops import box_iou
from facula.vision.transforms import _random, crops
from facula.vision.transforms import geometry as v1
from facula.vision.transforms.functional.geometry import sides_of
from facula.vision.transforms.functional.kinds import InterpolationMode, interpolation_mode
from facula.vision.transforms.v2 import functional as F
from facula.vision.transforms.v2.base import (
    PICTURES,
    Randomly,
    Transform,
    fill_for,
)
from facula.vision.transforms.v2.querying import query_size
from facula.vision.tv_tensors import BoundingBoxes, KeyPoints, Mask, wrap

BILINEAR = InterpolationMode.BILINEAR


class Resize(Transform, crops.Resize):
    """:class:`facula.vision.transforms.Resize` of whole samples.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import tv_tensors
    >>> from facula.vision.transforms import v2
    >>> sample = {"image": tv_tensors.Image(facula.zeros(3, 8, 16)), "boxes":
    ...     tv_tensors.BoundingBoxes([[0, 0, 4, 8]], format="XYXY", canvas_size=(8, 16))}
    >>> v2.Resize(4)(sample)["boxes"]
    BoundingBoxes([[0, 0, 2, 4]], format=BoundingBoxFormat.XYXY, canvas_size=(4, 8),
                  clamping_mode=soft)
    """

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.resize, inpt, self.size, self.interpolation, self.max_size,
                          self.antialias)


class CenterCrop(Transform, crops.CenterCrop):
    """:class:`facula.vision.transforms.CenterCrop` of whole samples."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.center_crop, inpt, self.size)


class Pad(Transform, crops.Pad):
    """:class:`facula.vision.transforms.Pad` of whole samples; ``fill`` may be a dict by class."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.pad, inpt, self.padding, fill_for(self.fill, type(inpt)),
                          self.padding_mode)


class RandomHorizontalFlip(Randomly, v1.RandomHorizontalFlip):
    """:class:`facula.vision.transforms.RandomHorizontalFlip` of whole samples."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.horizontal_flip, inpt)


class RandomVerticalFlip(Randomly, v1.RandomVerticalFlip):
    """:class:`facula.vision.transforms.RandomVerticalFlip` of whole samples."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.vertical_flip, inpt)


class RandomCrop(Transform, crops.RandomCrop):
    """:class:`facula.vision.transforms.RandomCrop` of whole samples."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The border and the place."""
        height, width = query_size(flat_inputs)
        left, top, right, bottom = sides_of(self.padding or 0)
        if self.pad_if_needed:
            more = max(self.size[0] - height - top - bottom, 0)
            top, bottom = top + more, bottom + more
            more = max(self.size[1] - width - left - right, 0)
            left, right = left + more, right + more
        place = self.place(height + top + bottom, width + left + right, self.size)
        return {"border": [left, top, right, bottom], "place": place}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        if any(params["border"]):
            inpt = self._call(F.pad, inpt, params["border"], fill_for(self.fill, type(inpt)),
                              self.padding_mode)
        return self._call(F.crop, inpt, *params["place"])


class RandomResizedCrop(Transform, crops.RandomResizedCrop):
    """:class:`facula.vision.transforms.RandomResizedCrop` of whole samples."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The place."""
        return {"place": self.place(*query_size(flat_inputs), self.scale, self.ratio)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.resized_crop, inpt, *params["place"], self.size, self.interpolation,
                          self.antialias)


class FiveCrop(Transform, crops.FiveCrop):
    """:class:`facula.vision.transforms.FiveCrop` of the pictures of a sample."""

    _transformed_types = (Tensor, *PICTURES)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Boxes and masks have no meaning here."""
        _refuse(self, flat_inputs)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.five_crop, inpt, self.size)


class TenCrop(Transform, crops.TenCrop):
    """:class:`facula.vision.transforms.TenCrop` of the pictures of a sample."""

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Boxes and masks have no meaning here."""
        _refuse(self, flat_inputs)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.ten_crop, inpt, self.size, self.vertical_flip)


def _refuse(transform: Any, flat_inputs: list[Any]) -> None:
    for x in flat_inputs:
        if isinstance(x, (BoundingBoxes, Mask, KeyPoints)):
            raise TypeError(f"{type(transform).__name__}: is not for {type(x).__name__}")


class RandomRotation(Transform, v1.RandomRotation):
    """:class:`facula.vision.transforms.RandomRotation` of whole samples."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The angle."""
        return {"angle": self.get_params(self.degrees)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.rotate, inpt, params["angle"], self.interpolation, self.expand,
                          self.center, fill_for(self.fill, type(inpt)))


class RandomAffine(Transform, v1.RandomAffine):
    """:class:`facula.vision.transforms.RandomAffine` of whole samples."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Angle, shift, factor and shear."""
        height, width = query_size(flat_inputs)
        return {"map": self.get_params(self.degrees, self.translate, self.scale, self.shear,
                                       (width, height))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.affine, inpt, *params["map"], self.interpolation,
                          fill_for(self.fill, type(inpt)), self.center)


class RandomPerspective(Randomly, v1.RandomPerspective):
    """:class:`facula.vision.transforms.RandomPerspective` of whole samples."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The corners."""
        height, width = query_size(flat_inputs)
        return {"corners": self.get_params(width, height, self.distortion_scale)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.perspective, inpt, *params["corners"], self.interpolation,
                          fill_for(self.fill, type(inpt)))


class ElasticTransform(Transform, v1.ElasticTransform):
    """:class:`facula.vision.transforms.ElasticTransform` of whole samples."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The displacements."""
        return {"moves": self.get_params(self.alpha, self.sigma, query_size(flat_inputs))}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.elastic, inpt, params["moves"], self.interpolation,
                          fill_for(self.fill, type(inpt)))


class RandomZoomOut(Randomly):
    """A sample on a larger canvas, at a random place: objects become small.

    Parameters
    ----------
    fill : number, sequence or dict
        The value around it, or one by class; masks get 0 unless the dict says otherwise.
    side_range : sequence of float
        The least and the largest factor of both sides.
    p : float
        The probability.

    References
    ----------
    W. Liu et al., SSD: single shot multibox detector, arXiv:1512.02325, 2015.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> v2.RandomZoomOut(side_range=(2, 2), p=1)(facula.ones(1, 4, 4)).shape
    facula.Size([1, 8, 8])
    """

    def __init__(self, fill: Any = 0, side_range: Sequence[float] = (1.0, 4.0),
                 p: float = 0.5) -> None:
        super().__init__()
        if not 1.0 <= side_range[0] <= side_range[1]:
            raise ValueError(f"RandomZoomOut: side_range={side_range} must be (least, largest), "
                             "from 1 on")
        self.fill = fill
        self.side_range = side_range
        self.p = p

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The border."""
        height, width = query_size(flat_inputs)
        factor = _random.uniform(*self.side_range)
        down, across = int(height * factor) - height, int(width * factor) - width
        left, top = int(across * _random.uniform(0, 1)), int(down * _random.uniform(0, 1))
        return {"border": [left, top, across - left, down - top]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        masks = isinstance(inpt, Mask) and not isinstance(self.fill, dict)
        return self._call(F.pad, inpt, params["border"],
                          0 if masks else fill_for(self.fill, type(inpt)))


class RandomIoUCrop(Transform):
    """A piece that some box overlaps enough; boxes whose centre is outside are dropped.

    Dropped boxes become empty ones: follow with :class:`SanitizeBoundingBoxes`, which drops their
    labels and masks with them.

    Parameters
    ----------
    min_scale, max_scale : float
        The least and the largest share of each side.
    min_aspect_ratio, max_aspect_ratio : float
        The least and the largest width by height.
    sampler_options : list of float, optional
        Overlaps of which one is drawn as the least; 1 or more for the whole picture.
    trials : int
        How often to try for one overlap.

    References
    ----------
    W. Liu et al., SSD: single shot multibox detector, arXiv:1512.02325, 2015.
    """

    def __init__(self, min_scale: float = 0.3, max_scale: float = 1.0,
                 min_aspect_ratio: float = 0.5, max_aspect_ratio: float = 2.0,
                 sampler_options: list[float] | None = None, trials: int = 40) -> None:
        super().__init__()
        self.min_scale = min_scale
        self.max_scale = max_scale
        self.min_aspect_ratio = min_aspect_ratio
        self.max_aspect_ratio = max_aspect_ratio
        self.options = sampler_options or [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0]
        self.trials = trials

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """There must be boxes and a picture."""
        pictures = any(isinstance(x, PICTURES) or F.is_pure_tensor(x) for x in flat_inputs)
        if not pictures or not any(isinstance(x, BoundingBoxes) for x in flat_inputs):
            raise TypeError("RandomIoUCrop: the sample must hold a picture and BoundingBoxes")

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The piece and which boxes stay; nothing for the whole picture."""
        height, width = query_size(flat_inputs)
        boxes = next(x for x in flat_inputs if isinstance(x, BoundingBoxes))
        corners = F.convert_bounding_box_format(boxes, new_format="XYXY").float()
        x1, y1, x2, y2 = corners.unbind(-1)
        cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
        while True:
            least = self.options[_random.integer(0, len(self.options) - 1)]
            if least >= 1.0:
                return {}
            for _ in range(self.trials):
                w, h = (int(side * _random.uniform(self.min_scale, self.max_scale))
                        for side in (width, height))
                if not h or not self.min_aspect_ratio <= w / h <= self.max_aspect_ratio:
                    continue
                left = int((width - w) * _random.uniform(0, 1))
                top = int((height - h) * _random.uniform(0, 1))
                if not w:
                    continue
                inside = (cx > left) & (cx < left + w) & (cy > top) & (cy < top + h)
                if not inside.any().item():
                    continue
                piece = corners.new_tensor([[left, top, left + w, top + h]])
                if box_iou(corners[inside], piece).amax().item() >= least:
                    return {"place": (top, left, h, w), "inside": inside}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        if not params:
            return inpt
        out = self._call(F.crop, inpt, *params["place"])
        if isinstance(out, BoundingBoxes):
            keep = params["inside"].unsqueeze(1)
            return wrap(out * keep.to(out.dtype), like=out)
        return out


class _Resizing(Transform):
    """The base of random resizing."""

    def _resizing(self, op: str, interpolation: Any, antialias: bool | None) -> None:
        self.interpolation = interpolation_mode(op, interpolation)
        self.antialias = antialias

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.resize, inpt, params["size"], self.interpolation, None,
                          self.antialias)


class ScaleJitter(_Resizing):
    """A sample resized to a random share of the size that fits into a target.

    Parameters
    ----------
    target_size : tuple of int
        Height and width.
    scale_range : tuple of float
        The least and the largest share.
    interpolation, antialias
        As for :class:`Resize`.

    References
    ----------
    G. Ghiasi et al., Simple copy-paste, arXiv:2012.07177, 2020.
    """

    def __init__(self, target_size: tuple[int, int], scale_range: tuple[float, float] = (0.1, 2.0),
                 interpolation: Any = BILINEAR, antialias: bool | None = True) -> None:
        super().__init__()
        self.target_size = target_size
        self.scale_range = scale_range
        self._resizing("ScaleJitter", interpolation, antialias)
        self._resizing("ScaleJitter", interpolation, antialias)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The size."""
        height, width = query_size(flat_inputs)
        share = _random.uniform(*self.scale_range)
        ratio = min(self.target_size[0] / height, self.target_size[1] / width) * share
        return {"size": (max(int(height * ratio), 1), max(int(width * ratio), 1))}


class RandomShortestSize(_Resizing):
    """A sample resized so that its shorter side is one of several lengths.

    Parameters
    ----------
    min_size : int or list of int
        The lengths.
    max_size : int, optional
        The most that the longer side may become.
    interpolation, antialias
        As for :class:`Resize`.
    """

    def __init__(self, min_size: int | Sequence[int], max_size: int | None = None,
                 interpolation: Any = BILINEAR, antialias: bool | None = True) -> None:
        super().__init__()
        self.min_size = [min_size] if isinstance(min_size, int) else list(min_size)
        self.max_size = max_size
        self._resizing("RandomShortestSize", interpolation, antialias)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The size."""
        height, width = query_size(flat_inputs)
        short = self.min_size[_random.integer(0, len(self.min_size) - 1)]
        ratio = short / min(height, width)
        if self.max_size is not None:
            ratio = min(ratio, self.max_size / max(height, width))
        return {"size": (int(height * ratio), int(width * ratio))}


class RandomResize(_Resizing):
    """A sample resized so that its shorter side is anything in a range.

    Parameters
    ----------
    min_size, max_size : int
        The first length, and the one after the last.
    interpolation, antialias
        As for :class:`Resize`.
    """

    def __init__(self, min_size: int, max_size: int, interpolation: Any = BILINEAR,
                 antialias: bool | None = True) -> None:
        super().__init__()
        if not 0 < min_size < max_size:
            raise ValueError(f"RandomResize: min_size={min_size} must be below max_size={max_size}")
        self.min_size = min_size
        self.max_size = max_size
        self._resizing("RandomResize", interpolation, antialias)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The length."""
        return {"size": [_random.integer(self.min_size, self.max_size - 1)]}
