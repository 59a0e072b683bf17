"""Gradients of linear algebra where the registry's plain comparison cannot go.

Hermitian arguments, of which one triangle is read; vectors with a free phase; singular matrices;
what is refused instead of being wrong.
"""

import numpy as np
import pytest

from facula import core
from facula.autograd import grad, gradcheck, gradgradcheck
from facula.core import linalg


def matrix(complex_=False, shape=(3, 3), seed=0):
    rng = np.random.default_rng(seed)
    array = rng.normal(size=shape) + (1j * rng.normal(size=shape) if complex_ else 0)
    return core.tensor(array).requires_grad_()


def hermitian(x):
    return x + x.mH


def definite(x):
    return x @ x.mH + core.eye(x.shape[-1], dtype=x.dtype)


def other(x):
    return matrix(x.is_complex(), seed=1).detach()


FUNCTIONS = {
    "cholesky": lambda x: linalg.cholesky(definite(x)),
    "cholesky, upper": lambda x: linalg.cholesky(definite(x), upper=True),
    "eigvalsh": lambda x: linalg.eigvalsh(hermitian(x)),
    "eigh, upper": lambda x: linalg.eigh(hermitian(x), "U").eigenvectors.abs() ** 2,
    "eigvals": lambda x: linalg.eigvals(x).abs() ** 2,
    "eig": lambda x: linalg.eig(x).eigenvectors.abs() ** 2,
    "svd": lambda x: linalg.svd(x).U.abs() ** 2,
    "svdvals": lambda x: linalg.svdvals(x),
    "ldl_solve": lambda x: linalg.ldl_solve(*linalg.ldl_factor(
        hermitian(other(x)), hermitian=True), x, hermitian=True),
    "ldl_solve, symmetric": lambda x: linalg.ldl_solve(*linalg.ldl_factor(
        other(x) + other(x).mT), x),
}


@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_the_finite_differences(name, complex_):
    x = matrix(complex_)
    assert gradcheck(FUNCTIONS[name], x)
    assert gradgradcheck(FUNCTIONS[name], x)


SINGULAR = {
    "rank 2": np.diag([2.0, 1.0, 0.0]), "rank 1": np.diag([2.0, 0.0, 0.0]),
    "rank 0": np.zeros((3, 3)), "all ones": np.ones((3, 3)),
    "nearly": np.outer([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]) + np.diag([0.0, 1.0, 1e-13]),
}


@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("name", SINGULAR)
def test_the_determinant_is_smooth_at_singular_matrices(name, complex_):
    x = core.tensor(SINGULAR[name] * (1 + 0.5j if complex_ else 1)).requires_grad_()
    assert gradcheck(linalg.det, x)
    assert gradgradcheck(linalg.det, x, atol=1e-4)  # the differences themselves are no better


def test_values_alone_have_a_gradient_where_they_repeat():
    x = core.eye(3, dtype=core.float64).requires_grad_()
    for function in (linalg.svdvals, linalg.eigvalsh, lambda a: linalg.svd(a).S,
                     lambda a: linalg.eigh(a).eigenvalues, lambda a: linalg.eigvals(a).real):
        g, = grad(function(x).sum(), x)
        np.testing.assert_allclose(g.numpy(), np.eye(3), atol=1e-12)


def test_a_norm_of_zeros_has_a_zero_gradient():
    for order in (0.5, 1, 1.5, 2, 3):
        x = core.zeros(2, 3, dtype=core.float64).requires_grad_()
        g, = grad(linalg.vector_norm(x, order), x, create_graph=True)
        assert not g.abs().sum().item(), order
        if order > 1:
            again, = grad(g.sum(), x)
            assert not again.abs().sum().item(), order


@pytest.mark.parametrize("decompose", [linalg.eig, linalg.eigh, linalg.svd])
def test_a_gradient_along_the_free_phase_is_refused(decompose):
    x = hermitian(matrix(True)).detach().requires_grad_()
    result = decompose(x)
    vectors = result[0] if len(result) == 3 else result[1]
    with pytest.raises(RuntimeError, match="phase"):
        vectors.sum().abs().backward()


@pytest.mark.parametrize("call", [
    lambda x: core.geqrf(x).a, lambda x: linalg.ldl_factor(hermitian(x)).LD,
    lambda x: linalg.ldl_solve(x, core.tensor([1, 2, 3], dtype=core.int32), x.detach())])
def test_what_has_no_derivative_says_so(call):
    with pytest.raises(NotImplementedError, match="no derivative"):
        call(matrix()).sum().backward()


def test_the_complete_qr_of_tall_matrices_has_no_derivative():
    with pytest.raises(RuntimeError, match="complete"):
        linalg.qr(matrix(shape=(4, 3)), "complete").Q.sum().backward()


def test_one_of_several_results_has_one_place_in_the_graph():
    """The rule of solve_ex reads its own result: its gradient and the caller's must add up."""
    x = matrix()
    y = linalg.solve_ex(x, core.eye(3, dtype=core.float64)).result
    first, = grad((y * y).sum(), x, create_graph=True)
    by_result, = grad(first.sum(), y, retain_graph=True)
    assert by_result.abs().sum().item() > 0
    assert gradgradcheck(lambda a: linalg.inv(a) ** 2, x)
