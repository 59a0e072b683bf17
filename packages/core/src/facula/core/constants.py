"""Numbers that PyTorch has among its functions, as NumPy has them."""

from __future__ import annotations

import math

pi = math.pi
e = math.e
inf = math.inf
nan = math.nan
newaxis = None
