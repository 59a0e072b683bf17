"""Products on tensor cores, with the instruction itself emulated where there are none."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from facula import core
from facula.core import dtypes
from facula.core.backends.opencl import TensorCores, gemm, probe, tensor_cores
from facula.core.backends.opencl.backend import OpenCLBackend
from facula.core.backends.opencl.operands import STRIDED
from facula.core.backends.opencl.programs import BUFFER, read_source
from facula.core.backends.opencl.runtime import Runtime
from facula.core.backends.opencl.scalars import BY_NUMPY

NAMES = {"float16": "HALF", "bfloat16": "BFLOAT", "float32": "TF32"}
LAYOUTS = ("ANY", "ALONG", "ACROSS")
TILE = {"tm": 32, "tn": 32, "kw": 16, "warps_m": 2, "warps_n": 1}


def made(how, **overrides):
    """A backend whose device is taken for an NVIDIA GPU with tensor cores."""
    device = dataclasses.replace(probe.device(0), kind="nvidia", tensor_cores=how,
                                 overrides=overrides)
    return OpenCLBackend(Runtime(probe.binding(), device), "opencl:nvidia")


@pytest.fixture(scope="session")
def how(backend):
    """By the instruction where there is one, else emulated."""
    return probe.device(0).tensor_cores or "emulated"


@pytest.fixture(scope="module")
def gpu(how):
    return made(how, mma=TILE)


@pytest.fixture(autouse=True)
def tf32():
    with core.opencl.allow_tf32():
        yield


def numbers(rng, shape, name):
    return rng.standard_normal(shape).astype(getattr(dtypes, name).numpy)


def laid(backend, values, layout):
    """The matrices in an order, or with an offset, that has them fetched by this layout."""
    if layout == "ACROSS":
        swapped = backend.from_numpy(np.ascontiguousarray(values.swapaxes(-1, -2)))
        return swapped.transpose((*range(values.ndim - 2), values.ndim - 1, values.ndim - 2))
    if layout == "ALONG":
        return backend.from_numpy(values)
    wide = np.zeros((*values.shape[:-1], values.shape[-1] + 3), values.dtype)
    wide[..., 1:-2] = values
    return backend.from_numpy(wide)[..., 1:-2]


def kernels_used(backend, d, kind=STRIDED):
    product = backend.families.products[d, d, d, kind]
    return {key[1:] for key in product._tensor._kernels}


def check(found, a, b, extra=0.0):
    """Within what float32 sums of operands of this type allow, against float64."""
    a, b, name = a.astype(np.float64), b.astype(np.float64), BY_NUMPY[found.dtype].name
    expected = a @ b + extra
    assert found.shape == expected.shape
    each, whole = {"float16": (8e-6, 2.0**-10.9), "bfloat16": (8e-6, 2.0**-7.9),
                   "float32": (2.0**-10, 1e-6)}[name]
    bound = each * (np.abs(a) @ np.abs(b)) + whole * np.abs(expected) + 1e-7
    apart = np.abs(found.astype(np.float64) - expected)
    assert (apart <= bound).all(), (apart / bound).max()


def ptx_fragments(a, b, per_word):
    """Registers of each lane by the PTX ISA's formulas: elements a_i, b_i, low half first."""
    first, second = np.zeros((32, 4 * per_word), a.dtype), np.zeros((32, 2 * per_word), b.dtype)
    for lane in range(32):
        group, thread = lane >> 2, lane % 4
        for i in range(4 * per_word):
            if per_word == 2:  # mma.m16n8k16
                row = group if 0 <= i < 2 or 4 <= i < 6 else group + 8
                column = thread * 2 + (i & 1) + (8 if i >= 4 else 0)
            else:              # mma.m16n8k8 with tf32
                row = group if i in (0, 2) else group + 8
                column = thread if i in (0, 1) else thread + 4
            first[lane, i] = a[row, column]
        for i in range(2 * per_word):
            if per_word == 2:
                row = thread * 2 + (i & 1) + (8 if i >= 2 else 0)
            else:
                row = thread if i == 0 else thread + 4
            second[lane, i] = b[row, group]
    return first.view(np.uint32), second.view(np.uint32)


ONE = """
__kernel void one(__global float *c, __global const uint *a, __global const uint *b)
{
#ifdef FACULA_EMULATE_MMA
    __local float handed[32 * FRAGMENT];
#endif
    const int t = get_local_id(0);
    float sums[4] = {c[4 * t], c[4 * t + 1], c[4 * t + 2], c[4 * t + 3]};
    MMA(sums, (uint4)(a[4 * t], a[4 * t + 1], a[4 * t + 2], a[4 * t + 3]),
        (uint2)(b[2 * t], b[2 * t + 1]));
    for (int i = 0; i < 4; ++i) c[4 * t + i] = sums[i];
}
"""


@pytest.mark.parametrize("name", NAMES)
def test_fragments_are_those_of_the_ptx_isa(gpu, rng, name):
    per_word = 1 if name == "float32" else 2
    a = rng.integers(-8, 9, (16, 8 * per_word)).astype(getattr(dtypes, name).numpy)
    b = rng.integers(-8, 9, (8 * per_word, 8)).astype(a.dtype)
    c = rng.integers(-8, 9, (32, 4)).astype(np.float32)
    d = getattr(dtypes, name)
    trial = tensor_cores.TensorProduct(gpu.families, d, d, STRIDED)
    given = [gpu.from_numpy(x.view(np.int32)) for x in ptx_fragments(a, b, per_word)]
    out = gpu.from_numpy(c)
    kernel = gpu.runtime.kernels(trial.source("small", "ANY", "ANY") + ONE, ("-cl-opt-disable",),
                                 {"one": [BUFFER] * 3})["one"]
    gpu.runtime.launch(kernel, (32,), (32,), out.mem, *[x.mem for x in given])
    found = gpu.to_numpy(out)
    product = a.astype(np.float64) @ b.astype(np.float64)
    for lane in range(32):
        for i in range(4):
            row = (lane >> 2) + (8 if i >= 2 else 0)
            column = (lane % 4) * 2 + (i & 1)
            assert found[lane, i] == c[lane, i] + product[row, column]


@pytest.mark.parametrize(("name", "left", "right"), [
    (name, left, right) for name in NAMES for left in LAYOUTS for right in LAYOUTS
    if name != "bfloat16" or left == right])  # which shares all but the instruction with float16
def test_layouts(gpu, rng, name, left, right):
    for m, k, n in ((72, 80, 88), (64, 64, 64), (16, 1024, 24), (200, 16, 104)):
        a, b = numbers(rng, (m, k), name), numbers(rng, (n, k), name).T
        # as for b, contiguous along k is the transposed matrix
        x = laid(gpu, a, left)
        y = laid(gpu, b.T, right).transpose((1, 0))
        check(gpu.to_numpy(gpu.kernels["matmul"](x, y)), a, b)
    assert (left, right) in kernels_used(gpu, a.dtype)
    assert gpu.families.tensor_cores[tensor_cores._NAMES[getattr(dtypes, name)]] == "on"


@pytest.mark.parametrize("size", [(67, 71, 73), (33, 257, 65), (129, 17, 131), (16, 16, 1031),
                                  (64, 72, 67), (65, 72, 64), (64, 71, 64)], ids=str)
@pytest.mark.parametrize("name", ["float16", "float32"])
def test_odd_sizes_and_all_transpositions(gpu, rng, name, size):
    m, k, n = size
    a, b = numbers(rng, (m, k), name), numbers(rng, (k, n), name)
    for x in (gpu.from_numpy(a), laid(gpu, a, "ACROSS")):
        for y in (gpu.from_numpy(b), laid(gpu, b, "ACROSS")):
            check(gpu.to_numpy(gpu.kernels["matmul"](x, y)), a, b)


@pytest.mark.parametrize("name", NAMES)
def test_batches_steps_and_offsets(gpu, rng, name):
    a, b = numbers(rng, (3, 2, 72, 64), name), numbers(rng, (2, 64, 80), name)
    on, multiply = gpu.from_numpy, gpu.kernels["matmul"]
    for x, y in ((a, b), (a, b[0]), (a[0, 0], b), (a[:, :1], b), (a[:, 0], b[1])):
        check(gpu.to_numpy(multiply(on(x), on(y))), x, y)
    check(gpu.to_numpy(multiply(on(a).transpose((1, 0, 2, 3)), on(b)[:, None])),
          a.transpose(1, 0, 2, 3), b[:, None])
    check(gpu.to_numpy(multiply(on(a)[1:, 1:, 3:], on(b)[1:])), a[1:, 1:, 3:], b[1:])
    check(gpu.to_numpy(multiply(on(a), on(b)[..., 8:])), a, b[..., 8:])
    wide = numbers(rng, (144, 128), name)
    check(gpu.to_numpy(multiply(on(wide)[::2, ::2], on(b)[0])), wide[::2, ::2], b[0])
    check(gpu.to_numpy(multiply(on(wide)[:72, 64:], on(wide)[8:72, 16:])), wide[:72, 64:],
          wide[8:72, 16:])


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("shape", [(70, 72), (5, 14, 72)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_linear(gpu, rng, name, shape, with_bias):
    x, w, b = (numbers(rng, s, name) for s in (shape, (56, 72), (56,)))
    bias = gpu.from_numpy(b) if with_bias else None
    found = gpu.to_numpy(gpu.kernels["linear"](gpu.from_numpy(x), gpu.from_numpy(w), bias))
    check(found.reshape(70, 56), x.reshape(70, 72), w.T,
          b.astype(np.float64) if with_bias else 0.0)
    assert ("ALONG", "ALONG") in kernels_used(gpu, x.dtype)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize(("kind", "operation", "arguments"), [
    ("B_COLUMNS", "convolution",
     ((2, 16, 11, 13), (24, 16, 3, 3), None, (1, 1), (1, 1), (1, 1), 1)),
    ("B_COLUMNS", "convolution",
     ((2, 32, 11, 23), (64, 16, 3, 3), None, (2, 1), (1, 0), (1, 2), 2)),
    ("B_COLUMNS", "convolution_input_grad",
     ((2, 24, 11, 13), (24, 16, 3, 3), (2, 16, 11, 13), (1, 1), (1, 1), (1, 1), 1)),
    ("B_COLUMNS_ROWS", "convolution_weight_grad",
     ((2, 24, 11, 13), (2, 16, 11, 13), (24, 16, 3, 3), (1, 1), (1, 1), (1, 1), 1)),
], ids=lambda x: x if isinstance(x, str) else "")
def test_convolutions(gpu, backend, rng, name, kind, operation, arguments):
    arrays = [numbers(rng, shape, name) for shape in arguments[:2]]
    ours = gpu.kernels[operation](*[gpu.from_numpy(a) for a in arrays], *arguments[2:])
    theirs = backend.kernels[operation](*[backend.from_numpy(a.astype(np.float64))
                                          for a in arrays], *arguments[2:])
    found, expected = gpu.to_numpy(ours).astype(np.float64), backend.to_numpy(theirs)
    each = {"float16": 2.0**-10, "bfloat16": 2.0**-7}[name]
    np.testing.assert_allclose(found, expected, rtol=each, atol=2e-5 * np.abs(expected).max())
    products = [p for (a, _, _, k), p in gpu.families.products.items()
                if a == arrays[0].dtype and k == kind]
    assert any(p._tensor._kernels for p in products)


def test_sums_are_kept_in_float32(gpu):
    ones = np.ones((16, 4096), np.float16)
    found = gpu.to_numpy(gpu.kernels["matmul"](gpu.from_numpy(ones), gpu.from_numpy(ones.T)))
    assert (found == 4096).all()  # in float16 a sum of ones ends at 2048


def test_tf32_rounds_to_nearest_and_keeps_what_is_not_finite(gpu, rng):
    bits = rng.integers(0x800000, 0x7f800000, 4096, dtype=np.uint32)
    bits[:6] = 0x3f801000, 0x3f800fff, 0x3f803000, 0x7f7fffff, 0x7f7fefff, 0
    bits[2048:] |= np.uint32(0x80000000)
    x = bits.view(np.float32).reshape(64, 64)
    found = gpu.to_numpy(gpu.kernels["matmul"](gpu.from_numpy(x),
                                               gpu.from_numpy(np.eye(64, dtype=np.float32))))
    size = (bits & 0x7fffffff).astype(np.int64)
    rounded = np.where(size < 0x7f7ff000, (size + 0x1000) & ~0x1fff, size & ~0x1fff)
    expected = (rounded.astype(np.uint32) | bits & np.uint32(0x80000000)).view(np.float32)
    np.testing.assert_array_equal(found.ravel(), expected)
    x = np.ones((64, 64), np.float32)
    x[3, 5], x[7, 1] = np.inf, np.uint32(0x7f800001).view(np.float32)
    found = gpu.to_numpy(gpu.kernels["matmul"](gpu.from_numpy(x), gpu.from_numpy(x)))
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(found, x @ x)


def test_only_where_they_are_wanted(gpu, rng, monkeypatch):
    launched = []
    launch = tensor_cores.TensorProduct._launch
    monkeypatch.setattr(tensor_cores.TensorProduct, "_launch",
                        lambda *given: (launched.append(given), launch(*given)))

    def runs(name, m=64, k=64, n=64):
        a, b = (np.ones(s, getattr(dtypes, name).numpy) for s in ((m, k), (k, n)))
        launched.clear()
        found = gpu.to_numpy(gpu.kernels["matmul"](gpu.from_numpy(a), gpu.from_numpy(b)))
        assert (found == k).all()
        return bool(launched)
    for name in NAMES:
        assert runs(name)
        assert not runs(name, m=15, k=1024)
        assert not runs(name, k=8, m=256, n=256)
        assert not runs(name, 32, 32, 32)
    assert not runs("float64")
    assert not runs("int32")
    with core.opencl.allow_tf32(False):
        assert not runs("float32")
        assert runs("bfloat16")
    with core.opencl.tensor_cores(False):
        assert not any([runs(name) for name in NAMES])
    assert TensorCores.enabled


def test_convolutions_of_float32_stay_exact(gpu):
    x, w = (gpu.from_numpy(np.ones(s, np.float32)) for s in ((2, 16, 16, 16), (32, 16, 3, 3)))
    gpu.kernels["convolution"](x, w, None, (1, 1), (1, 1), (1, 1), 1)
    assert gpu.families.products[x.dtype, x.dtype, x.dtype, "B_COLUMNS"]._tensor is None


@pytest.mark.parametrize(("find", "put", "reason"), [
    ("acc[i][j][e] + extra", "acc[i][j][e] + extra + no_such_thing", "no_such_thing"),
    ("p[8 * LINE + 4]", "p[4]", "numbers of a product are wrong"),
    ("r < INSIDE && k < depth ? BOTH", "r < INSIDE ? BOTH", "numbers of a product are wrong"),
    ("acc[i][j][e] + extra", "acc[i][j][e] * 1.01f + extra", "numbers of a product are wrong"),
    ("acc[i][j][e] + extra", "NAN", "numbers of a product are wrong"),
])
def test_what_fails_its_check_is_not_used(how, rng, capfd, monkeypatch, find, put, reason):
    there = made(how, mma=TILE)
    text = read_source("gemm_mma.cl")
    assert find in text
    monkeypatch.setattr(tensor_cores, "read_source", lambda name: (
        text.replace(find, put) if name == "gemm_mma.cl" else read_source(name)))
    a, b = numbers(rng, (67, 69), "float16"), numbers(rng, (69, 71), "float16")
    for _ in range(2):
        check(there.to_numpy(there.kernels["matmul"](there.from_numpy(a), there.from_numpy(b))),
              a, b)
    assert there.families.tensor_cores["float16"].startswith("off: ")
    assert reason in there.families.tensor_cores["float16"]
    assert not kernels_used(there, a.dtype)
    assert "#define" not in "".join(capfd.readouterr())


def test_a_kernel_that_cannot_be_launched_is_not_used(how, rng, monkeypatch):
    there = made(how, mma=TILE)

    def refuse(*given):
        raise there.runtime.cl.RuntimeError("clEnqueueNDRangeKernel failed: OUT_OF_RESOURCES")
    monkeypatch.setattr(tensor_cores.TensorProduct, "_launch", refuse)
    a, b = numbers(rng, (64, 64), "bfloat16"), numbers(rng, (64, 64), "bfloat16")
    check(there.to_numpy(there.kernels["matmul"](there.from_numpy(a), there.from_numpy(b))), a, b)
    assert "OUT_OF_RESOURCES" in there.families.tensor_cores["bfloat16"]


def test_tiles_that_do_not_divide_are_refused_by_the_compiler(how):
    there = made(how, mma={**TILE, "tm": 16})
    trial = tensor_cores.TensorProduct(there.families, dtypes.float16, dtypes.float16, STRIDED)
    assert trial.checked("small", "ANY", "ANY") is None
    assert "does not divide" in there.families.tensor_cores["float16"]


@pytest.mark.slow
def test_the_shipped_tiles(how):
    assert tensor_cores.report(made(how).families) == dict.fromkeys(
        ("float16", "bfloat16", "tf32"), "on")


def test_other_devices_have_none(backend):
    device = probe.device(0)
    assert (device.tensor_cores == "mma") == (device.capability >= (8, 0))
    if device.kind != "nvidia":
        assert core.opencl.tensor_core_state(0) == {}
        plain = gemm.Product(backend.families, dtypes.float16, dtypes.float16, dtypes.float16,
                             STRIDED)
        assert getattr(plain, "_tensor", None) is None


def test_the_compute_capability_is_asked_for(backend):
    cl = probe.binding()
    answers = {cl.device_info.COMPUTE_CAPABILITY_MAJOR_NV: 9,
               cl.device_info.COMPUTE_CAPABILITY_MINOR_NV: 0}
    assert probe._capability(cl, SimpleNamespace(get_info=answers.__getitem__)) == (9, 0)
    assert probe._capability(cl, probe.device(0).handle) == probe.device(0).capability


def test_the_switches(backend):
    core.set_float32_matmul_precision("medium")
    with core.opencl.allow_tf32(False):
        assert core.get_float32_matmul_precision() == "highest"
    assert core.get_float32_matmul_precision() == "medium"
    core.opencl.allow_tf32()
    assert core.get_float32_matmul_precision() == "high"
    for switch in (core.opencl.allow_tf32, core.opencl.tensor_cores):
        with pytest.raises(ValueError, match="use True or False"):
            switch("yes")
