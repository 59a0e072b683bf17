"""Transforms of whole samples: pictures together with their masks, boxes and points.

A sample is anything nested in dicts, lists and tuples; what
:mod:`facula.vision.tv_tensors` tells apart is transformed as it needs to be, the rest passes.
"""

from facula.vision.transforms.autoaugment import AutoAugmentPolicy
from facula.vision.transforms.functional import InterpolationMode
from facula.vision.transforms.v2 import functional
from facula.vision.transforms.v2.auto_augment import (
    AugMix,
    AutoAugment,
    RandAugment,
    TrivialAugmentWide,
)
from facula.vision.transforms.v2.base import Transform
from facula.vision.transforms.v2.color import (
    JPEG,
    RGB,
    ColorJitter,
    GaussianBlur,
    GaussianNoise,
    Grayscale,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomChannelPermutation,
    RandomEqualize,
    RandomErasing,
    RandomGrayscale,
    RandomInvert,
    RandomPhotometricDistort,
    RandomPosterize,
    RandomSolarize,
)
from facula.vision.transforms.v2.container import (
    Compose,
    RandomApply,
    RandomChoice,
    RandomOrder,
)
from facula.vision.transforms.v2.geometry import (
    CenterCrop,
    ElasticTransform,
    FiveCrop,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomIoUCrop,
    RandomPerspective,
    RandomResize,
    RandomResizedCrop,
    RandomRotation,
    RandomShortestSize,
    RandomVerticalFlip,
    RandomZoomOut,
    Resize,
    ScaleJitter,
    TenCrop,
)
from facula.vision.transforms.v2.misc import (
    ClampBoundingBoxes,
    ClampKeyPoints,
    ConvertBoundingBoxFormat,
    ConvertImageDtype,
    Identity,
    Lambda,
    LinearTransformation,
    Normalize,
    PILToTensor,
    SanitizeBoundingBoxes,
    SanitizeKeyPoints,
    SetClampingMode,
    ToDtype,
    ToImage,
    ToPILImage,
    ToPureTensor,
    ToTensor,
    UniformTemporalSubsample,
)
from facula.vision.transforms.v2.mixing import CutMix, MixUp
from facula.vision.transforms.v2.querying import (
    check_type,
    get_bounding_boxes,
    get_keypoints,
    has_all,
    has_any,
    query_chw,
    query_size,
)

__all__ = [
    "functional", "InterpolationMode", "Transform",
    "Compose", "RandomApply", "RandomChoice", "RandomOrder", "Identity", "Lambda",
    "ToImage", "ToDtype", "ToTensor", "PILToTensor", "ToPILImage", "ToPureTensor",
    "ConvertImageDtype", "Normalize", "LinearTransformation",
    "Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop", "FiveCrop", "TenCrop", "Pad",
    "RandomHorizontalFlip", "RandomVerticalFlip", "RandomRotation", "RandomAffine",
    "RandomPerspective", "ElasticTransform", "RandomZoomOut", "RandomIoUCrop", "ScaleJitter",
    "RandomShortestSize", "RandomResize",
    "ColorJitter", "Grayscale", "RGB", "RandomGrayscale", "RandomChannelPermutation",
    "RandomPhotometricDistort", "RandomInvert", "RandomPosterize", "RandomSolarize",
    "RandomAdjustSharpness", "RandomAutocontrast", "RandomEqualize", "GaussianBlur",
    "GaussianNoise", "RandomErasing", "JPEG",
    "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide", "AugMix",
    "CutMix", "MixUp",
    "ConvertBoundingBoxFormat", "ClampBoundingBoxes", "ClampKeyPoints", "SetClampingMode",
    "SanitizeBoundingBoxes", "SanitizeKeyPoints", "UniformTemporalSubsample",
    "check_type", "get_bounding_boxes", "get_keypoints", "has_all", "has_any", "query_chw",
    "query_size",
]
