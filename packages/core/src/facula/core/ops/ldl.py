"""The decomposition of indefinite symmetric and Hermitian matrices, and systems solved by it."""

from __future__ import annotations

from facula.core import dtypes
from facula.core.declare import composite, primitive
from facula.core.errors import LinAlgError, describe
from facula.core.ops.decompose import check_field, check_matrix, first_failure
from facula.core.results import LDLFactors, LDLFactorsInfo
from facula.core.tensor import Tensor


@primitive(result=("same", dtypes.int32, dtypes.int32), outputs=3, export=False)
def ldl_packed(input: Tensor, hermitian: bool) -> tuple[Tensor, Tensor, Tensor]:
    """D's blocks with L below them, LAPACK's pivots and info."""
    return input, hermitian  # type: ignore[return-value]


@primitive(export=False)
def ldl_solution(input: Tensor, pivots: Tensor, b: Tensor, hermitian: bool) -> Tensor:
    """The work of :func:`facula.linalg.ldl_solve`."""
    return input, pivots, b, hermitian  # type: ignore[return-value]


def _factored(name: str, A: Tensor, hermitian: bool, check: bool) -> LDLFactorsInfo:
    check_matrix(name, A, square=True)
    given = LDLFactorsInfo(*ldl_packed(A, hermitian and A.is_complex()))
    code, where = first_failure(given.info) if check else (0, "")
    if code:
        raise LinAlgError(f"{name}: the matrix is singular: element {code} of D's diagonal is 0"
                          f"{where}")
    return given


@composite(space="linalg")
def ldl_factor_ex(A: Tensor, *, hermitian: bool = False,
                  check_errors: bool = False) -> LDLFactorsInfo:
    """As :func:`facula.linalg.ldl_factor`, with info instead of an error.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``, of which the lower triangle is read.
    hermitian : bool
        Complex matrices are Hermitian, else symmetric.
    check_errors : bool
        Raise :class:`facula.linalg.LinAlgError` where ``info`` is not 0.

    Returns
    -------
    named tuple (LD, pivots, info)
        ``info`` is 0, or the place of the first zero on the diagonal of D, counted from 1.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.ldl_factor_ex(facula.zeros(1, 1)).info
    tensor(1, dtype=facula.int32)
    """
    return _factored("linalg.ldl_factor_ex", A, hermitian, check_errors)


@composite(space="linalg")
def ldl_factor(A: Tensor, *, hermitian: bool = False) -> LDLFactors:
    """``A = L D L^T`` (Hermitian: ``L D L^H``) for symmetric matrices that may be indefinite.

    It has no derivative, as in PyTorch.

    Parameters
    ----------
    A : Tensor
        ``(..., n, n)``, of which the lower triangle is read.
    hermitian : bool
        Complex matrices are Hermitian, else symmetric.

    Returns
    -------
    named tuple (LD, pivots)
        In LAPACK's format, for :func:`facula.linalg.ldl_solve`: D has blocks of one or two rows.

    Raises
    ------
    LinAlgError
        If there is a zero on the diagonal of D.

    References
    ----------
    Bunch, J. R., Kaufman, L. (1977). Some stable methods for calculating inertia and solving
    symmetric linear systems. Mathematics of Computation 31.

    Examples
    --------
    >>> import facula
    >>> facula.linalg.ldl_factor(facula.tensor([[4.0, 2.0], [2.0, 3.0]])).LD
    tensor([[4.0000, 0.0000],
            [0.5000, 2.0000]])
    """
    given = _factored("linalg.ldl_factor", A, hermitian, True)
    return LDLFactors(given.LD, given.pivots)


@composite(space="linalg")
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """The X with ``A X = B``, from what :func:`facula.linalg.ldl_factor` gave for A.

    Parameters
    ----------
    LD, pivots : Tensor
        The factors, ``(..., n, n)`` and ``(..., n)``.
    B : Tensor
        ``(..., n, k)``.
    hermitian : bool
        As for the factors.

    Notes
    -----
    There is a derivative by B, and none by the factors.

    Examples
    --------
    >>> import facula
    >>> LD, pivots = facula.linalg.ldl_factor(facula.tensor([[4.0, 2.0], [2.0, 3.0]]))
    >>> facula.linalg.ldl_solve(LD, pivots, facula.tensor([[6.0], [5.0]]))
    tensor([[1.],
            [1.]])
    """
    name = "linalg.ldl_solve"
    check_matrix(name, LD, square=True)
    check_matrix(name, B)
    check_field(name, LD, B)
    if pivots._data.shape != LD._data.shape[:-1] or B._data.shape[-2] != LD._data.shape[-1]:
        raise RuntimeError(f"{name}: the sizes do not fit: LD is {describe(LD)}, pivots are "
                           f"{describe(pivots)}, B is {describe(B)}")
    return ldl_solution(LD, pivots, B, hermitian and LD.is_complex())
