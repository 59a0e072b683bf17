"""Samples for complex numbers."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("view_as_real", "imag")
def of_complex(make: Maker) -> Iterator[Sample]:
    for shape in ((), (5,), (3, 4)):
        yield Sample(make.complex(*shape))


@sample_inputs("view_as_complex")
def view_as_complex(make: Maker) -> Iterator[Sample]:
    for shape in ((2,), (3, 4, 2), (0, 2)):
        yield Sample(make(*shape))


@sample_inputs("real", "conj", "adjoint", "isreal", "conj_physical", "sgn", "angle", "abs")
def of_both(make: Maker) -> Iterator[Sample]:
    for shape in ((2, 0, 3), (3, 4), (2, 3, 4)):
        yield Sample(make.complex(*shape))
        yield Sample(make(*shape))


@sample_inputs("complex", "complex_of", "polar")
def two_real(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4, low=0.5), make(3, 4))
    yield Sample(make(3, 1, low=0.5), make(4))
    yield Sample(make(low=0.5), make())


@sample_inputs("neg", "square", "reciprocal", "sqrt", "rsqrt", "exp", "log", "sin", "cos", "tan",
               "sinh", "cosh", "tanh", "sigmoid", "atan", "asinh")
def analytic(make: Maker) -> Iterator[Sample]:
    for shape in ((), (7,), (0,), (3, 4), (2, 3, 4)):
        yield Sample(make(*shape, low=0.1, high=1.2))
    yield Sample(make.complex(3, 4))


@sample_inputs("add", "sub", "mul", "true_divide")
def arithmetic(make: Maker) -> Iterator[Sample]:
    for shapes in (((), ()), ((3, 4), (3, 4)), ((3, 1), (1, 4)), ((4,), (2, 3, 4)),
                   ((0, 3), (1, 3)), ((), (6,))):
        yield Sample(*[make(*shape, low=0.5) for shape in shapes])
    yield Sample(make.complex(3, 4), make.complex(4))
    yield Sample(make.complex(3, 1), make(3, 4, low=0.5))
