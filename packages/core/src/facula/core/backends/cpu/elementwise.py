"""Elementwise kernels on NumPy: the declared function, dtype care, and blocks for large arrays.

float16 and bfloat16 are computed in float32 and rounded once, as on OpenCL. NumPy's floating-point
warnings are switched off for this package's modules only, by a filter; where a caller turned
warnings into errors, the call is repeated with them ignored.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.cpu.threads import BLOCK, LARGE, get_num_threads, run_all, spans
from facula.core.dtypes import dtype

warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"facula\.core\.")

PARTS = 4
_HALF = (dtypes.float16, dtypes.bfloat16)
_WEAK_SCALARS = np.lib.NumpyVersion(np.__version__) >= "2.0.0"
ndarray = np.ndarray


def working_dtype(compute: dtype) -> np.dtype:
    """The NumPy type in which a compute dtype is evaluated."""
    return dtypes.float32.numpy if compute in _HALF else compute.numpy


def cast(data: np.ndarray, target: np.dtype) -> np.ndarray:
    """A fresh C-ordered copy of another type; complex to real drops the imaginary part."""
    if data.dtype.kind == "c" and target.kind not in "cb":
        data = data.real
    if target.kind in "iu" and data.dtype.kind not in "iub":
        if data.dtype.kind != "f":  # bfloat16
            data = data.astype(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            # C leaves float to small unsigned undefined for negatives; PyTorch wraps by int64.
            wide = data.astype(np.int64)
            if target == np.uint64:  # what int64 does not hold; 0 beyond, as in PyTorch
                high = np.where(data < 2.0**64, data, 0).astype(np.uint64)
                return np.where(data < 2.0**63, wide.view(np.uint64), high)
        return wide.astype(target, order="C")
    with np.errstate(all="ignore"):
        return data.astype(target, order="C")


def call_quietly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The call with NumPy's floating-point warnings off."""
    with np.errstate(all="ignore"):
        return function(*args, **kwargs)


def _scalar_reader(work: np.dtype) -> Callable[[Any], Any]:
    """How a Python scalar operand is handed to NumPy so that it never widens the result."""
    if work.kind in "iu":
        return _integer_reader(work)

    def typed(value: Any) -> Any:
        try:
            return work.type(value)
        except OverflowError:
            return work.type(np.inf if value > 0 else -np.inf)
    return typed


def _integer_reader(work: np.dtype) -> Callable[[Any], Any]:
    info = np.iinfo(work)
    low, high, bits = int(info.min), int(info.max), 8 * work.itemsize
    beyond = max(high + 1, 1 << 63)

    def typed(value: Any) -> Any:
        if not low <= value <= high:
            if not -1 << 63 <= value < beyond:
                raise OverflowError(f"{value} has more than 64 bits")
            value &= (1 << bits) - 1  # wraps, as PyTorch's cast of the scalar does
            if value > high:
                value -= 1 << bits
        return work.type(value)
    return typed


def elementwise(op: Any, inputs: tuple[Any, ...], compute: dtype,
                results: tuple[dtype, ...]) -> Callable[..., Any]:
    """The factory of ``Backend.elementwise``."""
    work = working_dtype(compute)
    targets = tuple(r.numpy for r in results)
    function = _with_dimensions(_function_for(op, work))
    readers = _readers(op, inputs, work)
    if op.outputs == 1 and not op.attributes and targets[0] == _natural(op, results[0], work):
        if len(inputs) == 1 and readers[0] is None:
            return _direct_unary(function, targets[0])
        if len(inputs) == 2 and readers == [None, None]:
            return _direct_binary(function, targets[0])
        if (len(inputs) == 2 and readers[0] is None and inputs[1] in (float, int) and _WEAK_SCALARS
                and work.kind == "f"):
            return _direct_binary(function, targets[0])
    return _converting(function, readers, targets, op.outputs)


# Integers are whole: NumPy goes by way of float64, which does not hold all of them.
_OF_INTEGERS: dict[Any, Callable[..., Any]] = dict.fromkeys(
    (np.floor, np.ceil, np.trunc, np.rint), np.positive)


def _function_for(op: Any, work: np.dtype) -> Callable[..., Any]:
    function: Callable[..., Any] = op.numpy
    return _OF_INTEGERS.get(function, function) if work.kind in "iu" else function


def _with_dimensions(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, given at least one dimension: NumPy makes scalars of 0-d arrays, and a declared
    function that reuses a buffer by ``out=`` can't write to a scalar.
    """
    if isinstance(function, np.ufunc) or hasattr(function, "passes"):
        return function

    def call(*operands: Any) -> Any:
        if any(isinstance(a, ndarray) and a.ndim for a in operands):
            return function(*[a.reshape(1) if isinstance(a, ndarray) and not a.ndim else a
                              for a in operands])
        y = function(*[a.reshape(1) if isinstance(a, ndarray) else a for a in operands])
        return tuple(r.reshape(()) for r in y) if isinstance(y, tuple) else y.reshape(())

    def call_one(a: np.ndarray) -> Any:
        if a.ndim:
            return function(a)
        y = function(a.reshape(1))
        return tuple(r.reshape(()) for r in y) if isinstance(y, tuple) else y.reshape(())

    def call_two(a: Any, b: Any) -> Any:
        if type(a) is ndarray and type(b) is ndarray and a.ndim and b.ndim:
            return function(a, b)
        return call(a, b)

    code = getattr(function, "__code__", None)
    by_arity: dict[int, Callable[..., Any]] = {1: call_one, 2: call_two}
    return by_arity.get(0 if code is None else code.co_argcount, call)


def _natural(op: Any, result: dtype, work: np.dtype) -> np.dtype:
    """The type that NumPy will most likely return; the direct kernels check it anyway."""
    return work if result.category != dtypes.BOOL else result.numpy


def _readers(op: Any, inputs: tuple[Any, ...], work: np.dtype) -> list[Any]:
    """One reader per operand; those in ``op.extra["uncast"]`` (conditions) stay as they are."""
    uncast = op.extra.get("uncast", ())
    return [None if name in uncast and not isinstance(i, type) else _reader(i, work)
            for name, i in zip(op.tensors, inputs, strict=True)]


def _reader(source: Any, work: np.dtype) -> Callable[[Any], Any] | None:
    if isinstance(source, type):
        return _scalar_reader(work)
    if source.numpy == work:
        return None
    return lambda a: cast(a, work)


def _direct_unary(function: Callable[..., Any], target: np.dtype) -> Callable[..., Any]:
    def kernel(a: np.ndarray) -> np.ndarray:
        try:
            y = function(a) if a.size < LARGE else _blocked(function, target, (a,))
        except RuntimeWarning:
            y = call_quietly(function, a)
        if type(y) is not ndarray or y.dtype is not target:
            y = np.asarray(y, target)
        return y
    return kernel


def _direct_binary(function: Callable[..., Any], target: np.dtype) -> Callable[..., Any]:
    def kernel(a: np.ndarray, b: Any) -> np.ndarray:
        try:
            y = function(a, b) if a.size < LARGE else _blocked(function, target, (a, b))
        except RuntimeWarning:
            y = call_quietly(function, a, b)
        if type(y) is not ndarray or y.dtype is not target:
            y = np.asarray(y, target)
        return y
    return kernel


def _converting(function: Callable[..., Any], readers: list[Any], targets: tuple[np.dtype, ...],
                outputs: int) -> Callable[..., Any]:
    count = len(readers)

    def compute(*args: Any) -> Any:
        operands = [a if r is None else r(a) for r, a in zip(readers, args, strict=False)]
        y = function(*operands, *args[count:])
        return _finish(y, targets[0]) if outputs == 1 else tuple(map(_finish, y, targets))

    def kernel(*args: Any) -> Any:
        shaped = [a for a in args[:count] if isinstance(a, ndarray)]
        try:
            if outputs == 1 and shaped[0].size >= LARGE:
                return _blocked(lambda *parts: compute(*parts, *args[count:]), targets[0],
                                args[:count])
            return compute(*args)
        except RuntimeWarning:
            return call_quietly(compute, *args)
    return kernel


def _finish(y: Any, target: np.dtype) -> np.ndarray:
    if type(y) is ndarray and y.dtype == target:
        return y
    return cast(np.asarray(y), target)


def _blocked(function: Callable[..., Any], target: np.dtype, operands: tuple[Any, ...]) -> Any:
    """The function over blocks of the operands, on all threads, into one fresh array.

    Contiguous operands of one shape are cut flat, into blocks that stay in the cache; others are
    cut along the first long dimension; what can't be cut is computed whole.
    """
    arrays = [a for a in operands if isinstance(a, ndarray)]
    shape = arrays[0].shape
    if not all(a.shape == shape or (a.size == 1 and a.ndim <= len(shape)) for a in arrays):
        return function(*operands)
    same = [a for a in arrays if a.shape == shape]
    if not all(a.flags.c_contiguous for a in same):
        return function(*operands)
    out = np.empty(shape, target)
    flat = out.reshape(-1)
    cut = [a.reshape(-1) if isinstance(a, ndarray) and a.shape == shape
           else a.reshape(()) if isinstance(a, ndarray) else a for a in operands]

    same_type = target.kind == "b" or same[0].dtype == target
    passes = 1 if isinstance(function, np.ufunc) else getattr(function, "passes", 0)
    into = same_type and passes > 1

    def part(span: slice) -> None:
        for start in range(span.start, span.stop, BLOCK):
            block = slice(start, min(start + BLOCK, span.stop))
            given = [a[block] if isinstance(a, ndarray) and a.ndim else a for a in cut]
            if into:
                function(*given, out=flat[block])
            else:
                flat[block] = function(*given)

    def ufunc_part(span: slice) -> None:
        function(*[a[span] if isinstance(a, ndarray) and a.ndim else a for a in cut],
                 out=flat[span])

    direct = same_type and passes == 1
    # More parts than threads: whoever is free takes the next one.
    run_all(ufunc_part if direct else part,
            spans(flat.size, PARTS * get_num_threads() if get_num_threads() > 1 else 1))
    return out


def elementwise_into(op: Any, inputs: tuple[Any, ...], compute: dtype,
                     result: dtype) -> Callable[..., Any]:
    """The factory of ``Backend.elementwise_into``."""
    work = working_dtype(compute)
    function = _with_dimensions(_function_for(op, work))
    target = result.numpy
    readers = _readers(op, inputs, work)
    direct = (isinstance(function, np.ufunc) and not op.attributes and work == target
              and all(r is None or isinstance(i, type)
                      for r, i in zip(readers, inputs, strict=True)))
    compute_fresh = _converting(function, readers, (target,), 1)

    def into_first(out: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
        """The hottest case: two arrays, the first of which receives the result."""
        if a is out and not np.may_share_memory(b, out):
            try:
                function(a, b, out=out)
            except RuntimeWarning:  # raised after the loop: the values are in place
                pass
        else:
            kernel(out, a, b)

    def kernel(out: np.ndarray, *args: Any) -> None:
        if direct and not any(a is not out and isinstance(a, ndarray)
                              and np.may_share_memory(a, out) for a in args):
            operands = [a if r is None else r(a) for r, a in zip(readers, args, strict=True)]
            try:
                function(*operands, out=out)
            except RuntimeWarning:  # raised after the loop: the values are in place
                pass
        else:
            out[...] = compute_fresh(*args)
    return into_first if direct and readers == [None, None] else kernel
