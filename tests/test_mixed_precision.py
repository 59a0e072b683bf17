"""Mixed precision: regions, the policy of every name in the tables, the scaler, training."""

from __future__ import annotations

import copy
import inspect
import pickle
import threading

import numpy as np
import pytest

import facula
from facula import nn
from facula.core.operation import operation, operations
from facula.core.precision import BY_NAME, POLICIES, mode
from facula.nn import functional as F

HALF = {"cpu": facula.bfloat16, "opencl": facula.float16}


def product(device: str) -> facula.dtype:
    x = facula.ones(2, 2, device=device)
    return (x @ x).dtype


def test_regions_nest_and_end(device: str) -> None:
    half = HALF[device]
    assert product(device) is facula.float32
    with facula.autocast(device):
        assert facula.is_autocast_enabled(device)
        assert product(device) is half
        with facula.autocast(device, enabled=False):
            assert product(device) is facula.float32
            with facula.autocast(device, facula.bfloat16):
                assert product(device) is facula.bfloat16
        assert product(device) is half
    assert not facula.is_autocast_enabled(device)
    assert product(device) is facula.float32


def test_a_region_ends_with_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), facula.autocast("cpu"):
        1 / 0  # noqa: B018
    assert product("cpu") is facula.float32


def test_a_region_of_one_device_leaves_the_other_alone() -> None:
    with facula.autocast("opencl"):
        assert product("cpu") is facula.float32


def test_as_a_decorator_also_recursively() -> None:
    @facula.autocast("cpu")
    def f(depth: int) -> list[facula.dtype]:
        return [product("cpu"), *(f(depth - 1) if depth else [])]

    assert f(2) == [facula.bfloat16] * 3
    assert product("cpu") is facula.float32


def test_threads_have_their_own_state() -> None:
    seen = []
    with facula.autocast("cpu"):
        thread = threading.Thread(target=lambda: seen.append(product("cpu")))
        thread.start()
        thread.join()
    assert seen == [facula.float32]


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="device_type"):
        facula.autocast(facula.device("cpu"))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="unsupported autocast device_type 'tpu'"):
        facula.autocast("tpu")
    with pytest.warns(UserWarning, match="Disabling autocast"):
        region = facula.autocast("cpu", facula.float64)
    with region:
        assert product("cpu") is facula.float32


def test_the_switches() -> None:
    before = facula.get_autocast_dtype("cpu")
    try:
        facula.set_autocast_dtype("cpu", facula.float16)
        facula.set_autocast_enabled("cpu", True)
        assert product("cpu") is facula.float16
    finally:
        facula.set_autocast_enabled("cpu", False)
        facula.set_autocast_dtype("cpu", before)
    assert product("cpu") is facula.float32
    assert facula.amp.is_autocast_available("cuda")
    assert not facula.amp.is_autocast_available("tpu")


def test_cuda_means_opencl() -> None:
    with facula.cuda.amp.autocast(dtype=facula.bfloat16):
        assert facula.is_autocast_enabled("opencl")
        assert facula.get_autocast_dtype("cuda") is facula.bfloat16


# A part of a layer, not an operation of its own.
PARTS = {"run_direction"}


def looks(function) -> bool:
    """Whether a function, or one that it calls, has a guard."""
    inside = inspect.getclosurevars(function).nonlocals
    return "guard" in inside or any(
        looks(inside[n]) for n in ("slow", "front", "function", "public") if n in inside)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_what_a_policy_names_exists_and_looks_at_the_state(name: str) -> None:
    known = {op.name for op in operations()}
    found = []
    if name in known:
        found.append(operation(name).public)
    if hasattr(F, name):
        found.append(getattr(F, name))
    if not found:
        assert name in PARTS
        return
    assert any(looks(f) for f in found)


@pytest.mark.parametrize("name", sorted(n for n in POLICIES["opencl"]["float32"]
                                        if n in {op.name for op in operations("elementwise")}))
def test_elementwise_operations_of_the_float32_list(name: str, device: str) -> None:
    wide = device == "opencl"
    f = operation(name).public
    x = facula.full((3,), 0.5, dtype=facula.float16, device=device)
    args = (x,) * len(operation(name).tensors)
    assert f(*args).dtype is facula.float16
    with facula.autocast(device):
        y = f(*args)
    assert y.dtype is (facula.float32 if wide else facula.float16)
    assert f(*args).dtype is facula.float16
    if wide:
        np.testing.assert_array_equal(y.cpu().numpy(), f(*[a.float() for a in args]).cpu().numpy())


def test_opencl_policies_give_float32_and_widest(device: str) -> None:
    if device != "opencl":
        pytest.skip("the policies of OpenCL")
    half = facula.ones(2, 3, dtype=facula.float16, device=device)
    full = facula.ones(2, 3, device=device)
    with facula.autocast(device):
        assert half.sum().dtype is facula.float32
        assert half.sum(dtype=facula.float16).dtype is facula.float16
        assert F.softmax(half, 1).dtype is facula.float32
        assert F.layer_norm(half, (3,)).dtype is facula.float32
        assert facula.cat([half, full]).dtype is facula.float32
        assert facula.cat([half, half]).dtype is facula.float16
        assert facula.einsum("ij,kj->ik", full, full).dtype is facula.float16
        with pytest.raises(RuntimeError, match="unsafe in autocast"):
            F.binary_cross_entropy(full, full)


def test_backward_computes_in_the_dtypes_of_forward(device: str) -> None:
    layer = nn.Linear(3, 2, device=device)
    x = facula.ones(4, 3, device=device)
    seen = []
    with facula.autocast(device):
        y = layer(x)
        y.register_hook(lambda g: seen.append((g.dtype, facula.is_autocast_enabled(device))))
        y.float().square().mean().backward()  # within the region, which backward ignores
    assert seen == [(HALF[device], False)]
    assert layer.weight.grad.dtype is facula.float32


def test_gradients_agree_with_full_precision(device: str) -> None:
    facula.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 4))
    model.to(device)
    x = facula.randn(16, 8, device=device)
    labels = facula.arange(16, device=device) % 4
    grads = []
    for enabled in (True, False):
        model.zero_grad()
        with facula.autocast(device, enabled=enabled):
            loss = F.cross_entropy(model(x), labels)
        assert loss.dtype is facula.float32
        loss.backward()
        grads.append(facula.cat([p.grad.flatten() for p in model.parameters()]).cpu().numpy())
    a, b = grads
    assert np.linalg.norm(a - b) < 0.02 * np.linalg.norm(b)
    assert not np.array_equal(a, b)


def test_a_parameter_is_converted_once_per_region() -> None:
    w, x = facula.ones(2, 2, requires_grad=True), facula.ones(2, 2)
    with facula.autocast("cpu"):
        x @ w
        (first,) = [entry[-1] for entry in mode.cache.values()]
        x @ w
        assert [entry[-1] for entry in mode.cache.values()] == [first]
        with facula.no_grad():
            w.mul_(2)
        assert (x @ w).tolist() == [[4.0, 4.0], [4.0, 4.0]]  # not what was kept
        with facula.autocast("cpu", facula.float16):
            assert (x @ w).dtype is facula.float16
    assert mode.cache == {}
    with facula.autocast("cpu", cache_enabled=False):
        x @ w
        assert mode.cache == {}


def test_a_conversion_without_recording_does_not_serve_recording() -> None:
    w, x = facula.ones(2, 2, requires_grad=True), facula.ones(2, 2)
    with facula.autocast("cpu"):
        with facula.no_grad():
            x @ w
        loss = (x @ w).sum()
    loss.backward()
    assert w.grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_two_losses_share_a_converted_parameter() -> None:
    w, x = facula.ones(2, 2, requires_grad=True), facula.ones(2, 2)
    with facula.autocast("cpu"):
        a, b = (x @ w).sum(), (x @ w).sum()
    a.backward()
    b.backward()
    assert w.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]


def test_checkpoint_repeats_in_the_same_precision() -> None:
    seen = []

    def f(x: facula.Tensor) -> facula.Tensor:
        y = x @ x
        seen.append(y.dtype)
        return y.exp()

    x = facula.rand(3, 3, requires_grad=True)
    with facula.autocast("cpu"):
        y = facula.utils.checkpoint.checkpoint(f, x).float().sum()
    y.backward()
    assert seen == [facula.bfloat16, facula.bfloat16]


@pytest.mark.parametrize("cast_inputs", [None, facula.float32])
def test_functions_keep_their_precision_in_backward(cast_inputs) -> None:
    seen = []

    class Square(facula.autograd.Function):
        @staticmethod
        @facula.amp.custom_fwd(device_type="cpu", cast_inputs=cast_inputs)
        def forward(ctx, x):
            ctx.save_for_backward(x)
            seen.append((x.dtype, facula.is_autocast_enabled("cpu")))
            return x * x

        @staticmethod
        @facula.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            seen.append(facula.is_autocast_enabled("cpu"))
            return 2 * g * x

    x = facula.ones(2, dtype=facula.bfloat16, requires_grad=True)
    with facula.autocast("cpu"):
        y = Square.apply(x).float().sum()
    y.backward()
    on = cast_inputs is None
    assert seen == [(facula.bfloat16 if on else facula.float32, on), on]
    assert x.grad.tolist() == [2.0, 2.0]


class TestGradScaler:
    def step(self, scaler, optimizer, w, factor: float) -> None:
        optimizer.zero_grad()
        scaler.scale((w * factor).sum()).backward()
        scaler.step(optimizer)
        scaler.update()

    def test_a_step_with_infinities_is_skipped(self, device: str) -> None:
        w = facula.ones(2, device=device, requires_grad=True)
        optimizer = facula.optim.SGD([w], lr=0.5)
        scaler = facula.amp.GradScaler(device, init_scale=4.0, growth_interval=2)
        self.step(scaler, optimizer, w, 1.0)
        assert w.tolist() == [0.5, 0.5]
        self.step(scaler, optimizer, w, float("inf"))
        assert w.tolist() == [0.5, 0.5]
        assert scaler.get_scale() == 2.0
        self.step(scaler, optimizer, w, 1.0)
        self.step(scaler, optimizer, w, 1.0)
        assert w.tolist() == [-0.5, -0.5]
        assert scaler.get_scale() == 4.0

    def test_unscaled_gradients_can_be_clipped(self) -> None:
        w = facula.ones(2, requires_grad=True)
        optimizer = facula.optim.SGD([w], lr=1.0)
        scaler = facula.amp.GradScaler()
        scaler.scale((w * 3).sum()).backward()
        scaler.unscale_(optimizer)
        assert w.grad.tolist() == [3.0, 3.0]
        nn.utils.clip_grad_norm_([w], 1.0)
        scaler.step(optimizer)
        np.testing.assert_allclose(w.tolist(), 1 - np.sqrt(0.5), rtol=1e-6)

    def test_errors(self) -> None:
        w = facula.ones(2, requires_grad=True)
        optimizer = facula.optim.SGD([w], lr=1.0)
        scaler = facula.amp.GradScaler()
        with pytest.raises(RuntimeError, match="before anything was scaled"):
            scaler.step(optimizer)
        scaler.scale(w.sum()).backward()
        scaler.unscale_(optimizer)
        with pytest.raises(RuntimeError, match="already been called on this optimizer"):
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        with pytest.raises(RuntimeError, match="already been called since the last update"):
            scaler.step(optimizer)
        with pytest.raises(RuntimeError, match="after step"):
            scaler.unscale_(optimizer)
        scaler.update()
        with pytest.raises(RuntimeError, match="No inf checks"):
            scaler.update()
        with pytest.raises(RuntimeError, match="Closure"):
            scaler.step(optimizer, closure=lambda: None)
        h = facula.ones(2, dtype=facula.float16, requires_grad=True)
        scaler.scale(h.sum()).backward()
        with pytest.raises(ValueError, match="FP16"):
            scaler.step(facula.optim.SGD([h], lr=1.0))
        with pytest.raises(ValueError, match="growth_factor"):
            facula.amp.GradScaler(growth_factor=1.0)
        with pytest.raises(ValueError, match="iterable of Tensors"):
            scaler.scale(3)

    def test_a_disabled_scaler_does_nothing(self) -> None:
        w = facula.ones(2, requires_grad=True)
        optimizer = facula.optim.SGD([w], lr=0.5)
        scaler = facula.amp.GradScaler(enabled=False)
        self.step(scaler, optimizer, w, 1.0)
        assert w.tolist() == [0.5, 0.5]
        assert scaler.get_scale() == 1.0
        assert scaler.state_dict() == {}

    def test_states_copies_and_pickles(self) -> None:
        scaler = facula.amp.GradScaler(init_scale=8.0, growth_interval=7)
        other = facula.cuda.amp.GradScaler()
        other.load_state_dict(scaler.state_dict())
        for same in (other, copy.deepcopy(scaler), pickle.loads(pickle.dumps(scaler))):
            assert same.state_dict() == scaler.state_dict()
        with pytest.raises(RuntimeError, match="empty"):
            other.load_state_dict({})

    def test_several_outputs(self) -> None:
        scaler = facula.amp.GradScaler(init_scale=2.0)
        a, (b, c) = scaler.scale([facula.ones(1), (facula.ones(1), facula.ones(()).half())])
        assert [a.item(), b.item(), c.item()] == [2.0, 2.0, 2.0]


def digits() -> tuple[facula.Tensor, facula.Tensor]:
    data = facula.vision.datasets.Digits(train=True)
    pictures = facula.stack([facula.vision.transforms.functional.to_tensor(data[i][0])
                             for i in range(len(data))])
    return pictures, facula.tensor([data[i][1] for i in range(len(data))])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [facula.bfloat16, facula.float16])
def test_a_small_cnn_learns_digits_in_half_precision(device: str, dtype: facula.dtype) -> None:
    """The embedded digits in half precision, scaled where the dtype needs it."""
    facula.manual_seed(0)
    pictures, labels = (t.to(device) for t in digits())
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(),
        nn.Linear(32 * (pictures.shape[-1] // 2) ** 2, 10)).to(device)
    optimizer = facula.optim.Adam(model.parameters(), lr=3e-3)
    scaler = facula.amp.GradScaler(device, enabled=dtype is facula.float16)
    for _ in range(4):
        for rows in facula.randperm(len(pictures)).split(64):
            rows = rows.to(device)
            optimizer.zero_grad()
            with facula.autocast(device, dtype):
                loss = F.cross_entropy(model(pictures[rows]), labels[rows])
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    test = facula.vision.datasets.Digits(train=False)
    held = facula.stack([facula.vision.transforms.functional.to_tensor(test[i][0])
                         for i in range(len(test))]).to(device)
    truth = np.array([test[i][1] for i in range(len(test))])
    model.eval()
    with facula.no_grad(), facula.autocast(device, dtype):
        answers = model(held)
    assert answers.dtype is dtype
    assert (answers.argmax(1).cpu().numpy() == truth).mean() > 0.95
