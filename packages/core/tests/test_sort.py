"""Orders, extremes and statistics: NaN, ties, empty and 0-d tensors, and refusals."""

import numpy as np
import pytest

from facula import core

NAN = float("nan")


def test_sorting_is_stable_and_nan_is_the_largest(device):
    x = core.tensor([2.0, NAN, 1.0, 2.0, NAN], device=device)
    assert x.argsort().tolist() == [2, 0, 3, 1, 4]
    assert x.argsort(descending=True).tolist() == [1, 4, 0, 3, 2]
    assert x.topk(3, largest=False).values.tolist() == [1, 2, 2]
    assert np.isnan(x.topk(2).values.cpu().numpy()).all()


def test_small_k_of_many_agrees_with_sorting(device):
    x = core.rand(5, 200, device=device)
    for largest in (True, False):
        values, indices = x.topk(7, 1, largest)
        expected = x.sort(1, descending=largest)
        assert core.equal(values, expected.values[:, :7])
        assert core.equal(indices, expected.indices[:, :7])


def test_medians_know_nan(device):
    x = core.tensor([[3.0, NAN, 1.0], [4.0, 2.0, 6.0]], device=device)
    values, indices = x.median(1)
    assert np.isnan(values[0].item())
    assert (values[1].item(), indices.tolist()) == (4, [1, 0])
    assert x.nanmedian(1).values.tolist() == [1, 4]
    assert np.isnan(core.median(core.zeros(0)).item())


def test_extremes_take_three_forms(device):
    x = core.tensor([[1, 5], [7, 2]], device=device)
    assert x.max().item() == 7
    values, indices = core.min(x, dim=0)
    assert (values.tolist(), indices.tolist()) == ([1, 2], [0, 1])
    assert core.max(x, core.tensor([4, 4], device=device)).tolist() == [[4, 5], [7, 4]]
    assert core.max(x, 1, keepdim=True).values.shape == (2, 1)
    with pytest.raises(RuntimeError, match="max: the input has no elements"):
        core.zeros(0).max()
    with pytest.raises(TypeError, match="complex numbers have no order"):
        core.zeros(2, dtype=core.complex64).max(0)


def test_variance_says_how_it_divides(device):
    a = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)
    x = core.tensor(a, device=device)
    close = lambda t, v: np.testing.assert_allclose(t.cpu().numpy(), v, rtol=1e-5)  # noqa: E731
    close(x.var(), a.var(ddof=1))
    close(x.var(False), a.var())
    close(x.var(0, unbiased=False), a.var(0))
    close(x.std(1, correction=2), a.std(1, ddof=2))
    close(x.std(dim=1, keepdim=True), a.std(1, ddof=1, keepdims=True))
    variance, mean = core.var_mean(x, 0)
    close(variance, a.var(0, ddof=1))
    close(mean, a.mean(0))
    assert np.isnan(core.ones(1, device=device).var().item())
    with pytest.raises(TypeError, match="say the same: give one"):
        x.var(0, unbiased=True, correction=1)
    with pytest.raises(RuntimeError, match="must be floating or complex, but is int64"):
        core.arange(3).var()


def test_softmax_survives_large_numbers_and_halves(device):
    x = core.tensor([[1000.0, 1000.0], [-1000.0, 0.0]], device=device)
    assert x.softmax(1).tolist() == [[0.5, 0.5], [0, 1]]
    assert x.log_softmax(1)[1].tolist() == [-1000, 0]
    assert core.logsumexp(core.tensor([-float("inf")] * 2, device=device), 0).item() == -np.inf
    half = core.rand(3, 50, device=device).half()
    np.testing.assert_allclose(half.softmax(-1).cpu().numpy(),
                               half.float().softmax(-1).cpu().numpy(), rtol=2e-3, atol=1e-4)
    assert core.softmax(core.arange(3), 0, dtype=core.float32).dtype is core.float32
    with pytest.raises(RuntimeError, match="softmax: not defined for int64"):
        core.softmax(core.arange(3), 0)


def test_large_softmax_is_cut_into_blocks_without_a_seam(device):
    x = core.randn(600, 700, device=device)
    a = x.cpu().numpy().astype(np.float64)
    for dim in (0, 1):
        e = np.exp(a - a.max(dim, keepdims=True))
        np.testing.assert_allclose(x.softmax(dim).cpu().numpy(), e / e.sum(dim, keepdims=True),
                                   rtol=2e-5, atol=1e-9)


def test_running_sums_take_a_dtype(device):
    x = core.tensor([True, True, False], device=device)
    assert x.cumsum(0).dtype is core.int64
    assert x.cumsum(0, dtype=core.float32).tolist() == [1, 2, 2]
    y = core.ones(3, device=device)
    assert y.cumsum_(0) is y
    assert y.tolist() == [1, 2, 3]
    assert core.tensor(2.0, device=device).cumprod(0).item() == 2
    assert core.zeros(0, 3, device=device).cumsum(0).shape == (0, 3)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda x: x.topk(9), RuntimeError, "k=9 must be between 0 and 3, the size of dimension 1"),
    (lambda x: x.kthvalue(0), RuntimeError, "k=0 must be between 1 and 3"),
    (lambda x: x.sort(2), IndexError, "sort: dim=2 is out of range"),
    (lambda x: x[:, :0].median(1), IndexError, "size 0"),
    (lambda x: x.quantile(1.5), RuntimeError, "must be between 0 and 1"),
    (lambda x: x.quantile(0.5, interpolation="cubic"), RuntimeError, "use one of linear"),
    (lambda x: x.half().quantile(0.5), RuntimeError, "must be float32 or float64"),
    (lambda x: core.bincount(core.tensor([-1])), RuntimeError, "must not be negative"),
    (lambda x: core.bincount(x), RuntimeError, "must be 1-D and hold integers"),
    (lambda x: x.histc(0), RuntimeError, "bins=0 must be positive"),
    (lambda x: core.searchsorted(x, core.zeros(3, 3)), RuntimeError, "leading dimensions"),
    (lambda x: x.norm("odd"), RuntimeError, "p='odd' is unknown"),
    (lambda x: x.sum_to_size(5), RuntimeError, "does not broadcast to the input's shape"),
])
def test_wrong_arguments_are_explained(call, error, words):
    with pytest.raises(error, match=words):
        call(core.zeros(2, 3))
