"""Every operation with samples against PyTorch's of the same name: values, dtypes, gradients."""

import numpy as np
import pytest
from pairs import DEVIATING, PAIRED, VECTORS, close, flat, peer, to_torch, torch

import facula
from facula.core import dtypes
from facula.core.testing.samples import samples_of

pytestmark = [pytest.mark.filterwarnings(r"ignore:index_reduce\(\) is in beta:UserWarning"),
              pytest.mark.filterwarnings(r"ignore:torch\.\w+ is deprecated:UserWarning"),
              pytest.mark.filterwarnings(r"ignore:A window was not provided:UserWarning")]

# Right to 5 digits only in PyTorch's float64; test_special.py compares with SciPy.
INEXACT = {"airy_ai", "bessel_y1"}
# Rooms in which PyTorch has no gradients at all.
WITHOUT_GRADIENTS = {"bessel", "polynomials"}


@pytest.mark.parametrize("op", PAIRED, ids=lambda op: op.name)
def test_values_are_pytorchs(op):
    if op.name in INEXACT:
        pytest.skip("PyTorch's values are right to 5 digits")
    if op.name in VECTORS:
        pytest.skip(VECTORS[op.name])
    compared = 0
    for sample in samples_of(op):
        for d in (dtypes.float32, dtypes.float64):
            given = sample.tensors(d)
            theirs_args = [to_torch(a) for a in given.args]
            theirs_kwargs = {k: to_torch(v) for k, v in given.kwargs.items()}
            try:
                want = peer(op)(*theirs_args, **theirs_kwargs)
            except (TypeError, RuntimeError):
                continue  # a form that only the registry's own name has
            got = op.public(*given.args, **given.kwargs)
            for ours, theirs in zip(flat(got), flat(want), strict=True):
                close(ours, theirs, f"{op.name}{sample}")
            compared += 1
    if not compared:
        pytest.skip(f"PyTorch takes none of the samples of {op.name}")


@pytest.mark.parametrize("op", PAIRED, ids=lambda op: op.name)
def test_gradients_are_pytorchs(op):
    if op.name in DEVIATING:
        pytest.skip(DEVIATING[op.name])
    compared = 0
    for sample in samples_of(op):
        given = sample.tensors(dtypes.float64, requires_grad=True)
        args = [to_torch(a, True) for a in given.args]
        kwargs = {k: to_torch(v, True) for k, v in given.kwargs.items()}
        try:
            want = [t for t in flat(peer(op)(*args, **kwargs))
                    if isinstance(t, torch.Tensor) and t.requires_grad and t.numel()]
        except (TypeError, RuntimeError):
            continue
        if "NotImplemented" in repr(want):
            continue  # PyTorch has no derivative of its own
        got = [t for t in flat(op.public(*given.args, **given.kwargs))
               if isinstance(t, facula.Tensor) and t.requires_grad and t.numel()]
        if not want and op.room in WITHOUT_GRADIENTS:
            continue
        assert len(got) == len(want), f"{op.name}{sample}: outputs that require grad"
        if not want:
            continue
        rng = np.random.default_rng(1)
        weights = [rng.normal(size=tuple(t.shape)) for t in want]
        leaves = given.leaves()
        theirs = [a for a in flat([*args, *kwargs.values()])
                  if isinstance(a, torch.Tensor) and a.requires_grad]
        try:
            ours_grads = facula.autograd.grad(
                got, leaves,
                [facula.tensor(w).to(t.dtype) for w, t in zip(weights, got, strict=True)],
                allow_unused=True)
        except NotImplementedError:
            ours_grads = None  # then PyTorch refuses, too
        try:
            their_grads = torch.autograd.grad(
                want, theirs, [torch.tensor(w).to(t.dtype)
                               for w, t in zip(weights, want, strict=True)], allow_unused=True)
        except RuntimeError as error:
            assert "not implemented" in str(error), error
            continue
        assert ours_grads is not None, f"PyTorch has a gradient of {op.name}"
        for g, h in zip(ours_grads, their_grads, strict=True):
            if g is None or h is None:  # "no gradient" and zeros mean the same
                some = g if h is None else h
                assert some is None or not some.abs().sum().item(), f"{op.name}{sample}"
            else:
                close(g, h, f"gradient of {op.name}{sample}")
        compared += 1
    if not compared:
        pytest.skip(f"nothing to differentiate in the samples of {op.name}")


def twice(lib, results, leaves, rng):
    """The gradients of a weighted sum of the first gradients."""
    weights = [lib.tensor(rng.normal(size=tuple(r.shape)), dtype=r.dtype) for r in results]
    first = lib.autograd.grad(results, leaves, weights, create_graph=True, allow_unused=True)
    first = [g for g in first if g is not None and g.requires_grad]
    if not first:
        return [None] * len(leaves)
    total = sum((g * lib.tensor(rng.normal(size=tuple(g.shape)), dtype=lib.float64)).sum().real
                for g in first)
    return lib.autograd.grad(total, leaves, allow_unused=True)


@pytest.mark.parametrize("op", PAIRED, ids=lambda op: op.name)
def test_second_gradients_are_pytorchs(op):
    if op.name in DEVIATING:
        pytest.skip(DEVIATING[op.name])
    compared = 0
    for sample in samples_of(op):
        given = sample.tensors(dtypes.float64, requires_grad=True)
        args = [to_torch(a, True) for a in given.args]
        kwargs = {k: to_torch(v, True) for k, v in given.kwargs.items()}
        try:
            want = [t for t in flat(peer(op)(*args, **kwargs))
                    if isinstance(t, torch.Tensor) and t.requires_grad
                    and t.dtype in (torch.float64, torch.complex128)]
            theirs = [a for a in flat([*args, *kwargs.values()])
                      if isinstance(a, torch.Tensor) and a.requires_grad]
            if not want:
                continue
            their_grads = twice(torch, want, theirs, np.random.default_rng(2))
        except (TypeError, RuntimeError):
            continue  # a form without a (second) gradient in PyTorch
        got = [t for t in flat(op.public(*given.args, **given.kwargs))
               if isinstance(t, facula.Tensor) and t.requires_grad
               and t.dtype in (dtypes.float64, dtypes.complex128)]
        for g, h in zip(twice(facula, got, given.leaves(), np.random.default_rng(2)), their_grads,
                        strict=True):
            if g is None or h is None:
                some = g if h is None else h
                assert some is None or not some.abs().sum().item(), f"{op.name}{sample}"
            else:
                np.testing.assert_allclose(g.numpy(), h.numpy(force=True), rtol=1e-6, atol=1e-8,
                                           err_msg=f"second gradient of {op.name}{sample}")
        compared += 1
    if not compared:
        pytest.skip(f"nothing to differentiate twice in the samples of {op.name}")
