"""Faster R-CNN: boxes and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from facula import nn
from facula.core import Tensor
from facula.nn import functional as F
from facula.vision.models.detection._entry import Start, entry
from facula.vision.models.detection.anchor_utils import AnchorGenerator
from facula.vision.models.detection.backbone_utils import mobilenet_extractor, resnet_fpn
from facula.vision.models.detection.detector import IMAGE_MEAN, IMAGE_STD, checked_backbone
from facula.vision.models.detection.generalized_rcnn import GeneralizedRCNN
from facula.vision.models.detection.roi_heads import RoIHeads
from facula.vision.models.detection.rpn import RegionProposalNetwork, RPNHead
from facula.vision.models.detection.transform import GeneralizedRCNNTransform
from facula.vision.models.mobilenetv3 import MobileNet_V3_Large_Weights, mobilenet_v3_large
from facula.vision.models.resnet import ResNet50_Weights, resnet50
from facula.vision.ops import Conv2dNormActivation, MultiScaleRoIAlign

__all__ = [
    "FasterRCNN", "FasterRCNN_ResNet50_FPN_Weights", "FasterRCNN_ResNet50_FPN_V2_Weights",
    "FasterRCNN_MobileNet_V3_Large_FPN_Weights", "FasterRCNN_MobileNet_V3_Large_320_FPN_Weights",
    "fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2", "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
]


class TwoMLPHead(nn.Module):
    """Two linear layers on the features of a box."""

    def __init__(self, in_channels: int, representation_size: int) -> None:
        super().__init__()
        self.fc6 = nn.Linear(in_channels, representation_size)
        self.fc7 = nn.Linear(representation_size, representation_size)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc7(F.relu(self.fc6(x.flatten(1)))))


class FastRCNNConvFCHead(nn.Sequential):
    """Convolutions, then linear layers, on the features of a box."""

    def __init__(self, input_size: tuple[int, int, int], conv_layers: Sequence[int],
                 fc_layers: Sequence[int],
                 norm_layer: Callable[..., nn.Module] | None = None) -> None:
        width, height, breadth = input_size
        blocks: list[nn.Module] = []
        for channels in conv_layers:
            blocks.append(Conv2dNormActivation(width, channels, norm_layer=norm_layer))
            width = channels
        blocks.append(nn.Flatten())
        width *= height * breadth
        for features in fc_layers:
            blocks += [nn.Linear(width, features), nn.ReLU(inplace=True)]
            width = features
        super().__init__(*blocks)
        he_initialised(self)


def he_initialised(model: nn.Module) -> None:
    """Draw the weights of convolutions by He's rule, with biases of zero."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class FastRCNNPredictor(nn.Module):
    """Scores of classes, and codes of a box for each of them.

    Parameters
    ----------
    in_channels : int
        The features of a box.
    num_classes : int
        The classes, background included.
    """

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(in_channels, num_classes)
        self.bbox_pred = nn.Linear(in_channels, num_classes * 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.ndim == 4 and tuple(x.shape[2:]) != (1, 1):
            raise ValueError(f"FastRCNNPredictor: shape {tuple(x.shape)}: (N, C) or (N, C, 1, 1) "
                             "is needed")
        x = x.flatten(1)
        return self.cls_score(x), self.bbox_pred(x)


def anchors_of_pyramid() -> AnchorGenerator:
    """One size for each of five maps, in three shapes."""
    return AnchorGenerator(((32,), (64,), (128,), (256,), (512,)), ((0.5, 1.0, 2.0),) * 5)


def checked_pool(name: str, pool: Any, size: int) -> MultiScaleRoIAlign:
    """The pool that was asked for, or the usual one, cutting out maps of the given side."""
    if pool is not None and not isinstance(pool, MultiScaleRoIAlign):
        raise TypeError(f"{name} is a {type(pool).__name__}: a MultiScaleRoIAlign is needed")
    return pool or MultiScaleRoIAlign(["0", "1", "2", "3"], size, 2)


class FasterRCNN(GeneralizedRCNN):
    """Faster R-CNN.

    Parameters
    ----------
    backbone : Module
        Gives feature maps by name, all with ``backbone.out_channels`` channels.
    num_classes : int, optional
        The classes, background included, unless ``box_predictor`` is given.
    min_size, max_size, image_mean, image_std
        How pictures are resized and normalised.
    rpn_anchor_generator, rpn_head : Module, optional
        Parts of the first stage; ``rpn_...`` are its settings.
    box_roi_pool, box_head, box_predictor : Module, optional
        Parts of the second stage; ``box_...`` are its settings.
    bbox_reg_weights : tuple of float, optional
        What the codes of boxes are multiplied with.

    References
    ----------
    S. Ren et al., Faster R-CNN: towards real-time object detection with region proposal networks,
    arXiv:1506.01497, 2015; second version: Y. Li et al., Benchmarking detection transfer learning
    with vision transformers, arXiv:2111.11429, 2021.

    Examples
    --------
    >>> import facula
    >>> from facula.vision.models.detection import fasterrcnn_mobilenet_v3_large_320_fpn
    >>> model = fasterrcnn_mobilenet_v3_large_320_fpn(weights_backbone=None, num_classes=3)
    >>> found = model.eval()([facula.rand(3, 64, 80)])
    >>> sorted(found[0])
    ['boxes', 'labels', 'scores']
    """

    def __init__(self, backbone: nn.Module, num_classes: int | None = None, min_size: Any = 800,
                 max_size: int = 1333, image_mean: Sequence[float] | None = None,
                 image_std: Sequence[float] | None = None,
                 rpn_anchor_generator: AnchorGenerator | None = None,
                 rpn_head: nn.Module | None = None, rpn_pre_nms_top_n_train: int = 2000,
                 rpn_pre_nms_top_n_test: int = 1000, rpn_post_nms_top_n_train: int = 2000,
                 rpn_post_nms_top_n_test: int = 1000, rpn_nms_thresh: float = 0.7,
                 rpn_fg_iou_thresh: float = 0.7, rpn_bg_iou_thresh: float = 0.3,
                 rpn_batch_size_per_image: int = 256, rpn_positive_fraction: float = 0.5,
                 rpn_score_thresh: float = 0.0, box_roi_pool: MultiScaleRoIAlign | None = None,
                 box_head: nn.Module | None = None, box_predictor: nn.Module | None = None,
                 box_score_thresh: float = 0.05, box_nms_thresh: float = 0.5,
                 box_detections_per_img: int = 100, box_fg_iou_thresh: float = 0.5,
                 box_bg_iou_thresh: float = 0.5, box_batch_size_per_image: int = 512,
                 box_positive_fraction: float = 0.25,
                 bbox_reg_weights: tuple[float, float, float, float] | None = None,
                 **kwargs: Any) -> None:
        channels = checked_backbone(backbone)
        if rpn_anchor_generator is not None and not isinstance(rpn_anchor_generator,
                                                               AnchorGenerator):
            raise TypeError("FasterRCNN: rpn_anchor_generator is a "
                            f"{type(rpn_anchor_generator).__name__}: an AnchorGenerator is needed")
        if (num_classes is None) == (box_predictor is None):
            raise ValueError(f"FasterRCNN: num_classes={num_classes} and box_predictor="
                             f"{box_predictor}: exactly one of them is needed")
        pool = checked_pool("box_roi_pool", box_roi_pool, 7)
        generator = rpn_anchor_generator or anchors_of_pyramid()
        rpn = RegionProposalNetwork(
            generator, rpn_head or RPNHead(channels, generator.num_anchors_per_location()[0]),
            rpn_fg_iou_thresh, rpn_bg_iou_thresh, rpn_batch_size_per_image, rpn_positive_fraction,
            {"training": rpn_pre_nms_top_n_train, "testing": rpn_pre_nms_top_n_test},
            {"training": rpn_post_nms_top_n_train, "testing": rpn_post_nms_top_n_test},
            rpn_nms_thresh, rpn_score_thresh)
        if box_head is None:
            box_head = TwoMLPHead(channels * pool.output_size[0] ** 2, 1024)
        if box_predictor is None:
            box_predictor = FastRCNNPredictor(1024, num_classes or 0)
        heads = RoIHeads(pool, box_head, box_predictor, box_fg_iou_thresh, box_bg_iou_thresh,
                         box_batch_size_per_image, box_positive_fraction, bbox_reg_weights,
                         box_score_thresh, box_nms_thresh, box_detections_per_img)
        transform = GeneralizedRCNNTransform(min_size, max_size, image_mean or IMAGE_MEAN,
                                             image_std or IMAGE_STD, **kwargs)
        super().__init__(backbone, rpn, heads, transform)


def resnet50_pyramid(start: Start, **options: Any) -> nn.Module:
    """A ResNet-50 with a pyramid, as the first versions of all detectors have it."""
    body = resnet50(weights=start.weights, progress=start.progress, norm_layer=start.norm_layer)
    return resnet_fpn(body, start.layers, **options)


def second_version(start: Start) -> tuple[nn.Module, dict[str, Any]]:
    """A ResNet-50 and the parts that the second versions of R-CNNs share: batch norm everywhere."""
    body = resnet50(weights=start.weights, progress=start.progress)
    backbone = resnet_fpn(body, start.layers, norm_layer=nn.BatchNorm2d)
    generator = anchors_of_pyramid()
    return backbone, {
        "rpn_anchor_generator": generator,
        "rpn_head": RPNHead(256, generator.num_anchors_per_location()[0], conv_depth=2),
        "box_head": FastRCNNConvFCHead((256, 7, 7), [256] * 4, [1024],
                                       norm_layer=nn.BatchNorm2d)}


def _first(start: Start, num_classes: int, **kwargs: Any) -> FasterRCNN:
    return FasterRCNN(resnet50_pyramid(start), num_classes, **kwargs)


def _second(start: Start, num_classes: int, **kwargs: Any) -> FasterRCNN:
    backbone, parts = second_version(start)
    return FasterRCNN(backbone, num_classes, **parts, **kwargs)


def _mobile(defaults: dict[str, Any], start: Start, num_classes: int,
            **kwargs: Any) -> FasterRCNN:
    body = mobilenet_v3_large(weights=start.weights, progress=start.progress,
                              norm_layer=start.norm_layer)
    backbone = mobilenet_extractor(body, True, start.layers)
    generator = AnchorGenerator(((32, 64, 128, 256, 512),) * 3, ((0.5, 1.0, 2.0),) * 3)
    return FasterRCNN(backbone, num_classes, rpn_anchor_generator=generator,
                      **{**defaults, **kwargs})


fasterrcnn_resnet50_fpn, FasterRCNN_ResNet50_FPN_Weights = entry(
    "fasterrcnn_resnet50_fpn", _first, "Faster R-CNN on a ResNet-50",
    ResNet50_Weights.IMAGENET1K_V1, no_eps=True)
fasterrcnn_resnet50_fpn_v2, FasterRCNN_ResNet50_FPN_V2_Weights = entry(
    "fasterrcnn_resnet50_fpn_v2", _second, "Faster R-CNN, second version, on a ResNet-50",
    ResNet50_Weights.IMAGENET1K_V1, fetched=False)
_LARGE = {"rpn_score_thresh": 0.05}
_SMALL = {"min_size": 320, "max_size": 640, "rpn_pre_nms_top_n_test": 150,
          "rpn_post_nms_top_n_test": 150, "rpn_score_thresh": 0.05}
fasterrcnn_mobilenet_v3_large_fpn, FasterRCNN_MobileNet_V3_Large_FPN_Weights = entry(
    "fasterrcnn_mobilenet_v3_large_fpn", partial(_mobile, _LARGE),
    "Faster R-CNN on a MobileNet V3", MobileNet_V3_Large_Weights.IMAGENET1K_V1, layers=(6, 3))
fasterrcnn_mobilenet_v3_large_320_fpn, FasterRCNN_MobileNet_V3_Large_320_FPN_Weights = entry(
    "fasterrcnn_mobilenet_v3_large_320_fpn", partial(_mobile, _SMALL),
    "Faster R-CNN on a MobileNet V3, for small pictures",
    MobileNet_V3_Large_Weights.IMAGENET1K_V1, layers=(6, 3))
