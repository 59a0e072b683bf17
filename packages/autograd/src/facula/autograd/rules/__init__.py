"""The derivative rules, one room per theme as in ``facula.core.ops``."""

from facula.autograd.rules import (
    binary,
    compare,
    convert,
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

__all__ = ["binary", "compare", "convert", "index", "joining", "linalg", "masked", "pooling",
           "random", "reduce", "shape", "spatial", "unary", "views"]
