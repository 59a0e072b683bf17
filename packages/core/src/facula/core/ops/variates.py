"""Random numbers through which gradients flow to the parameter of their distribution."""

from __future__ import annotations

from typing import Any

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.random import default_generator
from facula.core.tensor import Tensor


@primitive(export=False)
def log_gamma_draw(input: Tensor, seed: int, offset: int) -> Tensor:
    """The work of ``log_gamma_variate``, at a position of a stream of its own."""
    return input, seed, offset  # type: ignore[return-value]


@primitive(export=False)
def log_gamma_draw_grad(input: Tensor, output: Tensor) -> Tensor:
    """How the logarithm of a gamma variate moves with its concentration, the quantile held."""
    return input, output  # type: ignore[return-value]


@composite(method=False, export=False)
def log_gamma_variate(input: Tensor, generator: Any = None) -> Tensor:
    """Logarithms of gamma variates, with the concentrations that the input says; on the host.

    The logarithm, because variates of small concentrations are too small for a float.

    Parameters
    ----------
    input : Tensor
        Positive.
    generator : Generator, optional

    References
    ----------
    G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", 2000.
    M. Figurnov et al., "Implicit reparameterization gradients", NeurIPS 2018.

    Examples
    --------
    >>> import facula
    >>> from facula.core.ops.variates import log_gamma_variate
    >>> log_gamma_variate(facula.full((3,), 0.5))
    tensor([..., ..., ...])
    """
    if input._kind.dtype.category != dtypes.FLOAT:
        raise RuntimeError("log_gamma_variate: the input must be floating, but is "
                           f"{input.dtype.name}")
    seed, offset = (generator or default_generator).reserve(1)
    return log_gamma_draw(input, seed, offset)
