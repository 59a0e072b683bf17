"""Mixed precision: which operations autocast computes in which dtype, and the state of each thread.

The policies are tables of operations' names. An operation that stands in none has no trace of
autocast; one that does looks at its thread's state before it reads its arguments.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from facula.core.dtypes import bfloat16, dtype, float16, float32, float64
from facula.core.slot import grad_mode
from facula.core.tensor import Tensor, Version

F = TypeVar("F", bound=Callable[..., Any])

HALVES = (float16, bfloat16)

# Matrix products, under whichever name they are called, end in batched_matmul. What adds
# something to a product must stand here itself, or the sum would be in the wider dtype.
# run_direction is one layer of a recurrent network, in one direction.
_PRODUCTS = frozenset({
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "batched_matmul", "chain_matmul",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution", "einsum",
    "gru_layer", "linalg_multi_dot", "linalg_vecdot", "linear", "lstm_layer", "prelu",
    "run_direction", "scaled_dot_product_attention",
})
_LOSSES = frozenset({
    "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cross_entropy",
    "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss",
    "multi_margin_loss", "multilabel_margin_loss", "nll_loss", "poisson_nll_loss",
    "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss",
})

# device type: {policy: names}, PyTorch's lists for CUDA and for the CPU
POLICIES: dict[str, dict[str, frozenset[str]]] = {
    "opencl": {
        "lower": _PRODUCTS,
        "float32": _LOSSES | {
            "acos", "asin", "cdist", "cosh", "cosine_similarity", "cumprod", "cumsum", "dist",
            "erfinv", "exp", "expm1", "group_norm", "interpolate", "layer_norm",
            "linalg_matrix_norm", "linalg_norm", "linalg_vector_norm", "log", "log10", "log1p",
            "log2", "log_softmax", "logsumexp", "norm", "pdist", "pow", "prod", "reciprocal",
            "renorm", "rsqrt", "sinh", "softmax", "softplus", "sum", "tan",
        },
        "widest": frozenset({
            "addcdiv", "addcmul", "atan2", "bilinear", "cat", "cross", "dot", "grid_sample",
            "index_put", "scatter_add", "stack", "tensordot", "vdot",
        }),
        "refused": frozenset({"binary_cross_entropy"}),
    },
    "cpu": {
        "lower": _PRODUCTS - {"addmv", "addr", "linalg_multi_dot"},
        "as given": frozenset({"addmv", "dot", "mv", "vdot"}),
        "float32": _LOSSES | {
            "adaptive_avg_pool3d", "avg_pool3d", "binary_cross_entropy", "cdist",
            "cholesky", "cholesky_inverse", "cholesky_solve", "ctc_loss", "fft_fft",
            "fft_fft2", "fft_fftn", "fft_hfft", "fft_ifft", "fft_ifft2", "fft_ifftn",
            "fft_ihfft", "fft_irfft", "fft_irfft2", "fft_irfftn", "fft_rfft", "fft_rfft2",
            "fft_rfftn", "geqrf", "grid_sample",
            "inverse", "linalg_cholesky", "linalg_cholesky_ex", "linalg_cond",
            "linalg_eig", "linalg_eigh", "linalg_eigvals", "linalg_eigvalsh",
            "linalg_householder_product", "linalg_inv", "linalg_inv_ex", "linalg_lstsq",
            "linalg_matrix_norm", "linalg_matrix_rank", "linalg_qr", "linalg_solve",
            "linalg_svd", "linalg_svdvals", "linalg_tensorinv", "linalg_tensorsolve",
            "lu_solve", "max_pool3d", "max_unpool2d", "max_unpool3d", "nanquantile", "orgqr",
            "ormqr", "pinverse", "polar", "prod", "qr", "quantile", "stft", "svd", "trace",
            "triangular_solve",
        },
        "widest": frozenset({"cat", "index_copy", "stack"}),
        "refused": frozenset(),
    },
}
DEVICES = tuple(POLICIES)

# name: {device type: policy}
BY_NAME: dict[str, dict[str, str]] = {}
for _device, _policies in POLICIES.items():
    for _policy, _names in _policies.items():
        for _name in _names:
            BY_NAME.setdefault(_name, {})[_device] = _policy


class Switch:
    """Whether any thread has ever been in an enabled region.

    Until then an operation pays for a slot's value (10 ns), not for a thread's (50 ns).
    """

    __slots__ = ("used",)

    def __init__(self) -> None:
        self.used = False


switch = Switch()


class Mode(threading.local):
    """The state of autocast in this thread.

    Attributes
    ----------
    on : bool
        Whether it is enabled for any type of device; the only thing that operations look at.
    enabled, dtypes : dict
        By type of device.
    caching : bool
        Whether a parameter is converted once per outermost region.
    depth : int
        How many regions this thread is in.
    cache : dict
        ``{id of a parameter: (parameter, its data, its version, dtype, the converted tensor)}``.
    """

    def __init__(self) -> None:
        self.on = False
        self.enabled = dict.fromkeys(DEVICES, False)
        self.dtypes: dict[str, dtype] = {"opencl": float16, "cpu": bfloat16}
        self.caching = True
        self.depth = 0
        self.cache: dict[int, tuple[Tensor, Any, int, dtype, Tensor]] = {}

    def snapshot(self) -> tuple[dict[str, bool], dict[str, dtype], bool]:
        """Everything that a region sets."""
        return dict(self.enabled), dict(self.dtypes), self.caching

    def set(self, snapshot: tuple[dict[str, bool], dict[str, dtype], bool]) -> None:
        """Go back to a snapshot."""
        enabled, dtypes, self.caching = snapshot
        self.enabled, self.dtypes = dict(enabled), dict(dtypes)
        self.on = any(enabled.values())
        switch.used |= self.on


mode = Mode()


@contextmanager
def restored(snapshot: tuple[dict[str, bool], dict[str, dtype], bool]) -> Iterator[None]:
    """A block in the state of a snapshot."""
    before = mode.snapshot()
    mode.set(snapshot)
    mode.depth += 1
    try:
        yield
    finally:
        mode.depth -= 1
        mode.set(before)
        if not mode.depth:
            mode.cache.clear()


@contextmanager
def switched_off() -> Iterator[None]:
    """A block without autocast; the caches of the regions around it stay."""
    before = mode.enabled
    mode.enabled, mode.on = dict.fromkeys(DEVICES, False), False
    try:
        yield
    finally:
        mode.enabled, mode.on = before, any(before.values())


def guard_of(name: str) -> Callable[[Any], Any] | None:
    """What an operation of this name does to its arguments while autocast is on, if anything.

    The function takes a sequence of arguments and returns them converted; the same object where
    nothing changes.
    """
    policies = BY_NAME.get(name)
    if policies is None:
        return None

    def guard(values: Any) -> Any:
        tensors = _tensors(values)
        where = _device_type(tensors)
        if where is None or not mode.enabled[where]:
            return values
        policy = policies.get(where)
        if policy is None or policy == "as given":
            return values
        if policy == "refused":
            raise RuntimeError(
                f"{name}: unsafe in autocast, where its argument may have been computed in "
                f"{mode.dtypes[where].name}: give logits to {name}_with_logits, or leave autocast "
                "around it with autocast(enabled=False)")
        target = float32
        if policy == "lower":
            target = mode.dtypes[where]
        elif policy == "widest":
            if not any(t._kind.dtype is float32 for t in tensors):
                target = mode.dtypes[where]
        elif any(isinstance(v, dtype) for v in values):
            return values  # the caller chose a dtype
        if all(t._kind.dtype is target or not _eligible(t, where) for t in tensors):
            return values
        return [_converted(v, where, target) for v in values]

    return guard


def guarded(function: F, name: str | None = None) -> F:
    """The function as autocast wants it: itself, unless its name stands in a policy.

    What it calls runs without autocast, so that only its own policy counts.
    """
    guard = guard_of(name or function.__name__)
    if guard is None:
        return function

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if switch.used and mode.on:
            values = guard([*args, *kwargs.values()])
            args = values[:len(args)]
            kwargs = dict(zip(kwargs, values[len(args):], strict=True))
            with switched_off():
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    return call  # type: ignore[return-value]


def _tensors(values: Any) -> list[Tensor]:
    found = []
    for v in values:
        if isinstance(v, Tensor):
            found.append(v)
        elif isinstance(v, (tuple, list)):
            found += [x for x in v if isinstance(x, Tensor)]
    return found


def _device_type(tensors: list[Tensor]) -> str | None:
    """Where the operation will run: numbers as 0-d tensors on the CPU go along with any device."""
    where = None
    for t in tensors:
        where = t._kind.device.type
        if where != "cpu":
            break
    return where


def _eligible(t: Tensor, where: str) -> bool:
    d = t._kind.dtype
    return d.is_floating_point and d is not float64 and t._kind.device.type == where


def _converted(value: Any, where: str, target: dtype) -> Any:
    if isinstance(value, Tensor):
        if value._kind.dtype is target or not _eligible(value, where):
            return value
        if target in HALVES and value._kind.dtype is float32 and mode.caching:
            return _cached(value, target)
        return value.to(target)  # type: ignore[attr-defined]
    if type(value) in (tuple, list):
        return type(value)(_converted(v, where, target) for v in value)
    return value


def _cached(t: Tensor, target: dtype) -> Tensor:
    """A parameter's conversion, made once per region; again if it was written to since.

    Without recording nothing is kept: a conversion outside the graph must not serve inside it.
    """
    slot = t._autograd
    if slot is None or not slot.is_leaf or not slot.requires_grad or not grad_mode.enabled:
        return t.to(target)  # type: ignore[attr-defined]
    if t._version is None:
        t._version = Version()
    found = mode.cache.get(id(t))
    if found is not None:
        parameter, data, count, d, y = found
        if (parameter is t and data is t._data and count == t._version.count and d is target):
            return y
    y = t.to(target)  # type: ignore[attr-defined]
    mode.cache[id(t)] = t, t._data, t._version.count, target, y
    return y
