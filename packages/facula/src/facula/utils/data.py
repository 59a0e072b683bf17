"""Datasets and the data loader under PyTorch's name for them: the public names of `facula.data`."""

from facula.data import *
from facula.data import __all__ as __all__
