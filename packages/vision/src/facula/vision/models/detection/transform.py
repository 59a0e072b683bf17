"""What is done to pictures, targets and detections before and after a detector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from facula import nn
from facula.core import Tensor, dtypes, rand, stack, tensor
from facula.nn import functional as F
from facula.vision.models.detection.image_list import ImageList
from facula.vision.models.detection.masks import paste_masks_in_image

Target = dict[str, Any]


def _ratios(before: Sequence[int], after: Sequence[int]) -> tuple[float, float]:
    """By what heights and widths are multiplied."""
    return after[0] / before[0], after[1] / before[1]


def resize_boxes(boxes: Tensor, original_size: Sequence[int], new_size: Sequence[int]) -> Tensor:
    """Boxes in a picture of another height and width."""
    high, wide = _ratios(original_size, new_size)
    return boxes * tensor([wide, high, wide, high], dtype=boxes.dtype, device=boxes.device)


def resize_keypoints(keypoints: Tensor, original_size: Sequence[int],
                     new_size: Sequence[int]) -> Tensor:
    """Keypoints ``(..., 3)`` in a picture of another height and width; visibility stays."""
    high, wide = _ratios(original_size, new_size)
    return keypoints * tensor([wide, high, 1.0], dtype=keypoints.dtype, device=keypoints.device)


class GeneralizedRCNNTransform(nn.Module):
    """Normalises pictures, resizes them and their targets, and makes a batch; and back.

    Parameters
    ----------
    min_size : int or tuple of int
        The shorter side; of several, one is drawn while training and the last is for evaluation.
    max_size : int
        The largest longer side.
    image_mean, image_std : list of float
        Of each channel.
    size_divisible : int
        The batch's height and width are multiples of this.
    fixed_size : tuple of int, optional
        Width and height of all pictures instead.
    """

    def __init__(self, min_size: Any, max_size: int, image_mean: Sequence[float],
                 image_std: Sequence[float], size_divisible: int = 32,
                 fixed_size: tuple[int, int] | None = None, **kwargs: Any) -> None:
        super().__init__()
        self.min_size = min_size if isinstance(min_size, (list, tuple)) else (min_size,)
        self.max_size = max_size
        self.image_mean = image_mean
        self.image_std = image_std
        self.size_divisible = size_divisible
        self.fixed_size = fixed_size
        self._skip_resize = kwargs.pop("_skip_resize", False)

    def forward(self, images: Sequence[Tensor], targets: Sequence[Target] | None = None,
                ) -> tuple[ImageList, list[Target] | None]:
        """The batch, and copies of the targets that fit it."""
        resized, changed = [], []
        for i, image in enumerate(images):
            if image.ndim != 3:
                raise ValueError(f"images: shape {tuple(image.shape)}: a list of pictures (C, H, "
                                 "W) is needed")
            image, target = self.resize(self.normalize(image),
                                        None if targets is None else dict(targets[i]))
            resized.append(image)
            changed.append(target)
        sizes = [(image.shape[-2], image.shape[-1]) for image in resized]
        batch = ImageList(self.batch_images(resized, self.size_divisible), sizes)
        return batch, None if targets is None else [one for one in changed if one is not None]

    def normalize(self, image: Tensor) -> Tensor:
        """Subtract the mean and divide by the deviation."""
        if not image.is_floating_point():
            raise TypeError(f"images: dtype {image.dtype}: floating numbers from 0 to 1 are needed")
        mean, std = (tensor(values, dtype=image.dtype, device=image.device).reshape(-1, 1, 1)
                     for values in (self.image_mean, self.image_std))
        return (image - mean) / std

    def _new_size(self, height: int, width: int) -> tuple[int, int]:
        if self.fixed_size is not None:
            return self.fixed_size[1], self.fixed_size[0]
        side = self.min_size[-1]
        if self.training and len(self.min_size) > 1:
            side = self.min_size[int(rand(1).item() * len(self.min_size))]
        scale = min(side / min(height, width), self.max_size / max(height, width))
        return math.floor(height * scale), math.floor(width * scale)

    def resize(self, image: Tensor, target: Target | None = None,
               ) -> tuple[Tensor, Target | None]:
        """A picture, and its boxes, masks and keypoints, in another size."""
        before = (image.shape[-2], image.shape[-1])
        if self.training and self._skip_resize:
            return image, target
        size = self._new_size(*before)
        image = F.interpolate(image.unsqueeze(0), size=size, mode="bilinear",
                              align_corners=False).squeeze(0)
        if target is None:
            return image, target
        if "masks" in target:
            masks = target["masks"].unsqueeze(1).to(dtypes.float32)
            target["masks"] = F.interpolate(masks, size=size).squeeze(1).to(dtypes.uint8)
        target["boxes"] = resize_boxes(target["boxes"], before, size)
        if "keypoints" in target:
            target["keypoints"] = resize_keypoints(target["keypoints"], before, size)
        return image, target

    def batch_images(self, images: Sequence[Tensor], size_divisible: int = 32) -> Tensor:
        """One tensor of all pictures, zeros below and to the right of the smaller ones."""
        height, width = (
            math.ceil(max(image.shape[dim] for image in images) / size_divisible) * size_divisible
            for dim in (1, 2))
        return stack([F.pad(image, (0, width - image.shape[2], 0, height - image.shape[1]))
                      for image in images])

    def postprocess(self, result: list[Target], image_shapes: Sequence[tuple[int, int]],
                    original_image_sizes: Sequence[tuple[int, int]]) -> list[Target]:
        """Detections in the pictures as they came."""
        if self.training:
            return result
        for found, size, original in zip(result, image_shapes, original_image_sizes, strict=True):
            found["boxes"] = resize_boxes(found["boxes"], size, original)
            if "masks" in found:
                found["masks"] = paste_masks_in_image(found["masks"], found["boxes"], original)
            if "keypoints" in found:
                found["keypoints"] = resize_keypoints(found["keypoints"], size, original)
        return result

    def __repr__(self) -> str:
        return (f"GeneralizedRCNNTransform(\n    Normalize(mean={self.image_mean}, "
                f"std={self.image_std})\n    Resize(min_size={self.min_size}, "
                f"max_size={self.max_size}, mode='bilinear')\n)")
