"""nn.utils against NumPy: parametrizations, normalised weights, pruning, fusion, clipping."""

import copy
import math
import pickle

import numpy as np
import pytest

from facula import core, nn
from facula.nn.utils import parametrizations, parametrize, prune


def array(t) -> np.ndarray:
    return t.detach().cpu().numpy().copy()


class Exponential(nn.Module):
    def forward(self, x):
        return x.exp()

    def right_inverse(self, x):
        return x.log()


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x


class Counted(nn.Module):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return x * 1


class Outer(nn.Module):
    """A matrix of rank 1, from two vectors."""

    def forward(self, a, b):
        return a.unsqueeze(1) * b

    def right_inverse(self, x):
        return x[:, 0], x[0] / x[0, 0]


# Parametrizations


def test_a_parametrized_weight_is_computed_from_what_is_stored(device) -> None:
    layer = nn.Linear(3, 2).to(device)
    with core.no_grad():
        layer.weight.copy_(core.rand(2, 3) + 0.5)
    before, parameter = array(layer.weight), layer.weight
    parametrize.register_parametrization(layer, "weight", Exponential())
    assert type(layer).__name__ == "ParametrizedLinear"
    assert isinstance(layer, nn.Linear)
    np.testing.assert_allclose(array(layer.weight), before, rtol=1e-6)
    stored = layer.parametrizations.weight.original
    assert stored is parameter  # an optimiser that knows it goes on knowing it
    np.testing.assert_allclose(array(stored), np.log(before), rtol=1e-5)
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert "weight" in dir(layer)
    layer(core.ones(1, 3, device=device)).sum().backward()
    np.testing.assert_allclose(array(stored.grad), before, rtol=1e-5)  # exp's derivative
    layer.weight = core.full((2, 3), 4.0, device=device)
    np.testing.assert_allclose(array(stored), np.full((2, 3), math.log(4)), rtol=1e-6)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear
    assert layer.weight is parameter
    np.testing.assert_allclose(array(layer.weight), np.full((2, 3), 4.0), rtol=1e-6)


def test_parametrizations_of_several_tensors_and_of_buffers() -> None:
    layer = nn.BatchNorm1d(3)
    parametrize.register_parametrization(layer, "running_mean", Doubled())
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert parametrize.is_parametrized(layer)
    assert parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias")
    assert set(dict(layer.named_buffers())) == {
        "running_var", "num_batches_tracked", "parametrizations.running_mean.original"}
    np.testing.assert_array_equal(array(layer.weight), [2, 2, 2])
    with pytest.raises(RuntimeError, match="does not implement right_inverse"):
        layer.weight = core.ones(3)
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    np.testing.assert_array_equal(array(layer.weight), [1, 1, 1])
    assert parametrize.type_before_parametrizations(layer) is nn.BatchNorm1d
    with pytest.raises(ValueError, match="does not have a parametrization on weight"):
        parametrize.remove_parametrizations(layer, "weight")
    with pytest.raises(ValueError, match="element with name 'nothing'"):
        parametrize.register_parametrization(layer, "nothing", Doubled())


def test_one_tensor_from_two() -> None:
    layer = nn.Linear(4, 3, bias=False)
    with core.no_grad():
        layer.weight.copy_(core.outer(core.tensor([1.0, 2.0, 3.0]), core.tensor([1.0, 0, 2, 5])))
    before = array(layer.weight)
    parametrize.register_parametrization(layer, "weight", Outer())
    assert list(layer.state_dict()) == ["parametrizations.weight.original0",
                                        "parametrizations.weight.original1"]
    np.testing.assert_allclose(array(layer.weight), before)
    with pytest.raises(ValueError, match="parametrized in terms of a sequence"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    np.testing.assert_allclose(array(layer.weight), before)
    assert isinstance(layer.weight, nn.Parameter)


def test_parametrizations_that_change_the_form_are_refused() -> None:
    class Halved(nn.Module):
        def forward(self, x):
            return x[:1]

    class Wide(nn.Module):
        def forward(self, x):
            return x.double()

    layer = nn.Linear(3, 2)
    for module, what in ((Halved(), "shape"), (Wide(), "dtype")):
        with pytest.raises(ValueError, match=f"may not change the {what}"):
            parametrize.register_parametrization(layer, "weight", module)
        assert not parametrize.is_parametrized(layer)
        assert type(layer) is nn.Linear
    parametrize.register_parametrization(layer, "weight", Halved(), unsafe=True)
    assert tuple(layer.weight.shape) == (1, 3)


def test_cached_computes_once() -> None:
    layer = nn.Linear(2, 2)
    counted = Counted()
    parametrize.register_parametrization(layer, "weight", counted)
    counted.calls = 0
    layer(core.ones(1, 2))
    layer(core.ones(1, 2))
    assert counted.calls == 2
    with parametrize.cached():
        layer(core.ones(1, 2))
        layer(core.ones(1, 2))
        with parametrize.cached():
            layer(core.ones(1, 2))
        assert counted.calls == 3
    assert layer.weight is not layer.weight


def test_parametrized_modules_are_copied_and_pickled_and_do_not_share() -> None:
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    x = core.randn(4, 3)
    want = array(layer(x))
    twin = copy.deepcopy(layer)
    same = pickle.loads(pickle.dumps(layer))
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear
    for other in (twin, same):
        assert parametrize.is_parametrized(other, "weight")
        np.testing.assert_array_equal(array(other(x)), want)
        assert not {id(p) for p in other.parameters()} & {id(p) for p in layer.parameters()}
    np.testing.assert_allclose(array(layer(x)), want, rtol=1e-6)


# Weight norm, spectral norm, orthogonal matrices


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("old", [False, True])
def test_weight_norm_splits_length_and_direction(old, dim, device) -> None:
    layer = nn.Conv1d(3, 4, 2).to(device)
    weight = array(layer.weight)
    (nn.utils if old else parametrizations).weight_norm(layer, dim=dim)
    axes = None if dim is None else tuple(a for a in range(3) if a != dim)
    lengths = np.sqrt((weight**2).sum(axes, keepdims=dim is not None))
    keys = (("weight_g", "weight_v") if old else
            ("parametrizations.weight.original0", "parametrizations.weight.original1"))
    state = layer.state_dict()
    assert set(state) == {"bias", *keys}
    np.testing.assert_allclose(array(state[keys[0]]), lengths, rtol=1e-5)
    np.testing.assert_allclose(array(state[keys[1]]), weight, rtol=1e-6)
    with core.no_grad():
        dict(layer.named_parameters())[keys[0]].mul_(3)
    layer(core.ones(1, 3, 5, device=device))
    np.testing.assert_allclose(array(layer.weight), 3 * weight, rtol=1e-5)
    if old:
        nn.utils.remove_weight_norm(layer)
        with pytest.raises(ValueError, match="not found in"):
            nn.utils.remove_weight_norm(layer)
    else:
        parametrize.remove_parametrizations(layer, "weight")
    assert set(layer.state_dict()) == {"weight", "bias"}
    np.testing.assert_allclose(array(layer.weight), 3 * weight, rtol=1e-5)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("transposed", [False, True])
def test_spectral_norm_divides_by_the_largest_singular_value(old, transposed, device) -> None:
    core.manual_seed(0)
    layer = (nn.ConvTranspose1d if transposed else nn.Conv1d)(3, 5, 2, bias=False)
    weight = array(layer.weight)
    layer.to(device)
    (nn.utils if old else parametrizations).spectral_norm(layer, n_power_iterations=3)
    for _ in range(30):
        layer(core.ones(1, 3, 4, device=device))
    flat = (weight.swapaxes(0, 1) if transposed else weight).reshape(5, -1)
    np.testing.assert_allclose(array(layer.weight), weight / np.linalg.norm(flat, 2), rtol=1e-4)
    layer.eval()
    before = {k: array(v) for k, v in layer.state_dict().items()}
    layer(core.ones(1, 3, 4, device=device))
    for k, v in layer.state_dict().items():
        np.testing.assert_array_equal(array(v), before[k])
    if old:
        assert set(before) == {"weight_orig", "weight_u", "weight_v"}
        nn.utils.remove_spectral_norm(layer)
        assert "spectral_norm" not in layer.state_dict()._metadata[""]
    else:
        parametrize.remove_parametrizations(layer, "weight")
    assert list(layer.state_dict()) == ["weight"]


@pytest.mark.parametrize("way", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("size", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal_weights_stay_so_while_trained(size, way) -> None:
    core.manual_seed(0)
    layer = nn.Linear(size[1], size[0], bias=False).double()
    parametrizations.orthogonal(layer, orthogonal_map=way)
    target = core.randn(*size, dtype=core.float64)
    losses = []
    for _ in range(20):
        layer.zero_grad()
        loss = ((layer.weight - target) ** 2).sum()
        loss.backward()
        losses.append(float(loss.detach()))
        with core.no_grad():
            for p in layer.parameters():
                p.sub_(p.grad * 0.02)
        q = array(layer.weight)
        q = q if size[0] >= size[1] else q.T
        np.testing.assert_allclose(q.T @ q, np.eye(min(size)), atol=1e-12)
    assert losses[-1] < losses[0]
    with pytest.raises(ValueError, match="orthogonal_map has to be one of"):
        parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map="lie")
    with pytest.raises(ValueError, match="Expected a matrix"):
        parametrizations.orthogonal(nn.Linear(2, 2), "bias")


# Pruning


def test_pruning_masks_the_smallest_and_goes_on_with_the_rest(device) -> None:
    layer = nn.Linear(5, 4).to(device)
    weight = array(layer.weight)
    original = layer.weight
    prune.l1_unstructured(layer, "weight", amount=0.25)
    smallest = np.sort(np.abs(weight).ravel())[:5].max()
    np.testing.assert_array_equal(array(layer.weight_mask), np.abs(weight) > smallest)
    np.testing.assert_array_equal(array(layer.weight), weight * (np.abs(weight) > smallest))
    assert layer.weight_orig is original
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    prune.ln_structured(layer, "weight", amount=1, n=2, dim=0)
    kept = weight * (np.abs(weight) > smallest)
    row = np.linalg.norm(kept, axis=1).argmin()
    kept[row] = 0
    np.testing.assert_array_equal(array(layer.weight), kept)
    layer(core.ones(1, 5, device=device)).sum().backward()
    np.testing.assert_array_equal(array(original.grad), kept != 0)
    assert prune.is_pruned(nn.Sequential(layer))
    prune.remove(layer, "weight")
    assert layer.weight is original
    assert list(layer.state_dict()) == ["bias", "weight"]
    assert not prune.is_pruned(layer)


def test_random_pruning_prunes_as_many_as_asked() -> None:
    core.manual_seed(0)
    layer = prune.random_unstructured(nn.Linear(10, 8), "weight", 13)
    assert int((layer.weight_mask == 0).sum()) == 13
    prune.random_unstructured(layer, "weight", 0.5)  # of the 67 that are left
    assert int((layer.weight_mask == 0).sum()) == 13 + 34
    conv = prune.random_structured(nn.Conv2d(3, 8, 2), "weight", 3, dim=0)
    rows = array(conv.weight_mask).reshape(8, -1)
    assert sorted(rows.sum(1)) == [0] * 3 + [12] * 5
    masks = {tuple(array(prune.random_unstructured(nn.Linear(3, 3), "weight", 4).weight_mask)
                   .ravel()) for _ in range(10)}
    assert len(masks) > 3


def test_pruning_refuses_what_it_can_not_do() -> None:
    layer = nn.Linear(3, 2)
    for amount, error in ((-1, ValueError), (1.5, ValueError), (7, ValueError), ("x", TypeError)):
        with pytest.raises(error, match="amount"):
            prune.l1_unstructured(layer, "weight", amount)
    with pytest.raises(ValueError, match="multidimensional"):
        prune.random_structured(layer, "bias", 1, 0)
    with pytest.raises(IndexError, match="Invalid index 5"):
        prune.ln_structured(layer, "weight", 1, 2, 5)
    with pytest.raises(AssertionError, match="same shape"):
        prune.l1_unstructured(layer, "weight", 1, core.ones(2))
    with pytest.raises(TypeError, match='Only "unstructured"'):
        prune.global_unstructured([(layer, "weight")], prune.LnStructured, amount=1, n=2)
    assert not prune.is_pruned(layer)  # errors leave it as it was
    assert list(layer.state_dict()) == ["weight", "bias"]


# The rest


@pytest.mark.parametrize("bias", [True, False])
def test_fused_layers_compute_the_same(bias, device) -> None:
    core.manual_seed(0)
    for layer, bn, size in (
            (nn.Conv2d(3, 4, 3, bias=bias), nn.BatchNorm2d(4), (2, 3, 6, 5)),
            (nn.ConvTranspose2d(3, 4, 3, bias=bias), nn.BatchNorm2d(4), (2, 3, 6, 5)),
            (nn.Linear(3, 4, bias=bias), nn.BatchNorm1d(4), (5, 3))):
        net = nn.Sequential(layer, bn).to(device)
        x = core.randn(*size, device=device)
        net(x)  # running statistics other than 0 and 1
        net.eval()
        if isinstance(layer, nn.Linear):
            fused = nn.utils.fuse_linear_bn_eval(layer, bn)
        else:
            fused = nn.utils.fuse_conv_bn_eval(layer, bn, isinstance(layer, nn.ConvTranspose2d))
        assert type(fused) is type(layer)
        np.testing.assert_allclose(array(fused(x)), array(net(x)), rtol=1e-4, atol=1e-5)
    with pytest.raises(AssertionError, match="eval"):
        nn.utils.fuse_conv_bn_eval(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))


def test_gradients_are_clipped_to_a_known_norm(device) -> None:
    params = [nn.Parameter(core.ones(3, device=device)), nn.Parameter(core.ones(2, device=device))]
    rng = np.random.default_rng(0)
    grads = [rng.standard_normal(n).astype("float32") for n in (3, 2)]
    for p, g in zip(params, grads, strict=True):
        p.grad = core.tensor(g, device=device)
    total = np.sqrt(sum((g**2).sum() for g in grads))
    found = nn.utils.get_total_norm([p.grad for p in params])
    np.testing.assert_allclose(float(found), total, rtol=1e-6)
    nn.utils.clip_grads_with_norm_(params, 0.5, found)
    for p, g in zip(params, grads, strict=True):
        np.testing.assert_allclose(array(p.grad), g * 0.5 / total, rtol=1e-5)
    with pytest.warns(FutureWarning, match="deprecated in favor of"):
        nn.utils.clip_grad_norm(params, 10.0)
    with pytest.warns(FutureWarning, match=r"nn.init.xavier_normal` is now deprecated"):
        nn.init.xavier_normal(core.empty(2, 3))


def test_skipped_initial_values_leave_the_generator_alone() -> None:
    core.manual_seed(0)
    want = core.rand(3)
    core.manual_seed(0)
    layer = nn.utils.skip_init(nn.Linear, 100, 100)
    assert tuple(layer.weight.shape) == (100, 100)
    assert (core.rand(3) == want).all()
    with pytest.raises(RuntimeError, match="'device' arg"):
        nn.utils.skip_init(nn.ReLU)
    with pytest.raises(RuntimeError, match="expected a Module"):
        nn.utils.skip_init(int)


def test_gradients_of_convolutions_as_functions() -> None:
    x, w = core.randn(2, 3, 7, 6, requires_grad=True), core.randn(4, 3, 3, 2, requires_grad=True)
    y = nn.functional.conv2d(x, w, None, (2, 1), (1, 0))
    g = core.randn(*y.shape)
    y.backward(g)
    again = nn.grad.conv2d_input(x.shape, w.detach(), g, (2, 1), (1, 0))
    np.testing.assert_allclose(array(again), array(x.grad), rtol=1e-5, atol=1e-6)
    again = nn.grad.conv2d_weight(x.detach(), w.shape, g, (2, 1), (1, 0))
    np.testing.assert_allclose(array(again), array(w.grad), rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="requires specifying an input_size"):
        nn.grad.conv2d_input(None, w, g)


@pytest.mark.parametrize(("method", "dtype"), [
    ("double", "float64"), ("float", "float32"), ("half", "float16"), ("long", "int64"),
    ("int", "int32"), ("short", "int16"), ("char", "int8"), ("byte", "uint8")])
def test_packed_sequences_are_converted(method, dtype) -> None:
    packed = nn.utils.rnn.pack_sequence([core.ones(1), core.tensor([2.0, 3.0])],
                                        enforce_sorted=False)
    other = getattr(packed, method)()
    assert other.data.dtype is getattr(core, dtype)
    assert other.data.tolist() == [2, 1, 3]
    assert other.batch_sizes.tolist() == [2, 1]
    assert other.sorted_indices.tolist() == packed.sorted_indices.tolist() == [1, 0]


def test_packed_sequences_are_pinned(device) -> None:
    packed = nn.utils.rnn.pack_sequence([core.ones(1), core.tensor([2.0, 3.0])],
                                        enforce_sorted=False)
    assert not packed.is_pinned()
    if device == "cpu":
        pytest.skip("is about the other devices")
    pinned = packed.pin_memory()
    assert pinned.is_pinned()
    assert pinned.unsorted_indices.is_pinned()
    assert pinned.batch_sizes is packed.batch_sizes
    assert pinned.data.tolist() == packed.data.tolist()
    ordered = nn.utils.rnn.pack_sequence([core.ones(2), core.ones(1)]).pin_memory()
    assert ordered.sorted_indices is None
    assert ordered.data.is_pinned()
