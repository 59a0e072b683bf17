"""The operations, one room per theme; importing this package fills the registry."""

from facula.core.ops import (
    activation,
    binary,
    compare,
    convert,
    counting,
    creation,
    cumulative,
    extremes,
    gather,
    index,
    joining,
    linalg,
    masked,
    neural,
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

__all__ = ["activation", "binary", "compare", "convert", "counting", "creation", "cumulative",
           "extremes", "gather", "index", "joining", "linalg", "masked", "neural", "pooling",
           "random", "rearrange", "reduce", "shape", "softmax", "sort", "spatial", "statistics",
           "unary", "views"]
