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


@sample_inputs("stft")
def stft(make: Maker) -> Iterator[Sample]:
    yield Sample(make(20), 4, return_complex=True)
    yield Sample(make(2, 20), 6, 2, 5, make(5), normalized=True, onesided=False,
                 return_complex=True)
    yield Sample(make(20), 5, 3, 3, center=False, align_to_window=True, return_complex=True)
    yield Sample(make.complex(20), 4)


@sample_inputs("istft")
def istft(make: Maker) -> Iterator[Sample]:
    yield Sample(make.complex(3, 6), 4)
    yield Sample(make.complex(2, 4, 5), 6, 2, 5, make(5, low=0.5), normalized=True, length=7)
    yield Sample(make.complex(4, 6), 4, center=False, onesided=False, return_complex=True)


@sample_inputs("hann_window", "hamming_window", "blackman_window", "bartlett_window",
               "kaiser_window")
def windows(make: Maker) -> Iterator[Sample]:
    for length in (0, 1, 2, 5, 8):
        yield Sample(length)
        yield Sample(length, False)


@sample_inputs(*(f"windows_{name}" for name in (
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_hamming", "hamming",
    "hann", "kaiser", "nuttall")))
def signal_windows(make: Maker) -> Iterator[Sample]:
    for length in (0, 1, 2, 5, 8):
        yield Sample(length)
        yield Sample(length, sym=False)


@sample_inputs("windows_general_cosine")
def general_cosine(make: Maker) -> Iterator[Sample]:
    for length in (0, 1, 2, 5, 8):
        yield Sample(length, a=[0.5, 0.4, 0.1])
        yield Sample(length, a=[0.5, 0.4, 0.1], sym=False)
