"""Sample arguments for every operation: from its declaration, or from a room of this package."""

from facula.core.testing.samples import (
    convert,
    index,
    joining,
    linalg,
    neural,
    random,
    reduce,
    shape,
    sort,
)
from facula.core.testing.samples.base import (
    LAYOUTS,
    Maker,
    Sample,
    has_samples,
    sample_inputs,
    samples_of,
)

__all__ = ["LAYOUTS", "Maker", "Sample", "convert", "has_samples", "index", "joining", "linalg",
           "neural", "random", "reduce", "sample_inputs", "samples_of", "shape", "sort"]
