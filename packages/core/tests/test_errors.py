"""Errors of operations name the operation, the values, and what would be right."""

import pytest

from facula import core


@pytest.mark.parametrize("call", [
    lambda a, b: a + b, lambda a, b: core.atan2(a, b), lambda a, b: a == b,
    lambda a, b: core.lerp(a, b, b), lambda a, b: a.long() + b,
])
def test_shapes_that_do_not_broadcast(call, device):
    a, b = core.ones(2, 3, device=device), core.ones(4, device=device)
    with pytest.raises(RuntimeError, match=r"\w+: the shapes do not broadcast: input has shape "
                                           r"\(2, 3\), \w+ has shape \(4,\)"):
        call(a, b)


def test_devices_that_differ(device):
    if device == "cpu":
        pytest.skip("needs a second device")
    with pytest.raises(RuntimeError, match=r"add: the operands are on different devices"):
        core.ones(2) + core.ones(2, device=device)
    assert (core.ones(2, device=device) + core.tensor(1.0)).tolist() == [2.0, 2.0]


def test_values_that_are_no_tensors():
    with pytest.raises(TypeError, match=r"exp: input must be a Tensor, but is 'a' of type str"):
        core.exp("a")
    with pytest.raises(TypeError, match="add: other must be a Tensor, but is 'a' of type str"):
        core.ones(2) + "a"
    with pytest.raises(TypeError, match="add: input and other must hold a Tensor"):
        core.add(1, 2)


def test_dtypes_that_are_not_served():
    with pytest.raises(TypeError, match="sub: not defined for bool: it takes uint8"):
        core.ones(2, dtype=core.bool) - core.ones(2, dtype=core.bool)
    with pytest.raises(TypeError, match="mean: not defined for int64"):
        core.ones(2, dtype=core.int64).mean()


def test_dimensions_out_of_range(device):
    x = core.ones(2, 3, device=device)
    for call in (lambda: x.sum(2), lambda: x.softmax(-3), lambda: x.unsqueeze(4),
                 lambda: x.transpose(0, 2)):
        with pytest.raises(IndexError, match=r"\w+: dim=-?\d is out of range"):
            call()
    with pytest.raises(RuntimeError, match=r"sum: dim=.* names a dimension twice"):
        x.sum((0, -2))


def test_names_that_do_not_exist():
    with pytest.raises(AttributeError, match="no attribute 'relux'"):
        core.relux  # noqa: B018


def test_errors_from_within_name_the_operation_called():
    with pytest.raises(TypeError, match="absolute: input must be a Tensor, but is 'a'"):
        core.absolute("a")
    with pytest.raises(TypeError, match=r"multiply: mul: other must be a Tensor"):
        core.multiply(core.ones(2), "a")
    with pytest.raises(TypeError, match="matmul: other must be a Tensor"):
        core.ones(2) @ [1.0]
    with pytest.raises(TypeError, match=r"narrow: start must be an int, but is \{\}"):
        core.narrow(core.ones(2), 0, {}, 1)
    with pytest.raises(RuntimeError, match="add: a number is out of range"):
        core.ones(2, dtype=core.int64) + 2**70


def test_numpys_names_of_parameters():
    x = core.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.sum(axis=0, keepdims=True).tolist() == [[4.0, 6.0]]
    assert core.cat([x, x], axis=1).shape == (2, 4)
    assert core.max(x, axis=1).values.tolist() == [2.0, 4.0]
    with pytest.raises(IndexError, match="sum: dim=5 is out of range"):
        x.sum(axis=5)
    with pytest.raises(TypeError, match="exp"):
        x.exp(axis=0)
