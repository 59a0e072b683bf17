"""Indexing and assignment, with every kind of key, against NumPy."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra.numpy import array_shapes

from facula import core

ALL = slice(None)


def slices(n):
    bound = st.none() | st.integers(-n - 2, n + 2)
    return st.builds(slice, bound, bound, st.none() | st.integers(1, 3))


@st.composite
def keys(draw, shape):
    """A key for the shape: its items, index arrays as NumPy arrays of one broadcast shape."""
    common = draw(array_shapes(min_dims=1, max_dims=2, max_side=3))
    items, dim = [], 0
    count = draw(st.integers(0, len(shape)))
    while dim < count:
        n = shape[dim]
        kind = draw(st.sampled_from(["int", "slice", "slice", "array", "mask"]))
        if kind == "int" and n:
            items.append(draw(st.integers(-n, n - 1)))
        elif kind == "array" and n:
            at = draw(st.sampled_from([common, common[-1:], (1,)]))
            flat = draw(st.lists(st.integers(-n, n - 1), min_size=int(np.prod(at)),
                                 max_size=int(np.prod(at))))
            items.append(np.array(flat, np.int64).reshape(at))
        elif kind == "mask" and not any(isinstance(k, np.ndarray) for k in items):
            span = draw(st.integers(1, min(2, len(shape) - dim)))
            size = shape[dim:dim + span]
            flat = draw(st.lists(st.booleans(), min_size=int(np.prod(size)),
                                 max_size=int(np.prod(size))))
            mask = np.array(flat, bool).reshape(size)
            if common != (1,) and mask.sum() != 1:
                common = (int(mask.sum()),)
            items.append(mask)
            dim += span
            continue
        else:
            items.append(draw(slices(n)))
        dim += 1
    if any(isinstance(k, np.ndarray) and k.dtype == bool for k in items):
        # Index arrays beside a mask must broadcast with its positions: keep single ones.
        items = [k.reshape(-1)[:1] if isinstance(k, np.ndarray) and k.dtype != bool else k
                 for k in items]
    if dim <= len(shape) and draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), Ellipsis) if dim == len(shape) else (
            items.append(Ellipsis))
    for _ in range(draw(st.integers(0, 2))):
        items.insert(draw(st.integers(0, len(items))), None)
    return tuple(items)


def staged(items, ndim):
    """PyTorch's reading of a key: the basic part first, then the arrays on what that gives.

    Arrays beside an Ellipsis that stands for no dimension are neighbours, which they are not for
    NumPy.
    """
    taken = sum(k.ndim if isinstance(k, np.ndarray) and k.dtype == bool else 1
                for k in items if k is not None and k is not Ellipsis)
    if taken == ndim:
        items = [k for k in items if k is not Ellipsis]
    first, second = [], []
    for k in items:
        if isinstance(k, np.ndarray):
            first += [ALL] * (k.ndim if k.dtype == bool else 1)
            second.append(k)
        else:
            first.append(k)
            if k is Ellipsis:
                second.append(k)
            elif not isinstance(k, int):
                second.append(ALL)
    return tuple(first), tuple(second)


def oracle(a, items):
    first, second = staged(items, a.ndim)
    part = a[first]
    return part[second] if any(isinstance(k, np.ndarray) for k in second) else part


def as_key(items, device, draw_list=False):
    made = []
    for k in items:
        if isinstance(k, np.ndarray):
            k = k.tolist() if draw_list and k.size else core.tensor(k, device=device)
        made.append(k)
    return made[0] if len(made) == 1 else tuple(made)


@st.composite
def cases(draw):
    shape = draw(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    return shape, draw(keys(shape))


@given(case=cases(), as_lists=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_getitem_agrees_with_numpy(case, as_lists, device):
    shape, items = case
    a = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    x = core.tensor(a, device=device)
    actual = x[as_key(items, device, as_lists)]
    np.testing.assert_array_equal(actual.cpu().numpy(), oracle(a, items))
    assert actual.shape == oracle(a, items).shape


@given(case=cases(), kind=st.sampled_from(["number", "tensor", "row"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_setitem_agrees_with_numpy(case, kind, device):
    shape, items = case
    a = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    x = core.tensor(a, device=device)
    target = oracle(a, items)
    value = np.float32(-1)
    if kind != "number":
        value = -1 - np.arange(target.size, dtype=np.float32).reshape(target.shape)
        if kind == "row" and target.ndim:
            value = value[:1]
    positions = np.arange(a.size).reshape(shape)
    touched = oracle(positions, items).reshape(-1)
    if len(set(touched.tolist())) != touched.size:
        value = np.float32(-1)  # which of two values for one place stays is not defined
    x[as_key(items, device)] = float(value) if np.ndim(value) == 0 else core.tensor(
        value, device=device)
    a.reshape(-1)[touched] = np.broadcast_to(value, target.shape).reshape(-1)
    np.testing.assert_array_equal(x.cpu().numpy(), a)


@pytest.mark.parametrize("key", [0, -1, slice(1, None), (ALL, 0), (..., 1), None, ...,
                                 (0, slice(0, 2)), (None, 1), (slice(0, 4, 2), None, 1)], ids=str)
def test_basic_keys_are_views(key, device):
    x = core.zeros(4, 3, device=device)
    view = x[key]
    view.fill_(1)
    assert float(x.sum()) == view.numel()
    x.fill_(2)
    assert float(view.sum()) == 2 * view.numel()


def test_arrays_lists_ranges_and_bools_are_indices(device):
    x = core.arange(6, device=device).reshape(3, 2)
    for key in ([0, 2], range(0, 3, 2), np.array([0, 2]), np.array([True, False, True]),
                [True, False, True], core.tensor([0, 2]), core.tensor([0, 2], dtype=core.int32)):
        assert x[key].tolist() == [[0, 1], [4, 5]]
    assert x[np.int64(1)].tolist() == [2, 3]
    assert x[core.tensor(1)].tolist() == [2, 3]
    assert x[True].shape == (1, 3, 2)
    assert x[False].shape == (0, 3, 2)
    assert x[[]].shape == (0, 2)


def test_a_zero_dimensional_index_tensor_makes_a_view():
    x = core.zeros(3)
    x[core.tensor(1)].fill_(5)
    assert x.tolist() == [0, 5, 0]


@pytest.mark.parametrize(("key", "error", "words"), [
    (4, IndexError, r"index: 4 is out of range: dimension 0 has size 4, .* between -4 and 3"),
    ((0, -4), IndexError, r"index: -4 is out of range: dimension 1 has size 3"),
    ((0, 0, 0), IndexError, r"too many indices: 3 for a tensor of 2 dimensions, shape \(4, 3\)"),
    (slice(None, None, -1), ValueError, r"slice step -1 is not positive: use flip"),
    (slice(0, 2, 0), ValueError, r"slice step 0 is not positive"),
    ("a", IndexError, r"'a' of type str is not an index"),
    (1.5, IndexError, r"1.5 of type float is not an index"),
    ((..., 0, ...), IndexError, r"'...' stands more than once"),
    ([True, False], IndexError, r"the mask has shape \(2,\), .* have shape \(4,\)"),
    ([0.5], IndexError, r"must hold ints or bools, but this one is float32"),
    (([0, 1], [0, 1, 2]), IndexError, r"do not broadcast: \(2,\), \(3,\)"),
    ([0, 7], IndexError, r"index: 7 is out of range: dimension 0 has size 4"),
], ids=str)
def test_wrong_keys_are_explained(key, error, words, device):
    x = core.zeros(4, 3, device=device)
    with pytest.raises(error, match=words):
        x[key]
    with pytest.raises(error, match=words):
        x[key] = 1


def test_on_a_device_positions_out_of_range_are_kept_within_the_dimension(device):
    x = core.arange(3, device=device)
    index = core.tensor([5, -9, 1], device=device)
    if device == "cpu":
        with pytest.raises(IndexError, match=r"(5|-9) is out of range"):
            x[index]
    else:
        assert x[index].tolist() == [2, 0, 1]


def test_values_that_do_not_fit_are_refused(device):
    x = core.zeros(4, 3, device=device)
    with pytest.raises(RuntimeError, match=r"shape \(2,\) does not broadcast to the shape \(3,\)"):
        x[0] = core.zeros(2, device=device)
    with pytest.raises(RuntimeError, match=r"shape \(2,\) does not broadcast"):
        x[[0, 1]] = core.zeros(2, device=device)
    with pytest.raises(RuntimeError, match="outside its range"):
        core.zeros(2, dtype=core.uint8, device=device)[0] = 300


def test_assignment_casts_and_strips_leading_ones(device):
    x = core.zeros(3, dtype=core.int64, device=device)
    x[0] = 2.7
    x[1:] = core.tensor([[1.5, -1.5]], device=device)
    assert x.tolist() == [2, 1, -1]
    x[[0, 1]] = core.tensor([[[7.9]]], device=device)
    assert x.tolist() == [7, 7, -1]
    flags = core.zeros(2, dtype=core.bool, device=device)
    flags[1] = 5
    assert flags.tolist() == [False, True]


def test_overlapping_assignment_reads_before_it_writes(device):
    x = core.arange(5, device=device)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3]
    x[core.tensor([1, 2, 3, 4], device=device)] = x[:-1]
    assert x.tolist() == [0, 0, 0, 1, 2]


def test_assignment_to_an_expanded_tensor_is_refused():
    x = core.zeros(1).expand(3)
    with pytest.raises(RuntimeError, match="same memory"):
        x[0] = 1


def test_accumulating_puts_add_repeated_positions(device):
    x = core.zeros(3, 4, device=device)
    rows = core.tensor([2, 0, 2], device=device)
    x.index_put_((rows,), core.ones(3, 4, device=device), accumulate=True)
    assert x.sum(1).tolist() == [4, 0, 8]
    y = core.zeros(4, device=device)
    y.index_put_((core.tensor([1, 1, 3], device=device),), core.ones(3, device=device), True)
    assert y.tolist() == [0, 2, 0, 1]
