"""Comparing gradients with finite differences: ``gradcheck`` and ``gradgradcheck``.

Complex numbers count as pairs of real ones, so there is one real Jacobian matrix for each pair of
input and output: rows by backward, columns by central differences. The fast mode compares only one
number per pair, ``v' J u`` for random directions ``u`` and ``v``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from facula.autograd.grads import grad
from facula.core.dtypes import FLOAT
from facula.core.errors import describe
from facula.core.ops.creation import zeros_like
from facula.core.slot import enable_grad
from facula.core.tensor import Tensor


class GradcheckError(RuntimeError):
    """Gradients differ from finite differences, or can't be compared."""


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _floating(values: Any) -> list[Tensor]:
    return [v for v in _listed(values)
            if isinstance(v, Tensor) and v._kind.dtype.category >= FLOAT]


def _reals(value: Tensor) -> np.ndarray:
    """The elements as one float64 vector, the imaginary parts behind the real ones."""
    array = value.detach()._kind.backend.to_numpy(value._data).reshape(-1)
    if array.dtype.kind == "c":
        return np.concatenate([array.real, array.imag]).astype(np.float64)
    return array.astype(np.float64)


def _tensor_like(like: Tensor, reals: np.ndarray) -> Tensor:
    """The opposite of :func:`_reals`: a tensor of the kind and shape of ``like``."""
    if like.is_complex():
        real, imag = np.split(reals, 2)
        reals = real + 1j * imag
    array = reals.astype(like.dtype.numpy).reshape(tuple(like.shape))
    out = zeros_like(like.detach())
    out._data = out._kind.backend.from_numpy(array)
    return out


def _size(value: Tensor) -> int:
    return value.numel() * (2 if value.is_complex() else 1)


class _Check:
    """One function at one point, with the tolerances of the comparison."""

    def __init__(self, function: Callable[..., Any], inputs: Any, eps: float, atol: float,
                 rtol: float, nondet_tol: float, check_grad_dtypes: bool) -> None:
        self.function = function
        self.inputs = _listed(inputs)
        self.eps, self.atol, self.rtol, self.nondet_tol = eps, atol, rtol, nondet_tol
        self.check_grad_dtypes = check_grad_dtypes
        self.wanted = [t for t in self.inputs if isinstance(t, Tensor) and t.requires_grad]
        self.rng = np.random.default_rng(20)
        if not self.wanted:
            raise ValueError("gradcheck: no input requires grad: call requires_grad_() on one")
        for t in self.wanted:
            if t.numel() and any(
                    step == 0 and n > 1 for step, n in zip(t.stride(), t.shape, strict=True)):
                raise RuntimeError(f"gradcheck: several elements of {describe(t)} are the same "
                                   "memory (it was expanded): clone() it first")
            if t.itemsize < (16 if t.is_complex() else 8):
                warnings.warn(f"gradcheck: {describe(t)} is not in double precision: the "
                              "comparison will probably fail", stacklevel=4)

    def outputs(self) -> list[Tensor]:
        """The function's floating results."""
        with enable_grad():
            return _floating(self.function(*self.inputs))

    def values_at(self, t: Tensor, point: np.ndarray) -> list[np.ndarray]:
        """The results with the elements of one input replaced for the time of the call.

        The memory is written to behind the version counter's back, as nothing changes in the end.
        """
        assign, before = t._kind.backend.assign, _tensor_like(t, _reals(t))
        assign(t._data, _tensor_like(t, point)._data)
        try:
            return [_reals(o) for o in self.outputs()]
        finally:
            assign(t._data, before._data)

    def slopes(self, t: Tensor, direction: np.ndarray) -> list[np.ndarray]:
        """The central differences of all results along a direction of one input."""
        here = _reals(t)
        up = self.values_at(t, here + self.eps * direction)
        down = self.values_at(t, here - self.eps * direction)
        return [(a - b) / (2 * self.eps) for a, b in zip(up, down, strict=True)]

    def pull(self, output: Tensor, v: np.ndarray) -> list[np.ndarray]:
        """``v' J`` for each wanted input, by backward."""
        if not output.requires_grad:
            return [np.zeros(_size(t)) for t in self.wanted]
        found = grad(output, self.wanted, _tensor_like(output, v), retain_graph=True,
                     allow_unused=True)
        rows = []
        for t, g in zip(self.wanted, found, strict=True):
            if g is None:
                rows.append(np.zeros(_size(t)))
                continue
            if g.shape != t.shape or g.device != t.device or (
                    self.check_grad_dtypes and g.dtype is not t.dtype):
                raise GradcheckError(f"gradcheck: the gradient {describe(g)} does not fit its "
                                     f"input {describe(t)}")
            rows.append(_reals(g))
        return rows

    def compare(self, numerical: np.ndarray, analytical: np.ndarray, output: int,
                input: int) -> None:
        """Raise if two Jacobians (or numbers) differ."""
        if not np.allclose(analytical, numerical, self.rtol, self.atol, equal_nan=True):
            worst = np.nanmax(np.abs(np.asarray(analytical) - numerical), initial=0.0)
            raise GradcheckError(
                f"gradcheck: the Jacobian of output {output} by input {input} differs from finite "
                f"differences by up to {worst:.3g}:\nnumerical:\n{numerical}\n"
                f"analytical:\n{analytical}")

    def slow(self) -> None:
        """Compare whole Jacobians."""
        outputs = self.outputs()
        numerical = []
        for t in self.wanted:
            columns = [self.slopes(t, unit) for unit in np.eye(_size(t))]
            numerical.append([np.stack([c[k] for c in columns], 1) if columns
                              else np.zeros((_size(o), 0)) for k, o in enumerate(outputs)])
        again = self.outputs()
        for k, output in enumerate(outputs):
            rows = [self.pull(output, unit) for unit in np.eye(_size(output))]
            twice = [self.pull(again[k], unit) for unit in np.eye(_size(output))]
            for i, t in enumerate(self.wanted):
                shape = (_size(output), _size(t))
                analytical = np.stack([r[i] for r in rows]) if rows else np.zeros(shape)
                repeated = np.stack([r[i] for r in twice]) if rows else np.zeros(shape)
                self.compare(numerical[i][k], analytical, k, i)
                if not np.allclose(analytical, repeated, 0, self.nondet_tol, equal_nan=True):
                    raise GradcheckError(f"gradcheck: backward of output {k} is not "
                                         f"deterministic for input {i}: its gradients differ by "
                                         f"more than nondet_tol={self.nondet_tol}")

    def fast(self) -> None:
        """Compare one number per pair of input and output."""
        outputs = self.outputs()
        vs = [self.direction(_size(o)) for o in outputs]
        pulled = [self.pull(o, v) for o, v in zip(outputs, vs, strict=True)]
        for i, t in enumerate(self.wanted):
            u = self.direction(_size(t))
            for k, slope in enumerate(self.slopes(t, u)):
                self.compare(vs[k] @ slope, pulled[k][i] @ u, k, i)

    def direction(self, size: int) -> np.ndarray:
        """A random unit vector."""
        v = self.rng.normal(size=size)
        return v / max(float(np.linalg.norm(v)), 1e-30)

    def zero_gradient(self) -> None:
        """A gradient of zeros must give gradients of zeros."""
        outputs = self.outputs()
        for k, output in enumerate(outputs):
            for i, row in enumerate(self.pull(output, np.zeros(_size(output)))):
                if np.any(row != 0):
                    raise GradcheckError(f"gradcheck: backward of output {k} does not multiply by "
                                         f"the output's gradient: zeros gave {row} for input {i}")


def gradcheck(func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5,
              rtol: float = 1e-3, raise_exception: bool = True, nondet_tol: float = 0.0,
              check_grad_dtypes: bool = False, fast_mode: bool = False) -> bool:
    """Compare a function's gradients with central differences.

    Parameters
    ----------
    func : callable
        Takes ``inputs``, returns a tensor or several.
    inputs : Tensor or sequence
        The point; those that require grad are checked, and should be float64 or complex128.
    eps : float
        The step of the differences.
    atol, rtol : float
        How far numbers may be apart.
    raise_exception : bool
        Raise instead of returning False.
    nondet_tol : float
        How far two backward passes may be apart.
    check_grad_dtypes : bool
        Whether a gradient's dtype must be its input's.
    fast_mode : bool
        Compare along random directions only: two calls per input, whatever its size.

    Returns
    -------
    bool

    Raises
    ------
    GradcheckError
        If gradients and differences are apart.
    ValueError
        If no input requires grad.

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([0.5, 2.0], dtype=facula.float64, requires_grad=True)
    >>> facula.autograd.gradcheck(facula.log, x)
    True
    """
    check = _Check(func, inputs, eps, atol, rtol, nondet_tol, check_grad_dtypes)
    try:
        if fast_mode:
            check.fast()
        else:
            check.slow()
        check.zero_gradient()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *,
                  eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
                  gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True,
                  nondet_tol: float = 0.0, check_grad_dtypes: bool = False,
                  fast_mode: bool = False) -> bool:
    """Compare the gradients of a function's gradients with central differences.

    Parameters
    ----------
    func, inputs, eps, atol, rtol, raise_exception, nondet_tol, check_grad_dtypes, fast_mode
        As for :func:`gradcheck`.
    grad_outputs : Tensor or sequence, optional
        The gradients of the outputs, which are differentiated by too; random where not given.
    gen_non_contig_grad_outputs : bool
        Make the random ones non-contiguous.

    Returns
    -------
    bool

    Examples
    --------
    >>> import facula
    >>> x = facula.tensor([0.5, 2.0], dtype=facula.float64, requires_grad=True)
    >>> facula.autograd.gradgradcheck(facula.log, x)
    True
    """
    ins = _listed(inputs)
    wanted = [t for t in ins if isinstance(t, Tensor) and t.requires_grad]
    if grad_outputs is None:
        gradients = _random_gradients(func, ins, gen_non_contig_grad_outputs)
    else:
        gradients = list(_listed(grad_outputs))

    def first(*args: Any) -> tuple[Tensor, ...]:
        given, gs = args[:len(ins)], args[len(ins):]
        at = [given[i] for i, t in enumerate(ins) if any(t is w for w in wanted)]
        outputs = [o for o in _floating(func(*given)) if o.requires_grad]
        found = grad(outputs, at, gs, create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    return gradcheck(first, (*ins, *gradients), eps=eps, atol=atol, rtol=rtol,
                     raise_exception=raise_exception, nondet_tol=nondet_tol,
                     check_grad_dtypes=check_grad_dtypes, fast_mode=fast_mode)


def _random_gradients(func: Callable[..., Any], inputs: Sequence[Any],
                      strided: bool) -> list[Tensor]:
    rng = np.random.default_rng(21)
    with enable_grad():
        outputs = [o for o in _floating(func(*inputs)) if o.requires_grad]
    gradients = []
    for o in outputs:
        g = _tensor_like(o, rng.normal(size=_size(o)))
        if strided and o.ndim:
            doubled = np.repeat(g.numpy(force=True), 2, -1)
            g._data = g._kind.backend.from_numpy(doubled)[..., ::2]
        gradients.append(g.requires_grad_())
    return gradients
