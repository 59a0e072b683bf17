"""Every module of the table against PyTorch's: repr, state dict, values and gradients."""

import numpy as np
import pytest

import facula
from facula import nn
from facula.nn.testing import CASES, Case

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")


# From the channel `size // 2 + 1` on, PyTorch's CrossMapLRN2d sums over a neighbour too many; ours
# is the local response normalisation of its definition, which packages/nn/tests checks.
COMPARED = [case for case in CASES if case.name != "CrossMapLRN2d"]


def ours_and_theirs(case: Case):
    """The module in both libraries, with the parameters of facula's, in float64."""
    ours = case.build(nn, facula.tensor).double()
    theirs = case.build(torch.nn, torch.tensor).double()
    if case.name.startswith("Lazy"):
        assert repr(ours) == repr(theirs)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        for library, module in ((facula, ours), (torch, theirs)):
            module.eval()(*map(library.tensor, case.arrays()))
            module.train()
    theirs.load_state_dict({k: torch.from_numpy(v.numpy().copy())
                            for k, v in ours.state_dict().items()})
    return ours, theirs


def first(value):
    """The output to differentiate: the first floating tensor."""
    while isinstance(value, (tuple, list)):
        value = value[0]
    return value


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_repr_and_state_dict_are_pytorchs(case: Case) -> None:
    ours, theirs = ours_and_theirs(case)
    assert repr(ours) == repr(theirs)
    mine, others = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(others)
    for key, value in mine.items():
        assert tuple(value.shape) == tuple(others[key].shape)
        assert str(value.dtype).removeprefix("facula.") == str(
            others[key].dtype).removeprefix("torch.")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("case", COMPARED, ids=str)
def test_values_and_gradients_are_pytorchs(case: Case, training: bool) -> None:
    if case.random and training:
        pytest.skip("draws random numbers: other tests compare distributions")
    ours, theirs = ours_and_theirs(case)
    ours.train(training)
    theirs.train(training)
    arrays = case.arrays()
    wanted = [d.differentiable for d in case.inputs]
    mine = [facula.tensor(a, requires_grad=w) for a, w in zip(arrays, wanted, strict=True)]
    others = [torch.tensor(a, requires_grad=w) for a, w in zip(arrays, wanted, strict=True)]
    y, want = first(ours(*mine)), first(theirs(*others))
    assert tuple(y.shape) == tuple(want.shape)
    np.testing.assert_allclose(y.detach().numpy(), want.detach().numpy(), rtol=1e-9, atol=1e-10)
    if not want.requires_grad:
        return
    g = np.random.default_rng(1).standard_normal(want.shape)
    y.backward(facula.tensor(g))
    want.backward(torch.tensor(g))
    pairs = [*zip(mine, others, strict=True), *zip(ours.parameters(), theirs.parameters(),
                                                   strict=True)]
    for a, b in pairs:
        if b.grad is not None:
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-7, atol=1e-8)
    for key, value in ours.state_dict().items():
        np.testing.assert_allclose(value.numpy(), theirs.state_dict()[key].numpy(), rtol=1e-9)
