"""Types, values, boxes and whatever else concerns a whole sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image as PIL

from facula.core import Tensor, float32
from facula.vision.transforms import convert as v1
from facula.vision.transforms.v2 import functional as F
from facula.vision.transforms.v2.base import Transform, labels_getter
from facula.vision.transforms.v2.tree import flatten
from facula.vision.tv_tensors import (
    CLAMPING,
    BoundingBoxes,
    Image,
    KeyPoints,
    Mask,
    TVTensor,
    Video,
    format_of,
    wrap,
)


class Identity(Transform):
    """The sample as it is."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return inpt


class Lambda(Transform):
    """Any function of the parts of a sample that are of some types.

    Parameters
    ----------
    lambd : callable
        The function.
    *types : type
        Of which parts; of all where none are given.

    Examples
    --------
    >>> from facula.vision.transforms import v2
    >>> v2.Lambda(lambda x: x + 1, int)({"a": 1, "b": "1"})
    {'a': 2, 'b': '1'}
    """

    _transformed_types = (object,)

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        self.lambd = lambd
        self.types = types or self._transformed_types

    def extra_repr(self) -> str:
        """The function's name and the types."""
        name = getattr(self.lambd, "__name__", None)
        types = f"types={[kind.__name__ for kind in self.types]}"
        return f"{name}, {types}" if name else types

    def _wanted(self, leaves: list[Any]) -> list[bool]:
        return [isinstance(x, self.types) for x in leaves]

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self.lambd(inpt)


class LinearTransformation(Transform, v1.LinearTransformation):
    """:class:`facula.vision.transforms.LinearTransformation` of a sample's pictures."""

    _transformed_types = (Tensor,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        if not isinstance(inpt, (Image, Video)) and isinstance(inpt, TVTensor):
            return inpt
        out = v1.LinearTransformation.forward(self, inpt)
        return wrap(out, like=inpt) if isinstance(inpt, TVTensor) else out


class Normalize(Transform, v1.Normalize):
    """:class:`facula.vision.transforms.Normalize` of a sample's pictures."""

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """PIL images have no floating values."""
        if any(isinstance(x, PIL.Image) for x in flat_inputs):
            raise TypeError("Normalize: is not for PIL images: use ToImage and ToDtype first")

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.normalize, inpt, self.mean, self.std, self.inplace)


class ToDtype(Transform):
    """Another dtype for a sample's pictures, or for other parts by their class.

    Parameters
    ----------
    dtype : dtype or dict
        For pictures, videos and plain tensors; or one by class, and ``"others"``.
    scale : bool
        Scale the values of pictures to the dtype's range.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> v2.ToDtype(facula.float32, scale=True)(facula.full((1, 1, 1), 255, dtype=facula.uint8))
    tensor([[[1.]]])
    """

    _transformed_types = (Tensor,)

    def __init__(self, dtype: Any, scale: bool = False) -> None:
        super().__init__()
        self.dtype = dtype
        self.scale = scale

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        pictures = F.is_pure_tensor(inpt) or isinstance(inpt, (Image, Video))
        if not isinstance(self.dtype, Mapping):
            if not pictures:
                return inpt
            dtype = self.dtype
        elif type(inpt) in self.dtype:
            dtype = self.dtype[type(inpt)]
        elif "others" in self.dtype:
            dtype = self.dtype["others"]
        else:
            raise ValueError(f"ToDtype: there is no dtype for {type(inpt).__name__}, nor one for "
                             "'others': use None for what stays as it is")
        if dtype is None:
            return inpt
        return self._call(F.to_dtype, inpt, dtype=dtype, scale=self.scale and pictures)


class ConvertImageDtype(Transform, v1.ConvertImageDtype):
    """:class:`facula.vision.transforms.ConvertImageDtype` of a sample's pictures."""

    def __init__(self, dtype: Any = float32) -> None:
        super().__init__(dtype)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return self._call(F.convert_image_dtype, inpt, self.dtype)


class ToImage(Transform):
    """PIL images, arrays (H, W, C) and plain tensors as :class:`~facula.vision.tv_tensors.Image`.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.transforms import v2
    >>> type(v2.ToImage()(facula.zeros(1, 2, 2))).__name__
    'Image'
    """

    _transformed_types = (PIL.Image, np.ndarray, Tensor)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return inpt if isinstance(inpt, TVTensor) else F.to_image(inpt)


class ToPILImage(Transform, v1.ToPILImage):
    """:class:`facula.vision.transforms.ToPILImage` of a sample's pictures."""

    _transformed_types = (np.ndarray, Tensor)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        if isinstance(inpt, TVTensor) and not isinstance(inpt, Image):
            return inpt
        return F.to_pil_image(inpt, self.mode)


class PILToTensor(Transform):
    """:class:`facula.vision.transforms.PILToTensor` of a sample's PIL images."""

    _transformed_types = (PIL.Image,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return F.pil_to_tensor(inpt)


class ToTensor(Transform):
    """:class:`facula.vision.transforms.ToTensor` of a sample's PIL images and arrays.

    ``Compose([ToImage(), ToDtype(float32, scale=True)])`` is the newer way.
    """

    _transformed_types = (PIL.Image, np.ndarray)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return F.to_tensor(inpt)


class ToPureTensor(Transform):
    """Plain tensors in place of pictures, masks, boxes and points."""

    _transformed_types = (TVTensor,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return inpt.view(inpt.shape)


class UniformTemporalSubsample(Transform):
    """Fewer pictures of each video of a sample, evenly spread.

    Parameters
    ----------
    num_samples : int
        How many.
    """

    _transformed_types = (Tensor,)

    def __init__(self, num_samples: int) -> None:
        super().__init__()
        self.num_samples = num_samples

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        if isinstance(inpt, TVTensor) and not isinstance(inpt, Video):
            return inpt
        return self._call(F.uniform_temporal_subsample, inpt, self.num_samples)


class ConvertBoundingBoxFormat(Transform):
    """Another format for a sample's boxes.

    Parameters
    ----------
    format : BoundingBoxFormat or str
        ``"XYXY"``, ``"XYWH"`` or ``"CXCYWH"``.
    """

    _transformed_types = (BoundingBoxes,)

    def __init__(self, format: Any) -> None:
        super().__init__()
        self.format = format_of(format)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return F.convert_bounding_box_format(inpt, new_format=self.format)


class ClampBoundingBoxes(Transform):
    """A sample's boxes cut at the edges of their canvas.

    Parameters
    ----------
    clamping_mode : str, optional
        As for ``functional.clamp_bounding_boxes``.
    """

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None = "auto") -> None:
        super().__init__()
        self.clamping_mode = clamping_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return F.clamp_bounding_boxes(inpt, clamping_mode=self.clamping_mode)


class SetClampingMode(Transform):
    """Whether geometric transforms shall cut a sample's boxes at the picture's edges.

    Parameters
    ----------
    clamping_mode : str, optional
        ``"soft"`` or ``"hard"``: they do; None: they do not.
    """

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None) -> None:
        super().__init__()
        if clamping_mode not in CLAMPING:
            raise ValueError(f"SetClampingMode: clamping_mode={clamping_mode!r} must be one of "
                             f"{CLAMPING}")
        self.clamping_mode = clamping_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return wrap(inpt, like=inpt, clamping_mode=self.clamping_mode)


class ClampKeyPoints(Transform):
    """A sample's points moved to the nearest pixel of their canvas."""

    _transformed_types = (KeyPoints,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """See :class:`Transform`."""
        return F.clamp_keypoints(inpt)


class SanitizeBoundingBoxes(Transform):
    """Boxes that are too small or reach outside are dropped, with their labels and masks.

    Parameters
    ----------
    min_size, min_area : float
        The least sides and area.
    labels_getter : callable, str or None
        Finds the labels (a tensor, or several) in the sample: a function, a key, ``"default"`` for
        the usual places; None where there are none.

    Examples
    --------
    >>> import facula
    >>> from facula.vision import tv_tensors
    >>> from facula.vision.transforms import v2
    >>> boxes = tv_tensors.BoundingBoxes([[0, 0, 4, 4], [3, 3, 3, 3]], format="XYXY",
    ...                                  canvas_size=(8, 8))
    >>> v2.SanitizeBoundingBoxes()({"boxes": boxes, "labels": facula.tensor([7, 8])})["labels"]
    tensor([7])
    """

    def __init__(self, min_size: float = 1.0, min_area: float = 1.0,
                 labels_getter: Any = "default") -> None:
        super().__init__()
        if min_size < 1 or min_area < 1:
            raise ValueError(f"SanitizeBoundingBoxes: min_size={min_size} and min_area={min_area} "
                             "must be at least 1")
        self.min_size = min_size
        self.min_area = min_area
        self.labels_getter = labels_getter

    def forward(self, *inputs: Any) -> Any:
        """The sample without what is dropped."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        leaves, _ = flatten(sample)
        boxes = [x for x in leaves if isinstance(x, BoundingBoxes)]
        if len(boxes) != 1:
            raise ValueError(f"SanitizeBoundingBoxes: the sample must hold one set of boxes, but "
                             f"holds {len(boxes)}")
        _, valid = F.sanitize_bounding_boxes(boxes[0], min_size=self.min_size,
                                             min_area=self.min_area)
        return _without(sample, valid, boxes[0], self.labels_getter, type(self).__name__,
                        (BoundingBoxes, Mask))


def _without(sample: Any, valid: Tensor, subject: Tensor, getter: Any, name: str,
             kinds: tuple[type, ...]) -> Any:
    """The sample with only the valid rows of the subject, of its labels, and of parts by class."""
    labels = labels_getter(name, getter)(sample)
    if labels is not None and not isinstance(labels, (list, tuple)):
        labels = [labels]
    for label in labels or ():
        if not isinstance(label, Tensor) or len(label) != len(subject):
            raise ValueError(f"{name}: labels must be tensors with a row for each of the "
                             f"{len(subject)}, but are {type(label).__name__}"
                             + (f" of {len(label)}" if isinstance(label, Tensor) else ""))
    leaves, build = flatten(sample)
    named = {id(label) for label in labels or ()}
    out = []
    for x in leaves:
        mine = x is subject or id(x) in named
        if mine or (isinstance(x, kinds) and isinstance(x, Mask) and len(x) == len(subject)):
            kept = x[valid]
            x = wrap(kept, like=x) if isinstance(x, TVTensor) else kept
        out.append(x)
    return build(out)


class SanitizeKeyPoints(Transform):
    """Points outside their canvas are dropped, with their labels.

    Parameters
    ----------
    labels_getter : callable, str or None
        As for :class:`SanitizeBoundingBoxes`.
    """

    def __init__(self, labels_getter: Any = None) -> None:
        super().__init__()
        self.labels_getter = labels_getter

    def forward(self, *inputs: Any) -> Any:
        """The sample without what is dropped."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        leaves, _ = flatten(sample)
        points = [x for x in leaves if isinstance(x, KeyPoints)]
        if len(points) != 1:
            raise ValueError("SanitizeKeyPoints: the sample must hold one set of points, but "
                             f"holds {len(points)}")
        _, valid = F.sanitize_keypoints(points[0])
        return _without(sample, valid, points[0], self.labels_getter, type(self).__name__,
                        (KeyPoints,))


