"""COCO under the module name by which programs import it."""

from facula.vision.datasets.scenes import CocoCaptions, CocoDetection

__all__ = ["CocoCaptions", "CocoDetection"]
