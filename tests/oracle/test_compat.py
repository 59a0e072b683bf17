"""The compatibility page says what is so: of PyTorch's names, and of facula's."""

import inspect
import json
import re

import pytest

import compat
import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

LIBRARY = ("torch", "torch.Tensor", "torch.linalg", "torch.fft", "torch.special")


def test_the_table_is_that_of_the_installed_pytorch():
    known = json.loads(compat.NAMES.read_text(encoding="utf-8"))
    assert known["version"] == torch.__version__.partition("+")[0]
    assert known == compat.table(), "python tools/compat.py write"


@pytest.mark.parametrize("space", compat.SPACES)
def test_most_of_each_namespace_is_there(space):
    assert compat.share(compat.shares()[space]) >= 0.95


@pytest.mark.parametrize("rule", compat.notes()["out_of_scope"], ids=lambda rule: rule["why"][:30])
def test_what_is_out_of_scope_exists_in_pytorch_and_not_here(rule):
    spaces = rule.get("spaces", list(compat.SPACES))
    names = [e.name for s in spaces for e in compat.entries()[s] if e.note == rule["why"]]
    assert names
    for space in spaces:
        assert not [e.name for e in compat.entries()[space] if e.state == "supported"
                    and any(re.fullmatch(p, e.name) for p in rule["names"])]


def test_every_written_difference_is_about_a_name_that_exists():
    for space, notes in compat.notes()["differs"].items():
        for name in notes:
            assert hasattr(compat.find(space), name)
            assert compat.ours(space, name) is not None


# Of what PyTorch takes by keyword, the table knows more than a call tells: two or three arguments.
CALLS = {
    "div": {"other": 2.0}, "pow": {"exponent": 2}, "sum": {"dim": 0, "keepdim": True},
    "softmax": {"dim": 0}, "narrow": {"dim": 0, "start": 0, "length": 1},
    "unfold": {"dimension": 0, "size": 1, "step": 1}, "round": {"decimals": 1},
    "split": {"split_size": 1, "dim": 1}, "clamp": {"min": 0.0, "max": 1.0},
    "quantile": {"q": 0.5, "dim": 0, "interpolation": "lower"},
    "std": {"dim": 0, "correction": 0, "keepdim": True}, "topk": {"k": 1, "largest": False},
    "max": {"axis": 0, "keepdims": True}, "mean": {"axis": 1}, "cumsum": {"axis": 0},
    "repeat_interleave": {"repeats": 2, "dim": 0}, "flatten": {"start_dim": 0, "end_dim": 1},
}


@pytest.mark.parametrize("name", CALLS)
def test_keywords_mean_the_same(name):
    values = [[1.25, -2.5], [3.75, 0.5]]
    ours = getattr(facula.tensor(values), name)(**CALLS[name])
    theirs = getattr(torch.tensor(values), name)(**CALLS[name])
    ours = ours if isinstance(ours, tuple) else (ours,)
    theirs = theirs if isinstance(theirs, tuple) else (theirs,)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(torch.from_numpy(a.numpy()), b)


def test_differences_of_parameters_are_seen():
    assert compat.compare("(a, b=1)", "(a, b=1)") == ""
    assert compat.compare("(a, b=1)", "(a)") == "takes no `b`"
    assert "order" in compat.compare("(a, b)", "(b, a)")
    assert "2 where not given, not 1" in compat.compare("(a, b=1)", "(a, b=2)")
    assert compat.compare("(a, *, out=None)", "(a)") == ""
    assert compat.compare("(a, b=1)", "(a, **rest)") == ""


def test_the_page_lists_every_name():
    page = compat.page()
    for space, entries in compat.entries().items():
        assert f"## {space}" in page
        assert entries
    assert "`baddbmm_`" in page
    assert inspect.cleandoc(page)
