"""Networks that say of each place of a picture what is there."""

from facula.vision.models.segmentation.deeplabv3 import *
from facula.vision.models.segmentation.deeplabv3 import __all__ as _deeplabv3
from facula.vision.models.segmentation.fcn import *
from facula.vision.models.segmentation.fcn import __all__ as _fcn
from facula.vision.models.segmentation.lraspp import *
from facula.vision.models.segmentation.lraspp import __all__ as _lraspp

__all__ = [*_fcn, *_deeplabv3, *_lraspp]
