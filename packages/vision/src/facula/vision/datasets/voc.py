"""Pascal VOC under the module name by which programs import it."""

from facula.vision.datasets.scenes import VOCDetection, VOCSegmentation

__all__ = ["VOCDetection", "VOCSegmentation"]
