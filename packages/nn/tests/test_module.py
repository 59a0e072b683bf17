"""The contract of Module: attributes, names, state, hooks, errors."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from facula import core, nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.rest = nn.Sequential(nn.ReLU(), nn.BatchNorm1d(4), nn.Linear(4, 2))
        self.scale = nn.Parameter(core.ones(1))
        self.register_buffer("seen", core.zeros(()))
        self.register_buffer("scratch", core.zeros(()), persistent=False)

    def forward(self, x, factor=1.0):
        return self.rest(self.first(x)) * self.scale * factor


KEYS = ["scale", "seen", "first.weight", "first.bias", "rest.1.weight", "rest.1.bias",
        "rest.1.running_mean", "rest.1.running_var", "rest.1.num_batches_tracked",
        "rest.2.weight", "rest.2.bias"]


def test_names_stand_in_the_order_of_assignment() -> None:
    net = Net()
    assert list(net.state_dict()) == KEYS
    assert [n for n, _ in net.named_parameters()] == [
        k for k in KEYS if k.endswith(("weight", "bias", "scale"))]
    assert [n for n, _ in net.named_buffers()] == [
        "seen", "scratch", "rest.1.running_mean", "rest.1.running_var",
        "rest.1.num_batches_tracked"]
    assert [n for n, _ in net.named_modules()] == ["", "first", "rest", "rest.0", "rest.1",
                                                   "rest.2"]
    assert [n for n, _ in net.named_children()] == ["first", "rest"]
    assert net.get_parameter("rest.2.bias") is net.rest[2].bias
    assert net.get_submodule("rest.1") is net.rest[1]
    assert net.get_buffer("rest.1.running_var") is net.rest[1].running_var
    with pytest.raises(AttributeError, match="no attribute `nothing`"):
        net.get_submodule("rest.nothing")


def test_shared_parameters_come_once() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 3
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    twin = copy.deepcopy(net)
    assert twin[1].weight is twin[0].weight


def test_attributes_are_checked() -> None:
    net = Net()
    with pytest.raises(TypeError, match=r"as parameter 'scale' \(facula.nn.Parameter or None"):
        net.scale = core.ones(1)
    with pytest.raises(TypeError, match="as child module 'first'"):
        net.first = 3
    with pytest.raises(TypeError, match="as buffer 'seen'"):
        net.seen = 3
    with pytest.raises(KeyError, match="attribute 'forward' already exists"):
        net.register_parameter("forward", None)
    with pytest.raises(KeyError, match="buffer name can"):
        net.register_buffer("a.b", None)
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'missing'"):
        _ = net.missing
    with pytest.raises(ValueError, match="non-leaf"):
        net.register_parameter("late", non_leaf())

    class Early(nn.Module):
        def __init__(self) -> None:
            self.weight = nn.Parameter(core.ones(1))

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
        Early()
    net.scale = None
    assert "scale" not in net.state_dict()
    net.first = nn.Identity()
    assert isinstance(net.first, nn.Identity)
    del net.first
    assert not hasattr(net, "first")


def non_leaf() -> nn.Parameter:
    p = nn.Parameter(core.ones(1))
    p._autograd = (p * 2)._autograd
    return p


def test_errors_of_loading_list_everything() -> None:
    net = Net()
    state = net.state_dict()
    del state["first.bias"]
    state["more"] = core.zeros(1)
    state["rest.2.weight"] = core.zeros(3, 4)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        'Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: "first.bias". '
        '\n\tUnexpected key(s) in state_dict: "more". \n\tsize mismatch for rest.2.weight: copying '
        "a param with shape facula.Size([3, 4]) from checkpoint, the shape in current model is "
        "facula.Size([2, 4]).")
    state["rest.2.weight"] = core.zeros(2, 4)
    keys = net.load_state_dict(state, strict=False)
    assert (keys.missing_keys, keys.unexpected_keys) == (["first.bias"], ["more"])
    assert str(net.load_state_dict(net.state_dict())) == "<All keys matched successfully>"
    with pytest.raises(TypeError, match="dict-like"):
        net.load_state_dict([1])


def test_loading_copies_and_assigning_takes_over() -> None:
    net, other = Net(), Net()
    weight = net.first.weight
    net.load_state_dict(other.state_dict())
    assert net.first.weight is weight
    np.testing.assert_array_equal(weight.detach().numpy(), other.first.weight.detach().numpy())
    net.load_state_dict(other.state_dict(), assign=True)
    assert net.first.weight is not weight
    assert isinstance(net.first.weight, nn.Parameter)
    assert net.first.weight.requires_grad
    with core.no_grad():
        other.first.weight.add_(1)
    assert (net.first.weight == other.first.weight).all()


def test_state_dict_hooks_and_extra_state() -> None:
    class Counting(nn.Linear):
        count = 3

        def get_extra_state(self):
            return self.count

        def set_extra_state(self, state) -> None:
            self.count = state

    net = nn.Sequential(Counting(1, 1))
    net.register_state_dict_post_hook(lambda m, state, prefix, meta: state.update(note=1))
    state = net.state_dict(prefix="p.")
    assert list(state) == ["p.0.weight", "p.0.bias", "p.0._extra_state", "note"]
    state = Counting(1, 1).state_dict()
    state["_extra_state"] = 7
    fresh = Counting(1, 1)
    seen = []
    fresh.register_load_state_dict_post_hook(lambda m, keys: seen.append(keys))
    fresh.load_state_dict(state)
    assert fresh.count == 7
    assert len(seen) == 1
    assert pickle.loads(pickle.dumps(state))._metadata == state._metadata


def test_forward_hooks_change_arguments_and_results() -> None:
    net = Net().eval()
    x = core.ones(2, 3)
    plain = net(x).detach().numpy()
    order = []
    with net.register_forward_pre_hook(lambda m, args, kw: (order.append("pre"), (args, {
            "factor": 2.0}))[1], with_kwargs=True):
        np.testing.assert_allclose(net(x).detach().numpy(), 2 * plain, rtol=1e-6)
    with net.register_forward_hook(lambda m, args, y: (order.append("post"), y + 1)[1]):
        np.testing.assert_allclose(net(x).detach().numpy(), plain + 1, rtol=1e-5)
    assert order == ["pre", "post"]
    np.testing.assert_array_equal(net(x).detach().numpy(), plain)
    calls = []
    net.register_forward_hook(lambda *a: calls.append(a), always_call=True)
    with pytest.raises(RuntimeError):
        net(core.ones(2, 5))
    assert len(calls) == 1


def test_backward_hooks_see_and_change_gradients() -> None:
    layer = nn.Linear(2, 2, bias=False)
    with core.no_grad():
        layer.weight.copy_(core.tensor([[1.0, 2.0], [3.0, 4.0]]))
    seen = {}
    layer.register_full_backward_pre_hook(lambda m, g: seen.update(pre=g))
    handle = layer.register_full_backward_hook(
        lambda m, gi, go: (seen.update(gi=gi, go=go), (gi[0] * 10,))[1])
    x = core.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    assert seen["go"][0].tolist() == [[1.0, 1.0]]
    assert seen["pre"][0].tolist() == [[1.0, 1.0]]
    assert seen["gi"][0].tolist() == [[4.0, 6.0]]
    assert x.grad.tolist() == [[40.0, 60.0]]
    handle.remove()


def test_moving_keeps_the_parameters_and_their_gradients(device) -> None:
    net = Net()
    weight = net.first.weight
    net(core.ones(2, 3)).sum().backward()
    net.to(device)
    assert net.first.weight is weight
    assert str(weight.device).split(":")[0] == device.split(":")[0]
    assert weight.grad.device == weight.device
    net.to(core.float16)
    assert weight.dtype is core.float16
    assert net.rest[1].num_batches_tracked.dtype is core.int64
    net.float().zero_grad()
    assert weight.grad is None
    net(core.ones(2, 3, device=device)).sum().backward()
    assert weight.grad.dtype is core.float32
    with pytest.raises(TypeError, match="floating point or complex"):
        net.to(core.int64)


def test_containers_behave_like_lists_and_dicts() -> None:
    net = nn.Sequential(OrderedDict(a=nn.Linear(1, 2), b=nn.ReLU()))
    assert net.a is net[0]
    assert net[-1] is net.b
    assert list(net[:1].state_dict()) == ["a.weight", "a.bias"]
    listed = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh()])
    assert repr(listed) == "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n)"
    listed.insert(1, nn.Sigmoid())
    del listed[0]
    assert [type(m).__name__ for m in listed] == ["Sigmoid", "ReLU", "Tanh"]
    with pytest.raises(IndexError, match="index 5 is out of range"):
        listed[5]
    named = nn.ModuleDict({"x": nn.Linear(1, 1)})
    named["y"] = nn.ReLU()
    assert list(named.keys()) == ["x", "y"]
    assert "x" in named
    assert len(named) == 2
    weights = nn.ParameterList([core.ones(2), nn.Parameter(core.zeros(1))])
    weights.append(core.ones(3))
    assert [k for k, _ in weights.named_parameters()] == ["0", "1", "2"]
    table = nn.ParameterDict({"p": core.ones(2)})
    assert isinstance(table["p"], nn.Parameter)
    assert table.get("q") is None
    assert isinstance(pickle.loads(pickle.dumps(weights))[2], nn.Parameter)


def test_parameters_are_tensors_that_require_grad() -> None:
    p = nn.Parameter(core.tensor([1.0, 2.0]))
    assert p.requires_grad
    assert p.is_leaf
    assert repr(p) == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"
    p.note = "kept"
    q = copy.deepcopy(p)
    assert isinstance(q, nn.Parameter)
    assert q.note == "kept"
    assert q.requires_grad
    r = pickle.loads(pickle.dumps(p))
    assert isinstance(r, nn.Parameter)
    assert r.tolist() == [1.0, 2.0]
    assert r.requires_grad
    with core.no_grad():
        assert nn.Parameter(core.ones(1)).requires_grad
    assert not nn.Parameter(core.ones(1), requires_grad=False).requires_grad


def test_what_does_not_fit_is_said_with_the_shapes() -> None:
    with pytest.raises(RuntimeError, match=r"input has shape \(2, 5\), weight has shape \(4, 3\)"):
        nn.Linear(3, 4)(core.ones(2, 5))
    with pytest.raises(RuntimeError, match=r"convolution: the channels do not fit: input has 2"):
        nn.Conv2d(3, 4, 3)(core.ones(1, 2, 5, 5))
    with pytest.raises(RuntimeError, match=r"larger than the input"):
        nn.Conv2d(3, 4, 7)(core.ones(1, 3, 5, 5))
    with pytest.raises(ValueError, match=r"expected 4D input \(got 3D input\)"):
        nn.BatchNorm2d(3)(core.ones(3, 5, 5))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        nn.BatchNorm1d(3)(core.ones(1, 3))
    with pytest.raises(RuntimeError, match="larger than the input"):
        nn.MaxPool2d(4)(core.ones(1, 1, 3, 3))
    with pytest.raises(ValueError, match=r"target has shape \(3,\)"):
        nn.CrossEntropyLoss()(core.ones(2, 3), core.tensor([0, 1, 2]))
    with pytest.raises(IndexError, match="outside the 3 classes"):
        nn.CrossEntropyLoss()(core.ones(2, 3), core.tensor([0, 3]))
    with pytest.raises(RuntimeError, match="Expected 4, got 3"):
        nn.LSTM(4, 5)(core.ones(2, 2, 3))


def test_synchronised_batch_norm_is_batch_norm_in_one_process() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, bias=False))
    other = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(net))
    assert type(other[1]) is nn.SyncBatchNorm
    x = core.randn(5, 3)
    np.testing.assert_array_equal(other(x).detach().numpy(), net(x).detach().numpy())
    assert list(other.state_dict()) == list(net.state_dict())
