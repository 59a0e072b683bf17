"""The operations, one room per theme; importing this package fills the registry."""

from facula.core.ops import (
    binary,
    compare,
    convert,
    creation,
    index,
    linalg,
    masked,
    random,
    reduce,
    shape,
    unary,
)

__all__ = ["binary", "compare", "convert", "creation", "index", "linalg", "masked", "random",
           "reduce", "shape", "unary"]
