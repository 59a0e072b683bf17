"""PyTorch's switches for reproducibility and precision, which programs set; few change anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PRECISIONS = ("highest", "high", "medium")
_DEBUG = ("default", "warn", "error")


class _Settings:
    """What has been asked for."""

    deterministic = False
    warn_only = False
    precision = "highest"
    warn_always = False
    interop_threads = 1


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for algorithms that give the same result every time; all of facula's do, on every device.

    Parameters
    ----------
    mode : bool
    warn_only : bool
        Remembered for :func:`facula.is_deterministic_algorithms_warn_only_enabled`.

    Examples
    --------
    >>> import facula
    >>> facula.use_deterministic_algorithms(True)
    >>> facula.are_deterministic_algorithms_enabled()
    True
    >>> facula.use_deterministic_algorithms(False)
    """
    _Settings.deterministic = bool(mode)
    _Settings.warn_only = bool(mode and warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """Whether :func:`facula.use_deterministic_algorithms` is on."""
    return _Settings.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether it is on with ``warn_only``."""
    return _Settings.warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same switch by number or word: 0 "default" (off), 1 "warn", 2 "error".

    Raises
    ------
    ValueError
        For anything else.
    """
    known = dict(enumerate(_DEBUG)) | {name: name for name in _DEBUG}
    if debug_mode not in known:
        raise ValueError(f"set_deterministic_debug_mode: {debug_mode!r} must be 0, 1, 2 or one of "
                         f"{', '.join(_DEBUG)}")
    name = known[debug_mode]
    use_deterministic_algorithms(name != "default", warn_only=name == "warn")


def get_deterministic_debug_mode() -> int:
    """The switch as 0, 1 or 2, see :func:`facula.set_deterministic_debug_mode`."""
    return int(_Settings.deterministic) * (1 if _Settings.warn_only else 2)


def set_float32_matmul_precision(precision: str) -> None:
    """How exact products of float32 matrices must be.

    Below ``"highest"``, which holds from the start, they may run on an NVIDIA GPU's tensor cores
    with operands rounded to TF32, see :class:`facula.opencl.allow_tf32`; elsewhere they always
    have full precision.

    Parameters
    ----------
    precision : str
        ``"highest"``, or ``"high"`` or ``"medium"``, which mean the same here.

    Raises
    ------
    ValueError
        For any other word.
    """
    if precision not in _PRECISIONS:
        raise ValueError(f"set_float32_matmul_precision: {precision!r} must be one of "
                         f"{', '.join(_PRECISIONS)}")
    _Settings.precision = precision


def get_float32_matmul_precision() -> str:
    """What :func:`facula.set_float32_matmul_precision` was told."""
    return _Settings.precision


def set_warn_always(b: bool) -> None:
    """Remembered only: Python's own filters decide how often a warning appears."""
    _Settings.warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What :func:`facula.set_warn_always` was told."""
    return _Settings.warn_always


def set_flush_denormal(mode: bool) -> bool:
    """False: the processor's treatment of subnormal numbers stays as it is."""
    return False


def get_num_interop_threads() -> int:
    """What :func:`facula.set_num_interop_threads` was told; 1 at first."""
    return _Settings.interop_threads


def set_num_interop_threads(n: int) -> None:
    """Remembered only: operations run one after the other.

    Raises
    ------
    ValueError
        If n is not positive.
    """
    if n < 1:
        raise ValueError(f"set_num_interop_threads: {n} must be positive")
    _Settings.interop_threads = n


def compile(model: Callable[..., Any] | None = None, **options: Any) -> Any:
    """The model or function itself: there is no compiler, so that PyTorch's programs run unchanged.

    Parameters
    ----------
    model : callable, optional
        Without it, a decorator.
    **options
        PyTorch's, without effect.

    Examples
    --------
    >>> import facula
    >>> @facula.compile(fullgraph=True)
    ... def double(x):
    ...     return x + x
    >>> double(facula.ones(1))
    tensor([2.])
    """
    return (lambda function: function) if model is None else model


def cond(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any],
         operands: Any = ()) -> Any:
    """``true_fn(*operands)`` or ``false_fn(*operands)``, by a bool or a tensor of one element.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor(2.0)
    >>> facula.cond(x > 1, lambda x: x * 10, lambda x: x, (x,))
    tensor(20.)
    """
    return true_fn(*operands) if bool(pred) else false_fn(*operands)


def while_loop(cond_fn: Callable[..., Any], body_fn: Callable[..., Any],
               carried_inputs: Any) -> Any:
    """``carried = body_fn(*carried)`` as long as ``cond_fn(*carried)``.

    Examples
    --------
    >>> import facula
    >>> facula.while_loop(lambda x: x < 10, lambda x: (x * 2,), (facula.tensor(3),))
    (tensor(12),)
    """
    carried = tuple(carried_inputs)
    while bool(cond_fn(*carried)):
        carried = tuple(body_fn(*carried))
    return carried
