"""Operations paired with PyTorch's of the same name, and how results are compared."""

import numpy as np
import pytest

import facula
from facula.core import dtypes
from facula.core.testing.compare import TOLERANCES
from facula.core.testing.samples import samples_of

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

# Ours -> torch's, where the registry's name is not public there.
RENAMED = {"batched_matmul": "matmul", "view_as_shape": "reshape"}
OTHERS = {"matrix_transpose": lambda x: x.mT}
SPACES = (torch, torch.Tensor, torch.nn.functional, torch.special, torch.linalg)
# Where the operations of a namespace have theirs: linalg_norm is linalg.norm.
NAMESPACES = {"linalg": torch.linalg, "fft": torch.fft, "windows": torch.signal.windows}
RANDOM_ROOMS = {"random"}
# Whose gradients are not the finite differences in PyTorch 2.13.
_TRIANGLE = "PyTorch gives a gradient to the triangle that is not read"
_HERMITIAN = "PyTorch's is not Hermitian where the matrix is complex; see test_linalg.py"
DEVIATING = {"cholesky": _HERMITIAN, "linalg_cholesky": _HERMITIAN,
             "linalg_cholesky_ex": _HERMITIAN, "cholesky_solve": _TRIANGLE,
             "cholesky_inverse": _TRIANGLE, "geqrf": "there is none, and ours says so at once",
             "linalg_cond": "PyTorch's backward fails: it writes to what it saved",
             "as_strided_scatter": "by the input, PyTorch's is not zero where src was written",
             "vander": "PyTorch's backward fails: it writes to what it saved"}
# test_linalg.py compares what does not depend on the sign.
VECTORS = dict.fromkeys(("linalg_eig", "linalg_eigh", "linalg_svd", "svd"),
                        "the sign of the vectors is free")
DEVIATING |= VECTORS


def peer(op):
    """PyTorch's function of the operation's name."""
    name = RENAMED.get(op.name, op.name)
    if op.name in OTHERS:
        return OTHERS[op.name]
    space, _, rest = name.partition("_")
    if space in NAMESPACES and hasattr(NAMESPACES[space], rest):
        return getattr(NAMESPACES[space], rest)
    for space in SPACES:
        if hasattr(space, name):
            return getattr(space, name)
    return None


PAIRED = [op for op in facula.operations()
          if peer(op) is not None and samples_of(op) and op.room not in RANDOM_ROOMS]


def to_torch(value, requires_grad=False):
    """The same argument for PyTorch."""
    if isinstance(value, facula.Tensor):
        t = torch.from_numpy(value.detach().cpu().numpy().copy())
        smooth = t.is_floating_point() or t.is_complex()
        return t.requires_grad_() if requires_grad and smooth else t
    if isinstance(value, dtypes.dtype):
        return getattr(torch, value.name)
    if isinstance(value, (tuple, list)):
        return type(value)(to_torch(v, requires_grad) for v in value)
    return value


def flat(result):
    """The tensors of a result."""
    if isinstance(result, (tuple, list)):
        return [t for r in result for t in flat(r)]
    return [result]


def close(ours, theirs, what):
    if not isinstance(ours, facula.Tensor):
        assert ours == theirs, what
        return
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1], what
    assert tuple(ours.shape) == tuple(theirs.shape), what
    rtol, atol = TOLERANCES.get(ours.dtype, (0, 0))
    np.testing.assert_allclose(ours.detach().cpu().numpy(), theirs.numpy(force=True),
                               rtol=2 * rtol, atol=atol, err_msg=what)
