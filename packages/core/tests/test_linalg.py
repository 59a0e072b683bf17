"""Linear algebra: what defines each result, against NumPy, on every device and for batches."""

import numpy as np
import pytest

from facula import core
from facula.core import linalg
from facula.core.testing.compare import assert_close

SHAPES = [(3, 3), (5, 2), (2, 5), (2, 3, 4, 4), (70, 70), (80, 40), (0, 0), (2, 0, 3), (0, 2, 2)]
SQUARES = [s for s in SHAPES if s[-1] == s[-2]]


def numbers(shape, kind, seed=0):
    rng = np.random.default_rng(seed)
    array = rng.normal(size=shape) + (1j * rng.normal(size=shape) if kind == "complex" else 0)
    return array


@pytest.fixture(params=["real", "complex"])
def kind(request):
    return request.param


def adjoint(array):
    return np.conj(np.swapaxes(array, -1, -2))


def orthonormal(tensor):
    array = tensor.cpu().numpy()
    k = array.shape[-1]
    np.testing.assert_allclose(adjoint(array) @ array, np.broadcast_to(
        np.eye(k), (*array.shape[:-2], k, k)), atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_decompositions_multiply_back(shape, kind, device):
    array = numbers(shape, kind)
    A = core.tensor(array).to(device)
    P, L, U = linalg.lu(A)
    assert_close(P @ L @ U, array)
    assert_close(L, np.tril(L.cpu().numpy()))
    assert_close(U, np.triu(U.cpu().numpy()))
    for mode in ("reduced", "complete"):
        Q, R = linalg.qr(A, mode)
        assert_close(Q @ R, array)
        orthonormal(Q)
        assert_close(R, np.triu(R.cpu().numpy()))
    U, S, Vh = linalg.svd(A, full_matrices=False)
    assert_close(U * S.unsqueeze(-2) @ Vh, array)
    orthonormal(U)
    orthonormal(Vh.mH)
    assert_close(linalg.svdvals(A), S)
    Uf, _, Vf = linalg.svd(A)
    assert (Uf.shape[-1], Vf.shape[-2]) == shape[-2:]
    a, tau = core.geqrf(A)
    if shape[-2] >= shape[-1]:
        assert_close(linalg.householder_product(a, tau) @ a.triu()[..., :shape[-1], :], array)
    inverse = linalg.pinv(A)
    assert_close(A @ inverse @ A, array)
    assert_close(inverse @ A @ inverse, inverse.cpu().numpy())


@pytest.mark.parametrize("shape", SQUARES, ids=str)
def test_systems_are_solved(shape, kind, device):
    array, right = numbers(shape, kind), numbers((*shape[:-1], 3), kind, 1)
    A, B = core.tensor(array).to(device), core.tensor(right).to(device)
    assert_close(A @ linalg.solve(A, B), right)
    assert_close(linalg.solve(A, B.mT, left=False) @ A, np.swapaxes(right, -1, -2))
    LU, pivots = linalg.lu_factor(A)
    assert_close(A @ linalg.lu_solve(LU, pivots, B), right)
    assert_close(A.mH @ linalg.lu_solve(LU, pivots, B, adjoint=True), right)
    assert_close(core.lu_unpack(LU, pivots).L, linalg.lu(A).L.cpu().numpy())
    for upper in (False, True):
        part = A.triu() if upper else A.tril()
        part = part + 4 * core.eye(shape[-1], dtype=A.dtype, device=device)
        assert_close(part @ linalg.solve_triangular(part, B, upper=upper), right)
    positive = A @ A.mH + core.eye(shape[-1], dtype=A.dtype, device=device)
    L = linalg.cholesky(positive)
    assert_close(L @ L.mH, positive.cpu().numpy())
    assert_close(positive @ core.cholesky_solve(B, L), right)
    symmetric = A + A.mH
    LD, pivots = linalg.ldl_factor(symmetric, hermitian=True)
    assert_close(symmetric @ linalg.ldl_solve(LD, pivots, B, hermitian=True), right, atol=1e-6)


@pytest.mark.parametrize("shape", SQUARES, ids=str)
def test_eigenvalues(shape, kind, device):
    array = numbers(shape, kind)
    A = core.tensor(array).to(device)
    H = A + A.mH
    values, vectors = linalg.eigh(H)
    assert_close(vectors * values.unsqueeze(-2) @ vectors.mH, H.cpu().numpy())
    assert_close(linalg.eigvalsh(H, "U"), np.linalg.eigvalsh(H.cpu().numpy()))
    values, vectors = linalg.eig(A)
    assert values.dtype is core.complex128
    assert_close(vectors * values.unsqueeze(-2) @ linalg.inv(vectors), array + 0j)


@pytest.mark.parametrize("shape", SQUARES, ids=str)
def test_functions_of_matrices_are_numpys(shape, kind, device):
    array = numbers(shape, kind)
    A = core.tensor(array).to(device)
    assert_close(linalg.det(A) / (1 + linalg.det(A).abs()), np.linalg.det(array) / (
        1 + abs(np.linalg.det(array))))
    sign, logarithm = linalg.slogdet(A)
    assert_close(sign, np.linalg.slogdet(array)[0])
    assert_close(logarithm, np.linalg.slogdet(array)[1])
    for n in (-2, 0, 5):
        want = np.linalg.matrix_power(array, n)
        assert_close(linalg.matrix_power(A, n) / (1 + abs(want).max(initial=0)),
                     want / (1 + abs(want).max(initial=0)))


@pytest.mark.parametrize("size", [0.01, 1.0, 30.0])
def test_the_exponential_is_that_of_the_eigenvalues(size, kind, device):
    a = numbers((3, 4, 4), kind) * np.array([size, 1, 0.1])[:, None, None]
    array = (a + adjoint(a)) / 2
    values, vectors = np.linalg.eigh(array)
    want = vectors * np.exp(values)[..., None, :] @ adjoint(vectors)
    got = linalg.matrix_exp(core.tensor(array).to(device)).cpu().numpy()
    scale = np.abs(want).max((-1, -2), keepdims=True)
    np.testing.assert_allclose(got / scale, want / scale, atol=1e-11)


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_matrix_norms_and_condition_numbers_are_numpys(ord, kind, device):
    array = numbers((4, 4), kind)
    A = core.tensor(array).to(device)
    assert_close(linalg.norm(A, ord), np.linalg.norm(array, ord))
    if ord is not None:
        assert_close(linalg.matrix_norm(A, ord, keepdim=True),
                     np.linalg.norm(array, ord, keepdims=True))
    assert_close(linalg.cond(A, ord), np.linalg.cond(array, ord))


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (3, 0)], ids=str)
def test_the_condition_number_of_nothing_is_zero(shape):
    assert_close(linalg.cond(core.zeros(shape)), np.zeros(shape[:-2]))


def test_failures_are_told_by_batch(device):
    good, bad = np.eye(3), np.diag([1.0, -1.0, 1.0])
    info = linalg.cholesky_ex(core.tensor(np.stack([good, bad])).to(device)).info
    assert info.tolist() == [0, 2]
    assert info.dtype is core.int32
    singular = core.tensor(np.stack([good, np.diag([1.0, 0.0, 1.0])])).to(device)
    result, info = linalg.inv_ex(singular)
    assert info.tolist() == [0, 2]
    assert_close(result[0], good)
    with pytest.raises(linalg.LinAlgError, match=r"linalg.inv: .* element 2 .* \(1,\)"):
        linalg.inv(singular)
    with pytest.raises(linalg.LinAlgError, match=r"linalg.cholesky: .* order 1"):
        linalg.cholesky(-singular)
    with pytest.raises(linalg.LinAlgError, match="svd"):
        linalg.svd(core.full((2, 2), float("nan"), device=device))


def test_least_squares_and_ranks(device):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    a[:, 2] = a[:, 0] + a[:, 1]
    want, _, rank, values = np.linalg.lstsq(a, b, rcond=1e-10)
    A, B = core.tensor(a).to(device), core.tensor(b).to(device)
    got = linalg.lstsq(A, B, rcond=1e-10, driver="gelsd")
    assert_close(got.solution, want)
    assert got.rank.item() == rank == linalg.matrix_rank(A).item() == 2
    assert_close(got.singular_values, values)
    assert got.residuals.numel() == 0
    full = linalg.lstsq(A[:, :2], B, driver="gels")
    assert_close(full.residuals, np.linalg.lstsq(a[:, :2], b, rcond=None)[1])


def test_long_chains_are_multiplied_in_the_order_of_least_work(monkeypatch):
    # The example of Cormen et al., section 15.2.
    sizes = [(30, 35), (35, 15), (15, 5), (5, 10), (10, 20), (20, 25)]
    work = []
    product = core.ops.linalg.matmul
    monkeypatch.setattr(core.ops.linalg, "matmul", lambda a, b: work.append(
        a.shape[0] * a.shape[1] * b.shape[1]) or product(a, b))
    arrays = [numbers(s, "real", i) for i, s in enumerate(sizes)]
    assert_close(linalg.multi_dot([core.tensor(a) for a in arrays]),
                 np.linalg.multi_dot(arrays), rtol=1e-9)
    assert sum(work) == 15125


@pytest.mark.parametrize("shape", [(12, 8), (2, 7, 11)], ids=str)
def test_low_rank_is_found_by_random_projection(shape, kind, device):
    left, right = numbers((*shape[:-1], 3), kind), numbers((*shape[:-2], 3, shape[-1]), kind, 1)
    array = left @ right
    A = core.tensor(array).to(device)
    U, S, V = core.svd_lowrank(A, q=4)
    assert_close(U * S.unsqueeze(-2) @ V.mH, array)
    assert_close(S[..., :3], np.linalg.svd(array, compute_uv=False)[..., :3])
    U, S, V = core.pca_lowrank(A, q=4)
    assert_close(U * S.unsqueeze(-2) @ V.mH, array - array.mean(-2, keepdims=True))
    with pytest.raises(ValueError, match="svd_lowrank: q=20"):
        core.svd_lowrank(A, q=20)


@pytest.mark.parametrize("largest", [True, False])
def test_generalised_eigenvalues(largest, kind, device):
    a, b = numbers((6, 6), kind), numbers((6, 6), kind, 1)
    a, b = a + adjoint(a), b @ adjoint(b) + np.eye(6)
    want = np.sort(np.linalg.eigvals(np.linalg.solve(b, a)).real)
    A, B = core.tensor(a).to(device), core.tensor(b).to(device)
    values, vectors = core.lobpcg(A, 2, B, largest=largest)
    assert_close(values, want[::-1][:2] if largest else want[:2])
    assert_close(A @ vectors, (B @ vectors * values).cpu().numpy())
    assert_close(vectors.mH @ B @ vectors, np.eye(2) + 0 * b[:2, :2])
