"""Random arguments for every operation: a result, or an error that names the operation."""

import inspect
import math
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facula import core
from facula.core import dtypes, opencl
from facula.core.operation import Operation, operations
from facula.core.testing.samples import samples_of

ERRORS = (TypeError, ValueError, IndexError, RuntimeError)
# As documented: what Python itself says of integers divided by zero and of too much memory, and
# what DLPack asks for.
OTHERS = (ZeroDivisionError, MemoryError, BufferError)

DEPRECATED = {"range"}  # it warns at every call
NAMESPACES = ("linalg_", "fft_", "windows_")
OPERATIONS = sorted((op for op in operations() if op.name not in DEPRECATED and (
    op.method or op.export or (op.family == "composite" and op.name.startswith(NAMESPACES)))),
                    key=lambda op: op.name)
SAMPLES = {op.name: samples_of(op) for op in OPERATIONS}

NUMBERS = st.one_of(st.integers(-5, 6), st.sampled_from(
    [0.0, 0.5, -1.5, 2.0, math.inf, math.nan, True, False, 1j, 2**40, -2**63, 1e30]))
SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
WORDS = st.sampled_from(["", "mean", "sum", "floor", "ij", "i,i->", "reflect", "linear", "cpu",
                         "float32", "nowhere:3"])


@st.composite
def tensors(draw, device):
    """Tensors of any shape, dtype and layout, of small numbers."""
    shape, d = draw(SHAPES), draw(st.sampled_from(dtypes.ALL))
    rng = np.random.default_rng(draw(st.integers(0, 3)))
    values = core.tensor(rng.integers(-3, 5, shape)).to(d)
    if shape and draw(st.booleans()):
        values = values.transpose(0, -1)
    if draw(st.booleans()):
        values = values.to(device)
    return values


def values(device):
    """Anything that somebody may pass to an operation."""
    plain = st.one_of(NUMBERS, tensors(device), SHAPES, WORDS, st.none(),
                      st.sampled_from([core.float32, core.int8, core.bfloat16, float, object(),
                                       slice(None), Ellipsis, core.device("cpu"), {}, b"a", abs]),
                      SHAPES.map(np.zeros))
    return st.one_of(plain, tensors(device), st.lists(plain, max_size=3),
                     st.lists(tensors(device), max_size=3).map(tuple))


@st.composite
def calls(draw, op: Operation, device):
    """Positional and named arguments: random ones, or a sample with some exchanged."""
    anything = values(device)
    samples = SAMPLES[op.name]
    names = list(op.attributes)
    if samples and draw(st.integers(0, 3)):
        sample = samples[draw(st.integers(0, len(samples) - 1))].tensors(
            draw(st.sampled_from([core.float32, core.float64])), device)
        args, kwargs = list(sample.args), dict(sample.kwargs)
        for _ in range(draw(st.integers(1, 2))):
            slots = [*range(len(args)), *kwargs, *names[:1], "extra"]
            slot = draw(st.sampled_from(slots))
            if slot == "extra":
                args.append(draw(anything))
            elif isinstance(slot, int):
                args[slot] = draw(anything)
            else:
                kwargs[slot] = draw(anything)
        return args, kwargs
    count = draw(st.integers(0, len(op.parameters)))
    args = draw(st.lists(anything, min_size=count, max_size=count))
    kwargs = draw(st.dictionaries(st.sampled_from(names), anything, max_size=2)) if names else {}
    return args, kwargs


def attempt(name, function, args, kwargs):
    """Call it; the errors allowed must name the operation, by its own or a longer name."""
    told = ", ".join([*map(show, args), *(f"{k}={show(v)}" for k, v in kwargs.items())])
    try:
        function(*args, **kwargs)
        if opencl.is_available():
            opencl.synchronize()  # so that a kernel which fails or hangs does so here
    except ERRORS as error:
        # linalg_inv is facula.linalg.inv to users
        known = f"{name}|{name.replace('_', '.', 1)}"
        assert re.search(rf"(?<!\w)({known})(?!\w)", str(error)), (
            f"{name}({told}): the message does not name the operation: "
            f"{type(error).__name__}: {error}")
    except OTHERS:
        pass
    except Exception as error:
        raise AssertionError(f"{name}({told}): {type(error).__name__}: {error}") from error


def show(value):
    """An argument in a failure's message."""
    if isinstance(value, core.Tensor):
        return f"{value.dtype.name}{list(value.shape)}@{value.device.type}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(map(show, value))})"
    return repr(value)[:60]


def check(data, device, pool):
    """One random call of one operation, or of its in-place method."""
    op = data.draw(st.sampled_from(pool))
    args, kwargs = data.draw(calls(op, device))
    assert op.public is not None
    if op.inplace and args and isinstance(args[0], core.Tensor) and data.draw(st.booleans()):
        attempt(op.name + "_", op.extra["inplace"], args, kwargs)
    else:
        attempt(op.name, op.public, args, kwargs)


COMMON = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@settings(**COMMON)
@given(data=st.data())
def test_random_calls(device, data):
    check(data, device, OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
@settings(max_examples=60, **COMMON)
@given(data=st.data())
def test_random_calls_of_each(op, device, data):
    check(data, device, [op])


def test_every_operation_is_drawn_from():
    assert len(OPERATIONS) > 400
    assert all(inspect.signature(op.public).parameters for op in OPERATIONS)
