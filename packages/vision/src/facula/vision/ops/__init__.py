"""Operations of computer vision: boxes, regions, losses, and blocks of networks."""

from facula.vision.ops.boxes import (
    box_area,
    box_convert,
    box_iou,
    clip_boxes_to_image,
    complete_box_iou,
    distance_box_iou,
    generalized_box_iou,
    masks_to_boxes,
    remove_small_boxes,
)
from facula.vision.ops.ciou_loss import complete_box_iou_loss
from facula.vision.ops.deform_conv import DeformConv2d, deform_conv2d
from facula.vision.ops.diou_loss import distance_box_iou_loss
from facula.vision.ops.drop_block import DropBlock2d, DropBlock3d, drop_block2d, drop_block3d
from facula.vision.ops.feature_pyramid_network import FeaturePyramidNetwork
from facula.vision.ops.focal_loss import sigmoid_focal_loss
from facula.vision.ops.giou_loss import generalized_box_iou_loss
from facula.vision.ops.misc import (
    MLP,
    Conv2dNormActivation,
    Conv3dNormActivation,
    FrozenBatchNorm2d,
    Permute,
    SqueezeExcitation,
)
from facula.vision.ops.poolers import MultiScaleRoIAlign
from facula.vision.ops.roi import (
    PSRoIAlign,
    PSRoIPool,
    RoIAlign,
    RoIPool,
    ps_roi_align,
    ps_roi_pool,
    roi_align,
    roi_pool,
)
from facula.vision.ops.stochastic_depth import StochasticDepth, stochastic_depth
from facula.vision.ops.suppression import batched_nms, nms

__all__ = [
    "nms", "batched_nms", "box_iou", "generalized_box_iou", "distance_box_iou",
    "complete_box_iou", "box_area", "box_convert", "clip_boxes_to_image", "remove_small_boxes",
    "masks_to_boxes", "sigmoid_focal_loss", "generalized_box_iou_loss", "distance_box_iou_loss",
    "complete_box_iou_loss",
    "roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "RoIAlign", "RoIPool", "PSRoIAlign",
    "PSRoIPool", "MultiScaleRoIAlign", "deform_conv2d", "DeformConv2d", "FeaturePyramidNetwork",
    "drop_block2d", "drop_block3d", "DropBlock2d", "DropBlock3d",
    "MLP", "Conv2dNormActivation", "Conv3dNormActivation", "FrozenBatchNorm2d", "Permute",
    "SqueezeExcitation", "StochasticDepth", "stochastic_depth",
]
