"""Samples for decompositions, linear systems, norms and functions of matrices."""

from collections.abc import Iterator

import numpy as np

from facula.core.testing.samples.base import Maker, Sample, sample_inputs

INF = float("inf")


def _regular(make: Maker, *shape: int, complex: bool = False) -> np.ndarray:
    """Matrices far from singular ones, with distinct singular and eigenvalues."""
    a = make.complex(*shape) if complex else make(*shape)
    return a + 5 * np.diag(np.arange(1, shape[-2] + 1))[:, :shape[-1]] if (
        shape[-2] >= shape[-1]) else a


def _definite(make: Maker, *shape: int, complex: bool = False) -> np.ndarray:
    a = make.complex(*shape) if complex else make(*shape)
    return a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(shape[-1])


@sample_inputs("cholesky_factor", "linalg_cholesky", "linalg_cholesky_ex", "cholesky")
def definite(make: Maker) -> Iterator[Sample]:
    yield Sample(_definite(make, 3, 3))
    yield Sample(_definite(make, 2, 3, 3))
    yield Sample(_definite(make, 3, 3, complex=True))
    yield Sample(make(0, 0))


@sample_inputs("eigh_factors")
def eigh_factors(make: Maker) -> Iterator[Sample]:
    yield Sample(_definite(make, 3, 3), False, True)
    yield Sample(_definite(make, 2, 3, 3), True, True)


@sample_inputs("linalg_eigh", "linalg_eigvalsh")
def eigh(make: Maker) -> Iterator[Sample]:
    yield Sample(_definite(make, 3, 3))
    yield Sample(_definite(make, 2, 3, 3), "U")
    yield Sample(_definite(make, 3, 3, complex=True))


@sample_inputs("eig_factors")
def eig_factors(make: Maker) -> Iterator[Sample]:
    yield Sample(_regular(make, 3, 3), True)
    yield Sample(_regular(make, 3, 3, complex=True), True)


@sample_inputs("linalg_eig", "linalg_eigvals")
def eig(make: Maker) -> Iterator[Sample]:
    yield Sample(_regular(make, 3, 3))
    yield Sample(_regular(make, 2, 3, 3))
    yield Sample(_regular(make, 3, 3, complex=True))


@sample_inputs("lu_packed")
def lu_packed(make: Maker) -> Iterator[Sample]:
    for shape in ((3, 3), (2, 4, 3), (3, 5)):
        yield Sample(make(*shape), True)
    yield Sample(_regular(make, 3, 3), False)
    yield Sample(make.complex(3, 4), True)


@sample_inputs("linalg_lu", "linalg_lu_factor", "linalg_lu_factor_ex", "geqrf", "qr_packed", "lu",
               "qr", "linalg_svdvals")
def any_matrix(make: Maker) -> Iterator[Sample]:
    for shape in ((3, 3), (2, 4, 3), (3, 4)):
        yield Sample(make(*shape))
    yield Sample(make.complex(3, 3))


@sample_inputs("pivot_order")
def pivot_order(make: Maker) -> Iterator[Sample]:
    yield Sample(np.array([3, 3, 3], np.int32), 3)
    yield Sample(np.array([[2, 2], [4, 3]], np.int32), 4)


@sample_inputs("qr_factors")
def qr_factors(make: Maker) -> Iterator[Sample]:
    for shape in ((3, 3), (2, 4, 3), (3, 5)):
        yield Sample(make(*shape), False)
    yield Sample(make(3, 4), True)
    yield Sample(make.complex(4, 3), False)


@sample_inputs("linalg_qr")
def qr(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 4, 3))
    yield Sample(make(3, 4), "complete")
    yield Sample(make.complex(3, 3))


@sample_inputs("svd_factors")
def svd_factors(make: Maker) -> Iterator[Sample]:
    for shape in ((3, 3), (2, 4, 3), (3, 5)):
        yield Sample(make(*shape), False, True)


@sample_inputs("linalg_svd")
def svd(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 3))
    yield Sample(make(2, 4, 3), False)


@sample_inputs("svd")
def older_svd(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 3))
    yield Sample(make(3, 3), False)
    yield Sample(make(4, 3), True, False)


@sample_inputs("ldl_packed")
def ldl_packed(make: Maker) -> Iterator[Sample]:
    yield Sample(_definite(make, 3, 3), False)


@sample_inputs("linalg_ldl_factor", "linalg_ldl_factor_ex")
def ldl(make: Maker) -> Iterator[Sample]:
    a = make(2, 4, 4)
    yield Sample(a + np.swapaxes(a, -1, -2))
    yield Sample(_definite(make, 3, 3, complex=True), hermitian=True)


@sample_inputs("ldl_solution")
def ldl_solution(make: Maker) -> Iterator[Sample]:
    ld = np.array([[2.0, 0.0, 0.0], [1.5, -3.0, 0.0], [0.5, 0.25, 4.0]])
    yield Sample(ld, np.array([1, 3, 3], np.int32), make(3, 2), False)
    yield Sample(ld, np.array([-3, -3, 3], np.int32), make(2, 3, 1), False)
    yield Sample(ld + 0j, np.array([1, -3, -3], np.int32), make.complex(3, 1), True)


@sample_inputs("linalg_ldl_solve")
def ldl_solve(make: Maker) -> Iterator[Sample]:
    ld = np.array([[2.0, 0.0, 0.0], [1.5, -3.0, 0.0], [0.5, 0.25, 4.0]])
    yield Sample(ld, np.array([1, 3, 3], np.int32), make(3, 2))


@sample_inputs("linear_solution")
def linear_solution(make: Maker) -> Iterator[Sample]:
    yield Sample(_regular(make, 3, 3), make(3, 2))
    yield Sample(_regular(make, 2, 1, 3, 3), make(4, 3, 1))
    yield Sample(_regular(make, 3, 3), make(2, 3, 1))
    yield Sample(_regular(make, 3, 3, complex=True), make.complex(3, 2))


@sample_inputs("linalg_solve", "linalg_solve_ex")
def solve(make: Maker) -> Iterator[Sample]:
    yield Sample(_regular(make, 3, 3), make(3))
    yield Sample(_regular(make, 2, 3, 3), make(2, 3))
    yield Sample(_regular(make, 2, 3, 3), make(3, 2))
    yield Sample(_regular(make, 3, 3), make(2, 3), left=False)


@sample_inputs("linalg_inv", "linalg_inv_ex", "inverse", "linalg_det", "det", "linalg_slogdet",
               "slogdet", "determinant", "sign_logdet", "linalg_matrix_exp", "matrix_exp")
def square(make: Maker) -> Iterator[Sample]:
    yield Sample(_regular(make, 3, 3) / 3)
    yield Sample(make(2, 3, 3))
    yield Sample(_regular(make, 3, 3, complex=True) / 4)
    yield Sample(make(0, 0))


@sample_inputs("cofactors")
def cofactors(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 3))
    yield Sample(make.complex(4, 4))
    yield Sample(make(3, 2) @ make(2, 3))


@sample_inputs("logdet")
def logdet(make: Maker) -> Iterator[Sample]:
    yield Sample(_definite(make, 2, 3, 3))


@sample_inputs("triangular_solution")
def triangular_solution(make: Maker) -> Iterator[Sample]:
    for upper in (False, True):
        for unit in (False, True):
            yield Sample(_regular(make, 3, 3), make(3, 2), upper, unit)
    yield Sample(_regular(make, 2, 3, 3, complex=True), make.complex(3, 1), True, False)
    yield Sample(_regular(make, 40, 40), make(40, 1), True, False)


@sample_inputs("linalg_solve_triangular")
def solve_triangular(make: Maker) -> Iterator[Sample]:
    yield Sample(np.triu(_regular(make, 3, 3)), make(3, 2), upper=True)
    yield Sample(np.tril(_regular(make, 2, 3, 3)), make(2, 3), upper=False, left=False)


@sample_inputs("triangular_solve")
def triangular_solve(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 2), np.triu(_regular(make, 3, 3)))
    yield Sample(make(3, 2), np.tril(_regular(make, 3, 3)), False, True, True)


@sample_inputs("linalg_lu_solve")
def lu_solve(make: Maker) -> Iterator[Sample]:
    pivots = np.array([2, 3, 3], np.int32)
    yield Sample(_regular(make, 3, 3), pivots, make(3, 2))
    yield Sample(_regular(make, 3, 3), pivots, make(2, 3), left=False)
    yield Sample(_regular(make, 3, 3), pivots, make(2, 3, 2), adjoint=True)


@sample_inputs("lu_solve")
def older_lu_solve(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 2), _regular(make, 3, 3), np.array([2, 3, 3], np.int32))


@sample_inputs("lu_unpack")
def lu_unpack(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 3), np.array([2, 3, 3], np.int32))
    yield Sample(make(2, 4, 3), np.array([[2, 3, 3], [1, 4, 4]], np.int32))
    yield Sample(make(3, 3), np.array([2, 3, 3], np.int32), False)


@sample_inputs("cholesky_solve")
def cholesky_solve(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 2), np.tril(_regular(make, 3, 3)))
    yield Sample(make(3, 2), np.triu(_regular(make, 2, 3, 3)), True)


@sample_inputs("cholesky_inverse")
def cholesky_inverse(make: Maker) -> Iterator[Sample]:
    yield Sample(np.tril(_regular(make, 3, 3)))


@sample_inputs("pseudoinverse")
def pseudoinverse(make: Maker) -> Iterator[Sample]:
    for shape in ((3, 3), (2, 4, 3), (3, 5)):
        yield Sample(make(*shape), np.array(0.0), np.array(1e-6), False)
    yield Sample(make.complex(4, 3), np.array(0.0), np.array(1e-6), False)


@sample_inputs("linalg_pinv", "pinverse")
def pinv(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 4, 3))
    yield Sample(make(3, 4))


@sample_inputs("linalg_matrix_rank")
def matrix_rank(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 4, 3))
    yield Sample(np.ones((3, 3)))
    yield Sample(_definite(make, 3, 3), hermitian=True)
    yield Sample(np.diag([4.0, 1.0, 0.1]), atol=0.5)


@sample_inputs("linalg_lstsq")
def lstsq(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 3), make(4, 2))
    yield Sample(make(2, 4, 3), make(2, 4), driver="gelsd")
    yield Sample(make(3, 4), make(3, 1))


@sample_inputs("linalg_tensorinv")
def tensorinv(make: Maker) -> Iterator[Sample]:
    yield Sample(_regular(make, 6, 6).reshape(2, 3, 6))


@sample_inputs("linalg_tensorsolve")
def tensorsolve(make: Maker) -> Iterator[Sample]:
    yield Sample(_regular(make, 6, 6).reshape(2, 3, 6), make(2, 3))
    yield Sample(_regular(make, 6, 6).reshape(6, 2, 3), make(2, 3), (0,))


@sample_inputs("linalg_matrix_power", "matrix_power")
def matrix_power(make: Maker) -> Iterator[Sample]:
    for n in (0, 1, 5, -2):
        yield Sample(_regular(make, 2, 3, 3) / 4, n)


@sample_inputs("linalg_multi_dot")
def multi_dot(make: Maker) -> Iterator[Sample]:
    yield Sample([make(2, 3), make(3, 4), make(4, 2)])
    yield Sample([make(3), make(3, 4), make(4)])


@sample_inputs("linalg_householder_product", "orgqr")
def householder_product(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 3, low=-0.5, high=0.5), make(3))
    yield Sample(make(2, 3, 3, low=-0.5, high=0.5), make(2, 2))


@sample_inputs("ormqr")
def ormqr(make: Maker) -> Iterator[Sample]:
    for left in (True, False):
        for transpose in (False, True):
            yield Sample(make(3, 2, low=-0.5, high=0.5), make(2), make(3, 3), left, transpose)


@sample_inputs("linalg_cross")
def cross(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 3), make(1, 3))
    yield Sample(make(3, 4), make(3, 4), dim=0)
    yield Sample(make.complex(2, 3), make.complex(2, 3))


@sample_inputs("linalg_vecdot")
def vecdot(make: Maker) -> Iterator[Sample]:
    yield Sample(make(4, 3), make(3))
    yield Sample(make.complex(4, 3), make.complex(4, 3), dim=0)


@sample_inputs("linalg_vander")
def vander(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3))
    yield Sample(np.array([0.0, 2.0]), N=4)


@sample_inputs("linalg_diagonal")
def diagonal(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4))
    yield Sample(make(2, 3, 4), offset=1, dim1=0)


@sample_inputs("linalg_matmul")
def matmul(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4), make(4, 5))


@sample_inputs("linalg_vector_norm")
def vector_norm(make: Maker) -> Iterator[Sample]:
    for order in (1, 2, 3, 2.5, 0.5, INF, -INF, -2):
        yield Sample(make(3, 4), order, 1)
    yield Sample(make(3, 4))
    yield Sample(make(2, 3, 4), 2, (0, 1), True)
    yield Sample(make.complex(3, 4), 3)


@sample_inputs("linalg_matrix_norm")
def matrix_norm(make: Maker) -> Iterator[Sample]:
    for order in ("fro", "nuc", 1, -1, 2, -2, INF, -INF):
        yield Sample(make(2, 3, 4), order)
    yield Sample(make(2, 3, 4), 2, (2, 0), True)
    yield Sample(make.complex(3, 4), "nuc", (0, 1), True)


@sample_inputs("linalg_norm")
def any_norm(make: Maker) -> Iterator[Sample]:
    yield Sample(make(2, 3, 4))
    yield Sample(make(3, 4), 1)
    yield Sample(make(4), INF)
    yield Sample(make(3, 4), 3, 1, True)


@sample_inputs("linalg_cond")
def cond(make: Maker) -> Iterator[Sample]:
    for p in (None, 1, "fro", -2):
        yield Sample(_regular(make, 2, 3, 3), p)
    yield Sample(make(3, 4))


@sample_inputs("norm")
def norm(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4))
    yield Sample(make(3, 4), 1, 0, True)
    yield Sample(make(3, 4), INF)
    yield Sample(make(3, 4), "nuc")


@sample_inputs("dist")
def dist(make: Maker) -> Iterator[Sample]:
    yield Sample(make(3, 4), make(4))
    yield Sample(make(3), make(3), 1)
