"""The array API standard 2024.12 on facula's tensors: ``x.__array_namespace__()``.

Functions, signatures and results are the standard's, also where PyTorch's differ: 0-d arrays count
in promotion, ``repeat`` repeats elements, ``axis=()`` reduces nothing. What differs from it are the
tensors themselves: ``x.size`` is PyTorch's method (use ``math.prod(x.shape)``), and operators
between a 0-d array and another follow PyTorch's promotion.
"""

from __future__ import annotations

import math

from facula.core.array_api import (
    creation,
    elementwise,
    fft,
    info,
    linalg,
    manipulation,
    products,
    reductions,
    search,
    types,
)
from facula.core.array_api.creation import *
from facula.core.array_api.elementwise import *
from facula.core.array_api.info import *
from facula.core.array_api.manipulation import *
from facula.core.array_api.products import *
from facula.core.array_api.reductions import *
from facula.core.array_api.search import *
from facula.core.array_api.types import *

__array_api_version__ = "2024.12"

e, inf, nan, newaxis, pi = math.e, math.inf, math.nan, None, math.pi

__all__ = ["__array_api_version__", "e", "inf", "nan", "newaxis", "pi", "fft", "linalg",
           *creation.__all__, *elementwise.__all__, *info.__all__, *manipulation.__all__,
           *products.__all__, *reductions.__all__, *search.__all__, *types.__all__]
