"""Every in-place method of PyTorch's tensors: results, gradients of what was written, refusals."""

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")
pytestmark = pytest.mark.filterwarnings("ignore")

A = np.array([[0.3, 0.7, 0.2], [0.9, 0.4, 0.6]])
B = np.array([[0.5, 0.25, 0.75], [0.8, 0.1, 0.35]])
SQUARE = np.array([[0.5, 0.2], [0.1, 0.9]])
INDEX = np.array([1, 0])
MASK = np.array([[True, False, True], [False, True, True]])

# What each takes besides the tensor; the tensor is A unless another is named.
OTHER = "arctan2 atan2 add sub subtract mul multiply div divide true_divide floor_divide fmod"
OTHER += " remainder pow float_power eq ne lt le gt ge greater greater_equal less less_equal"
OTHER += " not_equal copysign hypot nextafter xlogy igamma igammac logical_and logical_or"
OTHER += " logical_xor copy"
INTEGERS = {"bitwise_and": (3,), "bitwise_or": (3,), "bitwise_xor": (3,), "bitwise_not": (),
            "bitwise_left_shift": (2,), "bitwise_right_shift": (1,), "gcd": (np.array([4, 6, 9]),),
            "lcm": (np.array([4, 6, 9]),), "__iand__": (3,), "__ior__": (3,), "__ixor__": (3,),
            "__ilshift__": (2,), "__irshift__": (1,)}
ARGS = {
    **{name: (B,) for name in OTHER.split()}, "heaviside": (B,), "acosh": (), "arccosh": (),
    "addbmm": (np.ones((4, 2, 5)), np.ones((4, 5, 3))), "addcdiv": (B, B), "addcmul": (B, B),
    "addmm": (SQUARE, B), "addmv": (B, np.ones(3)), "addr": (np.ones(2), np.ones(3)),
    "baddbmm": (np.ones((2, 2, 4)), np.ones((2, 4, 3))), "as_strided": ((2, 2), (1, 2)),
    "clamp": (0.3, 0.6), "clip": (0.3, 0.6), "clamp_max": (0.5,), "clamp_min": (0.5,),
    "cumprod": (0,), "cumsum": (1,), "dropout": (), "fill": (2.0,), "fill_diagonal": (5.0,),
    "index_add": (0, INDEX, B), "index_copy": (0, INDEX, B), "index_fill": (0, INDEX, 4.0),
    "index_put": ((INDEX, INDEX), np.ones(2)), "index_reduce": (0, INDEX, B, "prod"),
    "ldexp": (np.array([1, 2, 3]),), "lerp": (B, 0.25), "logit": (1e-3,),
    "masked_fill": (MASK, 9.0), "masked_scatter": (MASK, B), "mvlgamma": (1,), "polygamma": (1,),
    "put": (np.array([0, 3]), np.array([7.0, 8.0])), "renorm": (2.0, 0, 0.5), "round": (),
    "scatter": (1, np.array([[0, 2], [1, 0]]), SQUARE), "swapaxes": (0, 1), "swapdims": (0, 1),
    "scatter_add": (1, np.array([[0, 2], [1, 0]]), SQUARE), "transpose": (0, 1), "unsqueeze": (1,),
    "scatter_reduce": (1, np.array([[0, 2], [1, 0]]), SQUARE, "amax"), "squeeze": (),
    "requires_grad": (True,), "nan_to_num": (), "tril": (), "triu": (1,),
}
TARGETS = {"addmv": np.ones(2), "baddbmm": np.stack([A, A]), "fill_diagonal": np.zeros((5, 2)),
           "acosh": A + 1, "arccosh": A + 1, "mvlgamma": A + 1}
# Random numbers, memory itself, and Python functions over elements are tested elsewhere.
ELSEWHERE = {"bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "normal_",
             "random_", "uniform_", "apply_", "map_", "set_", "resize_", "resize_as_",
             "share_memory_", "detach_", "requires_grad_", "retain_grad_"}
# PyTorch lets the gradient of what was overwritten pass through these; here it is zero.
BOOLEAN = {"logical_and_", "logical_or_", "logical_xor_", "logical_not_"}
NAMES = sorted(n for n in dir(torch.Tensor) if n.endswith("_") and not n.startswith("_")
               and hasattr(facula.Tensor, n) and n not in ELSEWHERE)
FLOATS = [n for n in NAMES if n not in BOOLEAN]


def argument(lib, value, grad=False):
    """An array as the library's tensor."""
    if isinstance(value, tuple) and all(isinstance(v, np.ndarray) for v in value) and value:
        return tuple(argument(lib, v) for v in value)
    if not isinstance(value, np.ndarray):
        return value
    t = lib.tensor(value)
    return t.requires_grad_() if grad and value.dtype.kind == "f" else t


def case(name):
    """The tensor's values and the other arguments."""
    plain = name[:-1]
    if plain in INTEGERS:
        return np.array([[12, 7, 9], [3, 5, 6]]), INTEGERS[plain]
    return TARGETS.get(plain, A), ARGS.get(plain, ())


def run(lib, name, grad):
    """The written tensor and the gradients of all that was given, by a weighted sum of it."""
    values, args = case(name)
    x = argument(lib, values.copy(), grad)
    others = [argument(lib, a, grad) for a in args]
    y = x * 1 if values.dtype.kind == "f" else x
    result = getattr(y, name)(*others)
    assert result is y
    if not grad or not y.requires_grad:
        return y, []
    rng = np.random.default_rng(0)
    weight = lib.tensor(rng.normal(size=tuple(y.shape)))
    leaves = [t for t in (x, *others) if isinstance(t, lib.Tensor) and t.requires_grad]
    return y, lib.autograd.grad((y * weight).sum(), leaves, allow_unused=True)


@pytest.mark.parametrize("name", NAMES)
def test_results_are_pytorchs(name):
    ours, theirs = run(facula, name, False)[0], run(torch, name, False)[0]
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", FLOATS)
def test_gradients_are_pytorchs(name):
    try:
        theirs = run(torch, name, True)[1]
    except RuntimeError as error:
        assert "not implemented" in str(error)
        pytest.skip("PyTorch has no derivative of it in place")
    ours = run(facula, name, True)[1]
    assert len(ours) == len(theirs)
    for g, h in zip(ours, theirs, strict=True):
        if g is None or h is None:
            some = g if h is None else h
            assert some is None or not some.abs().sum().item()
        else:
            np.testing.assert_allclose(g.numpy(), h.numpy(force=True), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", [n for n in FLOATS if case(n)[0].dtype.kind == "f"])
def test_leaves_that_require_grad_are_not_written(name):
    values, args = case(name)
    for lib in (facula, torch):
        x = argument(lib, values.copy(), True)
        others = [argument(lib, a) for a in args]
        with pytest.raises(RuntimeError):
            getattr(x, name)(*others)


@pytest.mark.parametrize("name", [n for n in NAMES if case(n)[0].dtype.kind == "f"])
def test_integer_tensors_take_or_refuse_as_pytorchs_do(name):
    values, args = case(name)
    outcomes = []
    for lib in (facula, torch):
        x = lib.tensor(np.round(values * 10).astype(np.int64))
        others = [argument(lib, a) for a in args]
        try:
            outcomes.append(getattr(x, name)(*others).numpy())
        except (RuntimeError, TypeError):
            outcomes.append(None)
    ours, theirs = outcomes
    assert (ours is None) == (theirs is None)
    if ours is not None:
        np.testing.assert_array_equal(ours, theirs)
