"""Complex arguments: every operation that PyTorch defines for them, its values and gradients."""

import numpy as np
import pytest
from pairs import DEVIATING, PAIRED, close, flat, peer, torch

import facula
from facula.core.testing.samples import samples_of

pytestmark = pytest.mark.filterwarnings(
    r"ignore:index_reduce\(\) is in beta:UserWarning",
    "ignore:Casting complex values to real:UserWarning",
    r"ignore:torch\.\w+ is deprecated in favor of:UserWarning",
    "ignore:A window was not provided:UserWarning")

# Ours takes complex numbers where PyTorch doesn't, by definition of the parts.
WIDER = {"sum", "nansum", "mean", "nanmean", "prod", "eq", "ne", "logical_and", "logical_or",
         "logical_xor", "convolution", "reshape", "scatter_reduce", "index_reduce",
         "select_scatter", "slice_scatter"}
NARROWER = {"bincount"}  # PyTorch drops the imaginary parts of the weights, with a warning


def complex_samples(op):
    """The operation's samples with imaginary parts, as NumPy arrays."""
    rng = np.random.default_rng(0)

    def wider(value):
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return np.asarray(value + 1j * rng.uniform(-1, 1, value.shape))
        if isinstance(value, (tuple, list)):
            return type(value)(wider(v) for v in value)
        return value

    for sample in samples_of(op):
        args = [wider(v) for v in sample.args]
        kwargs = {k: wider(v) for k, v in sample.kwargs.items()}
        if any(isinstance(v, np.ndarray) and v.dtype.kind == "c"
               for v in flat([*args, *kwargs.values()])):
            yield sample, args, kwargs


def given(library, value):
    """A sample's value for one of the libraries; complex arrays require grad."""
    if isinstance(value, np.ndarray):
        t = library.from_numpy(np.array(value))
        return t.requires_grad_() if value.dtype.kind == "c" else t
    if isinstance(value, (tuple, list)):
        return type(value)(given(library, v) for v in value)
    if isinstance(value, facula.dtype) and library is torch:
        return getattr(torch, value.name)
    return value


def leaves(values):
    return [t for t in flat(list(values))
            if isinstance(t, (facula.Tensor, torch.Tensor)) and t.requires_grad]


@pytest.mark.parametrize("op", [op for op in PAIRED if op.name not in NARROWER],
                         ids=lambda op: op.name)
def test_complex_values_and_gradients_are_pytorchs(op):
    if op.name in DEVIATING:
        pytest.skip(DEVIATING[op.name])
    for sample, args, kwargs in complex_samples(op):
        what = f"{op.name}{sample}, complex"
        theirs = [given(torch, v) for v in args], {k: given(torch, v) for k, v in kwargs.items()}
        ours = [given(facula, v) for v in args], {k: given(facula, v) for k, v in kwargs.items()}
        try:
            want = flat(peer(op)(*theirs[0], **theirs[1]))
        except (TypeError, RuntimeError, NotImplementedError):
            if op.name not in WIDER:
                with pytest.raises((TypeError, RuntimeError)):
                    op.public(*ours[0], **ours[1])
            continue
        want = [t.resolve_conj() if isinstance(t, torch.Tensor) else t for t in want]
        got = flat(op.public(*ours[0], **ours[1]))
        for a, b in zip(got, want, strict=True):
            close(a, b, what)
        # PyTorch's empty tensors for what was not asked for are said to require grad.
        recorded = [(a, b) for a, b in zip(got, want, strict=True)
                    if isinstance(b, torch.Tensor) and b.requires_grad and b.numel()]
        assert all(a.requires_grad for a, _ in recorded), what
        got, want = [a for a, _ in recorded], [b for _, b in recorded]
        rng = np.random.default_rng(1)
        weights = [rng.normal(size=tuple(t.shape)) + (
            1j * rng.normal(size=tuple(t.shape)) if t.is_complex() else 0) for t in want]
        if not want:
            continue
        inputs = leaves([*theirs[0], *theirs[1].values()])
        try:
            expected = torch.autograd.grad(want, inputs, [torch.tensor(w) for w in weights],
                                           allow_unused=True)
        except RuntimeError as error:
            assert "not implemented" in str(error), error
            continue
        found = facula.autograd.grad(got, leaves([*ours[0], *ours[1].values()]),
                                     [facula.tensor(w) for w in weights], allow_unused=True)
        for a, b in zip(found, expected, strict=True):
            if a is not None and b is not None:
                close(a, b.resolve_conj(), f"gradient of {what}")
