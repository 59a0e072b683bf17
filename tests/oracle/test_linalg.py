"""Linear algebra against PyTorch where signs, phases and unread triangles must not matter.

Each case is a function of real numbers made of a decomposition, whose values, first and second
gradients are compared; the plain comparison of every operation is in test_operations.py.
"""

import numpy as np
import pytest
from pairs import flat, torch

import facula

LIBRARIES = {"facula": facula, "torch": torch}


def hermitian(x):
    """A matrix whose gradient does not depend on which triangle is read."""
    return x + x.mH


def definite(lib, x):
    return x @ x.mH + lib.eye(x.shape[-1], dtype=x.dtype)


def scaled(vectors, values):
    return vectors * values.unsqueeze(-2).to(vectors.dtype)


def eigh(lib, x):
    values, vectors = lib.linalg.eigh(hermitian(x))
    return values.sin(), scaled(vectors, values.exp()) @ vectors.mH, vectors.abs() ** 2


def eigh_upper(lib, x):
    values, vectors = lib.linalg.eigh(hermitian(x), UPLO="U")
    return values, vectors.abs() ** 3


def eigvalsh(lib, x):
    return lib.linalg.eigvalsh(hermitian(x)) ** 3


def eig(lib, x):
    values, vectors = lib.linalg.eig(x)
    again = scaled(vectors, values.sin()) @ lib.linalg.inv(vectors)
    return again, (vectors.abs() ** 2).sum(-1), (values ** 3).sum(-1)


def eigvals(lib, x):
    values = lib.linalg.eigvals(x)
    return values.exp().sum(-1), (values.abs() ** 2).sum(-1)


def svd(lib, x):
    U, S, Vh = lib.linalg.svd(x, full_matrices=False)
    return S.log(), scaled(U, S.sin()) @ Vh, U.abs() ** 2, Vh.abs() ** 3


def svd_left(lib, x):
    return lib.linalg.svd(x, full_matrices=False).U.abs() ** 2


def svd_older(lib, x):
    U, S, V = lib.svd(x)
    return scaled(U, S ** 2) @ V.mH


def svdvals(lib, x):
    return lib.linalg.svdvals(x) ** 2


def cholesky(lib, x):
    return lib.linalg.cholesky(definite(lib, x)).abs() ** 2


def cholesky_upper(lib, x):
    return lib.linalg.cholesky(definite(lib, x), upper=True)


def cholesky_solve(lib, x):
    L = lib.linalg.cholesky(definite(lib, x))
    return lib.cholesky_solve(x, L), lib.cholesky_inverse(L)


def qr(lib, x):
    Q, R = lib.linalg.qr(x)
    return (Q.abs() ** 2, R.abs() ** 2) if x.shape[-2] <= x.shape[-1] else (Q @ Q.mH, R.abs())


def lu(lib, x):
    _, L, U = lib.linalg.lu(x)
    return L.sin(), U.sin()


def lu_solve(lib, x):
    LU, pivots = lib.linalg.lu_factor(x)
    return lib.linalg.lu_solve(LU, pivots, x @ x), lib.linalg.lu_solve(
        LU, pivots, x, left=False, adjoint=True)


def lstsq(lib, x):
    return lib.linalg.lstsq(x, x.sin()[..., :2]).solution


def least_norm(lib, x):
    return lib.linalg.lstsq(x.mT, x.sin().mT[..., :2], driver="gelsd").solution


def pinv(lib, x):
    return lib.linalg.pinv(x).sin()


def pinv_deficient(lib, x):
    return lib.linalg.pinv(x[..., :1] @ x[..., :1, :], rtol=1e-8)


def pinv_hermitian(lib, x):
    return lib.linalg.pinv(hermitian(x), hermitian=True)


def det(lib, x):
    return lib.linalg.det(x)


def det_singular(lib, x):
    return lib.linalg.det(x[..., :2] @ x[..., :2, :])


def slogdet(lib, x):
    sign, logarithm = lib.linalg.slogdet(x)
    return sign ** 2, logarithm


def solve(lib, x):
    return lib.linalg.solve(x, x.sin()), lib.linalg.solve(x, x[..., :1, :], left=False)


def inverses(lib, x):
    y = lib.linalg.inv(x)
    return y @ y, lib.linalg.matrix_power(x, -3)


def matrix_exp(lib, x):
    return lib.linalg.matrix_exp(x), lib.linalg.matrix_exp(x * 5) / 1e3


def householder(lib, x):
    return lib.linalg.householder_product(x / 4, x[..., 0, :] / 3)


def ormqr(lib, x):
    return lib.ormqr(x / 4, x[..., 0, :] / 3, x.sin(), transpose=True)


def norms(lib, x):
    kinds = ("fro", "nuc", 1, -1, 2, -2, float("inf"), float("-inf"))
    return [lib.linalg.matrix_norm(x, k) for k in kinds] + [
        lib.linalg.vector_norm(x, k, -1) for k in (0.5, 1, 1.5, 2, 3, float("inf"))]


def cond(lib, x):
    return lib.linalg.cond(x), lib.linalg.cond(x, -2)


def tensors(lib, x):
    return lib.linalg.tensorsolve(x, x[..., 0].sin()), lib.linalg.tensorinv(x, ind=1)


SQUARE = [eigh, eigh_upper, eigvalsh, eig, eigvals, svd, svd_older, svdvals, cholesky,
          cholesky_upper, cholesky_solve, qr, lu, lu_solve, pinv, pinv_deficient, pinv_hermitian,
          det, slogdet, solve, inverses, matrix_exp, householder, ormqr, norms, cond]
TALL = [svd, svd_left, svdvals, qr, lu, lstsq, least_norm, pinv, norms, cond, householder]
WIDE = [svd, svdvals, qr, lu, pinv, norms]
CASES = ([(f, (3, 3)) for f in [*SQUARE, tensors, det_singular]]
         + [(f, (2, 3, 3)) for f in SQUARE] + [(f, (2, 4, 3)) for f in TALL]
         + [(f, (3, 5)) for f in WIDE])


def host(value):
    """The values as NumPy's."""
    return value.detach().resolve_conj().numpy()


def gradients(lib, function, array):
    """The results, and the first and second gradients of a weighted sum of their parts."""
    x = lib.tensor(array).requires_grad_()
    results = flat(function(lib, x))
    rng = np.random.default_rng(5)

    def total(values):
        parts = [lib.view_as_real(v.resolve_conj()) if v.is_complex() else v for v in values]
        return sum((p * lib.tensor(rng.normal(size=tuple(p.shape)))).sum() for p in parts)

    found = [host(r) for r in results]
    first, = lib.autograd.grad(total(results), x, create_graph=True)
    second, = lib.autograd.grad(total([first]), x)
    return [*found, host(first), host(second)]


@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize(("function", "shape"), CASES,
                         ids=[f"{f.__name__}-{'x'.join(map(str, s))}" for f, s in CASES])
def test_values_and_both_gradients_are_pytorchs(function, shape, complex_):
    rng = np.random.default_rng(3)
    array = rng.normal(size=shape) + (1j * rng.normal(size=shape) if complex_ else 0)
    ours, theirs = (gradients(lib, function, array) for lib in LIBRARIES.values())
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        scale = max(1.0, float(np.abs(b).max(initial=0)))
        np.testing.assert_allclose(a / scale, b / scale, rtol=1e-7, atol=1e-8,
                                   err_msg=f"{function.__name__}: result {i} of {len(ours)}")


REFUSED = {
    "inv of a rectangle": lambda lib: lib.linalg.inv(lib.ones(2, 3)),
    "inv of integers": lambda lib: lib.linalg.inv(lib.ones(2, 2, dtype=lib.int64)),
    "inv of halves": lambda lib: lib.linalg.inv(lib.ones(2, 2, dtype=lib.float16)),
    "inv of a vector": lambda lib: lib.linalg.inv(lib.ones(2)),
    "inv of a singular matrix": lambda lib: lib.linalg.inv(lib.zeros(2, 2)),
    "inv in a batch": lambda lib: lib.linalg.inv(lib.ones(3, 2, 2)),
    "inv_ex that checks": lambda lib: lib.linalg.inv_ex(lib.ones(2, 2), check_errors=True),
    "cholesky": lambda lib: lib.linalg.cholesky(-lib.eye(2)),
    "cholesky_ex that checks": lambda lib: lib.linalg.cholesky_ex(-lib.eye(2), check_errors=True),
    "solve of other sizes": lambda lib: lib.linalg.solve(lib.eye(3), lib.ones(2, 1)),
    "solve of other dtypes": lambda lib: lib.linalg.solve(
        lib.eye(2), lib.ones(2, 1, dtype=lib.float64)),
    "solve of a singular matrix": lambda lib: lib.linalg.solve(lib.ones(2, 2), lib.ones(2)),
    "lu_factor of a singular matrix": lambda lib: lib.linalg.lu_factor(lib.zeros(2, 2)),
    "qr with another mode": lambda lib: lib.linalg.qr(lib.ones(2, 2), mode="raw"),
    "svd of NaN": lambda lib: lib.linalg.svd(lib.full((2, 2), float("nan"))),
    "eig of NaN": lambda lib: lib.linalg.eig(lib.full((2, 2), float("nan"))),
    "matrix_power of a rectangle": lambda lib: lib.linalg.matrix_power(lib.ones(2, 3), 2),
    "multi_dot of one": lambda lib: lib.linalg.multi_dot([lib.ones(2, 2)]),
    "matrix_norm of one dimension": lambda lib: lib.linalg.matrix_norm(lib.ones(2)),
    "matrix_norm of another order": lambda lib: lib.linalg.matrix_norm(lib.ones(2, 2), 3),
    "norm of three dimensions": lambda lib: lib.linalg.norm(lib.ones(2, 2, 2), 1),
    "vector_norm of integers": lambda lib: lib.linalg.vector_norm(lib.ones(2, dtype=lib.int64)),
    "vector_norm of nothing": lambda lib: lib.linalg.vector_norm(lib.ones(0), float("inf")),
    "cross of four": lambda lib: lib.linalg.cross(lib.ones(4), lib.ones(4)),
    "vecdot of integers": lambda lib: lib.linalg.vecdot(
        lib.ones(2, dtype=lib.int64), lib.ones(2, dtype=lib.int64)),
    "vander of one column": lambda lib: lib.linalg.vander(lib.ones(2), N=1),
    "tensorinv": lambda lib: lib.linalg.tensorinv(lib.ones(2, 3, 4)),
    "lstsq of other sizes": lambda lib: lib.linalg.lstsq(lib.ones(3, 2), lib.ones(2, 2)),
    "lstsq by another driver": lambda lib: lib.linalg.lstsq(
        lib.ones(3, 2), lib.ones(3, 2), driver="best"),
    "fft of nothing": lambda lib: lib.fft.fft(lib.ones(0)),
    "fft of length 0": lambda lib: lib.fft.fft(lib.ones(3), n=0),
    "fft of a scalar": lambda lib: lib.fft.fft(lib.tensor(1.0)),
    "fft by another norm": lambda lib: lib.fft.fft(lib.ones(3), norm="all"),
    "fft of a missing dimension": lambda lib: lib.fft.fft(lib.ones(3), dim=1),
    "fft of halves": lambda lib: lib.fft.fft(lib.ones(3, dtype=lib.float16)),
    "fftn of a dimension twice": lambda lib: lib.fft.fftn(lib.ones(3, 3), dim=(0, -2)),
    "fftn of more sizes": lambda lib: lib.fft.fftn(lib.ones(3), s=(2, 2)),
    "rfft of complex numbers": lambda lib: lib.fft.rfft(lib.ones(3, dtype=lib.complex64)),
    "irfft of one": lambda lib: lib.fft.irfft(lib.ones(1)),
    "stft without return_complex": lambda lib: lib.stft(lib.ones(20), 4, window=lib.ones(4)),
    "istft of real numbers": lambda lib: lib.istft(lib.ones(3, 4), 4, window=lib.ones(4)),
    "hann_window of integers": lambda lib: lib.hann_window(4, dtype=lib.int64),
    "gradient by the phase of eig": lambda lib: _phase(lib, lib.linalg.eig),
    "gradient by the phase of eigh": lambda lib: _phase(lib, lib.linalg.eigh),
    "gradient by the phase of svd": lambda lib: _phase(lib, lib.linalg.svd),
    "gradient of a complete qr": lambda lib: lib.linalg.qr(
        lib.eye(3)[:, :2].clone().requires_grad_(), "complete").Q.sum().backward(),
    "gradient of geqrf": lambda lib: lib.geqrf(lib.eye(3).requires_grad_()).a.sum().backward(),
}


def _phase(lib, decompose):
    x = lib.tensor([[1 + 1j, 2.0, 0.5], [0.3, -2j, 1.0], [0.2j, 0.7, 3.0]], dtype=lib.complex128)
    x = (x + x.mH).requires_grad_()
    result = decompose(x)
    vectors = result[0] if len(result) == 3 else result[1]
    lib.view_as_real(vectors.sum()).sum().backward()


@pytest.mark.parametrize("call", list(REFUSED.values()), ids=list(REFUSED))
def test_what_pytorch_refuses_is_refused_alike(call):
    with pytest.raises((RuntimeError, IndexError)) as theirs:
        call(torch)
    singular = issubclass(theirs.type, torch.linalg.LinAlgError)
    with pytest.raises(facula.linalg.LinAlgError if singular else theirs.type, match=":"):
        call(facula)
