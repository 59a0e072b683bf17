"""Chains as prologues: a reduction computes the elements that it folds, and nobody stores them.

    d = (x - y) * (x - y)      waits as nodes        |  one launch: each element of d is computed
    d.mean()                                    ->   |  where the reduction would have read it

This is done once for a value and while no other operation waits for it: what is read twice is worth
storing. Its operands have its shape, without gaps, or one element. As for chains, a GPU compiles at
the first use, and a CPU device when the time lost without the kernel would have paid for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from facula.core.backends.opencl.array import CLArray
from facula.core.backends.opencl.fusion import (
    BYTE,
    COMPILE,
    LAUNCH,
    MOST_CHAINS,
    MOST_RECIPES,
    Chain,
    Fuser,
    chain_inline,
)
from facula.core.backends.opencl.inline import Inline

if TYPE_CHECKING:
    from facula.core.backends.opencl.reduction import ReductionKernel


class _Known:
    """One structure: its kernel once there is one, and what its lack has cost in seconds."""

    __slots__ = ("kernel", "lost")

    def __init__(self) -> None:
        self.kernel: ReductionKernel | None = None
        self.lost = 0.0


class Prologues:
    """The chains that one reduction computes itself; ``make`` gives the kernel for one."""

    def __init__(self, fuser: Fuser, make: Callable[[Inline], ReductionKernel]) -> None:
        self._fuser = fuser
        self._make = make
        self._known: dict[Any, _Known] = {}

    def reduced(self, data: CLArray, dims: tuple[int, ...], keepdim: bool,
                attributes: tuple[Any, ...]) -> CLArray | None:
        """The reduction of an array that waits to be computed; None if it had better be stored."""
        fuser = self._fuser
        with fuser.runtime.force_lock:
            node = data.node
            if node is None or node.was_read or any(
                    (reader := ref()) is not None and reader.result is None
                    for ref in node.readers):
                return None
            chain = Chain(node)
            inner = ""
            for x in chain.leaves:
                if x.size != 1 and not (x.contiguous and x.shape == node.shape):
                    return None
                inner += "1" if x.size == 1 else "c"
            key = inner, tuple(chain.kernels), tuple(chain.refs)
            known = self._known.get(key)
            if known is None:
                if len(self._known) >= MOST_RECIPES:
                    self._known = {k: v for k, v in self._known.items() if v.kernel}
                known = self._known[key] = _Known()
            kernel = known.kernel
            if kernel is None:
                if fuser.built >= MOST_CHAINS:
                    return None
                if not fuser.at_once:
                    known.lost += LAUNCH + 2 * BYTE * data.nbytes
                    if known.lost < COMPILE:
                        return None
                fuser.built += 1
                kernel = known.kernel = self._make(chain_inline(chain, inner))
            out = kernel.computed(data, dims, keepdim, attributes, chain)
            node.was_read = out is not None
            return out
