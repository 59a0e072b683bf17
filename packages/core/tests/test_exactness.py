"""Integers to the ends of their ranges, and 16-bit floats rounded once: no answer is lost."""

import math

import numpy as np
import pytest

from facula import core as facula
from facula.core import linalg

NARROW = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "bool")
HALVES = ("float16", "bfloat16")


def on(device, array, dtype=None):
    """The array as a tensor of the dtype."""
    t = facula.tensor(array) if dtype is None else facula.tensor(array).to(getattr(facula, dtype))
    return t.to(device)


@pytest.mark.parametrize("dtype", NARROW)
def test_running_sums_and_products_wrap_in_the_dtype_asked_for(device, dtype):
    x = np.array([100, 100, 100, 2**31 - 1, 3])
    for ours, theirs in ((facula.cumsum, np.cumsum), (facula.cumprod, np.cumprod)):
        got = ours(on(device, x), 0, dtype=getattr(facula, dtype))
        assert got.cpu().numpy().dtype == dtype
        np.testing.assert_array_equal(got.cpu().numpy(), theirs(x.astype(dtype), dtype=dtype))


def test_the_least_common_multiple_is_not_negative_where_it_wraps(device):
    x = np.array([3, 2**31 - 1, -(2**30)], np.int32)
    got = facula.lcm(on(device, x), on(device, np.array([2**31 - 1, 2, 3], np.int32)))
    want = [abs((math.lcm(3, 2**31 - 1) + 2**31) % 2**32 - 2**31), 2, 2**30]
    assert got.tolist() == want


def test_sums_of_products_keep_the_integers_dtype(device):
    x = on(device, np.arange(24, dtype=np.int8).reshape(2, 3, 4))
    y = on(device, np.arange(24, dtype=np.int8).reshape(2, 4, 3))
    start = on(device, np.ones((3, 3), np.int8))
    products = np.einsum("bij,bjk->ik", x.cpu().numpy(), y.cpu().numpy(), dtype=np.int8)
    got = facula.addbmm(start, x, y)
    assert got.dtype == facula.int8
    np.testing.assert_array_equal(got.cpu().numpy(), products + 1)
    got = facula.einsum("bij,bjk->", x, y)
    assert got.dtype == facula.int8
    assert got.item() == products.sum(dtype=np.int8)


def test_integer_means_of_many_are_right(device):
    x = np.arange(1000, dtype=np.int8) % 100
    index = facula.zeros(1000, dtype=facula.int64, device=device)
    start = facula.zeros(1, dtype=facula.int8, device=device)
    for reduce in (facula.scatter_reduce, facula.index_reduce):
        got = reduce(start, 0, index, on(device, x), "mean", include_self=False)
        assert got.dtype == facula.int8
        assert got.tolist() == [int(x.mean())]


def test_integrals_of_narrow_integers_do_not_wrap(device):
    y = np.array([100, 120, 127, -128], np.int8)
    x = np.array([-128, -100, 100, 127], np.int8)
    wide, points = y.astype(np.float64), x.astype(np.float64)
    pairs = (wide[1:] + wide[:-1]) / 2
    assert facula.trapezoid(on(device, y)).item() == pairs.sum()
    assert facula.trapezoid(on(device, y), on(device, x)).item() == pairs @ np.diff(points)


def test_the_largest_unsigned_number_alone_is_a_tensor():
    assert facula.tensor(2**64 - 1, dtype=facula.uint64).item() == 2**64 - 1


@pytest.mark.parametrize("dtype", HALVES)
def test_many_small_numbers_are_added_in_float32(device, dtype):
    n = 3000
    ones = on(device, np.ones(n), dtype)
    index = facula.zeros(n, dtype=facula.int64, device=device)
    start = facula.zeros(2, dtype=ones.dtype, device=device)
    want = on("cpu", np.array([n, 0.0]), dtype).tolist()
    assert facula.scatter_add(start, 0, index, ones).tolist() == want
    assert facula.index_add(start, 0, index, ones).tolist() == want
    assert start.index_put((index,), ones, accumulate=True).tolist() == want
    got = facula.scatter_reduce(start, 0, index, ones, "mean", include_self=False)
    assert got.tolist() == [1.0, 0.0]
    wide = facula.zeros(2, 40, dtype=ones.dtype, device=device)
    got = facula.index_add(wide, 0, index, ones.unsqueeze(1).expand(n, 40))
    assert got[0].tolist() == [want[0]] * 40


# Composites whose way is wider than their result, on numbers that float16 can hold.
WAYS = {
    "std": (lambda x: x.std(), lambda x: x.std(ddof=1)),
    "norm": (lambda x: x.norm(), lambda x: np.linalg.norm(x)),
    "vector_norm": (lambda x: linalg.vector_norm(x, 3), lambda x: np.linalg.norm(x, 3)),
    "dist": (lambda x: facula.dist(x, -x / 2), lambda x: np.linalg.norm(1.5 * x)),
    "nanmean": (lambda x: facula.nanmean(x.abs()), lambda x: np.abs(x).mean()),
    "cosine_similarity": (lambda x: facula.cosine_similarity(x, x, 0), lambda x: 1.0),
    "renorm": (lambda x: facula.renorm(x[None], 2, 0, 1e-4)[0],
               lambda x: x * (1e-4 / (np.linalg.norm(x) + 1e-7))),
    "cdist": (lambda x: facula.cdist(x[None], x[None] / 2)[0, 0],
              lambda x: np.linalg.norm(x / 2)),
    "pairwise_distance": (lambda x: facula.pairwise_distance(x, x / 2, eps=0.0),
                          lambda x: np.linalg.norm(x / 2)),
    "trapezoid": (lambda x: facula.trapezoid(x), lambda x: ((x[1:] + x[:-1]) / 2).sum()),
    "round": (lambda x: facula.round(x, decimals=2), lambda x: np.round(x, 2)),
    "ldexp": (lambda x: facula.ldexp(x, facula.tensor(-15, device=x.device)),
              lambda x: np.ldexp(x, -15)),
}


@pytest.mark.parametrize("size", [1e4, 2e-4])
@pytest.mark.parametrize("name", WAYS)
def test_squares_and_sums_on_the_way_may_leave_float16(device, name, size):
    x = on(device, np.array([1.0, 1.0, -1.0, 2.0]) * size, "float16")
    ours, theirs = WAYS[name]
    got = ours(x)
    assert got.dtype == facula.float16
    np.testing.assert_allclose(got.cpu().double().numpy(), theirs(x.cpu().double().numpy()),
                               rtol=2e-3, atol=1e-7)


def test_log2_of_a_sum_is_rounded_once(device):
    x = on(device, np.array([-1.0, 3.0, 7.5]), "float16")
    assert facula.logaddexp2(x, x).tolist() == [0.0, 4.0, 8.5]


def test_floats_divided_by_the_integer_0(device):
    x = on(device, np.array([1.0, -2.0, 0.0]))
    np.testing.assert_equal((x // 0).tolist(), [np.inf, -np.inf, np.nan])
    assert (x % 0).isnan().all().item()
    assert facula.fmod(x, 0).isnan().all().item()


def test_infinities_between_quantiles(device):
    x = on(device, np.array([-np.inf, 1.0, 2.0]))
    assert facula.quantile(x, 0.3).item() == -np.inf


def test_a_histogram_of_equal_numbers(device):
    x = on(device, np.array([2.0, 2.0]))
    counts, edges = np.histogram([2.0, 2.0], 3)
    got = facula.histogram(x, 3)
    np.testing.assert_allclose(got[1].cpu().numpy(), edges)
    assert got[0].tolist() == counts.tolist()


def test_a_norm_of_negative_order_of_infinities(device):
    x = on(device, np.array([np.inf, -np.inf]))
    assert linalg.vector_norm(x, -1).item() == np.inf  # of 1 / 0


@pytest.mark.parametrize("dtype", ["float32", *HALVES])
def test_nan_comes_last(device, dtype):
    x = np.array([np.nan, 3.0, 1.0, np.nan, 2.0, -1.0])
    t = on(device, x, dtype)
    values, order = facula.sort(t, stable=True)
    np.testing.assert_equal(values.tolist(), [-1, 1, 2, 3, np.nan, np.nan])
    assert order.tolist() == [5, 2, 4, 1, 0, 3]
    np.testing.assert_equal(facula.sort(t, descending=True)[0].tolist(), np.sort(x)[::-1])
    np.testing.assert_equal(facula.topk(t, 3)[0].tolist(), [np.nan, np.nan, 3])
    assert facula.topk(t, 1, largest=False)[0].tolist() == [-1]
    assert facula.kthvalue(t, 2)[0].item() == 1
    assert math.isnan(facula.median(t).item())
    assert facula.nanmedian(t).item() == 1
    np.testing.assert_equal(facula.unique(t).tolist(), [-1, 1, 2, 3, np.nan, np.nan])
    edges = on(device, np.array([-1.0, 0.0, 1.0, 2.0]), dtype)
    assert facula.searchsorted(edges, t).tolist() == np.searchsorted([-1, 0, 1, 2], x).tolist()


def test_ranges_of_huge_integers_have_all_of_their_numbers(device):
    assert facula.arange(0, 2**62 + 1, 2**61, device=device).tolist() == [0, 2**61, 2**62]
    assert facula.arange(2**53 + 1, 2**53 + 9, 3, device=device).tolist() == [
        *range(2**53 + 1, 2**53 + 9, 3)]
    assert facula.arange(2, -2**62, -2**61, device=device).tolist() == [*range(2, -2**62, -2**61)]


def test_a_linspace_of_integers_begins_and_ends_at_integers(device):
    got = facula.linspace(0.5, 7.5, 8, dtype=facula.int64, device=device)
    assert got.tolist() == [*range(8)]


def test_parts_of_complex_numbers_are_replaced_where_they_are_no_numbers(device):
    x = on(device, np.array([complex(np.nan, 1), complex(np.inf, -np.inf)]))
    top = np.finfo(np.float64).max
    assert facula.nan_to_num(x).tolist() == [1j, complex(top, -top)]


def test_one_number_is_formatted_as_a_number(device):
    x = on(device, np.array(2**62 + 1))
    assert f"{x}" == f"{x:d}" == str(2**62 + 1)
    assert f"{on(device, np.array([1]))}".startswith("tensor(")
