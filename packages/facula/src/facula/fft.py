"""Discrete Fourier transforms: `facula.core.fft` under the umbrella's name."""

from facula.core.fft import *
from facula.core.fft import __all__ as __all__
