"""What a sample is, how rooms register them, and how they follow from a declaration.

An elementwise operation's samples come from its ``domain``, a reduction's from its signature; all
others are given by a generator function in a room, registered with :func:`sample_inputs`. Arrays
in a sample are NumPy's, in float64 (or int64, bool): a test turns them into tensors of the dtype,
device and layout it is about.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from facula.core import dtypes
from facula.core.dtypes import dtype
from facula.core.operation import Operation
from facula.core.tensor import Tensor, tensor_from_numpy


class Sample:
    """The arguments of one call."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs

    def tensors(self, d: dtype, device: Any = "cpu", layout: str = "contiguous",
                requires_grad: bool = False) -> Sample:
        """The same call with tensors: floating arrays in dtype ``d``, others as they are.

        Complex arrays become the complex dtype that goes with it.
        """
        def convert(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                return _tensor(value, d, device, layout, requires_grad)
            if isinstance(value, (tuple, list)):
                return type(value)(convert(v) for v in value)
            return value
        return Sample(*map(convert, self.args),
                      **{k: convert(v) for k, v in self.kwargs.items()})

    def leaves(self) -> list[Tensor]:
        """The floating tensors among the arguments, also within sequences."""
        found: list[Tensor] = []

        def visit(value: Any) -> None:
            if isinstance(value, Tensor) and value.dtype.category >= dtypes.FLOAT:
                found.append(value)
            elif isinstance(value, (tuple, list)):
                for v in value:
                    visit(v)
        for value in (*self.args, *self.kwargs.values()):
            visit(value)
        return found

    def __repr__(self) -> str:
        def show(v: Any) -> str:
            if isinstance(v, np.ndarray | Tensor):
                return f"{v.dtype}{list(v.shape)}"
            if isinstance(v, (tuple, list)):
                return f"({', '.join(map(show, v))})"
            return repr(v)
        words = [*map(show, self.args), *(f"{k}={show(v)}" for k, v in self.kwargs.items())]
        return f"({', '.join(words)})"


def _tensor(array: np.ndarray, d: dtype, device: Any, layout: str, requires_grad: bool) -> Tensor:
    floating = array.dtype.kind in "fc"
    if floating:
        with np.errstate(all="ignore"):
            array = array.astype(d.numpy if array.dtype.kind == "f" else d.to_complex().numpy)
    if layout == "strided":
        holder = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
        steps: tuple[Any, ...] = (..., *(slice(1 if n else 0, None, 2) for n in array.shape))
        holder[steps] = array
        t = tensor_from_numpy(holder).to(device)  # type: ignore[attr-defined]
        t = t[steps]
    elif layout == "transposed":
        t = tensor_from_numpy(np.array(array.T, order="C")).to(device).T  # type: ignore
    else:
        t = tensor_from_numpy(np.array(array)).to(device)  # type: ignore[attr-defined]
    if requires_grad and floating:
        t = t.detach().requires_grad_()
    return t


LAYOUTS = ("contiguous", "strided", "transposed")


class Maker:
    """Makes arrays of random numbers, reproducibly."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)

    def __call__(self, *shape: int, low: float = -3.0, high: float = 3.0) -> np.ndarray:
        """Floating numbers between low and high."""
        return self.rng.uniform(low, high, shape)

    def complex(self, *shape: int) -> np.ndarray:
        """Complex numbers, not close to 0."""
        turn = np.exp(2j * np.pi * self.rng.uniform(size=shape))
        return np.asarray(self.rng.uniform(0.5, 3.0, shape) * turn)

    def distinct(self, *shape: int) -> np.ndarray:
        """Floating numbers that differ by at least a tenth: for sorting and extremes."""
        n = int(np.prod(shape))
        return (self.rng.permutation(n).reshape(shape) - n / 2) / 7.0

    def index(self, *shape: int, high: int) -> np.ndarray:
        """Integers in ``range(high)``."""
        return self.rng.integers(0, high, shape)

    def mask(self, *shape: int) -> np.ndarray:
        """Bools."""
        return self.rng.integers(0, 2, shape).astype(np.bool_)


Generator = Callable[[Maker], Iterator[Sample]]
_GENERATORS: dict[str, Generator] = {}


def sample_inputs(*names: str) -> Callable[[Generator], Generator]:
    """Register a generator of samples for the operations of these names."""
    def register(function: Generator) -> Generator:
        for name in names:
            if name in _GENERATORS:
                raise ValueError(f"samples for {name!r} are given twice")
            _GENERATORS[name] = function
        return function
    return register


SHAPES = ((), (1,), (7,), (0,), (3, 4), (2, 0, 3), (2, 3, 4))
PAIRS = (((), ()), ((5,), (5,)), ((3, 4), (3, 4)), ((3, 1), (1, 4)), ((4,), (2, 3, 4)),
         ((2, 3, 4), ()), ((0, 3), (1, 3)), ((), (6,)))
TRIPLES = (((3, 4), (3, 4), (3, 4)), ((3, 1), (4,), (3, 4)), ((), (5,), (5,)), ((), (), ()))


def _elementwise(op: Operation, make: Maker) -> Iterator[Sample]:
    count = len(op.tensors)
    domain = op.domain if isinstance(op.domain[0], tuple) else (op.domain,) * count
    groups: Any = {1: [(s,) for s in SHAPES], 2: PAIRS, 3: TRIPLES}[count]
    integral = op.dtypes is not None and all(d.category < dtypes.FLOAT for d in op.dtypes)
    for shapes in groups:
        arrays = []
        for shape, (low, high) in zip(shapes, domain, strict=True):
            if integral:
                arrays.append(make.rng.integers(int(low), int(high) + 1, shape))
            else:
                arrays.append(make(*shape, low=low, high=high))
        yield Sample(*arrays)


def _reduction(op: Operation, make: Maker) -> Iterator[Sample]:
    low, high = op.domain
    for shape in ((), (5,), (3, 4), (2, 3, 4)):
        for dim in (None, 0, -1, *(((0, 1), (-1, 0)) if len(shape) > 1 else ())):
            for keepdim in (False, True):
                x = make(*shape, low=low, high=high)
                if dim is None:
                    yield Sample(x, keepdim=keepdim)
                else:
                    yield Sample(x, dim, keepdim)
    yield Sample(make(2, 0, 3), 2)


def has_samples(op: Operation) -> bool:
    """Whether samples exist for the operation."""
    derived = op.family in ("elementwise", "reduction") and inspect.Parameter.empty not in (
        op.attributes.values())
    return derived or op.name in _GENERATORS


def samples_of(op: Operation, seed: int = 0) -> list[Sample]:
    """The operation's samples; empty where none are given."""
    make = Maker(seed)
    generator = _GENERATORS.get(op.name)
    if generator is not None:
        return list(generator(make))
    if not has_samples(op):
        return []
    return list((_elementwise if op.family == "elementwise" else _reduction)(op, make))

