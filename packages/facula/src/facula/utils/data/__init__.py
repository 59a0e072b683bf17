"""Datasets and the data loader under PyTorch's name for them: the public names of `facula.data`."""

from facula.data import *
from facula.data import __all__ as __all__
from facula.utils.data import _utils as _utils
from facula.utils.data import dataloader as dataloader
from facula.utils.data import dataset as dataset
from facula.utils.data import distributed as distributed
from facula.utils.data import sampler as sampler
