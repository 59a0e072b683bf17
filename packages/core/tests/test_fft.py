"""Fourier transforms against NumPy's, and what makes them right: inverses and windows."""

import numpy as np
import pytest

from facula import core
from facula.core import fft
from facula.core.signal import windows
from facula.core.testing.compare import assert_close

NORMS = [None, "backward", "ortho", "forward"]


@pytest.fixture
def signal():
    rng = np.random.default_rng(1)
    return rng.normal(size=(3, 6, 5)) + 1j * rng.normal(size=(3, 6, 5))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_one_dimension(name, norm, signal, device):
    array = signal.real if name in ("rfft", "ihfft") else signal
    for n in (None, 4, 9):
        for dim in (-1, 0):
            want = getattr(np.fft, name)(array, n, dim, norm)
            got = getattr(fft, name)(core.tensor(array).to(device), n, dim, norm)
            assert got.device.type == device
            assert_close(got, want)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft"])
def test_several_dimensions(name, norm, signal, device):
    array = signal.real if name == "rfft" else signal
    x = core.tensor(array).to(device)
    assert_close(getattr(fft, name + "2")(x, norm=norm),
                 getattr(np.fft, name + "2")(array, norm=norm))
    for s, dim in ((None, (2, 0)), ((4, 7), (0, 1)), ((2, 3, 9), (0, 1, 2))):
        assert_close(getattr(fft, name + "n")(x, s, dim, norm),
                     getattr(np.fft, name + "n")(array, s, dim, norm))


def test_single_precision_stays_single(signal, device):
    x = core.tensor(signal, dtype=core.complex64).to(device)
    assert fft.fftn(x).dtype is core.complex64
    assert fft.irfft(x).dtype is core.float32
    assert fft.rfft(x.real).dtype is core.complex64
    assert fft.fft(core.arange(4, device=device)).dtype is core.complex64


def test_orders_and_frequencies(device):
    assert fft.fftfreq(0).shape == (0,)
    for n in (4, 5):
        assert_close(fft.fftfreq(n, 0.5, dtype=core.float64, device=device),
                     np.fft.fftfreq(n, 0.5))
        assert_close(fft.rfftfreq(n, 0.5, dtype=core.float64), np.fft.rfftfreq(n, 0.5))
        x = np.arange(3.0 * n).reshape(3, n)
        for dim in (None, 1, (0,)):
            t = core.tensor(x).to(device)
            assert_close(fft.fftshift(t, dim), np.fft.fftshift(x, dim))
            assert_close(fft.ifftshift(t, dim), np.fft.ifftshift(x, dim))


@pytest.mark.parametrize("options", [
    {}, {"hop_length": 3, "win_length": 6}, {"normalized": True}, {"center": False},
    {"onesided": False}], ids=str)
def test_short_time_transforms_come_back(options, device):
    x = np.random.default_rng(2).normal(size=(2, 41))
    window = core.hamming_window(options.get("win_length", 8), dtype=core.float64, device=device)
    spectrum = core.stft(core.tensor(x).to(device), 8, window=window, return_complex=True,
                         **options)
    again = core.istft(spectrum, 8, window=window, **options)
    n = again.shape[-1]
    assert n >= 39
    assert_close(again, x[:, :n])


def test_a_piece_of_a_spectrogram_is_its_transform():
    x = np.random.default_rng(2).normal(size=32)
    window = np.hanning(8)
    y = core.stft(core.tensor(x), 8, 3, window=core.tensor(window), center=False,
                  return_complex=True)
    assert y.shape == (5, 9)
    assert_close(y[:, 4], np.fft.rfft(x[12:20] * window))


def test_windows_that_leave_places_out_are_refused():
    spectrum = core.stft(core.ones(32), 8, 8, window=core.hann_window(8), return_complex=True)
    with pytest.raises(RuntimeError, match="istft: the windows leave places"):
        core.istft(spectrum, 8, 8, window=core.hann_window(8), center=False)


@pytest.mark.parametrize(("name", "theirs"), [
    ("hann", np.hanning), ("hamming", np.hamming), ("blackman", np.blackman),
    ("bartlett", np.bartlett), ("kaiser", lambda n: np.kaiser(n, 12.0))])
def test_windows_are_numpys(name, theirs):
    of_signal = getattr(windows, name)
    at_top = getattr(core, f"{name}_window")
    for n in (1, 2, 7, 8):
        assert_close(of_signal(n, dtype=core.float64), theirs(n))
        assert_close(at_top(n, False, dtype=core.float64), theirs(n))
        if n > 1:
            assert_close(at_top(n, dtype=core.float64), theirs(n + 1)[:-1])
            assert_close(of_signal(n, sym=False, dtype=core.float64), theirs(n + 1)[:-1])
    with pytest.raises(RuntimeError, match=f"{name}_window: .*negative"):
        at_top(-1)
    with pytest.raises(RuntimeError, match=f"{name}_window: .*floating"):
        at_top(3, dtype=core.int64)
