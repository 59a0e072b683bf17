"""Networks that say which things are where in a picture."""

from facula.vision.models.detection.faster_rcnn import *
from facula.vision.models.detection.faster_rcnn import __all__ as _faster_rcnn
from facula.vision.models.detection.fcos import *
from facula.vision.models.detection.fcos import __all__ as _fcos
from facula.vision.models.detection.keypoint_rcnn import *
from facula.vision.models.detection.keypoint_rcnn import __all__ as _keypoint_rcnn
from facula.vision.models.detection.mask_rcnn import *
from facula.vision.models.detection.mask_rcnn import __all__ as _mask_rcnn
from facula.vision.models.detection.retinanet import *
from facula.vision.models.detection.retinanet import __all__ as _retinanet
from facula.vision.models.detection.ssd import *
from facula.vision.models.detection.ssd import __all__ as _ssd
from facula.vision.models.detection.ssdlite import *
from facula.vision.models.detection.ssdlite import __all__ as _ssdlite

__all__ = [
    *_faster_rcnn, *_fcos, *_keypoint_rcnn, *_mask_rcnn,
    *_retinanet, *_ssd, *_ssdlite,
]
