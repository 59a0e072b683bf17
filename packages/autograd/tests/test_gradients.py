"""Every operation: a rule or a reason, and gradients equal to finite differences, to second order.

The operations and their arguments come from the registries. A sample where the function has a kink
within the step of the differences is left out by name, with the reason.
"""

import numpy as np
import pytest

from facula import autograd, core
from facula.autograd.checks import gradcheck, gradgradcheck
from facula.autograd.plans import has_rule, why_not
from facula.core import dtypes
from facula.core.testing.samples import samples_of

OPERATIONS = [op for op in core.operations() if not op.name.startswith("docs_")]
SMALL = 60  # elements; larger samples add time, not cases

# Random, or not a function of the values alone.
UNCHECKED = {
    "empty_like": "the values are whatever memory holds",
    "rand_like": "random", "randn_like": "random", "randint_like": "random",
    "bernoulli": "random", "multinomial": "random", "poisson": "random", "dropout": "random",
    "keep_scaled": "random",
    "log_gamma_draw": "random: the gradient holds the quantile, test_distributions.py checks it",
    "log_gamma_draw_grad": "says that it has no derivative",
    "mode_index": "the most frequent of numbers that the differences make distinct",
}
# Here the gradient is not that of the differences; test_linalg.py compares what is well defined.
UNCHECKED |= dict.fromkeys(
    ("cholesky_factor", "linalg_cholesky", "linalg_cholesky_ex", "cholesky", "eigh_factors",
     "linalg_eigh", "linalg_eigvalsh"), "reads one triangle, and shares the gradient between both")
UNCHECKED |= dict.fromkeys(("eig_factors", "linalg_eig"), "the vectors' phase is free")
UNCHECKED |= dict.fromkeys(
    ("geqrf", "qr_packed", "ldl_packed", "linalg_ldl_factor", "linalg_ldl_factor_ex",
     "ldl_solution", "linalg_ldl_solve"), "says that it has no derivative (by the factors)")
# Refused by some argument, as in PyTorch; test_special.py checks the others.
REFUSED = {"igamma", "igammac", "zeta", "airy_ai",
           *(op.name for op in OPERATIONS if op.room == "polynomials")}
# Arguments that the differences would push out of their range: only the first is checked.
FIRST_ONLY = {"quantile", "nanquantile"}


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op.family != "composite"],
                         ids=lambda op: op.name)
def test_there_is_a_rule_or_a_reason(op):
    assert has_rule(op.name) != (why_not(op.name) is not None), (
        f"{op.name} needs vjp(...), or not_differentiable(..., reason=...), and not both")


def floating_results(op, sample, itemsize=8):
    """The floating results of a call that require grad, as a tuple."""
    def call():
        result = op.public(*sample.args, **sample.kwargs)
        results = result if isinstance(result, (tuple, list)) else (result,)
        return tuple(r for r in results if isinstance(r, core.Tensor) and r.requires_grad
                     and r.itemsize >= itemsize)
    return call


def checkable(op):
    """The samples in double precision that can be checked: (leaves, function of them)."""
    for sample in samples_of(op):
        given = sample.tensors(dtypes.float64, requires_grad=True)
        leaves = given.leaves()[:1 if op.name in FIRST_ONLY else None]
        if not leaves or sum(t.numel() for t in leaves) > SMALL:
            continue
        if any(bool(t.isnan().any()) for t in leaves):
            continue
        call = floating_results(op, given)
        if call():
            yield sample, leaves, lambda *_, call=call: call()


DIFFERENTIABLE = [op for op in OPERATIONS
                  if op.name not in {*UNCHECKED, *REFUSED} and op.room != "random"
                  and samples_of(op)]


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_gradients_are_the_finite_differences(op):
    for sample, leaves, function in checkable(op):
        try:
            gradcheck(function, leaves, fast_mode=True)
        except Exception as error:
            error.add_note(f"sample: {op.name}{sample}")
            raise


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_second_gradients_are_the_finite_differences(op):
    for sample, leaves, function in checkable(op):
        try:
            gradgradcheck(function, leaves, fast_mode=True)
        except Exception as error:
            error.add_note(f"sample: {op.name}{sample}")
            raise


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=lambda op: op.name)
def test_gradients_on_a_device_are_those_on_the_cpu(op, device):
    if device == "cpu":
        pytest.skip("the CPU's gradients are the ones compared with")
    for sample in samples_of(op):
        found = []
        for where in ("cpu", device):
            given = sample.tensors(dtypes.float32, where, requires_grad=True)
            results = [r for r in floating_results(op, given, 4)() if r.device.type == where]
            if not results:
                break
            weights = [core.full(tuple(r.shape), 0.5 + k, dtype=r.dtype, device=where)
                       for k, r in enumerate(results)]
            grads = autograd.grad(results, given.leaves(), weights, allow_unused=True)
            found.append([None if g is None else g.cpu().numpy() for g in grads])
        for a, b in zip(*found, strict=True) if len(found) == 2 else ():
            assert (a is None) == (b is None), f"{op.name}{sample}"
            if a is not None:
                np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5, err_msg=f"{op.name}{sample}")
