"""Random tensors and random fills; every number comes from a :class:`facula.Generator`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.backends.fallback import host_fallback
from facula.core.declare import composite, elementwise, primitive
from facula.core.devices import CPU, Kind, as_device, kind_of
from facula.core.dtypes import as_dtype, dtype
from facula.core.errors import canonical_shape, describe
from facula.core.ops import convert
from facula.core.random import Generator, default_generator
from facula.core.slot import no_grad
from facula.core.tensor import Tensor, from_data

_HALF = {dtypes.float16: 2.0 ** 11, dtypes.bfloat16: 2.0 ** 8}


def _draw(op: str, kernel: str, kind: Kind, shape: tuple[int, ...],
          generator: Generator | None) -> Tensor:
    """Numbers of a floating kind, or 63 random bits of an int64 kind, from one kernel."""
    if min(shape, default=0) < 0:
        raise RuntimeError(f"{op}: size {shape} holds a negative number")
    if generator is None:
        generator = default_generator
    elif not isinstance(generator, Generator):
        raise TypeError(f"{op}: generator must be a facula.Generator, but is "
                        f"{describe(generator)}")
    per_block = 8 if kind.dtype is dtypes.float32 else 4
    seed, offset = generator.reserve(-(-math.prod(shape) // per_block))
    run = kind.backend.kernels.get(kernel) or host_fallback(kind.backend, kernel)
    if kernel == "random_bits":
        return from_data(run(shape, seed, offset), kind)
    return from_data(run(shape, kind.dtype, seed, offset), kind)


def _floats(op: str, kernel: str, shape: tuple[int, ...], d: dtype, device: Any,
            generator: Generator | None) -> Tensor:
    """Uniform or normal numbers of any floating or complex dtype."""
    if d.category < dtypes.FLOAT:
        raise RuntimeError(f"{op}: random floating numbers can't have dtype {d.name}: "
                           "use a floating dtype, or randint for integers")
    where = as_device(device)
    if d.is_complex:
        parts = _draw(op, kernel, kind_of(CPU, d.to_real()), (*shape, 2), generator).numpy()
        if kernel == "random_normal":
            parts = parts * parts.dtype.type(math.sqrt(0.5))
        return convert.to(from_data(parts.view(d.numpy)[..., 0], kind_of(CPU, d)), device=where)
    if d not in _HALF:
        return _draw(op, kernel, kind_of(where, d), shape, generator)
    x = _draw(op, kernel, kind_of(where, dtypes.float32), shape, generator)
    if kernel == "random_uniform":  # cut to the dtype's grid, or rounding could give 1.0
        x = (x * _HALF[d]).floor_().mul_(1 / _HALF[d])  # type: ignore[attr-defined,operator]
    return convert.cast(x, d)


def _finish(out: Tensor, requires_grad: bool) -> Tensor:
    return out.requires_grad_() if requires_grad else out


def _default(d: Any) -> dtype:
    return dtypes.get_default_dtype() if d is None else as_dtype(d)


@composite(method=False)
def rand(*size: Any, generator: Any = None, dtype: Any = None, device: Any = None,
         requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in [0, 1).

    Parameters
    ----------
    *size : int or sequence of int
        The shape.
    generator : Generator, optional
        Where the numbers come from; the device's default generator where not given.
    dtype : dtype, optional
        A floating (or complex) type.
    device : str or device, optional
    requires_grad : bool

    Raises
    ------
    RuntimeError
        If the dtype is not floating.

    Examples
    --------
    >>> import facula
    >>> x = facula.rand(2, 3)
    >>> x.shape, bool(((x >= 0) & (x < 1)).all())
    (facula.Size([2, 3]), True)
    """
    return _finish(_floats("rand", "random_uniform", canonical_shape("rand", size),
                           _default(dtype), device, generator), requires_grad)


@composite(method=False)
def randn(*size: Any, generator: Any = None, dtype: Any = None, device: Any = None,
          requires_grad: bool = False) -> Tensor:
    """Random numbers of the standard normal distribution.

    Examples
    --------
    >>> import facula
    >>> facula.randn(2, 3).shape
    facula.Size([2, 3])
    """
    return _finish(_floats("randn", "random_normal", canonical_shape("randn", size),
                           _default(dtype), device, generator), requires_grad)


def _integers(op: str, low: int, high: int, shape: tuple[int, ...], d: dtype, device: Any,
              generator: Generator | None) -> Tensor:
    if low >= high:
        raise RuntimeError(f"{op}: low={low} must be below high={high}")
    if high - low > 1 << 63:
        raise RuntimeError(f"{op}: the range from {low} to {high} holds more than 2**63 numbers")
    if d.category == dtypes.INTEGER:
        info = np.iinfo(d.numpy)
        if low < info.min or high - 1 > info.max:
            raise RuntimeError(f"{op}: the range from {low} to {high} does not fit {d.name}")
    bits = _draw(op, "random_bits", kind_of(as_device(device), dtypes.int64), shape, generator)
    if high - low < 1 << 63:
        bits = bits.remainder_(high - low)  # type: ignore[attr-defined]
    if low:
        bits = bits.add_(low)  # type: ignore[attr-defined]
    return convert.to(bits, dtype=d)


@composite(method=False)
def randint(*args: Any, low: Any = None, high: Any = None, size: Any = None,
            generator: Any = None, dtype: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:
    """Random integers from low up to, but without, high.

    Called as ``randint(high, size)`` or ``randint(low, high, size)``.

    Parameters
    ----------
    low, high : int
        The range; low is 0 where not given.
    size : sequence of int
        The shape.
    generator : Generator, optional
    dtype : dtype, optional
        int64 where not given.
    device : str or device, optional
    requires_grad : bool

    Raises
    ------
    RuntimeError
        If the range is empty, or does not fit the dtype.

    Examples
    --------
    >>> import facula
    >>> x = facula.randint(3, 5, (100,))
    >>> int(x.min()), int(x.max())
    (3, 4)
    """
    given = [*args]
    if size is None:
        if not given:
            raise TypeError("randint: size is missing: call randint(low, high, size)")
        size = given.pop()
    if high is None:
        if not given:
            raise TypeError("randint: high is missing: call randint(low, high, size)")
        high = given.pop()
    if low is None:
        low = given.pop() if given else 0
    if given:
        raise TypeError(f"randint: too many arguments: {args}: call randint(low, high, size)")
    d = dtypes.int64 if dtype is None else as_dtype(dtype)
    return _finish(_integers("randint", int(low), int(high), canonical_shape("randint", (size,)),
                             d, device, generator), requires_grad)


@composite(method=False)
def randperm(n: int, *, generator: Any = None, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:
    """The integers from 0 to n - 1 in random order; made on the host, equal on all devices.

    Examples
    --------
    >>> import facula
    >>> facula.randperm(4).sort().values
    tensor([0, 1, 2, 3])
    """
    if n < 0:
        raise RuntimeError(f"randperm: n={n} is negative")
    if generator is None:
        generator = default_generator
    # Sorting random keys whose low bits are the position: one sort, no look-ups.
    keys = _draw("randperm", "random_bits", kind_of(CPU, dtypes.int64), (n,), generator).numpy()
    low = (1 << max(n - 1, 0).bit_length()) - 1
    keys = np.sort((keys & ~low) | np.arange(n)) & low
    d = dtypes.int64 if dtype is None else as_dtype(dtype)
    out = from_data(keys, kind_of(CPU, dtypes.int64))
    return _finish(convert.to(out, dtype=d, device=as_device(device)), requires_grad)


def _like(input: Tensor, d: Any, device: Any) -> tuple[tuple[int, ...], dtype, Any]:
    return (tuple(input._data.shape), input._kind.dtype if d is None else as_dtype(d),
            input._kind.device if device is None else device)


@composite(method=False)
def rand_like(input: Tensor, *, generator: Any = None, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Tensor:
    """:func:`facula.rand` in the shape, dtype and device of another tensor."""
    shape, d, where = _like(input, dtype, device)
    return _finish(_floats("rand_like", "random_uniform", shape, d, where, generator),
                   requires_grad)


@composite(method=False)
def randn_like(input: Tensor, *, generator: Any = None, dtype: Any = None, device: Any = None,
               requires_grad: bool = False) -> Tensor:
    """:func:`facula.randn` in the shape, dtype and device of another tensor."""
    shape, d, where = _like(input, dtype, device)
    return _finish(_floats("randn_like", "random_normal", shape, d, where, generator),
                   requires_grad)


@composite(method=False)
def randint_like(input: Tensor, low: Any, high: Any = None, *, generator: Any = None,
                 dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """:func:`facula.randint` in the shape, dtype and device of another tensor."""
    if high is None:
        low, high = 0, low
    shape, d, where = _like(input, dtype, device)
    return _finish(_integers("randint_like", int(low), int(high), shape, d, where, generator),
                   requires_grad)


def _noise(input: Tensor, kernel: str, generator: Any) -> Tensor:
    """Floating numbers in the shape of a tensor, at least float32, outside the graph."""
    d = input._kind.dtype if input._kind.dtype in (dtypes.float64,) else dtypes.float32
    return _floats(kernel, kernel, tuple(input._data.shape), d, input._kind.device, generator)


@composite(method=False)
def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None,
           dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal random numbers, each with its own mean and standard deviation where these are tensors.

    Parameters
    ----------
    mean, std : Tensor or float
        They broadcast; with two numbers, ``size`` is needed.
    size : sequence of int, optional
    generator : Generator, optional
    dtype, device : optional
        Only with two numbers.
    requires_grad : bool

    Raises
    ------
    RuntimeError
        If a standard deviation is negative.

    Examples
    --------
    >>> import facula
    >>> facula.normal(facula.zeros(3), 1e-9).round()
    tensor([..., ..., ...])
    """
    lowest: Any = std.amin() if isinstance(std, Tensor) and std.numel() else std  # type: ignore
    if not isinstance(std, Tensor) or std.numel():
        if float(lowest) < 0:
            raise RuntimeError(f"normal: std={describe(std)} holds a negative number")
    shaped = [x for x in (mean, std) if isinstance(x, Tensor)]
    if not shaped:
        if size is None:
            raise TypeError("normal: size is missing: with two numbers call "
                            "normal(mean, std, size)")
        z = _floats("normal", "random_normal", canonical_shape("normal", (size,)),
                    _default(dtype), device, generator)
    else:
        shape = np.broadcast_shapes(*[tuple(x.shape) for x in shaped])
        z = _floats("normal", "random_normal", shape, shaped[0].dtype, shaped[0].device, generator)
    with no_grad():
        return _finish(z * std + mean, requires_grad)  # type: ignore[operator]


def _probability(op: str, p: Any) -> None:
    if not 0 <= p <= 1:
        raise RuntimeError(f"{op}: p={p} is not a probability: it must be between 0 and 1")


def _bernoulli(input: Tensor, p: Any, generator: Any) -> Tensor:
    """Bools in the shape of a tensor, true with probability p."""
    if not isinstance(p, Tensor):
        _probability("bernoulli", p)
    return _noise(input, "random_uniform", generator) < p  # type: ignore[operator]


@composite
def bernoulli(input: Tensor, p: Any = None, *, generator: Any = None) -> Tensor:
    """1 with the probability that the input says, else 0.

    Parameters
    ----------
    input : Tensor
        Probabilities.
    p : float, optional
        One probability for all elements; then input gives only shape, dtype and device.
    generator : Generator, optional

    Examples
    --------
    >>> import facula
    >>> facula.bernoulli(facula.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    if p is None:
        if input._kind.dtype.category < dtypes.FLOAT:
            raise RuntimeError(f"bernoulli: the input holds probabilities and must be floating, "
                               f"but is {input.dtype.name}: convert it, or give p")
        p = input.detach()
    return convert.to(_bernoulli(input, p, generator), dtype=input._kind.dtype)


@primitive(result=dtypes.int64, export=False)
def multinomial_draw(input: Tensor, uniform: Tensor, count: int, replacement: bool) -> Tensor:
    """The work of :func:`facula.multinomial` on rows, from uniform numbers given."""
    return input, uniform, count, replacement  # type: ignore[return-value]


@composite
def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *,
                generator: Any = None) -> Tensor:
    """Indices drawn with the probabilities that each row's weights say.

    Parameters
    ----------
    input : Tensor
        Non-negative weights, 1-D or 2-D; they need not sum to one.
    num_samples : int
    replacement : bool
        Whether an index may come several times.
    generator : Generator, optional

    Raises
    ------
    RuntimeError
        If the weights are negative, not finite or all zero, or fewer than the draws.

    Examples
    --------
    >>> import facula
    >>> facula.multinomial(facula.tensor([0.0, 3.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    if input.ndim not in (1, 2) or input._kind.dtype.category != dtypes.FLOAT:
        raise RuntimeError(f"multinomial: the input must be a floating tensor of 1 or 2 "
                           f"dimensions, but is {describe(input)}")
    rows = input.detach() if input.ndim == 2 else input.detach()[None]  # type: ignore[index]
    n = rows.shape[1]
    if num_samples <= 0 or (not replacement and num_samples > n):
        raise RuntimeError(f"multinomial: num_samples={num_samples} must be positive and, without "
                           f"replacement, at most the number of weights, {n}")
    weights = rows.numpy(force=True)
    host = weights.astype(np.float64)
    if not np.isfinite(host).all() or (host < 0).any() or (host.sum(-1) <= 0).any():
        raise RuntimeError("multinomial: the weights must be finite and not negative, and each "
                           "row needs a positive one")
    uniform = _floats("multinomial", "random_uniform",
                      (len(rows), num_samples if replacement else n), dtypes.float64,
                      CPU, generator or default_generator)
    out = multinomial_draw(convert.to(rows, device=CPU), uniform, num_samples, replacement)
    out = out if input.ndim == 2 else out[0]  # type: ignore[index]
    return convert.to(out, device=input._kind.device)


@primitive(export=False)
def poisson_draw(input: Tensor, seed: int, offset: int) -> Tensor:
    """The work of :func:`facula.poisson`, at a position of a stream of its own."""
    return input, seed, offset  # type: ignore[return-value]


@composite(method=False)
def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Random counts, each with the rate that the input says; made on the host."""
    if input._kind.dtype.category != dtypes.FLOAT:
        raise RuntimeError(f"poisson: the input must be floating, but is {input.dtype.name}")
    seed, offset = (generator or default_generator).reserve(1)
    return poisson_draw(input.detach(), seed, offset)


@primitive(export=False)
def binomial_draw(count: Tensor, prob: Tensor, seed: int, offset: int) -> Tensor:
    """The work of :func:`facula.binomial`, at a position of a stream of its own."""
    return count, prob, seed, offset  # type: ignore[return-value]


@composite(method=False)
def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """Random numbers of successes among ``count`` trials of probability ``prob``.

    Made on the host; ``count`` and ``prob`` are floating and broadcast.

    Raises
    ------
    RuntimeError
        If the dtypes differ or are not floating.
    ValueError
        If a count is negative, or a probability outside 0 to 1.

    Examples
    --------
    >>> import facula
    >>> facula.binomial(facula.tensor([10.0, 4.0]), facula.tensor([0.0, 1.0]))
    tensor([0., 4.])
    """
    if count._kind.dtype.category != dtypes.FLOAT or prob._kind.dtype is not count._kind.dtype:
        raise RuntimeError(f"binomial: count and prob must have the same floating dtype: "
                           f"{describe(count)}, {describe(prob)}")
    wrong: Any = (count.detach() < 0, ~((prob.detach() >= 0) & (prob.detach() <= 1)))  # type: ignore
    if any(bool(w.any()) for w in wrong):
        raise ValueError("binomial: counts must not be negative, and probabilities lie between 0 "
                         "and 1")
    seed, offset = (generator or default_generator).reserve(1)
    return binomial_draw(count.detach(), prob.detach(), seed, offset)


# In-place fills


@composite(export=False)
def uniform_(input: Tensor, from_: float = 0.0, to: float = 1.0, *,
             generator: Any = None) -> Tensor:
    """Every element becomes a uniform random number in ``[from_, to)``."""
    if from_ > to:
        raise RuntimeError(f"uniform_: from={from_} is above to={to}")
    x = _floats("uniform_", "random_uniform", tuple(input._data.shape), input._kind.dtype,
                input._kind.device, generator)
    if (from_, to) != (0, 1):
        x = x.mul_(to - from_).add_(from_)  # type: ignore[attr-defined]
    return input.copy_(x)  # type: ignore[attr-defined]


@composite(export=False)
def normal_(input: Tensor, mean: float = 0.0, std: float = 1.0, *,
            generator: Any = None) -> Tensor:
    """Every element becomes a normal random number."""
    if std < 0:
        raise RuntimeError(f"normal_: std={std} is negative")
    x = _floats("normal_", "random_normal", tuple(input._data.shape), input._kind.dtype,
                input._kind.device, generator)
    if (mean, std) != (0, 1):
        x = x.mul_(std).add_(mean)  # type: ignore[attr-defined]
    return input.copy_(x)  # type: ignore[attr-defined]


@composite(export=False)
def random_(input: Tensor, from_: int | None = None, to: int | None = None, *,
            generator: Any = None) -> Tensor:
    """Every element becomes a random integer of ``[from_, to)``, ``[0, from_)`` or all."""
    d = input._kind.dtype
    if from_ is not None and to is None:
        from_, to = 0, from_
    if to is None:
        if d.category == dtypes.BOOL:
            to = 2
        elif d.category == dtypes.INTEGER:
            to = int(np.iinfo(d.numpy).max) + (d is not dtypes.int64)
        else:
            to = 1 << (1 - round(math.log2(dtypes.finfo(d).eps)))
    x = _integers("random_", from_ or 0, to, tuple(input._data.shape), dtypes.int64,
                  input._kind.device, generator)
    return input.copy_(x)  # type: ignore[attr-defined]


@composite(export=False)
def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Every element becomes 1 with probability p (a number, or a tensor of them), else 0."""
    return input.copy_(_bernoulli(input, p, generator))  # type: ignore[attr-defined]


def _uniform_noise(input: Tensor, generator: Any) -> Any:
    """Uniform numbers in (0, 1]: fit for a logarithm."""
    return 1 - _noise(input, "random_uniform", generator)  # type: ignore[operator]


@composite(export=False)
def exponential_(input: Tensor, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
    """Every element becomes a random number of density ``lambd * exp(-lambd * x)``."""
    if not lambd > 0:
        raise RuntimeError(f"exponential_: lambd={lambd} must be positive")
    return input.copy_(_uniform_noise(input, generator).log() / -lambd)  # type: ignore


@composite(export=False)
def geometric_(input: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """Every element becomes the number of trials, of success probability p, up to the first."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_: p={p} must be between 0 and 1, both excluded")
    steps = _uniform_noise(input, generator).log() / math.log1p(-p)
    return input.copy_(steps.ceil().maximum(1))  # type: ignore[attr-defined]


@composite(export=False)
def cauchy_(input: Tensor, median: float = 0.0, sigma: float = 1.0, *,
            generator: Any = None) -> Tensor:
    """Every element becomes a random number of the Cauchy distribution."""
    if not sigma > 0:
        raise RuntimeError(f"cauchy_: sigma={sigma} must be positive")
    x: Any = _noise(input, "random_uniform", generator)
    return input.copy_(((x - 0.5) * math.pi).tan() * sigma + median)  # type: ignore


@composite(export=False)
def log_normal_(input: Tensor, mean: float = 1.0, std: float = 2.0, *,
                generator: Any = None) -> Tensor:
    """Every element becomes ``exp(z)`` with z of the normal distribution."""
    if not std > 0:
        raise RuntimeError(f"log_normal_: std={std} must be positive")
    x: Any = _noise(input, "random_normal", generator)
    return input.copy_((x * std + mean).exp())  # type: ignore[attr-defined]


@elementwise(numpy=lambda u, p, scale: np.where(u >= p, u.dtype.type(scale), u.dtype.type(0)),
             opencl="input >= (T)p ? (T)scale : (T)0", dtypes=dtypes.FLOATS, inplace=False,
             method=False, export=False)
def keep_scaled(input: Tensor, p: float, scale: float) -> Tensor:
    """``scale`` where a uniform number is at least p, else 0."""


@composite(method=False, export=False)
def dropout_mask(input: Tensor, p: float, generator: Any = None, size: Any = None) -> Tensor:
    """0 with probability p, else 1 / (1 - p): what dropout multiplies with.

    In the input's dtype and on its device; ``size`` may be smaller, for dropout of whole channels.
    """
    _probability("dropout", p)
    shape = tuple(input._data.shape) if size is None else tuple(size)
    work = dtypes.float64 if input._kind.dtype is dtypes.float64 else dtypes.float32
    u = _floats("dropout", "random_uniform", shape, work, input._kind.device, generator)
    mask = keep_scaled(u, p, 0.0 if p == 1 else 1 / (1 - p))
    return convert.to(mask, dtype=input._kind.dtype)
