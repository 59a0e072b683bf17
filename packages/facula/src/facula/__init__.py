"""PyTorch in pure Python: all of facula under one name, the layers above autograd on first use.

The tensors of `facula.core` and the tape of `facula.autograd` are there at once; `facula.nn`,
`facula.optim`, `facula.data`, `facula.vision` and the rest of the table below are imported when
they are first named.
"""

from pkgutil import extend_path
from typing import TYPE_CHECKING

__path__ = extend_path(__path__, __name__)  # the layers may live in other folders than this file

from facula import autograd, core  # autograd: its import puts the tape into core

if TYPE_CHECKING:
    from facula import (
        amp,
        cuda,
        data,
        distributions,
        fft,
        func,
        hub,
        linalg,
        nn,
        opencl,
        optim,
        profiler,
        serialization,
        signal,
        special,
        testing,
        utils,
        vision,
    )
    from facula.core import *

__version__ = "0.1.0"

_ON_FIRST_USE = ("amp", "cuda", "data", "distributions", "fft", "func", "hub", "linalg", "nn",
                 "opencl", "optim", "profiler", "serialization", "signal", "special", "testing",
                 "utils", "vision")

globals().update({name: vars(core)[name] for name in core.__all__ if name in vars(core)})

__all__ = sorted({"autograd", "core", *_ON_FIRST_USE, *core.__all__})


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # a type checker that saw it would take every misspelt name

    def __getattr__(name: str) -> object:
        if name in core.__all__:
            return getattr(core, name)
        if name not in _ON_FIRST_USE:
            raise AttributeError(f"module 'facula' has no attribute {name!r}")
        from importlib import import_module

        return import_module(f"facula.{name}")
