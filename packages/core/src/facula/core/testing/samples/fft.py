"""Samples for discrete Fourier transforms."""

from collections.abc import Iterator

from facula.core.testing.samples.base import Maker, Sample, sample_inputs


@sample_inputs("fft_complex")
def fft_complex(make: Maker) -> Iterator[Sample]:
    yield Sample(make.complex(5), (0,), True, 1.0)
    yield Sample(make.complex(2, 3, 4), (2, 0), False, 0.5)


@sample_inputs("fft_real")
def fft_real(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5), (0,), 1.0)
    yield Sample(make(2, 3, 4), (0, 2), 0.5)


@sample_inputs("fft_halved")
def fft_halved(make: Maker) -> Iterator[Sample]:
    yield Sample(make.complex(4), (0,), 6, 1.0)
    yield Sample(make.complex(2, 3), (0, 1), 5, 0.5)
    yield Sample(make.complex(1, 3), (1, 0), 1, 0.5)


@sample_inputs("fft_fft", "fft_ifft")
def both_ways(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5))
    yield Sample(make.complex(3, 4), 6, 0, "ortho")
    yield Sample(make.complex(3, 4), n=2, norm="forward")


@sample_inputs("fft_rfft", "fft_ihfft")
def to_half(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5))
    yield Sample(make(3, 4), 6, 0, "ortho")
    yield Sample(make(3, 4), n=3, norm="forward")


@sample_inputs("fft_irfft", "fft_hfft")
def from_half(make: Maker) -> Iterator[Sample]:
    yield Sample(make.complex(4))
    yield Sample(make.complex(3, 4), 7, 0, "ortho")
    yield Sample(make(3, 4), n=5, norm="forward")


@sample_inputs("fft_fftn", "fft_ifftn", "fft_fft2", "fft_ifft2")
def both_ways_many(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make.complex(2, 3, 4), (5, -1), (2, 0), "ortho")
    yield Sample(make.complex(2, 3, 4), (2, 6))


@sample_inputs("fft_rfftn", "fft_ihfftn", "fft_rfft2", "fft_ihfft2")
def to_half_many(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(2, 3, 4), (5, -1), (2, 0), "ortho")
    yield Sample(make(2, 3, 4), (2, 5))


@sample_inputs("fft_irfftn", "fft_hfftn", "fft_irfft2", "fft_hfft2")
def from_half_many(make: Maker) -> Iterator[Sample]:
    yield Sample(make.complex(3, 4))
    yield Sample(make.complex(2, 3, 4), (5, 3), (2, 0), "ortho")
    yield Sample(make.complex(2, 3, 4), (2, 5))


@sample_inputs("fft_fftshift", "fft_ifftshift")
def shifts(make: Maker) -> Iterator[Sample]:
    yield Sample(make(5))
    yield Sample(make(3, 4), 1)


@sample_inputs("fft_fftfreq", "fft_rfftfreq")
def frequencies(make: Maker) -> Iterator[Sample]:
    yield Sample(5)
    yield Sample(6, 0.1)
