"""Views share memory, joinings do not; and what both refuse."""

import numpy as np
import pytest

from facula import core

VIEWS = [
    ("view", lambda x: x.view(3, 8)), ("narrow", lambda x: x.narrow(1, 1, 2)),
    ("select", lambda x: x.select(2, 0)), ("split", lambda x: x.split(2, 2)[1]),
    ("chunk", lambda x: x.chunk(2)[0]), ("unbind", lambda x: x.unbind(1)[2]),
    ("movedim", lambda x: x.movedim(0, 2)), ("diagonal", lambda x: x.diagonal(0, 1, 2)),
    ("unfold", lambda x: x.unfold(2, 2, 2)), ("unflatten", lambda x: x.unflatten(2, (2, 2))),
    ("tensor_split", lambda x: x.tensor_split(3, 2)[1]), ("ravel", lambda x: x.ravel()),
    ("as_strided", lambda x: x.as_strided((2, 3), (4, 1), 2)),
    ("atleast_3d", lambda x: core.atleast_3d(x[0])),
]


@pytest.mark.parametrize(("name", "see"), VIEWS, ids=[v[0] for v in VIEWS])
def test_views_share_memory(name, see, device):
    x = core.zeros(2, 3, 4, device=device)
    seen = see(x)
    assert 0 < seen.numel() <= x.numel()
    seen.fill_(1)
    assert float(x.sum()) == seen.numel()
    x.fill_(2)
    assert float(seen.sum()) == 2 * seen.numel()


COPIES = [lambda x: core.cat([x]), lambda x: core.stack([x]), lambda x: x.flip(0),
          lambda x: x.roll(0, 0), lambda x: x.roll(1), lambda x: x.rot90(0),
          lambda x: x.repeat(1, 1), lambda x: x.tril(5), lambda x: core.diag(x),
          lambda x: x[[0, 1]]]


@pytest.mark.parametrize("copy", COPIES)
def test_joinings_and_turns_have_memory_of_their_own(copy, device):
    x = core.zeros(2, 2, device=device)
    copy(x).fill_(1)
    assert float(x.sum()) == 0


def test_bits_as_another_dtype():
    x = core.tensor([1.0, -2.0])
    assert x.view(core.int32).tolist() == [0x3F800000, -0x40000000]
    assert x.view(core.int16).shape == (4,)
    x.view(core.int32)[0] = 0x40000000
    assert x[0].item() == 2
    with pytest.raises(RuntimeError, match="the last dimension must be dense and divisible"):
        core.zeros(3).view(core.float64)


def test_cat_promotes_and_passes_over_empty_vectors(device):
    a = core.ones(2, dtype=core.int32, device=device)
    b = core.ones(2, dtype=core.float16, device=device)
    assert core.cat([a, b]).dtype is core.float16
    assert core.cat([core.zeros(0, device=device), core.ones(2, 3, device=device)]).shape == (2, 3)
    assert core.cat([core.zeros(0), core.zeros(0)]).shape == (0,)


def test_shapes_change_in_place():
    x = core.zeros(2, 1, 3)
    assert x.squeeze_(1).shape == (2, 3)
    assert x.unsqueeze_(0).shape == (1, 2, 3)
    assert x.transpose_(1, 2).shape == (1, 3, 2)
    with pytest.raises(RuntimeError, match=r"can't change its shape in place: use squeeze\(\)"):
        x[0].squeeze_()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: core.cat([]), ValueError, "cat: needs at least one tensor"),
    (lambda: core.cat([core.zeros(2), core.zeros(2, 2)]), RuntimeError,
     r"cat: tensors\[1\] has shape \(2, 2\), which does not fit \(2,\)"),
    (lambda: core.cat([core.tensor(1.0)]), RuntimeError, r"cat: tensors\[0\] is 0-d: use stack"),
    (lambda: core.cat(core.zeros(2)), TypeError, "needs a tuple or list of tensors"),
    (lambda: core.cat([core.zeros(2), 3]), TypeError, r"tensors\[1\] must be a Tensor"),
    (lambda: core.stack([core.zeros(2), core.zeros(3)]), RuntimeError, "all shapes must be equal"),
    (lambda: core.zeros(4).split([1, 2]), RuntimeError, "must be non-negative and sum to 4"),
    (lambda: core.zeros(4).chunk(0), RuntimeError, "chunks=0 must be positive"),
    (lambda: core.zeros(4).narrow(0, 3, 2), RuntimeError, "go beyond dimension 0 of size 4"),
    (lambda: core.zeros(4, 4).T.view(16), RuntimeError, r"without copying: use reshape"),
    (lambda: core.zeros(4).view(3), RuntimeError, "does not fit 4 elements"),
    (lambda: core.zeros(4).unfold(0, 5, 1), RuntimeError, "size=5 must be between 0 and 4"),
    (lambda: core.zeros(4).diagonal(), IndexError, "out of range"),
    (lambda: core.zeros(4).as_strided((3,), (2,)), RuntimeError, "reach element 4"),
    (lambda: core.zeros(2, 2).movedim((0, 0), (0, 1)), RuntimeError, "each once"),
    (lambda: core.zeros(2).repeat(-1), RuntimeError, "must hold a non-negative number"),
    (lambda: core.zeros(2, 2).rot90(1, (0, 0)), RuntimeError, "two different dimensions"),
    (lambda: core.zeros(2).roll((1, 2), (0,)), RuntimeError, "must be equally many"),
    (lambda: core.zeros(2).tril(), RuntimeError, "needs at least 2 dimensions"),
    (lambda: core.ops.rearrange.pad(core.zeros(2), (1,)), RuntimeError, "must hold a pair"),
    (lambda: core.ops.rearrange.pad(core.zeros(2, 2), (2, 0), "reflect"), RuntimeError,
     "does not fit dimension 1 of size 2 in mode 'reflect'"),
    (lambda: core.broadcast_shapes((2,), (3,)), RuntimeError, "do not broadcast"),
])
def test_wrong_arguments_are_explained(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_as_numpy_split(device):
    a = np.arange(7.0)
    x = core.tensor(a, device=device)
    for given in (3, (2, 5), [1]):
        for ours, theirs in zip(x.tensor_split(given), np.array_split(a, given), strict=True):
            np.testing.assert_array_equal(ours.cpu().numpy(), theirs)
