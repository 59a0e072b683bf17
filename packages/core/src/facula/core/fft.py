"""Discrete Fourier transforms, as ``torch.fft``.

They take float32, float64, complex64 and complex128 and have derivatives of every order. The
computing is NumPy's; tensors on other devices are brought to the host for it and back.
"""

from facula.core.ops.fft import (
    fft,
    fftfreq,
    fftn,
    fftshift,
    hfft,
    hfftn,
    ifft,
    ifftn,
    ifftshift,
    ihfft,
    ihfftn,
    irfft,
    irfftn,
    rfft,
    rfftfreq,
    rfftn,
)
from facula.core.ops.fft_planes import fft2, hfft2, ifft2, ihfft2, irfft2, rfft2

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2",
    "ifftn", "ifftshift", "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft",
    "rfft2", "rfftfreq", "rfftn",
]
