"""The derivative rules, one room per theme as in ``facula.core.ops``."""

from facula.autograd.rules import (
    activation,
    binary,
    compare,
    convert,
    counting,
    cumulative,
    extremes,
    gather,
    index,
    joining,
    linalg,
    masked,
    neural,
    pointwise,
    pooling,
    random,
    rearrange,
    reduce,
    shape,
    softmax,
    sort,
    spatial,
    statistics,
    unary,
    views,
)

__all__ = ["activation", "binary", "compare", "convert", "counting", "cumulative",
           "extremes", "gather", "index", "joining", "linalg", "masked", "neural",
           "pointwise", "pooling", "random", "rearrange", "reduce", "shape", "softmax",
           "sort", "spatial", "statistics", "unary", "views"]
