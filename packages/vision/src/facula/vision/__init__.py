"""Datasets, transforms and models for pictures."""

from facula.vision import datasets, io, models, ops, transforms, tv_tensors, utils
from facula.vision.backend import (
    disable_beta_transforms_warning,
    get_image_backend,
    set_image_backend,
)

__version__ = "0.1.0"

__all__ = ["datasets", "io", "models", "ops", "transforms", "tv_tensors", "utils",
           "disable_beta_transforms_warning", "get_image_backend", "set_image_backend"]
