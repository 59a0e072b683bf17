"""PyTorch in pure Python: all of facula under one name, the layers above autograd on first use.

The tensors of `facula.core` and the tape of `facula.autograd` are there at once; `facula.nn`,
`facula.optim`, `facula.data`, `facula.vision` and the rest of the table below are imported when
they are first named.
"""

import gc as _gc
from pkgutil import extend_path
from typing import TYPE_CHECKING

__path__ = extend_path(__path__, __name__)  # the layers may live in other folders than this file

_collects = _gc.isenabled()
_gc.disable()  # what an import makes stays: looking for garbage in it took a tenth of the time
try:
    from facula import autograd, core  # autograd: its import puts the tape into core
finally:
    if not _gc.get_freeze_count():
        _gc.freeze()  # and back, now among the old: else it would all be looked through at once
        _gc.unfreeze()
    if _collects:
        _gc.enable()

if TYPE_CHECKING:
    from facula import (
        accelerator,
        amp,
        array_api,
        backends,
        compiler,
        cuda,
        data,
        distributed,
        distributions,
        fft,
        func,
        hub,
        jit,
        linalg,
        multiprocessing,
        nn,
        opencl,
        optim,
        profiler,
        random,
        serialization,
        signal,
        special,
        testing,
        utils,
        version,
        vision,
    )
    from facula.amp import GradScaler
    from facula.core import *
    from facula.func import vmap
    from facula.nn.functional import *
    from facula.opencl import Event

__version__ = "0.1.0"

_ON_FIRST_USE = ("accelerator", "amp", "array_api", "backends", "compiler", "cuda", "data",
                 "distributed", "distributions", "fft", "func", "hub", "jit", "linalg",
                 "multiprocessing", "nn", "opencl", "optim", "profiler", "random",
                 "serialization", "signal", "special", "testing", "utils", "version", "vision")

# What PyTorch has and facula has not: how its names begin, and what to say of them.
_ABSENT = {
    "sparse": "there are no sparse tensors", "nested": "there are no nested tensors",
    "quant": "there are no quantized tensors", "qint": "there are no quantized tensors",
    "ao": "there are no quantized tensors", "fx": "there is no tracer of programs",
    "export": "there is no tracer of programs", "onnx": "there is no export to ONNX",
    "xpu": "GPUs are reached as 'opencl'", "mps": "GPUs are reached as 'opencl'",
    "float8": "there are no dtypes of 8 bits beside int8, uint8 and bool",
}

# What PyTorch has at the top as well: the name, and the module that it comes from.
_FROM = {"Event": "opencl", "GradScaler": "amp", "vmap": "func"} | dict.fromkeys((
    "adaptive_avg_pool1d", "adaptive_max_pool1d", "alpha_dropout", "avg_pool1d", "batch_norm",
    "bilinear", "binary_cross_entropy_with_logits", "celu", "celu_", "channel_shuffle", "conv1d",
    "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_embedding_loss", "cosine_similarity", "ctc_loss", "dropout", "embedding",
    "embedding_bag", "feature_alpha_dropout", "group_norm", "hardshrink", "hinge_embedding_loss",
    "instance_norm", "kl_div", "layer_norm", "margin_ranking_loss", "max_pool1d", "max_pool2d",
    "max_pool3d", "pairwise_distance", "pdist", "pixel_shuffle", "pixel_unshuffle",
    "poisson_nll_loss", "prelu", "relu_", "rms_norm", "rrelu", "rrelu_", "selu", "selu_",
    "threshold", "threshold_", "triplet_margin_loss"), "nn.functional")
_FROM = {name: module for name, module in _FROM.items() if name not in core.__all__}

globals().update({name: vars(core)[name] for name in core.__all__ if name in vars(core)})

__all__ = sorted({"autograd", "core", *_ON_FIRST_USE, *_FROM, *core.__all__})


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # a type checker that saw it would take every misspelt name

    def __getattr__(name: str) -> object:
        if name in core.__all__:
            return getattr(core, name)
        if name not in _ON_FIRST_USE and name not in _FROM:
            why = next((f": {w}" for n, w in _ABSENT.items() if name.startswith(n)), "")
            raise AttributeError(f"module 'facula' has no attribute {name!r}{why}")
        from importlib import import_module

        if name in _FROM:
            return getattr(import_module(f"facula.{_FROM[name]}"), name)
        return import_module(f"facula.{name}")
