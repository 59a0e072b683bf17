"""How tensors look: character by character PyTorch's, but for the library's name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

DEFAULTS = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


def looks(lib, array, dtype=None, grad=False):
    """The text of a tensor, without the library's name."""
    t = lib.from_numpy(array.copy())
    if dtype is not None:
        t = t.to(getattr(lib, dtype))
    return repr(t.requires_grad_() if grad else t).replace(f"{lib.__name__}.", "")


def same(array, dtype=None, **others):
    assert looks(facula, array, dtype, **others) == looks(torch, array, dtype, **others)


@pytest.fixture
def options():
    """Sets options in both libraries, and the defaults afterwards."""
    def choose(**chosen):
        for lib in (facula, torch):
            lib.set_printoptions(**chosen)
    yield choose
    choose(**DEFAULTS)


RNG = np.random.default_rng(0)
ARRAYS = {
    "0-d": np.array(3.25), "0-d int": np.array(3), "0-d bool": np.array(True),
    "0-d complex": np.array(1 - 2j), "empty": np.zeros(0), "empty 2-d": np.zeros((2, 0)),
    "empty int": np.zeros(0, np.int64), "empty bool": np.zeros((0, 3), bool),
    "whole": np.array([1.0, 2.0, -3.0]), "mixed": np.array([1.5, 2.0, -30.25]),
    "range": np.array([1e-3, 1.0, 2.5]), "small": np.array([1e-5, 2e-5]),
    "large": np.array([1e9, 2e9]), "whole large": np.array([1.0, 2000.0]),
    "wide": np.array([0.1, 1e4]), "nan": np.array([np.nan, 1.0, 2.5]),
    "inf": np.array([np.inf, -np.inf, 1.0]), "only nan": np.array([np.nan, np.nan]),
    "only inf": np.array([-np.inf, np.inf]), "zeros": np.zeros((2, 3)),
    "negative zero": np.array([-0.0, 0.0, -0.5]), "ints": np.array([[1, -20], [300, 4]]),
    "bools": np.array([[True, False], [False, True]]), "bytes": np.array([1, 200], np.uint8),
    "long line": RNG.normal(size=30), "long ints": np.arange(60), "3-d": RNG.normal(size=(2, 3, 4)),
    "4-d": RNG.normal(size=(2, 1, 2, 2)), "5-d": RNG.normal(size=(1, 2, 1, 2, 2)),
    "summarised": np.arange(2000.0), "summarised 2-d": RNG.normal(size=(50, 60)),
    "summarised 3-d": RNG.normal(size=(20, 30, 40)), "one long side": np.arange(3000.0)[None],
    "summarised ints": np.arange(5000).reshape(50, 100), "few rows": RNG.normal(size=(3, 1000)),
    "complex": RNG.normal(size=4) + 1j * RNG.normal(size=4),
    "complex whole": np.array([1 + 2j, 3 - 40j]), "complex nan": np.array([complex(np.nan, 1), 2j]),
    "complex range": np.array([1e-5 + 1j, 1e5j]), "summarised complex": np.arange(1200) * (1 + 1j),
    "summarised bools": np.zeros(2000, bool), "halves": np.array([0.5, 1.5]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_many_tensors(name):
    same(ARRAYS[name])
    if ARRAYS[name].dtype == np.float64:
        for dtype in ("float32", "float16", "bfloat16"):
            if np.all(np.abs(ARRAYS[name][np.isfinite(ARRAYS[name])]) < 6e4):
                same(ARRAYS[name], dtype)
        same(ARRAYS[name], grad=True)
        same(ARRAYS[name], "float32", grad=True)
    if ARRAYS[name].dtype == np.complex128:
        same(ARRAYS[name], "complex64")


@pytest.mark.parametrize("chosen", [
    {"precision": 2}, {"precision": 8}, {"sci_mode": True}, {"sci_mode": False},
    {"threshold": 5, "edgeitems": 1}, {"linewidth": 40}, {"linewidth": 200},
    {"profile": "short"}, {"profile": "full"}, {"threshold": 5, "edgeitems": 2, "precision": 1},
], ids=str)
@pytest.mark.parametrize("name", [n for n in ARRAYS if ARRAYS[n].size <= 3000])
def test_options(name, chosen, options):
    options(**chosen)
    same(ARRAYS[name])


def test_the_node_in_the_graph():
    for call in (lambda x: x.exp(), lambda x: x * 2, lambda x: x.reshape(-1)[:2],
                 lambda x: (x @ x).sum()):
        texts = [repr(call(lib.ones(3, requires_grad=True))) for lib in (facula, torch)]
        ours, theirs = [t.split("grad_fn=")[0] for t in texts]
        assert ours == theirs
        assert "grad_fn=<" in texts[0]


@given(hnp.arrays(
    st.sampled_from(["float64", "float32", "int64", "int8", "bool", "complex64", "complex128"]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)))
def test_random_tensors(array):
    same(array)


@given(st.lists(st.floats(-1e6, 1e6, width=32), max_size=20))
def test_ordinary_numbers(values):
    same(np.array(values, np.float32))
