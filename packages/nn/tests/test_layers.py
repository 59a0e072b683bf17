"""What single layers do beyond their formula: random ones, lazy ones, errors for wrong shapes."""

import copy
import importlib
import math
import pickle

import numpy as np
import pytest

from facula import core, nn
from facula.nn.modules.lazy import LazyModuleMixin
from facula.nn.modules.utils import consume_prefix_in_state_dict_if_present

# Dropout


@pytest.mark.parametrize(("name", "size", "per"), [
    ("Dropout", (40, 50), 0), ("Dropout1d", (40, 50, 3), 2), ("Dropout2d", (40, 50, 2, 2), 2),
    ("Dropout3d", (20, 50, 2, 1, 2), 2)])
def test_dropout_drops_a_share_and_scales_the_rest(name, size, per, device) -> None:
    core.manual_seed(0)
    drop = getattr(nn, name)(0.4)
    y = drop(core.ones(*size, device=device)).cpu().numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.6)}
    if per:  # whole channels
        flat = y.reshape(*y.shape[:per], -1)
        assert (flat == flat[..., :1]).all()
        y = flat[..., 0]
    assert abs((y == 0).mean() - 0.4) < 4 * math.sqrt(0.24 / y.size)
    again = drop(core.ones(*size, device=device)).cpu().numpy()
    assert (again.reshape(-1) != drop.eval()(core.ones(*size)).numpy().reshape(-1)).any()


@pytest.mark.parametrize(("name", "size"), [("AlphaDropout", (100, 200)),
                                            ("FeatureAlphaDropout", (100, 200, 2))])
def test_alpha_dropout_keeps_mean_and_variance(name, size, device) -> None:
    core.manual_seed(0)
    x = core.randn(*size, device=device)
    y = getattr(nn, name)(0.3)(x).cpu().numpy()
    assert abs(y.mean()) < 0.05
    assert abs(y.var() - 1) < 0.05
    # what is dropped takes one value, selu's limit scaled and moved (Klambauer et al., 2017)
    values, counts = np.unique(y, return_counts=True)
    assert abs(counts.max() / y.size - 0.3) < 0.03
    p, limit = 0.3, -1.6732632423543772 * 1.0507009873554805
    a = (1 - p + limit**2 * p * (1 - p)) ** -0.5
    assert values[counts.argmax()] == pytest.approx(a * limit * (1 - p), rel=1e-5)


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout", "Dropout2d"])
def test_dropout_at_its_ends(name) -> None:
    x = core.randn(2, 3, 4, 4)
    assert (getattr(nn, name)(0.0)(x) == x).all()
    with pytest.raises(ValueError, match="probability"):
        getattr(nn, name)(1.5)
    assert (nn.Dropout(1.0)(x) == 0).all()


# Fractional max pooling


def begins(n: int, k: int, m: int, u: float) -> list[int]:
    """Graham's pseudo-random sequence: where the windows stand."""
    alpha = (n - k) / (m - 1)
    return [int((i + u) * alpha) - int(u * alpha) for i in range(m - 1)] + [n - k]


@pytest.mark.parametrize(("rank", "size", "kernel", "out"), [
    (2, (2, 3, 9, 8), (2, 3), (5, 4)), (3, (1, 2, 6, 7, 5), (2, 2, 1), (3, 4, 2)),
    (2, (3, 7, 7), (2, 2), (5, 5))])
def test_fractional_pools_take_the_largest_of_graham_s_windows(rank, size, kernel, out,
                                                               device) -> None:
    rng = np.random.default_rng(0)
    x = rng.permutation(math.prod(size)).reshape(size).astype("float32")
    batch = x if len(size) == rank + 2 else x[None]
    samples = rng.random((*batch.shape[:2], rank)).astype("float32")
    pool = getattr(nn, f"FractionalMaxPool{rank}d")(
        kernel, output_size=out, return_indices=True,
        _random_samples=core.tensor(samples, device=device))
    y, where = pool(core.tensor(x, device=device))
    y, where = y.cpu().numpy(), where.cpu().numpy()
    assert y.shape == (*size[:-rank], *out)
    np.testing.assert_array_equal(np.take_along_axis(
        x.reshape(*size[:-rank], -1), where.reshape(*size[:-rank], -1), -1).ravel(), y.ravel())
    y = y.reshape(*batch.shape[:2], *out)
    for n, c in np.ndindex(*batch.shape[:2]):
        # the samples of a picture stand in the order width, height
        order = samples[n, c][::-1] if rank == 2 else samples[n, c]
        starts = [begins(*args) for args in zip(batch.shape[2:], kernel, out, order, strict=True)]
        for at in np.ndindex(*out):
            window = tuple(slice(s[i], s[i] + k)
                           for s, i, k in zip(starts, at, kernel, strict=True))
            assert y[(n, c, *at)] == batch[n, c][window].max()


def test_fractional_pools_draw_their_windows() -> None:
    core.manual_seed(0)
    pool = nn.FractionalMaxPool2d(2, output_ratio=(0.6, 0.7))
    x = core.arange(100.0).reshape(1, 1, 10, 10).expand(1, 50, 10, 10).contiguous()
    x.requires_grad_()
    y = pool(x)
    assert tuple(y.shape) == (1, 50, 6, 7)
    assert len({tuple(row.reshape(-1).tolist()) for row in y[0].detach()}) > 5
    assert y[..., -1, -1].detach().unique().tolist() == [99.0]  # the last window ends the picture
    y.sum().backward()
    assert float(x.grad.sum()) == y.numel()
    same = pickle.loads(pickle.dumps(pool))
    assert same.output_ratio == (0.6, 0.7)
    for wrong, message in (({}, "either an output size"),
                           ({"output_size": 2, "output_ratio": 0.5}, "only one of"),
                           ({"output_ratio": 1.5}, "between 0 and 1")):
        with pytest.raises(ValueError, match=message):
            nn.FractionalMaxPool3d(2, **wrong)
    with pytest.raises(RuntimeError, match="do not fit"):
        nn.FractionalMaxPool2d(4, output_size=8)(core.ones(1, 1, 10, 10))


# Lazy modules


def test_lazy_modules_become_ordinary_at_their_first_call(device) -> None:
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(),
                        nn.LazyLinear(2, bias=False)).to(device)
    assert repr(net[0].weight) == "<UninitializedParameter>"
    assert repr(net[1].running_mean) == "<UninitializedBuffer>"
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized"):
        _ = net[0].weight.shape
    with pytest.raises(ValueError, match="uninitialized parameter in numel"):
        sum(p.numel() for p in net.parameters())
    weight = net[0].weight
    twin = copy.deepcopy(net)
    assert tuple(net(core.ones(3, 5, 6, 6, device=device)).shape) == (3, 2)
    assert [type(m) for m in net] == [nn.Conv2d, nn.BatchNorm2d, nn.Flatten, nn.Linear]
    assert net[0].weight is weight  # an optimiser that knows it goes on knowing it
    assert type(weight) is nn.Parameter
    assert tuple(weight.shape) == (4, 5, 3, 3)
    assert all(p.device == net[0].weight.device for p in (*net.parameters(), *net.buffers()))
    assert str(net[0].weight.device).startswith(device)
    bound = 1 / math.sqrt(5 * 9)
    assert 0.5 * bound < float(weight.detach().abs().max()) <= bound
    twin.load_state_dict(net.state_dict())
    assert not any(m.has_uninitialized_params() for m in twin
                   if isinstance(m, LazyModuleMixin))
    x = core.randn(3, 5, 6, 6, device=device)
    assert (twin.eval()(x) == net.eval()(x)).all()
    assert repr(twin) == repr(net)


def test_lazy_modules_say_what_is_missing() -> None:
    with pytest.raises(RuntimeError, match="uninitialized"):
        nn.Linear(3, 2).load_state_dict(nn.LazyLinear(2).state_dict())
    with pytest.raises(ValueError, match="divisible by groups"):
        nn.LazyConv1d(4, 2, groups=2)(core.ones(1, 3, 5))
    with pytest.raises(RuntimeError, match=r"Expected 3D \(unbatched\) or 4D \(batched\) input"):
        nn.LazyConv2d(4, 2)(core.ones(3, 5))

    class Forgetful(LazyModuleMixin):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.UninitializedParameter()

        def initialize_parameters(self, x) -> None:
            pass

    with pytest.raises(RuntimeError, match="has not been fully initialized"):
        Forgetful()(core.ones(1))


# Wrong shapes and values

WRONG = [
    ("Linear(3, 4)", [(2, 5)], RuntimeError), ("Bilinear(3, 4, 5)", [(2, 3), (3, 4)], RuntimeError),
    ("Conv1d(3, 4, 3)", [(2, 4, 8)], RuntimeError), ("Conv2d(3, 4, 3)", [(3, 8)], RuntimeError),
    ("Conv3d(3, 4, 3)", [(1, 3, 2, 8, 8)], RuntimeError),
    ("ConvTranspose2d(3, 4, 3)", [(1, 4, 5, 5)], RuntimeError),
    ("BatchNorm1d(3)", [(2, 3, 4, 5)], ValueError),
    ("BatchNorm2d(3)", [(4, 2, 5, 5)], RuntimeError),
    ("InstanceNorm2d(3)", [(3, 4)], ValueError), ("LayerNorm(4)", [(2, 5)], RuntimeError),
    ("RMSNorm(4)", [(2, 5)], RuntimeError), ("GroupNorm(2, 4)", [(3, 5, 2)], RuntimeError),
    ("LocalResponseNorm(2)", [(3, 4)], ValueError),
    ("MaxPool1d(3)", [(1, 2)], RuntimeError), ("AvgPool2d(3)", [(1, 1, 2, 5)], RuntimeError),
    ("AdaptiveAvgPool2d((2, 2, 2))", [(1, 1, 4, 4)], RuntimeError),
    ("LPPool2d(2, 3)", [(1, 1, 2, 2)], RuntimeError),
    ("ReflectionPad1d(4)", [(1, 2, 4)], RuntimeError),
    ("PixelShuffle(2)", [(1, 6, 2, 2)], RuntimeError),
    ("PixelUnshuffle(2)", [(1, 6, 3, 2)], RuntimeError),
    ("ChannelShuffle(2)", [(1, 3, 2, 2)], RuntimeError), ("GLU()", [(3, 5)], RuntimeError),
    ("PReLU(3)", [(2, 4)], RuntimeError), ("Softmax2d()", [(2, 3)], ValueError),
    ("Fold((4, 5), 2)", [(1, 12, 11)], RuntimeError), ("Unfold(3)", [(1, 1, 2, 5)], RuntimeError),
    ("Unflatten(1, (2, 4))", [(2, 6)], RuntimeError),
    ("Upsample(scale_factor=2, mode='bilinear')", [(2, 3, 4)], NotImplementedError),
    ("RNN(4, 6)", [(5, 3, 3)], RuntimeError), ("GRUCell(4, 6)", [(3, 5)], RuntimeError),
    ("LSTM(4, 6)", [(5, 3, 4, 4)], ValueError),
    ("MultiheadAttention(8, 2)", [(5, 3, 8), (4, 2, 8), (4, 2, 8)], AssertionError),
    ("TransformerEncoderLayer(8, 2)", [(5, 3, 7)], AssertionError),
    ("CrossEntropyLoss()", [(3, 4), (2, 4)], ValueError), ("BCELoss()", [(3,), (4,)], ValueError),
    ("NLLLoss()", [(3, 4), (2,)], ValueError),
    ("KLDivLoss(reduction='most')", [(3,), (3,)], ValueError),
    ("AdaptiveLogSoftmaxWithLoss(6, 9, [3])", [(5, 6), (4,)], RuntimeError),
    ("LinearCrossEntropyLoss(5, 7)", [(4, 6), (4,)], RuntimeError),
]


@pytest.mark.parametrize(("module", "sizes", "error"), WRONG, ids=lambda v: str(v)[:40])
def test_inputs_that_do_not_fit_are_refused(module, sizes, error) -> None:
    made = eval(f"nn.{module}", {"nn": nn})
    inputs = [core.zeros(s, dtype=core.int64) if i and len(s) == 1 and "NLL" in module or
              i and ("Adaptive" in module or "Linear" in module[:7]) and len(s) == 1
              else core.full(s, 0.5) for i, s in enumerate(sizes)]
    with pytest.raises(error) as caught:
        made(*inputs)
    assert len(str(caught.value)) > 20


@pytest.mark.parametrize(("masks", "error"), [
    ({"attn_mask": (1, 4)}, RuntimeError), ({"attn_mask": (5, 1)}, RuntimeError),
    ({"attn_mask": (3, 5, 4)}, RuntimeError), ({"key_padding_mask": (1, 4)}, AssertionError),
    ({"key_padding_mask": (3, 5)}, AssertionError)])
def test_masks_of_attention_are_not_broadcast(masks, error) -> None:
    attention = nn.MultiheadAttention(8, 2)
    query, key = core.ones(5, 3, 8), core.ones(4, 3, 8)
    given = {k: core.zeros(s, dtype=core.bool) for k, s in masks.items()}
    with pytest.raises(error, match="but should have"):
        attention(query, key, key, **given)


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({"input": (2, 3), "offsets": [0]}, ValueError, "offsets has to be None"),
    ({"input": (4,)}, ValueError, "offsets has to be a 1D Tensor but got None"),
    ({"input": (4,), "offsets": [1]}, ValueError, r"offsets\[0\] has to be 0"),
    ({"input": (4,), "offsets": [0, 5]}, ValueError, "can not be greater"),
    ({"input": (4,), "offsets": [0, 3, 2]}, ValueError, "must not decrease"),
    ({"input": (2, 2), "mode": "most"}, ValueError, "has to be one of sum, mean or max"),
    ({"input": (2, 2), "mode": "max", "scale_grad_by_freq": True}, ValueError, "max mode"),
    ({"input": (2, 2), "padding_idx": 9}, ValueError, "padding_idx=9 must be within the 5 rows"),
    ({"input": (2, 2), "per_sample_weights": core.ones(2, 2)}, NotImplementedError, "mode='mean'"),
    ({"input": (2, 2), "mode": "sum", "per_sample_weights": core.ones(2)}, ValueError,
     "same shape"),
])
def test_bags_that_do_not_fit_are_refused(arguments, error, message) -> None:
    given = dict(arguments)
    numbers = core.zeros(given.pop("input"), dtype=core.int64)
    if "offsets" in given:
        given["offsets"] = core.tensor(given["offsets"])
    with pytest.raises(error, match=message):
        nn.functional.embedding_bag(numbers, core.ones(5, 3), **given)


def test_bags_divide_gradients_by_frequency() -> None:
    """By how often each row stands in the batch; PyTorch's CPU kernel divides by other counts."""
    table = core.eye(4).requires_grad_()
    bags = nn.functional.embedding_bag(core.tensor([0, 0, 1, 0]), table, core.tensor([0, 2]),
                                       mode="sum", scale_grad_by_freq=True)
    bags.backward(core.tensor([[1.0] * 4, [10.0] * 4]))
    np.testing.assert_allclose(table.grad[:, 0].numpy(), [12 / 3, 10, 0, 0])


@pytest.mark.parametrize(("change", "message"), [
    ({"blank": 7}, "blank=7 must be in the label range"), ({"reduction": "most"}, "reduction"),
    ({"input_lengths": [9, 2]}, r"input_lengths \[9, 2\] must be between 0 and"),
    ({"target_lengths": [1]}, "1 elements for a batch of 2"),
    ({"targets": core.ones(3, 2, dtype=core.int64)}, "3 rows for a batch of 2"),
    ({"targets": core.ones(2, dtype=core.int64)}, "add up to 3"),
    ({"log_probs": core.ones(4)}, "must be floating and have shape"),
])
def test_ctc_arguments_that_do_not_fit_are_refused(change, message) -> None:
    given = {"log_probs": core.zeros(5, 2, 3).log_softmax(2),
             "targets": core.ones(2, 2, dtype=core.int64), "input_lengths": [5, 4],
             "target_lengths": [1, 2], **change}
    with pytest.raises((RuntimeError, ValueError), match=message):
        nn.functional.ctc_loss(**given)


def test_ctc_of_what_is_impossible_is_infinite_and_so_is_its_gradient() -> None:
    x = core.randn(3, 2, 4, requires_grad=True)
    targets, frames, lengths = core.tensor([[1, 1], [1, 2]]), [2, 2], [2, 2]
    losses = nn.functional.ctc_loss(x.log_softmax(2), targets, frames, lengths, reduction="none")
    assert losses[0].item() == math.inf  # 1, blank, 1 takes three frames
    assert math.isfinite(losses[1].item())
    losses.sum().backward()
    assert not x.grad[:2, 0].isfinite().any()
    x.grad = None
    nn.functional.ctc_loss(x.log_softmax(2), targets, frames, lengths, reduction="sum",
                           zero_infinity=True).backward()
    assert x.grad.isfinite().all()
    assert (x.grad[:, 0] == 0).all()


# Wrappers and names


def test_base_classes_and_hooks_stand_where_pytorch_has_them() -> None:
    files = {"batchnorm": "_BatchNorm", "conv": "_ConvNd", "loss": "_WeightedLoss",
             "instancenorm": "_InstanceNorm", "rnn": "RNNBase", "container": "ModuleList",
             "linear": "Identity", "sparse": "EmbeddingBag", "lazy": "LazyModuleMixin"}
    for name, member in files.items():
        found = importlib.import_module(f"facula.nn.modules.{name}")
        assert found is getattr(nn.modules, name)
        assert issubclass(getattr(found, member), nn.Module)
    assert isinstance(nn.SyncBatchNorm(2), nn.modules.batchnorm._BatchNorm)
    seen = []
    register = importlib.import_module("facula.nn.modules.module").register_module_forward_hook
    with register(lambda module, args, y: seen.append(type(module))):
        nn.Sequential(nn.ReLU())(core.ones(1))
    assert seen == [nn.ReLU, nn.Sequential]
    assert nn.modules.utils._pair(3) == (3, 3)
    assert nn.modules.utils._reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)


def test_data_parallel_is_a_wrapper_and_its_prefix_comes_off() -> None:
    inner = nn.Linear(2, 2)
    net = nn.DataParallel(inner)
    x = core.randn(3, 2)
    assert (net(x) == inner(x)).all()
    assert (nn.parallel.data_parallel(inner, x) == inner(x)).all()
    state = net.state_dict()
    assert list(state) == ["module.weight", "module.bias"]
    consume_prefix_in_state_dict_if_present(state, "module.")
    assert str(nn.Linear(2, 2).load_state_dict(state)) == "<All keys matched successfully>"
    with pytest.raises(AssertionError, match="SDPBackend"), nn.attention.sdpa_kernel("math"):
        pass


@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"groups": 4}, {"groups": 2}])
def test_convolutions_of_an_empty_batch(options: dict[str, int], device: str) -> None:
    for kind, size in ((nn.Conv2d, 3), (nn.Conv2d, 1), (nn.ConvTranspose2d, 2)):
        layer = kind(4, 8, size, **options).to(device)
        x = core.zeros(0, 4, 6, 6, device=device, requires_grad=True)
        y = layer(x)
        assert tuple(y.shape) == (0, *layer(core.zeros(1, 4, 6, 6, device=device)).shape[1:])
        y.sum().backward()
        assert tuple(x.grad.shape) == (0, 4, 6, 6)
        assert not layer.weight.grad.cpu().numpy().any()
