"""Samples for distances, sampled functions, correlations, replaced parts and exponents."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("pairwise_distance")
def pairwise_distance(make: Maker) -> Iterator[Sample]:
    for p in (1.0, 2.0, 3.0, float("inf")):
        yield Sample(make(3, 4), make(3, 4), p)
    yield Sample(make(3, 4), make(4), keepdim=True)


@sample_inputs("cosine_similarity")
def cosine_similarity(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(3, 4))
    yield Sample(make(3, 4), make(4), -1, 1e-6)


@sample_inputs("pdist")
def pdist(make: Maker) -> Iterator[Sample]:
    for p in (0.0, 1.0, 2.0, 2.5, float("inf")):
        yield Sample(make(4, 3), p)


@sample_inputs("cdist")
def cdist(make: Maker) -> Iterator[Sample]:
    for p in (0.0, 1.0, 2.0, 2.5, float("inf")):
        yield Sample(make(4, 3), make(2, 3), p)
    yield Sample(make(2, 1, 3, 4), make(3, 2, 4))
    yield Sample(make(4, 3), make(2, 3), 2.0, "use_mm_for_euclid_dist")
    yield Sample(make(0, 3), make(2, 3))


@sample_inputs("renorm")
def renorm(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), 2, 0, 2.0)
    yield Sample(make(2, 3, 4), 1, -1, 5.0)
    yield Sample(make(3, 4), 3.0, 1, 1.5)


@sample_inputs("trapezoid", "trapz", "cumulative_trapezoid")
def trapezoid(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4))
    yield Sample(make(3, 4), dx=0.5)
    yield Sample(make(3, 4), make(4))
    yield Sample(make(3, 4), make(3), dim=0)
    yield Sample(make(3, 4), make(3, 4), dim=0)


@sample_inputs("gradient")
def gradient(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5))
    yield Sample(make(4, 5), spacing=0.5)
    yield Sample(make(4, 5), spacing=(0.5, 2.0), edge_order=2)
    yield Sample(make(4, 5), dim=1, edge_order=2)
    yield Sample(make(2, 5), dim=(1,), spacing=(np.cumsum(make(5, low=0.5)),))
    yield Sample(make(4, 2), dim=0, spacing=(np.cumsum(make(4, low=0.5)),), edge_order=2)


@sample_inputs("cov")
def cov(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 5))
    yield Sample(make(5), correction=0)
    yield Sample(make(3, 5), fweights=make.index(5, high=4) + 1)
    yield Sample(make(2, 5), fweights=make.index(5, high=4) + 1, aweights=make(5, low=0.5))
    yield Sample(make.complex(2, 5))


@sample_inputs("corrcoef")
def corrcoef(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 5))
    yield Sample(make.complex(2, 5))


@sample_inputs("histogramdd")
def histogramdd(make: Maker) -> Iterator[Sample]:
    yield Sample(make(30, 2), [3, 4])
    yield Sample(make(2, 15, 3), 2, range=(-2.0, 2.0, -1.0, 2.0, 0.0, 1.0), density=True)
    yield Sample(make(30, 1), (np.linspace(-2.0, 3.0, 4),), weight=make(30, low=0.5))


@sample_inputs("select_scatter")
def select_scatter(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(3), 1, -1)
    yield Sample(make(2, 3, 4), make(2, 4), 1, 2)


@sample_inputs("slice_scatter")
def slice_scatter(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(3, 2), 1, 1, None, 2)
    yield Sample(make(5), make(2), 0, -2)


@sample_inputs("diagonal_scatter")
def diagonal_scatter(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(3))
    yield Sample(make(2, 3, 4), make(3, 2), 0, 0, 2)
    yield Sample(make(3, 4), make(2), -1)


@sample_inputs("as_strided_scatter")
def as_strided_scatter(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(2, 2), (2, 2), (4, 2), 1)


@sample_inputs("masked_scatter")
def masked_scatter(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make.mask(3, 4), make(13))
    yield Sample(make(3, 4), make.mask(4), make(3, 5))
    yield Sample(make(3), np.zeros(3, bool), make(1))


@sample_inputs("vander")
def vander(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3))
    yield Sample(make(3), 5, True)
    yield Sample(make(2), 1)


@sample_inputs("unravel_index")
def unravel_index(make: Maker) -> Iterator[Sample]:
    yield Sample(make.index(5, high=24), (2, 3, 4))
    yield Sample(np.array([[-1, 3]]), (2, 3))


@sample_inputs("gcd", "lcm")
def divisors(make: Maker) -> Iterator[Sample]:
    for shapes in (((), ()), ((3, 4), (3, 4)), ((3, 1), (1, 4)), ((2, 3, 4), ()), ((0, 3), (3,))):
        yield Sample(*[np.asarray(make.index(*shape, high=60) - 30) for shape in shapes])


@sample_inputs("ldexp")
def ldexp(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make.index(4, high=5))
    yield Sample(make(3), make(3))


@sample_inputs("frexp")
def frexp(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.1))
    yield Sample(-make(5, low=1.1, high=1.9))


@sample_inputs("vdot")
def vdot(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4), make(4))
    yield Sample(make.complex(4), make.complex(4))


@sample_inputs("segment_reduce")
def segment_reduce(make: Maker) -> Iterator[Sample]:
    for reduce in ("sum", "mean", "max", "min", "prod"):
        yield Sample(make.distinct(5) + 0.03, reduce, lengths=np.array([2, 3]))
        yield Sample(make.distinct(5, 2) + 0.03, reduce, lengths=np.array([3, 2]), initial=1.5)
    yield Sample(make(2, 4, 3), "sum", lengths=np.array([[1, 3], [2, 2]]), axis=1)
    yield Sample(make(4), "mean", lengths=np.array([0, 4]), initial=2.0)
    yield Sample(make(4), "sum", offsets=np.array([0, 1, 4]))
