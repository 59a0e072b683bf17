"""The operations, one room per theme; importing this package fills the registry."""

from facula.core.ops import (
    binary,
    compare,
    convert,
    creation,
    index,
    joining,
    linalg,
    masked,
    pooling,
    random,
    reduce,
    shape,
    spatial,
    unary,
    views,
)

__all__ = ["binary", "compare", "convert", "creation", "index", "joining", "linalg", "masked",
           "pooling", "random", "reduce", "shape", "spatial", "unary", "views"]
