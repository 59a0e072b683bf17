"""The variants for GPUs, run on whatever device there is: values do not depend on the variant."""

import dataclasses

import numpy as np
import pytest

from facula.core import dtypes
from facula.core.backends.opencl import probe
from facula.core.backends.opencl.backend import OpenCLBackend
from facula.core.backends.opencl.runtime import Runtime
from facula.core.operation import Reduce


@pytest.fixture(scope="module")
def gpu(backend):
    """A backend that takes its device for a GPU."""
    device = dataclasses.replace(probe.device(0), kind="gpu")
    return OpenCLBackend(Runtime(probe.binding(), device), "opencl:gpu")


@pytest.mark.parametrize("dims", [(0,), (1,), (2,), (0, 2), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("shape", [(3, 40, 500), (70, 3, 2), (1, 20000, 3), (2, 1, 50000)],
                         ids=str)
def test_reductions(gpu, declare, rng, shape, dims):
    x = rng.random(shape).astype(np.float32)
    kernel = gpu.reduction(declare("sum", Reduce(), family="reduction"), dtypes.float32,
                           dtypes.float32, dtypes.float32)
    np.testing.assert_allclose(gpu.to_numpy(kernel(gpu.from_numpy(x), dims, False)),
                               x.astype(np.float64).sum(dims), rtol=1e-6)


@pytest.mark.parametrize("size", [(3, 5, 7), (130, 70, 129), (6, 0, 4), (1, 500, 1)], ids=str)
def test_products(gpu, rng, size):
    m, k, n = size
    a = rng.standard_normal((2, m, k)).astype(np.float32)
    b = rng.standard_normal((k, n)).astype(np.float32)
    right = [gpu.from_numpy(b), gpu.from_numpy(np.ascontiguousarray(b.T)).transpose((1, 0))]
    for given in right:
        out = gpu.to_numpy(gpu.kernels["matmul"](gpu.from_numpy(a), given))
        np.testing.assert_allclose(out, a.astype(np.float64) @ b, rtol=1e-4, atol=1e-4)


def test_functions(gpu, declare, rng):
    x = rng.uniform(-3, 3, 1000).astype(np.float32)
    op = declare("f", "tanh(input) + exp(input) * sigmoid(input) - erf(input) + ABS(input)")
    kernel = gpu.elementwise(op, (dtypes.float32,), dtypes.float32, (dtypes.float32,))
    same = gpu.elementwise(op, (dtypes.float64,), dtypes.float64, (dtypes.float64,))
    np.testing.assert_allclose(gpu.to_numpy(kernel(gpu.from_numpy(x))),
                               gpu.to_numpy(same(gpu.from_numpy(x.astype(np.float64)))),
                               rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "arguments"), [
    ("softmax", ((4, 300), 1)), ("log_softmax", ((4, 300), 1)), ("softmax", ((4, 30), 1)),
    ("softmax", ((4, 30, 5), 1)),
    ("batch_norm_train", ((4, 3, 50), None, None, 1e-5)),
    ("layer_norm_rows", ((5, 300), None, None, 1e-5)),
    ("convolution", ((2, 3, 9, 9), (4, 3, 3, 3), None, (2, 1), (1, 1), (1, 2), 1)),
    ("convolution_input_grad", ((2, 4, 5, 7), (4, 3, 3, 3), (2, 3, 9, 9), (2, 1), (1, 1), (1, 2),
                                1)),
    ("convolution_weight_grad", ((2, 4, 5, 7), (2, 3, 9, 9), (4, 3, 3, 3), (2, 1), (1, 1), (1, 2),
                                 1)),
], ids=lambda x: x if isinstance(x, str) else "")
def test_families_equal_the_variant_for_cpus(gpu, backend, rng, name, arguments):
    tensors = 2 if name.startswith("convolution") else 1
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in arguments[:tensors]]
    ours = gpu.kernels[name](*[gpu.from_numpy(a) for a in arrays], *arguments[tensors:])
    theirs = backend.kernels[name](*[backend.from_numpy(a) for a in arrays], *arguments[tensors:])
    ours, theirs = (x if isinstance(x, tuple) else (x,) for x in (ours, theirs))
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(gpu.to_numpy(x), backend.to_numpy(y), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dim", [0, 1])
def test_gradients_of_softmax(gpu, backend, rng, dim):
    g, y = rng.random((2, 5, 300)).astype(np.float32)
    for name in ("softmax_grad", "log_softmax_grad"):
        ours = gpu.kernels[name](gpu.from_numpy(g), gpu.from_numpy(y), dim)
        theirs = backend.kernels[name](backend.from_numpy(g), backend.from_numpy(y), dim)
        np.testing.assert_allclose(gpu.to_numpy(ours), backend.to_numpy(theirs), rtol=1e-4,
                                   atol=1e-4)
