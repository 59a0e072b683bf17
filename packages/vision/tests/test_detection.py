"""Detectors where there is little: no targets, no detections, wrong targets, mixed sizes."""

from typing import Any

import numpy as np
import pytest

from facula import core, nn
from facula.vision.models import detection
from facula.vision.models.detection._utils import BoxCoder, retrieve_out_channels
from facula.vision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from facula.vision.models.detection.faster_rcnn import FastRCNNPredictor
from facula.vision.models.detection.fcos import FCOS
from facula.vision.models.detection.mask_rcnn import MaskRCNN
from facula.vision.models.detection.masks import paste_masks_in_image
from facula.vision.models.detection.retinanet import RetinaNet
from facula.vision.models.detection.ssd import SSD
from facula.vision.models.detection.transform import GeneralizedRCNNTransform
from facula.vision.ops import MultiScaleRoIAlign


class Maps(nn.Module):
    """Two feature maps of few channels."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.near = nn.Conv2d(3, channels, 3, 8, 1)
        self.far = nn.Conv2d(channels, channels, 3, 2, 1)
        self.out_channels = channels

    def forward(self, x: core.Tensor) -> dict[str, core.Tensor]:
        near = self.near(x)
        return {"0": near, "1": self.far(near)}


def detector(kind: str) -> Any:
    """A small detector of three classes."""
    core.manual_seed(0)
    sizes: dict[str, Any] = {"min_size": 64, "max_size": 96}
    if kind == "SSD":
        backbone = Maps()
        backbone.out_channels = [32, 32]
        return SSD(backbone, DefaultBoxGenerator([[2], [2]]), (64, 64), 3)
    if kind == "FCOS":
        return FCOS(Maps(), 3, anchor_generator=AnchorGenerator(((8,), (16,)), ((1.0,),) * 2),
                    **sizes)
    anchors = AnchorGenerator(((16,), (32,)), ((0.5, 1.0, 2.0),) * 2)
    if kind == "RetinaNet":
        return RetinaNet(Maps(), 3, anchor_generator=anchors, **sizes)
    pool = MultiScaleRoIAlign(["0", "1"], 7, 2)
    return MaskRCNN(Maps(), 3, rpn_anchor_generator=anchors, box_roi_pool=pool,
                    mask_roi_pool=MultiScaleRoIAlign(["0", "1"], 14, 2), **sizes)


def targets(count: int, device: str) -> dict[str, core.Tensor]:
    """A target with so many things."""
    boxes = np.array([[4, 6, 40, 44], [20, 22, 60, 50]], np.float32)[:count].reshape(-1, 4)
    return {"boxes": core.tensor(boxes, device=device),
            "labels": core.tensor(np.array([1, 2])[:count], device=device),
            "masks": core.ones(count, 64, 64, dtype=core.uint8, device=device)}


KINDS = ["MaskRCNN", "RetinaNet", "FCOS", "SSD"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_of_training_with_a_picture_of_nothing(kind: str, device: str) -> None:
    model = detector(kind).to(device).train()
    pictures = [core.rand(3, 64, 64, device=device), core.rand(3, 64, 80, device=device)]
    losses = model(pictures, [targets(2, device), targets(0, device)])
    sum(losses.values()).backward()
    assert all(np.isfinite(loss.item()) for loss in losses.values())
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            assert np.isfinite(parameter.grad.cpu().numpy()).all(), name
    assert model.backbone.near.weight.grad is not None


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_found(kind: str, device: str) -> None:
    model = detector(kind).to(device).eval()
    (model.roi_heads if kind == "MaskRCNN" else model).score_thresh = 1.1
    found = model([core.rand(3, 64, 70, device=device)])[0]
    assert tuple(found["boxes"].shape) == (0, 4)
    assert tuple(found["labels"].shape) == tuple(found["scores"].shape) == (0,)
    if kind == "MaskRCNN":
        assert tuple(found["masks"].shape) == (0, 1, 64, 70)


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_targets(kind: str) -> None:
    model = detector(kind).train()
    picture = [core.rand(3, 64, 64)]
    with pytest.raises(ValueError, match="targets=None: training needs them"):
        model(picture)
    flat = targets(2, "cpu")
    flat["boxes"][1, 2] = flat["boxes"][1, 0]
    with pytest.raises(ValueError, match=r"the box \[20.0, 22.0, 20.0, 50.0\] of target 0 has no"):
        model(picture, [flat])
    with pytest.raises(ValueError, match=r"shape \(2, 3\): \(N, 4\) is needed"):
        model(picture, [{**flat, "boxes": core.ones(2, 3)}])
    with pytest.raises(TypeError, match="floating numbers from 0 to 1 are needed"):
        model([core.zeros(3, 64, 64, dtype=core.uint8)], [targets(2, "cpu")])


def test_the_heads_of_a_detector_are_exchanged() -> None:
    """As the usual tutorial on training for own classes does."""
    model = detection.fasterrcnn_mobilenet_v3_large_320_fpn(weights_backbone=None)
    inside = model.roi_heads.box_predictor.cls_score.in_features
    model.roi_heads.box_predictor = FastRCNNPredictor(inside, 2)
    assert tuple(model.roi_heads.box_predictor.bbox_pred.weight.shape) == (8, 1024)
    with pytest.warns(UserWarning, match="trainable_backbone_layers=2 has no effect"):
        detection.fasterrcnn_mobilenet_v3_large_320_fpn(weights_backbone=None,
                                                        trainable_backbone_layers=2)


def test_a_batch_of_mixed_sizes() -> None:
    transform = GeneralizedRCNNTransform(50, 80, [0.5] * 3, [0.25] * 3).eval()
    pictures = [core.rand(3, 100, 100), core.rand(3, 100, 300)]
    batch, _ = transform(pictures)
    assert batch.image_sizes == [(50, 50), (26, 80)]  # the longer side is 80 at most
    assert tuple(batch.tensors.shape) == (2, 3, 64, 96)
    assert not batch.tensors[0, :, 50:].any()
    back = transform.postprocess([{"boxes": core.tensor([[0.0, 0, 50, 25]])}], [(50, 50)],
                                 [(100, 100)])
    assert back[0]["boxes"].tolist() == [[0, 0, 100, 50]]


def test_masks_are_cut_at_the_sides_of_the_picture(device: str) -> None:
    mask = core.ones(2, 1, 8, 8, device=device)
    boxes = core.tensor([[-4.0, 2, 6, 20], [40.0, 40, 50, 50]], device=device)
    pasted = paste_masks_in_image(mask, boxes, (12, 10)).cpu().numpy()
    assert pasted.shape == (2, 1, 12, 10)
    assert (pasted[0, 0, 4:, :5] == 1).all()
    assert not pasted[0, 0, :, 8:].any()
    assert not pasted[1].any()


def test_no_proposals_are_no_boxes_of_each_class() -> None:
    coder = BoxCoder((10.0, 10.0, 5.0, 5.0))
    assert coder.decode(core.zeros(0, 12), [core.zeros(0, 4)]).shape == (0, 3, 4)


def test_channels_of_a_backbone_for_a_new_head():
    backbone = nn.Sequential(nn.Conv2d(3, 7, 3), nn.BatchNorm2d(7)).train()
    assert retrieve_out_channels(backbone, (20, 30)) == [7]
    assert backbone.training and backbone[1].num_batches_tracked == 0
