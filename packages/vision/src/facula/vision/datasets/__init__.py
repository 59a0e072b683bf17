"""Data sets of pictures, under torchvision's names; `Digits` comes with the wheel."""

from facula.vision.datasets import utils
from facula.vision.datasets.cifar import CIFAR10, CIFAR100
from facula.vision.datasets.digits import Digits
from facula.vision.datasets.fakedata import FakeData
from facula.vision.datasets.folder import DatasetFolder, ImageFolder
from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.imagenet import ImageNet, Imagenette
from facula.vision.datasets.mnist import EMNIST, KMNIST, MNIST, QMNIST, FashionMNIST
from facula.vision.datasets.photographs import (
    DTD,
    GTSRB,
    SUN397,
    Caltech101,
    Caltech256,
    Country211,
    EuroSAT,
    FGVCAircraft,
    Flowers102,
    Food101,
    OxfordIIITPet,
    RenderedSST2,
)
from facula.vision.datasets.scenes import (
    CocoCaptions,
    CocoDetection,
    VOCDetection,
    VOCSegmentation,
)
from facula.vision.datasets.small import SEMEION, STL10, SVHN, USPS
from facula.vision.datasets.vision import StandardTransform, VisionDataset
from facula.vision.datasets.wrapping import wrap_dataset_for_transforms_v2

__all__ = ["Digits", "MNIST", "FashionMNIST", "KMNIST", "EMNIST", "QMNIST", "CIFAR10", "CIFAR100",
           "USPS", "SVHN", "STL10", "SEMEION", "Caltech101", "Caltech256", "Country211", "DTD",
           "EuroSAT", "FGVCAircraft", "Flowers102", "Food101", "GTSRB", "OxfordIIITPet",
           "RenderedSST2", "SUN397", "ImageNet", "Imagenette", "VOCSegmentation", "VOCDetection",
           "CocoDetection", "CocoCaptions",
           "ImageFolder", "DatasetFolder", "FakeData", "VisionDataset", "StandardTransform",
           "wrap_dataset_for_transforms_v2", "DamagedFileError", "utils"]
