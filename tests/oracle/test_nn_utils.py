"""Parametrizations, normalised weights, pruning and fusion, as PyTorch does them."""

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

pytest.importorskip("torch.nn.utils.prune")  # torch does not import it by itself

pytestmark = pytest.mark.filterwarnings("ignore")
BOTH = (facula, torch)
LAYERS = {
    "Linear": ((5, 4), (3, 5)),
    "Conv2d": ((4, 6, 3), (2, 4, 5, 5)),
    "ConvTranspose1d": ((4, 3, 2), (2, 4, 5)),
    "Embedding": ((6, 3), None),
}


def pair(name, change):
    """The layer in both libraries with the same state, changed in the same way."""
    sizes, _ = LAYERS[name]
    made = [getattr(library.nn, name)(*sizes).double() for library in BOTH]
    copy_state(made[0], made[1])
    return [change(library, layer) for library, layer in zip(BOTH, made, strict=True)]


def copy_state(source, target):
    state = {k: torch.from_numpy(v.numpy().copy()) for k, v in source.state_dict().items()}
    target.load_state_dict(state)


def inputs(name):
    shape = LAYERS[name][1]
    if shape is None:
        return np.array([[1, 5], [0, 2]])
    return np.random.default_rng(0).standard_normal(shape)


def same_state(ours, theirs):
    mine, others = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(others)
    for key, value in others.items():
        np.testing.assert_allclose(mine[key].numpy(), value.numpy(), rtol=1e-9, atol=1e-12)


def same_calls(ours, theirs, x, times=3):
    """Outputs and gradients agree over several calls, and the state afterwards."""
    for _ in range(times):
        results = []
        for library, layer in ((facula, ours), (torch, theirs)):
            layer.zero_grad()
            y = layer(library.tensor(x))
            (y * y).sum().backward()
            results.append([y.detach().numpy(), *[p.grad.numpy() for p in layer.parameters()]])
        for a, b in zip(*results, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
    same_state(ours, theirs)


@pytest.mark.parametrize("dim", [0, 1, -1, None])
@pytest.mark.parametrize("name", LAYERS)
def test_weight_norm(name, dim) -> None:
    ours, theirs = pair(name, lambda lib, layer: lib.nn.utils.parametrizations.weight_norm(
        layer, dim=dim))
    assert repr(ours) == repr(theirs)
    same_state(ours, theirs)
    same_calls(ours, theirs, inputs(name))
    ours, theirs = pair(name, lambda lib, layer: lib.nn.utils.weight_norm(layer, dim=dim))
    same_state(ours, theirs)
    same_calls(ours, theirs, inputs(name))
    newer, _ = pair(name, lambda lib, layer: lib.nn.utils.parametrizations.weight_norm(
        layer, dim=dim))
    newer.load_state_dict(ours.state_dict())  # the older form's keys
    x = facula.tensor(inputs(name))
    np.testing.assert_allclose(newer(x).detach().numpy(), ours(x).detach().numpy(), rtol=1e-12)
    for library, layer in ((facula, ours), (torch, theirs)):
        library.nn.utils.remove_weight_norm(layer)
    same_state(ours, theirs)


@pytest.mark.parametrize("rounds", [1, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_spectral_norm(name, rounds) -> None:
    for old in (False, True):
        def change(library, layer, old=old):
            tools = library.nn.utils if old else library.nn.utils.parametrizations
            return tools.spectral_norm(layer, n_power_iterations=rounds)

        ours, theirs = pair(name, change)
        copy_state(ours, theirs)
        assert repr(ours) == repr(theirs)
        same_calls(ours, theirs, inputs(name))
        same_calls(ours.eval(), theirs.eval(), inputs(name))
        for library, layer in ((facula, ours), (torch, theirs)):
            if old:
                library.nn.utils.remove_spectral_norm(layer)
            else:
                library.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        same_state(ours, theirs)


@pytest.mark.parametrize("trivial", [True, False])
@pytest.mark.parametrize("way", ["matrix_exp", "cayley", "householder", None])
@pytest.mark.parametrize("size", [(4, 4), (6, 3), (3, 6), (2, 5, 3)])
def test_orthogonal(size, way, trivial) -> None:
    rng = np.random.default_rng(0)
    weight, step = rng.standard_normal(size), rng.normal(0, 0.3, size)
    nets = []
    for library in BOTH:
        net = library.nn.Module()
        net.weight = library.nn.Parameter(library.tensor(weight))
        nets.append(library.nn.utils.parametrizations.orthogonal(
            net, orthogonal_map=way, use_trivialization=trivial))
    ours, theirs = nets
    assert list(ours.state_dict()) == list(theirs.state_dict())
    if not trivial or size[-1] == size[-2]:  # else a random completion stands in the base
        same_state(ours, theirs)
    values = ours.weight.detach().numpy()
    tall = values if size[-2] >= size[-1] else values.swapaxes(-1, -2)
    np.testing.assert_allclose(tall.swapaxes(-1, -2) @ tall, np.broadcast_to(
        np.eye(tall.shape[-1]), (*size[:-2], tall.shape[-1], tall.shape[-1])), atol=1e-12)
    copy_state(ours, theirs)
    for library, net in zip(BOTH, nets, strict=True):
        with library.no_grad():
            stored = net.parametrizations.weight.original
            # householder's diagonal holds signs
            change = np.tril(step, -1) if way in ("householder", None) else step
            stored.add_(library.tensor(change))
        net.zero_grad()
        (net.weight * library.tensor(weight)).sum().backward()
    np.testing.assert_allclose(*[n.weight.detach().numpy() for n in nets], atol=1e-10)
    np.testing.assert_allclose(*[n.parametrizations.weight.original.grad.numpy() for n in nets],
                               atol=1e-9)
    if trivial:  # any value can be assigned
        for library, net in zip(BOTH, nets, strict=True):
            net.weight = library.tensor(values)
        np.testing.assert_allclose(*[n.weight.detach().numpy() for n in nets], atol=1e-10)


def symmetric(library):
    class Symmetric(library.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).mT

        def right_inverse(self, x):
            return x.triu()

    class Double(library.nn.Module):
        def forward(self, x):
            return 2 * x

        def right_inverse(self, x):
            return x / 2

    return Symmetric(), Double()


def test_parametrizations_follow_one_another() -> None:
    nets = []
    weight = np.random.default_rng(0).standard_normal((4, 4))
    weight = weight + weight.T
    for library in BOTH:
        layer = library.nn.Linear(4, 4).double()
        tools = library.nn.utils.parametrize
        with library.no_grad():
            layer.weight.copy_(library.tensor(weight))
            layer.bias.fill_(0.5)
        for one in symmetric(library):
            tools.register_parametrization(layer, "weight", one)
        nets.append(layer)
    assert repr(nets[0]) == repr(nets[1])
    same_state(*nets)
    same_calls(*nets, np.ones((2, 4)))
    for library, layer in zip(BOTH, nets, strict=True):
        layer.weight = library.tensor(weight * 3)
    same_state(*nets)
    np.testing.assert_allclose(nets[0].weight.detach().numpy(), weight * 3)
    others = []
    for library, layer in zip(BOTH, nets, strict=True):
        other = library.nn.Linear(4, 4).double()
        library.nn.utils.parametrize.transfer_parametrizations_and_params(layer, other)
        others.append(other)
        assert library.nn.utils.parametrize.type_before_parametrizations(other) is (
            library.nn.Linear)
    np.testing.assert_allclose(*[o.weight.detach().numpy() for o in others])
    assert list(others[0].state_dict()) == list(others[1].state_dict())
    for keep in (True, False):
        for library, layer in zip(BOTH, others if keep else nets, strict=True):
            library.nn.utils.parametrize.remove_parametrizations(layer, "weight", keep)
        if not keep:
            same_state(*nets)
    assert repr(others[0]) == repr(others[1])


PRUNINGS = {
    "l1-share": lambda lib, p, m: p.l1_unstructured(m, "weight", 0.3),
    "l1-count": lambda lib, p, m: p.l1_unstructured(m, "weight", 3),
    "l1-scores": lambda lib, p, m: p.l1_unstructured(
        m, "weight", 4, lib.arange(1.0, m.weight.numel() + 1).reshape(m.weight.shape)),
    "ln": lambda lib, p, m: p.ln_structured(m, "weight", 0.5, 2, 0),
    "ln-inf": lambda lib, p, m: p.ln_structured(m, "weight", 1, float("inf"), 1),
    "l1-structured": lambda lib, p, m: p.ln_structured(m, "weight", 1, 1, -1),
    "custom": lambda lib, p, m: p.custom_from_mask(
        m, "weight", (lib.arange(m.weight.numel()) % 3 != 0).reshape(m.weight.shape)),
    "identity": lambda lib, p, m: p.identity(m, "weight"),
    "twice": lambda lib, p, m: p.l1_unstructured(
        p.l1_unstructured(m, "weight", 0.3), "weight", 0.5),
    "thrice": lambda lib, p, m: p.l1_unstructured(p.ln_structured(
        p.ln_structured(m, "weight", 1, 2, 0), "weight", 1, 2, 1), "weight", 2),
}


@pytest.mark.parametrize("how", PRUNINGS)
@pytest.mark.parametrize("name", ["Linear", "Conv2d"])
def test_pruning(name, how) -> None:
    ours, theirs = pair(name, lambda lib, layer: (
        PRUNINGS[how](lib, lib.nn.utils.prune, layer), layer)[1])
    same_state(ours, theirs)
    assert facula.nn.utils.prune.is_pruned(ours)
    same_calls(ours, theirs, inputs(name))
    with pytest.raises(ValueError, match="has to be pruned"):
        facula.nn.utils.prune.remove(ours, "bias")
    for library, layer in ((facula, ours), (torch, theirs)):
        library.nn.utils.prune.remove(layer, "weight")
    same_state(ours, theirs)
    assert not facula.nn.utils.prune.is_pruned(ours)


def test_global_pruning() -> None:
    nets = []
    for library in BOTH:
        net = library.nn.Sequential(library.nn.Linear(5, 4), library.nn.Linear(4, 3)).double()
        if nets:
            copy_state(nets[0], net)
        nets.append(net)
    for library, net in zip(BOTH, nets, strict=True):
        prune = library.nn.utils.prune
        pairs = [(net[0], "weight"), (net[1], "weight"), (net[1], "bias")]
        for amount in (0.3, 5):
            prune.global_unstructured(pairs, prune.L1Unstructured, amount=amount)
    same_state(*nets)
    assert int(sum((v == 0).sum() for k, v in nets[0].state_dict().items() if "mask" in k)) == 15


@pytest.mark.parametrize("kind", ["Conv1d", "Conv2d", "ConvTranspose2d", "Linear"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_fusion(kind, bias, affine) -> None:
    results = []
    rng = np.random.default_rng(0)
    state = rng.uniform(0.5, 2.0, (4, 6))
    transposed = kind.startswith("ConvT")
    if kind == "Linear" and not affine:
        pytest.skip("PyTorch's fusion of linear layers needs an affine normalisation")
    shape = {"Conv1d": (2, 4, 7), "Conv2d": (2, 4, 5, 5), "ConvTranspose2d": (2, 4, 5, 5),
             "Linear": (3, 4)}[kind]
    x = rng.standard_normal(shape)
    weight = None
    for library in BOTH:
        nn = library.nn
        sizes = (4, 6) if kind == "Linear" else (4, 6, 3)
        layer = getattr(nn, kind)(*sizes, bias=bias).double().eval()
        bn = getattr(nn, f"BatchNorm{1 if kind in ('Conv1d', 'Linear') else 2}d")(
            6, affine=affine).double().eval()
        with library.no_grad():
            if weight is None:
                weight = layer.weight.detach().numpy().copy()
            layer.weight.copy_(library.tensor(weight))
            if bias:
                layer.bias.copy_(library.tensor(state[0]))
            bn.running_mean.copy_(library.tensor(state[1]))
            bn.running_var.copy_(library.tensor(state[2]))
            if affine:
                bn.weight.copy_(library.tensor(state[3]))
        utils = nn.utils
        fused = (utils.fuse_linear_bn_eval(layer, bn) if kind == "Linear"
                 else utils.fuse_conv_bn_eval(layer, bn, transposed))
        given = library.tensor(x)
        np.testing.assert_allclose(fused(given).detach().numpy(),
                                   bn(layer(given)).detach().numpy(), rtol=1e-9, atol=1e-12)
        results.append([p.detach().numpy() for p in fused.parameters()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
