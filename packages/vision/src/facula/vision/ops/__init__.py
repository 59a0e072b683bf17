"""Operations of computer vision: boxes and losses."""

from facula.vision.ops.boxes import (
    batched_nms,
    box_area,
    box_convert,
    box_iou,
    clip_boxes_to_image,
    distance_box_iou,
    generalized_box_iou,
    masks_to_boxes,
    nms,
    remove_small_boxes,
    sigmoid_focal_loss,
)
from facula.vision.ops.misc import (
    MLP,
    Conv2dNormActivation,
    Conv3dNormActivation,
    FrozenBatchNorm2d,
    Permute,
    SqueezeExcitation,
)
from facula.vision.ops.stochastic_depth import StochasticDepth, stochastic_depth

__all__ = ["nms", "batched_nms", "box_iou", "generalized_box_iou", "distance_box_iou", "box_area",
           "box_convert", "clip_boxes_to_image", "remove_small_boxes", "masks_to_boxes",
           "sigmoid_focal_loss",
           "MLP", "Conv2dNormActivation", "Conv3dNormActivation", "FrozenBatchNorm2d", "Permute",
           "SqueezeExcitation", "StochasticDepth", "stochastic_depth"]
