"""What the tests of the OpenCL backend share: the device, and operations declared by hand."""

import inspect
import os

import numpy as np
import pytest

from facula.core import dtypes
from facula.core.backends import opencl
from facula.core.operation import Operation

REASON = ("no OpenCL device: install facula-core[pocl], or a driver and facula-core[opencl]")


@pytest.fixture(scope="session")
def backend():
    """The first OpenCL device."""
    if not opencl.device_count():
        if os.environ.get("FACULA_TEST_REQUIRE_OPENCL") == "1":
            pytest.fail(REASON)
        pytest.skip(REASON)
    return opencl.get_backend(0)


@pytest.fixture(scope="session")
def declare():
    """A record as the decorators make it, without entering the registry."""
    def make(name, expression, tensors=("input",), attributes=(), outputs=1, family="elementwise"):
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(t, kind, annotation="Tensor") for t in tensors]
        parameters += [inspect.Parameter(n, kind, annotation=a) for n, a in attributes]
        def function():
            """Only its signature counts."""
        function.__signature__ = inspect.Signature(parameters)
        return Operation(
            name=name, family=family, room="test", function=function,
            parameters=tuple(p.name for p in parameters), tensors=tuple(tensors),
            attributes={n: inspect.Parameter.empty for n, _ in attributes}, outputs=outputs,
            opencl=expression)
    return make


@pytest.fixture(scope="session")
def run(backend, declare):
    """Evaluate an expression on NumPy operands: ``run(expression, *operands)``."""
    def evaluate(expression, *operands, result=None, compute=None):
        names = ["input", "other", "third"][:len(operands)]
        arrays = [np.asarray(x) for x in operands]
        kinds = tuple(dtypes.as_dtype(a.dtype) for a in arrays)
        compute = compute or kinds[0]
        kernel = backend.elementwise(declare("expression", expression, names), kinds, compute,
                                     (result or compute,))
        return backend.to_numpy(kernel(*[backend.from_numpy(a) for a in arrays]))
    return evaluate


@pytest.fixture
def rng():
    return np.random.default_rng(7)
