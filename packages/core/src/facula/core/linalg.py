"""Linear algebra, as ``torch.linalg``: decompositions, systems, norms, functions of matrices.

Everything works on batches of matrices in the last two dimensions, in float32, float64, complex64
and complex128, and has derivatives of every order unless its page says otherwise. The computing is
LAPACK's, through NumPy; tensors on other devices are brought to the host for it and back.
"""

from facula.core.errors import LinAlgError
from facula.core.ops.decompose import cholesky, cholesky_ex, lu, lu_factor, lu_factor_ex, qr
from facula.core.ops.eigen import eig, eigh, eigvals, eigvalsh, svd, svdvals
from facula.core.ops.ldl import ldl_factor, ldl_factor_ex, ldl_solve
from facula.core.ops.matrices import (
    cross,
    det,
    diagonal,
    householder_product,
    matmul,
    matrix_exp,
    matrix_power,
    multi_dot,
    slogdet,
    vander,
    vecdot,
)
from facula.core.ops.norms import cond, matrix_norm, norm, vector_norm
from facula.core.ops.solve import (
    inv,
    inv_ex,
    lstsq,
    lu_solve,
    matrix_rank,
    pinv,
    solve,
    solve_ex,
    solve_triangular,
    tensorinv,
    tensorsolve,
)

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh",
    "eigvals", "eigvalsh", "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex",
    "ldl_solve", "lstsq", "lu", "lu_factor", "lu_factor_ex", "lu_solve", "matmul", "matrix_exp",
    "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet",
    "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve",
    "vander", "vecdot", "vector_norm",
]
