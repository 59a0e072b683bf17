"""Data sets of pictures, under torchvision's names; `Digits` comes with the wheel."""

from facula.vision.datasets import utils
from facula.vision.datasets.cifar import CIFAR10, CIFAR100
from facula.vision.datasets.digits import Digits
from facula.vision.datasets.fakedata import FakeData
from facula.vision.datasets.folder import DatasetFolder, ImageFolder
from facula.vision.datasets.idx import DamagedFileError
from facula.vision.datasets.mnist import EMNIST, KMNIST, MNIST, QMNIST, FashionMNIST
from facula.vision.datasets.vision import StandardTransform, VisionDataset

__all__ = ["Digits", "MNIST", "FashionMNIST", "KMNIST", "EMNIST", "QMNIST", "CIFAR10", "CIFAR100",
           "ImageFolder", "DatasetFolder", "FakeData", "VisionDataset", "StandardTransform",
           "DamagedFileError", "utils"]
