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

__all__ = ["nms", "batched_nms", "box_iou", "generalized_box_iou", "distance_box_iou", "box_area",
           "box_convert", "clip_boxes_to_image", "remove_small_boxes", "masks_to_boxes",
           "sigmoid_focal_loss"]
