"""Networks for pictures, with torchvision's constructors, key names and published weights."""

from facula.vision.models import detection, feature_extraction, segmentation
from facula.vision.models.alexnet import *
from facula.vision.models.alexnet import __all__ as _alexnet
from facula.vision.models.convnext import *
from facula.vision.models.convnext import __all__ as _convnext
from facula.vision.models.densenet import *
from facula.vision.models.densenet import __all__ as _densenet
from facula.vision.models.efficientnet import *
from facula.vision.models.efficientnet import __all__ as _efficientnet
from facula.vision.models.googlenet import *
from facula.vision.models.googlenet import __all__ as _googlenet
from facula.vision.models.inception import *
from facula.vision.models.inception import __all__ as _inception
from facula.vision.models.maxvit import *
from facula.vision.models.maxvit import __all__ as _maxvit
from facula.vision.models.mnasnet import *
from facula.vision.models.mnasnet import __all__ as _mnasnet
from facula.vision.models.mobilenetv2 import *
from facula.vision.models.mobilenetv2 import __all__ as _mobilenetv2
from facula.vision.models.mobilenetv3 import *
from facula.vision.models.mobilenetv3 import __all__ as _mobilenetv3
from facula.vision.models.registry import (
    get_model,
    get_model_builder,
    get_model_weights,
    get_weight,
    list_models,
    register_model,
)
from facula.vision.models.regnet import *
from facula.vision.models.regnet import __all__ as _regnet
from facula.vision.models.resnet import *
from facula.vision.models.resnet import __all__ as _resnet
from facula.vision.models.shufflenetv2 import *
from facula.vision.models.shufflenetv2 import __all__ as _shufflenetv2
from facula.vision.models.squeezenet import *
from facula.vision.models.squeezenet import __all__ as _squeezenet
from facula.vision.models.swin_transformer import *
from facula.vision.models.swin_transformer import __all__ as _swin_transformer
from facula.vision.models.vgg import *
from facula.vision.models.vgg import __all__ as _vgg
from facula.vision.models.vision_transformer import *
from facula.vision.models.vision_transformer import __all__ as _vision_transformer
from facula.vision.models.weights import Weights, WeightsEnum

__all__ = [
    "get_model", "get_model_builder", "get_model_weights", "get_weight", "list_models",
    "register_model", "Weights", "WeightsEnum", "detection", "feature_extraction",
    "segmentation",
    *_alexnet, *_vgg, *_resnet, *_squeezenet, *_densenet, *_inception, *_googlenet, *_mobilenetv2,
    *_mobilenetv3, *_shufflenetv2, *_mnasnet, *_efficientnet, *_regnet, *_convnext,
    *_vision_transformer, *_swin_transformer, *_maxvit,
]
