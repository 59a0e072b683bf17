"""Sample arguments for every operation: from its declaration, or from a room of this package."""

from facula.core.testing.samples import (
    attention,
    complex_numbers,
    composed,
    convert,
    fft,
    gather,
    index,
    joining,
    linalg,
    linear_algebra,
    masked,
    neural,
    products,
    random,
    rearrange,
    recurrent,
    reduce,
    shape,
    sort,
    special,
    statistics,
    variates,
    views,
)
from facula.core.testing.samples.base import (
    LAYOUTS,
    Maker,
    Sample,
    has_samples,
    sample_inputs,
    samples_of,
)

__all__ = ["attention", "complex_numbers", "composed", "convert", "fft", "gather", "has_samples",
           "index", "joining", "LAYOUTS", "linalg", "linear_algebra", "Maker", "masked", "neural",
           "products", "random", "rearrange", "recurrent", "reduce", "Sample", "sample_inputs",
           "samples_of", "shape", "sort", "special", "statistics", "variates", "views"]
