"""What all detectors do: check targets, make a batch, find features; then each goes its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from facula import nn
from facula.core import Tensor, cat
from facula.vision.models.detection.image_list import ImageList
from facula.vision.models.detection.transform import GeneralizedRCNNTransform, Target
from facula.vision.ops import batched_nms

IMAGE_MEAN = [0.485, 0.456, 0.406]
IMAGE_STD = [0.229, 0.224, 0.225]


class Detector(nn.Module):
    """A network that takes pictures of any sizes.

    Called with a list of pictures, and while training with a list of targets (dictionaries with
    ``"boxes"`` ``(N, 4)`` and ``"labels"`` ``(N,)``), it gives a dictionary of losses while
    training and otherwise a list with a dictionary of detections for each picture.
    """

    backbone: nn.Module
    transform: GeneralizedRCNNTransform

    def _check(self, targets: Sequence[Target] | None) -> None:
        if targets is None:
            raise ValueError(f"{type(self).__name__}: targets=None: training needs them (or call "
                             "eval() first)")
        for i, target in enumerate(targets):
            boxes = target["boxes"]
            if not isinstance(boxes, Tensor):
                raise TypeError(f"{type(self).__name__}: the boxes of target {i} are a "
                                f"{type(boxes).__name__}: a tensor is needed")
            if boxes.ndim != 2 or boxes.shape[-1] != 4:
                raise ValueError(f"{type(self).__name__}: the boxes of target {i} have shape "
                                 f"{tuple(boxes.shape)}: (N, 4) is needed")
            flat = (boxes[:, 2:] <= boxes[:, :2]).any(1)
            if bool(flat.any()):
                raise ValueError(f"{type(self).__name__}: the box {boxes[flat][0].tolist()} of "
                                 f"target {i} has no positive height and width")

    def _prepare(self, images: Sequence[Tensor], targets: Sequence[Target] | None,
                 ) -> tuple[ImageList, Any, dict[str, Tensor]]:
        """The batch, the targets that fit it, and the feature maps by name."""
        if self.training or targets is not None:
            self._check(targets)
        batch, fitting = self.transform(images, targets)
        features = self.backbone(batch.tensors)
        return batch, fitting, {"0": features} if isinstance(features, Tensor) else features

    def _finish(self, found: list[Target], batch: ImageList,
                images: Sequence[Tensor]) -> list[Target]:
        """Detections in the pictures as they came."""
        sizes = [(image.shape[-2], image.shape[-1]) for image in images]
        return self.transform.postprocess(found, batch.image_sizes, sizes)


def checked_backbone(backbone: nn.Module) -> int:
    """The channels of all feature maps.

    Raises
    ------
    ValueError
        If the backbone doesn't say.
    """
    if not hasattr(backbone, "out_channels"):
        raise ValueError("the backbone has no attribute out_channels, the number of channels of "
                         "all its feature maps")
    channels: int = backbone.out_channels  # type: ignore[assignment]
    return channels


def strongest(boxes: Sequence[Tensor], scores: Sequence[Tensor], labels: Sequence[Tensor],
              threshold: float, count: int) -> Target:
    """The detections of one picture that no better one of their class covers."""
    box, score, label = cat(list(boxes)), cat(list(scores)), cat(list(labels))
    kept = batched_nms(box, score, label, threshold)[:count]
    return {"boxes": box[kept], "scores": score[kept], "labels": label[kept]}


def detections(levels: Sequence[Any], image_shapes: Sequence[tuple[int, int]],
               one_level: Callable[..., tuple[Tensor, Tensor, Tensor]], threshold: float,
               count: int) -> list[Target]:
    """The detections of each picture out of those of its feature maps.

    Parameters
    ----------
    levels : sequence
        For each feature map what ``one_level`` takes, each with a first dimension of pictures.
    image_shapes : sequence of tuple of int
        The pictures' heights and widths.
    one_level : callable
        Gives boxes, scores and labels of a picture and a feature map.
    threshold, count : float, int
        See :func:`strongest`.
    """
    found = []
    for i, shape in enumerate(image_shapes):
        parts = [one_level(*[value[i] for value in level], shape) for level in levels]
        boxes, scores, labels = zip(*parts, strict=True)
        found.append(strongest(boxes, scores, labels, threshold, count))
    return found
