"""Sample arguments for every operation: from its declaration, or from a room of this package."""

from facula.core.testing.samples import convert, linalg, reduce, shape
from facula.core.testing.samples.base import Maker, Sample, has_samples, sample_inputs, samples_of

__all__ = ["Maker", "Sample", "convert", "has_samples", "linalg", "reduce", "sample_inputs",
           "samples_of", "shape"]
