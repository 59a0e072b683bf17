"""Random chains of views, broadcasts and reductions, step by step beside NumPy's."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from facula import core
from facula.core.testing.compare import assert_close

ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
DTYPES = st.sampled_from([np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_])


def numbers(shape, dtype, seed):
    values = np.random.default_rng(seed).integers(0 if dtype is np.uint8 else -4, 6, shape)
    return values.astype(dtype)


def a_slice(draw, size):
    start, stop = draw(st.integers(-size - 1, size + 1)), draw(st.integers(-size - 1, size + 1))
    return slice(draw(st.sampled_from([None, start])), draw(st.sampled_from([None, stop])),
                 draw(st.sampled_from([None, 1, 2, 3])))


def sliced(draw, t, a):
    dim = draw(st.integers(0, a.ndim - 1))
    key = (slice(None),) * dim + (a_slice(draw, a.shape[dim]),)
    return t[key], a[key]


def selected(draw, t, a):
    dim = draw(st.integers(-a.ndim, a.ndim - 1))
    if a.shape[dim] == 0:
        return t, a
    index = draw(st.integers(-a.shape[dim], a.shape[dim] - 1))
    return t.select(dim, index), np.moveaxis(a, dim, 0)[index, ...]


def permuted(draw, t, a):
    order = draw(st.permutations(range(a.ndim)))
    return t.permute(order), a.transpose(order)


def transposed(draw, t, a):
    i, j = draw(st.integers(-a.ndim, a.ndim - 1)), draw(st.integers(-a.ndim, a.ndim - 1))
    return t.transpose(i, j), a.swapaxes(i, j)


def unsqueezed(draw, t, a):
    dim = draw(st.integers(-a.ndim - 1, a.ndim))
    return t.unsqueeze(dim), np.expand_dims(a, dim)


def squeezed(draw, t, a):
    return t.squeeze(), a.squeeze()


def expanded(draw, t, a):
    sizes = [draw(st.integers(0, 3)) if n == 1 else n for n in a.shape]
    sizes = [draw(st.integers(1, 2)), *sizes]
    return t.expand(sizes), np.broadcast_to(a, sizes)


def diagonal(draw, t, a):
    if a.ndim < 2:
        return t, a
    i, j = draw(st.permutations(range(a.ndim)))[:2]
    offset = draw(st.integers(-2, 2))
    if not -a.shape[i] <= offset <= a.shape[j]:
        offset = 0
    return t.diagonal(offset, i, j), a.diagonal(offset, i, j)


def moved(draw, t, a):
    i, j = draw(st.integers(-a.ndim, a.ndim - 1)), draw(st.integers(-a.ndim, a.ndim - 1))
    return t.movedim(i, j), np.moveaxis(a, i, j)


def unfolded(draw, t, a):
    dim = draw(st.integers(0, a.ndim - 1))
    if a.shape[dim] == 0:
        return t, a
    size, step = draw(st.integers(1, a.shape[dim])), draw(st.integers(1, 3))
    windows = np.lib.stride_tricks.sliding_window_view(a, size, dim, writeable=True)
    return t.unfold(dim, size, step), windows[(slice(None),) * dim + (slice(None, None, step),)]


def reshaped(draw, t, a):
    """Maybe a copy, unlike the others."""
    shape = draw(st.sampled_from([(-1,), (a.size,), (1, a.size, 1), a.shape[::-1]]))
    if a.size == 0 and -1 in shape:
        shape = (0,)
    return t.reshape(shape), a.reshape(shape)


def flipped(draw, t, a):
    dims = draw(st.lists(st.integers(0, a.ndim - 1), unique=True))
    return t.flip(dims), np.flip(a, tuple(dims))


WITH_DIMS = [sliced, selected, permuted, transposed, diagonal, moved, unfolded]
VIEWS = [unsqueezed, squeezed]
ALL = [*WITH_DIMS, *VIEWS, expanded, reshaped, flipped]
NEEDS_DIMS = {*WITH_DIMS, flipped}


def a_chain(draw, t, a, steps, most=6):
    for step in draw(st.lists(st.sampled_from(steps), max_size=most)):
        if a.ndim == 0 and step in NEEDS_DIMS or a.ndim > 6:
            continue
        t, a = step(draw, t, a)
    return t, a


SHAPES = array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


@ANY
@given(data=st.data(), shape=SHAPES, dtype=DTYPES)
def test_chains_of_views(device, data, shape, dtype):
    base = numbers(shape, dtype, 0)
    t, a = a_chain(data.draw, core.tensor(base, device=device), base, ALL)
    assert tuple(t.shape) == a.shape
    np.testing.assert_array_equal(t.cpu().numpy(), a)
    np.testing.assert_array_equal((t + t).cpu().numpy(), a + a)


@ANY
@given(data=st.data(), shape=SHAPES)
def test_writing_through_chains_of_views(device, data, shape):
    base = numbers(shape, np.float32, 1)
    whole = core.tensor(base, device=device)
    steps = [step for step in WITH_DIMS + VIEWS if step is not unfolded]  # windows may overlap
    t, a = a_chain(data.draw, whole, base, steps)
    a = a.view()
    a.flags.writeable = True  # NumPy's diagonals refuse to be written, for no reason of ours
    values = np.arange(a.size, dtype=np.float32).reshape(a.shape)
    if data.draw(st.booleans()):
        a[...] = values
        t.copy_(core.tensor(values, device=device))
    else:
        a += values
        t += core.tensor(values, device=device)
    np.testing.assert_array_equal(whole.cpu().numpy(), base)


@st.composite
def partners(draw):
    """Two shapes that broadcast."""
    shape = draw(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    other = tuple(draw(st.sampled_from([n, 1])) for n in shape)[draw(st.integers(0, len(shape))):]
    mine = tuple(1 if draw(st.integers(0, 3)) == 0 else n for n in shape)
    return (mine, other) if draw(st.booleans()) else (other, mine)


BINARY = [("add", np.add), ("mul", np.multiply), ("maximum", np.maximum), ("lt", np.less),
          ("eq", np.equal), ("logical_and", np.logical_and)]


@ANY
@given(data=st.data(), shapes=partners(), d1=DTYPES, d2=DTYPES, pair=st.sampled_from(BINARY))
def test_broadcasting_of_views(device, data, shapes, d1, d2, pair):
    a, b = numbers(shapes[0], d1, 2), numbers(shapes[1], d2, 3)
    s, t = core.tensor(a, device=device), core.tensor(b, device=device)
    if a.ndim > 1 and b.ndim > 1 and data.draw(st.booleans()):
        s, a, t, b = s.mT, a.swapaxes(-1, -2), t.mT, b.swapaxes(-1, -2)
    ours = getattr(core, pair[0])(s, t)
    common = core.promote_types(s.dtype, t.dtype).numpy
    if a.ndim == 0 or b.ndim == 0:  # there a scalar's category decides: another test's subject
        common = core.result_type(s, t).numpy
    theirs = pair[1](a.astype(common), b.astype(common))
    assert tuple(ours.shape) == theirs.shape
    np.testing.assert_array_equal(ours.cpu().numpy(), theirs)


REDUCTIONS = [("sum", np.sum), ("amax", np.max), ("amin", np.min), ("mean", np.mean),
              ("prod", np.prod), ("any", np.any), ("all", np.all), ("var", np.var),
              ("logsumexp", lambda a, **how: np.log(np.sum(np.exp(a), **how)))]


@ANY
@given(data=st.data(), shape=array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=5),
       pair=st.sampled_from(REDUCTIONS), keepdim=st.booleans())
def test_reductions_of_views(device, data, shape, pair, keepdim):
    base = np.random.default_rng(4).integers(-8, 9, shape).astype(np.float64) / 4
    t, a = a_chain(data.draw, core.tensor(base, device=device), base,
                   [permuted, transposed, unsqueezed, flipped, moved], most=3)
    dims = tuple(data.draw(st.lists(st.integers(0, a.ndim - 1), unique=True, min_size=1)))
    given_dims = tuple(d - a.ndim if data.draw(st.booleans()) else d for d in dims)
    extra = {"correction": 0} if pair[0] == "var" else {}
    ours = getattr(core, pair[0])(t, dim=given_dims, keepdim=keepdim, **extra)
    theirs = pair[1](a, axis=dims, keepdims=keepdim)
    assert_close(ours, theirs, what=pair[0])


@ANY
@given(data=st.data(), shape=array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5),
       name=st.sampled_from(["argmax", "argmin", "cumsum", "cumprod", "sort", "argsort"]))
def test_scans_and_orders_of_views(device, data, shape, name):
    base = numbers(shape, np.int64, 5)
    t, a = a_chain(data.draw, core.tensor(base, device=device), base,
                   [permuted, transposed, unsqueezed, flipped, moved], most=3)
    dim = data.draw(st.integers(-a.ndim, a.ndim - 1))
    if name == "argsort":
        ours, theirs = t.argsort(dim=dim, stable=True), np.argsort(a, axis=dim, kind="stable")
    elif name == "sort":
        ours, theirs = t.sort(dim=dim).values, np.sort(a, axis=dim)
    else:
        ours, theirs = getattr(t, name)(dim), getattr(np, name)(a, axis=dim)
    np.testing.assert_array_equal(ours.cpu().numpy(), theirs)


def test_a_view_of_an_expanded_tensor_refuses_writes(device):
    t = core.zeros(1, 3, device=device).expand(4, 3)
    with pytest.raises(RuntimeError, match="several elements of this tensor are the same memory"):
        t += 1
