"""Gathering, scattering and masks: what the samples do not show: in-place forms, 0-d, errors."""

import numpy as np
import pytest

from facula import core


@pytest.fixture
def x(device):
    return core.arange(12.0, device=device).reshape(3, 4)


def index(device, *values):
    return core.tensor(list(values), device=device)


FORMS = [
    ("scatter", lambda i: (1, i.reshape(3, 1), 5.0)),
    ("scatter_add", lambda i: (1, i.reshape(3, 1), core.ones(3, 1, device=i.device))),
    ("scatter_reduce", lambda i: (1, i.reshape(3, 1), core.ones(3, 1, device=i.device), "amin")),
    ("index_add", lambda i: (1, i, core.ones(3, 3, device=i.device))),
    ("index_copy", lambda i: (1, i, core.ones(3, 3, device=i.device))),
    ("index_fill", lambda i: (0, i[:2], 7.0)),
    ("index_put", lambda i: ((i, i), core.ones(3, device=i.device))),
    ("put", lambda i: (i, core.ones(3, device=i.device))),
    ("masked_fill", lambda i: ((i > 0).reshape(3, 1), 9.0)),
]


@pytest.mark.parametrize(("name", "arguments"), FORMS, ids=[f[0] for f in FORMS])
def test_inplace_forms_write_what_the_others_return(name, arguments, x, device):
    args = arguments(index(device, 1, 0, 2))
    expected = getattr(x, name)(*args)
    assert not core.equal(expected, x)
    holder = core.zeros(3, 2, 4, device=device)
    view = holder[:, 1]
    view.copy_(x)
    assert getattr(view, name + "_")(*args) is view
    assert core.equal(view, expected)
    assert float(holder[:, 0].abs().sum()) == 0


def test_scatter_takes_value_and_reduce(x, device):
    at = index(device, 1, 1, 0).reshape(3, 1)
    assert core.equal(x.scatter(1, at, value=5.0), x.scatter(1, at, 5.0))
    assert x.scatter(1, at, 10.0, reduce="add")[0].tolist() == [0, 11, 2, 3]
    assert x.scatter(1, at, 10.0, reduce="multiply")[2].tolist() == [80, 9, 10, 11]
    with pytest.raises(RuntimeError, match="reduce='mean' is unknown: use 'add' or 'multiply'"):
        x.scatter(1, at, 1.0, reduce="mean")


def test_zero_dimensional_tensors_count_as_one_element(device):
    x = core.tensor(3.0, device=device)
    zero = core.tensor(0, device=device)
    assert x.gather(0, zero).item() == 3
    assert x.scatter(0, zero, 4.0).item() == 4
    assert x.index_select(0, zero).item() == 3
    assert x.index_fill(0, zero, 2.0).item() == 2


def test_cpu_positions_are_checked():
    x = core.zeros(3, 4)
    for bad in (4, -1):
        with pytest.raises(IndexError, match=rf"gather: index {bad} is out of range: dimension 1 "
                                             "has size 4"):
            x.gather(1, core.tensor([[bad]]))
    with pytest.raises(IndexError, match="5 is out of range: dimension 0 has size 3"):
        x.index_select(0, core.tensor([5]))


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda x, i: x.gather(0, i), RuntimeError, r"the index has shape \(3,\), the input \(3, 4\)"),
    (lambda x, i: x.gather(0, x), RuntimeError, "must hold integers, but is float32"),
    (lambda x, i: x.gather(2, i), IndexError, "dim=2 is out of range"),
    (lambda x, i: x.scatter(0, i.reshape(1, 3), core.zeros(1, 2)), RuntimeError, "src"),
    (lambda x, i: x.scatter_add(0, i.reshape(1, 3), core.zeros(1, 3, dtype=core.float64)),
     RuntimeError, "input is float32, src is float64"),
    (lambda x, i: x.index_add(0, i, core.zeros(2, 4)), RuntimeError, r"source has shape \(2, 4\)"),
    (lambda x, i: x.index_select(0, i.reshape(3, 1)), IndexError, "the index must be 1-D"),
    (lambda x, i: x.masked_fill(i, 0), RuntimeError, "the mask must be bool, but is int64"),
    (lambda x, i: x.masked_fill(x > 0, core.zeros(2)), RuntimeError, "must be a number or 0-d"),
    (lambda x, i: core.where(x, x, x), RuntimeError, "the condition must be bool, but is float32"),
    (lambda x, i: core.where(x > 0, x), TypeError, "input and other go together"),
    (lambda x, i: x.scatter_reduce(0, i.reshape(1, 3), x, "max"), RuntimeError, "use one of sum"),
])
def test_wrong_arguments_are_explained(call, error, words):
    with pytest.raises(error, match=words):
        call(core.zeros(3, 4), core.tensor([0, 1, 2]))


def test_where_with_one_argument_gives_positions(device):
    rows, columns = core.where(core.tensor([[0, 1], [1, 0]], device=device))
    assert rows.tolist() == [0, 1]
    assert columns.tolist() == [1, 0]


def test_where_promotes_input_and_other_only(device):
    flag = core.tensor([True, False], device=device)
    assert core.where(flag, 1, 2).dtype is core.int64
    assert core.where(flag, 1.0, 2).dtype is core.float32
    half = core.ones(2, dtype=core.float16, device=device)
    assert core.where(flag, half, 2.0).dtype is core.float16
    assert core.where(flag, half, core.ones(2, dtype=core.float64, device=device)
                      ).dtype is core.float64


def test_repeated_additions_are_summed_in_any_layout(device):
    rng = np.random.default_rng(0)
    at, source = rng.integers(0, 7, 500), rng.standard_normal((500, 6)).astype(np.float32)
    expected = np.zeros((7, 6))
    np.add.at(expected, at, source.astype(np.float64))
    for layout in ("plain", "turned"):
        out = core.zeros(7, 6, device=device)
        given = core.tensor(source, device=device)
        if layout == "turned":
            out = core.zeros(6, 7, device=device).T
            given = core.tensor(source.T.copy(), device=device).T
        out.index_add_(0, core.tensor(at, device=device), given)
        np.testing.assert_allclose(out.cpu().numpy(), expected, rtol=1e-5, atol=1e-4)
