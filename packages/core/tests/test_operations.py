"""Every operation that is declared, on every device: values, layouts, dtypes, in-place, docs.

The oracle is the declared NumPy function in float64 for elementwise operations and reductions, and
the CPU kernel in float64 for the others (which the oracle environment compares with PyTorch).
"""

import contextlib

import numpy as np
import pytest

from facula import core
from facula.core import dtypes
from facula.core.backends.cpu.elementwise import call_quietly
from facula.core.operation import Operation, operations
from facula.core.testing.compare import assert_close
from facula.core.testing.samples import LAYOUTS, Sample, has_samples, samples_of

NUMERIC = [op for op in operations()
           if op.family in ("elementwise", "reduction") and has_samples(op)]
SAMPLED = [op for op in operations() if has_samples(op)]
# What stands for all operations where the wider unsigned types are concerned.
WHOLE = {"abs", "add", "bitwise_and", "bitwise_not", "bitwise_left_shift", "bitwise_right_shift",
         "clamp_min", "eq", "exp", "floor_divide", "fmod", "gcd", "lcm", "lt", "maximum", "mul",
         "neg", "pow", "remainder", "sign", "sub", "true_divide", "trunc"}
INPLACE = [op for op in operations("elementwise") if op.inplace and has_samples(op)]
RANDOM = {"random"}
VIEWS_ONLY = {"view", "view_as_shape", "view_as_complex"}  # they refuse what only a copy could show


def name_of(op: Operation) -> str:
    return op.name


def accepts(op: Operation, d: dtypes.dtype) -> bool:
    return op.dtypes is None or d in op.dtypes


def floating(op: Operation) -> bool:
    return accepts(op, dtypes.float32)


def reference(op: Operation, sample: Sample):
    """The declared NumPy function on the sample's own float64 arrays."""
    if op.family == "elementwise":
        count = len(op.tensors)
        given = dict(zip(op.attributes, sample.args[count:], strict=False)) | sample.kwargs
        attributes = [given.get(k, v) for k, v in op.attributes.items()]
        operands = sample.args[:count]
        shape = np.broadcast_shapes(*[np.shape(a) for a in operands])
        operands = [np.atleast_1d(a) if isinstance(a, np.ndarray) else a for a in operands]
        result = call_quietly(op.numpy, *operands, *attributes)
        if op.outputs > 1:
            return tuple(r.reshape(shape) for r in result)
        return result.reshape(shape)
    x, dim, keepdim = (*sample.args, *(None, False)[len(sample.args) - 1:])[:3]
    keepdim = sample.kwargs.get("keepdim", keepdim)
    axes = None if dim is None else tuple(np.atleast_1d(dim))
    if x.ndim == 0:
        axes = ()
    extra = {k: v for k, v in sample.kwargs.items() if k != "keepdim"}
    return call_quietly(op.numpy, x, axis=axes if axes is not None else tuple(range(x.ndim)),
                        keepdims=keepdim, **extra)


@pytest.mark.parametrize("op", NUMERIC, ids=name_of)
def test_values_are_those_of_the_declared_function(op, device):
    for sample in samples_of(op):
        if any(isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in sample.args):
            d = dtypes.float32
        else:
            d = dtypes.int64
        given = sample.tensors(d, device)
        # The oracle sees the values after rounding to float32, so only the computing differs.
        rounded = Sample(*[a.cpu().numpy().astype(np.float64) if isinstance(a, core.Tensor)
                           and a.dtype is dtypes.float32 else a.cpu().numpy()
                           if isinstance(a, core.Tensor) else a for a in given.args],
                         **given.kwargs)
        actual = op.public(*given.args, **given.kwargs)
        expected = reference(op, rounded)
        if op.outputs == 1:
            assert actual.device.type == device.split(":")[0]
        assert_close(actual, expected, what=f"{op.name}{sample}")


@pytest.mark.parametrize("op", SAMPLED, ids=name_of)
def test_layout_does_not_change_the_result(op, device):
    if op.room in RANDOM:
        pytest.skip("random numbers have no layout")
    d = dtypes.float32
    if op.name == "as_strided":
        pytest.skip("its arguments are about the layout of memory")
    for sample in samples_of(op):
        plain = sample.tensors(d, device)
        expected = op.public(*plain.args, **plain.kwargs)
        for layout in LAYOUTS[1:]:
            other = sample.tensors(d, device, layout)
            if op.name in VIEWS_ONLY and not other.args[0].is_contiguous():
                with contextlib.suppress(RuntimeError):  # other strides may need a copy
                    assert_close(op.public(*other.args), expected)
                continue
            actual = op.public(*other.args, **other.kwargs)
            assert_close(actual, expected, rtol=1e-5, what=f"{op.name}{sample} {layout}")


@pytest.mark.parametrize("op", SAMPLED, ids=name_of)
def test_opencl_agrees_with_the_cpu(op, device):
    if op.room in RANDOM:
        pytest.skip("tested by its own streams")
    if device == "cpu":
        pytest.skip("compares the other devices with the CPU")
    d = dtypes.float32
    for sample in samples_of(op):
        here, there = sample.tensors(d), sample.tensors(d, device)
        expected = op.public(*here.args, **here.kwargs)
        actual = op.public(*there.args, **there.kwargs)
        assert_close(actual, expected, rtol=1e-4, atol=1e-5, what=f"{op.name}{sample}")


@pytest.mark.parametrize("op", INPLACE, ids=name_of)
def test_inplace_writes_what_the_operation_returns(op, device):
    for sample in samples_of(op):
        d = dtypes.float32
        given = sample.tensors(d, device)
        target, rest = given.args[0], given.args[1:]
        expected = op.public(target, *rest, **given.kwargs)
        if expected.shape != target.shape:
            with pytest.raises(RuntimeError, match="broadcast"):
                op.extra["inplace"](target, *rest, **given.kwargs)
            continue
        wide = core.zeros(2, *target.shape, dtype=target.dtype, device=device)
        view = wide[1]
        view.copy_(target)
        answer = op.extra["inplace"](view, *rest, **given.kwargs)
        assert answer is view
        assert_close(wide[1].to(expected.dtype), expected, what=f"{op.name}_{sample}")
        assert_close(wide[0], np.zeros(target.shape), what=f"{op.name}_ wrote beyond its view")


@pytest.mark.parametrize("name", ["int32", "int64", "uint8", "uint32", "uint64"])
@pytest.mark.parametrize("op", ["floor", "ceil", "trunc", "round"])
def test_whole_numbers_are_their_own_roundings(op, name, device):
    """NumPy's rint goes by way of float64: 2^62 + 1 once became 2^62."""
    info = np.iinfo(name)
    x = np.array([info.max, info.max - 1, info.max // 2 + 2, 0, 1, info.min, info.min + 1], name)
    t = core.tensor(x, device=device)
    for y in (getattr(core, op)(t), getattr(t.clone(), op + "_")(), getattr(core, op)(t[:1][0])):
        assert y.dtype is t.dtype
        np.testing.assert_array_equal(y.cpu().numpy(), x if y.ndim else x[0])


def promoted_expectation(op, d):
    """The dtype that the declared rule promises for one dtype everywhere."""
    resolver = op.extra["resolver"]
    return resolver.types([(d, 2)] * len(op.tensors))[1]


@pytest.mark.parametrize(("d", "op"), [
    (d, op) for d in dtypes.ALL if not d.is_complex for op in NUMERIC
    if op.family == "elementwise" and (d not in dtypes.UNSIGNED[1:] or op.name in WHOLE)],
    ids=lambda given: given.name)
def test_every_dtype_follows_the_rule_or_is_refused(op, d, device):
    sample = max(samples_of(op), key=lambda s: min(a.size for a in s.args
                                                   if isinstance(a, np.ndarray)))
    # Small positive integers, so that divisors and exponents are right for every operation.
    arrays = [core.tensor(a if d.is_floating_point else np.abs(a) + 1).to(d)
              for a in sample.args if isinstance(a, np.ndarray)]
    rest = [a for a in sample.args if not isinstance(a, np.ndarray)]
    args = [*(a.to(device) for a in arrays), *rest]
    if not accepts(op, d):
        with pytest.raises(TypeError, match=op.name):
            op.public(*args, **sample.kwargs)
        return
    results = op.public(*args, **sample.kwargs)
    results = results if isinstance(results, tuple) else (results,)
    wanted = promoted_expectation(op, d)
    assert [r.dtype for r in results] == list(wanted)
    on_cpu = op.public(*arrays, *rest, **sample.kwargs)
    on_cpu = on_cpu if isinstance(on_cpu, tuple) else (on_cpu,)
    for r, c in zip(results, on_cpu, strict=True):
        assert_close(r, c, rtol=2e-2 if d is dtypes.bfloat16 else 2e-3
                     if d is dtypes.float16 else 1e-5, what=f"{op.name} {d}")


@pytest.mark.parametrize("family", ["elementwise", "reduction", "view", "primitive"])
def test_every_operation_has_samples(family):
    missing = [op.name for op in operations(family) if not has_samples(op)
               and not op.function.__module__.startswith("facula.vision")]  # it tests its own
    assert not missing, f"give samples in facula.core.testing.samples for: {', '.join(missing)}"


@pytest.mark.parametrize("op", list(operations()), ids=name_of)
def test_every_public_operation_is_documented(op):
    assert op.doc.strip().splitlines()[0].rstrip().endswith((".", ":", "?")), op.name
