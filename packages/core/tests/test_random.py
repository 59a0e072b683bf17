"""Random numbers: one stream per seed, equal on all devices and equal to NumPy's Philox."""

import copy
import pickle

import numpy as np
import pytest

from facula import core


def stream(seed, block):
    """NumPy's generator at a block of the stream of a seed."""
    return np.random.Generator(np.random.Philox(
        key=np.array([seed, 0], np.uint64), counter=np.array([block, 0, 0, 0], np.uint64)))


@pytest.fixture(autouse=True)
def _untouched():
    with core.fork_rng():
        yield


def test_uniform_numbers_are_those_of_philox(device):
    core.manual_seed(11)
    x = core.rand(3, 5, device=device)
    y = core.rand(5, dtype=core.float64, device=device)
    np.testing.assert_array_equal(x.cpu().numpy().ravel(), stream(11, 0).random(15, np.float32))
    np.testing.assert_array_equal(y.cpu().numpy(), stream(11, 2).random(5))  # 15 took two blocks


def test_normal_numbers_are_box_muller_of_pairs(device):
    x = core.randn(7, dtype=core.float64, generator=core.Generator().manual_seed(3), device=device)
    u = stream(3, 0).random(8).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log(1 - u[:, 0]))
    z = np.stack([radius * np.cos(2 * np.pi * u[:, 1]), radius * np.sin(2 * np.pi * u[:, 1])], 1)
    np.testing.assert_allclose(x.cpu().numpy(), z.ravel()[:7], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [
    lambda **k: core.rand(1000, **k), lambda **k: core.randn(1000, **k),
    lambda **k: core.randint(-5, 100, (1000,), **k), lambda **k: core.randperm(1000, **k),
    lambda **k: core.rand(1000, dtype=core.float16, **k),
    lambda **k: core.bernoulli(core.full((1000,), 0.3, device=k["device"]),
                               generator=k["generator"])],
    ids=["rand", "randn", "randint", "randperm", "half", "bernoulli"])
def test_all_devices_draw_the_same(make, device):
    def draw(where):
        return make(device=where, generator=core.Generator().manual_seed(5)).cpu().numpy()
    np.testing.assert_allclose(draw(device).astype(np.float64), draw("cpu").astype(np.float64),
                               rtol=1e-5, atol=2e-6)


def test_threads_do_not_change_the_numbers():
    threads = core.get_num_threads()
    drawn = []
    try:
        for n in (1, 2, 3):
            core.set_num_threads(n)
            drawn.append(core.randn((1 << 18) + 3, generator=core.Generator().manual_seed(1)))
    finally:
        core.set_num_threads(threads)
    assert core.equal(drawn[0], drawn[1])
    assert core.equal(drawn[0], drawn[2])


def test_generators_can_be_set_copied_and_pickled():
    g = core.Generator()
    assert g.initial_seed() == 67280421310721
    g.manual_seed(4)
    core.rand(9, generator=g)
    state = g.get_state()
    assert state.dtype is core.uint8
    first = core.rand(4, generator=g)
    g.set_state(state)
    twin = pickle.loads(pickle.dumps(g))
    other = copy.deepcopy(g)
    for each in (g, twin, other):
        assert core.equal(core.rand(4, generator=each), first)
    with pytest.raises(RuntimeError, match="set_state: the state must be a uint8 tensor"):
        g.set_state(core.zeros(3))
    with pytest.raises(RuntimeError, match="does not fit 64 bits"):
        g.manual_seed(1 << 64)
    assert g.manual_seed(-1).initial_seed() == (1 << 64) - 1


def test_the_global_state_can_be_kept_and_restored():
    core.manual_seed(1)
    state = core.get_rng_state()
    a = core.rand(3)
    core.set_rng_state(state)
    assert core.equal(core.rand(3), a)
    assert core.initial_seed() == 1
    assert core.seed() == core.initial_seed()


MOMENTS = [  # name, arguments, mean, standard deviation
    ("uniform_", (-1.0, 3.0), 1.0, 4 / 12 ** 0.5),
    ("normal_", (2.0, 0.5), 2.0, 0.5),
    ("exponential_", (2.0,), 0.5, 0.5),
    ("geometric_", (0.25,), 4.0, 12 ** 0.5),
    ("log_normal_", (0.0, 0.25), np.exp(0.03125), np.exp(0.03125) * np.expm1(0.0625) ** 0.5),
    ("bernoulli_", (0.25,), 0.25, 0.1875 ** 0.5),
]


@pytest.mark.parametrize(("name", "args", "mean", "deviation"), MOMENTS, ids=lambda v: str(v))
def test_fills_have_the_right_moments(name, args, mean, deviation, device):
    x = core.empty(40000, device=device)
    g = core.Generator().manual_seed(8)
    assert getattr(x, name)(*args, generator=g) is x
    values = x.cpu().numpy().astype(np.float64)
    assert abs(values.mean() - mean) < 5 * deviation / 200
    assert abs(values.std() - deviation) < 0.05 * deviation + 0.01


def test_counts_and_cauchy(device):
    g = core.Generator().manual_seed(8)
    counts = core.poisson(core.full((20000,), 3.0, device=device), g).cpu().numpy()
    assert abs(counts.mean() - 3) < 0.06
    x = core.empty(20000, device=device).cauchy_(1.0, 2.0, generator=g).cpu().numpy()
    assert abs(np.median(x) - 1) < 0.1
    assert abs(np.quantile(x, 0.75) - 3) < 0.2


def test_integers_cover_their_range(device):
    x = core.randint(3, 6, (1000,), device=device)
    assert x.dtype is core.int64
    assert sorted(set(x.tolist())) == [3, 4, 5]
    assert core.randint(5, (2, 2), device=device).shape == (2, 2)
    assert core.randint(low=-3, high=-1, size=(9,), dtype=core.int8).dtype is core.int8
    assert sorted(core.randperm(50, device=device).tolist()) == list(range(50))
    for d in (core.uint8, core.int64, core.float32, core.bool):
        filled = core.empty(100, dtype=d, device=device).random_()
        assert float(filled.amin()) >= 0
    assert int(core.empty(100, dtype=core.int32).random_(2, 4).amin()) >= 2


def test_multinomial_follows_its_weights(device):
    weights = core.tensor([[1.0, 0.0, 3.0], [0.0, 5.0, 0.0]], device=device)
    g = core.Generator().manual_seed(0)
    drawn = core.multinomial(weights, 4000, replacement=True, generator=g).cpu().numpy()
    assert abs((drawn[0] == 2).mean() - 0.75) < 0.04
    assert set(drawn[0]) == {0, 2}
    assert set(drawn[1]) == {1}
    once = core.multinomial(core.tensor([0.2, 0.0, 0.8], device=device), 2, generator=g)
    assert sorted(once.tolist()) == [0, 2]


def test_normal_takes_tensors_of_parameters(device):
    mean = core.tensor([0.0, 100.0], device=device)
    x = core.normal(mean, core.tensor([[1e-3], [1e-4]], device=device))
    assert x.shape == (2, 2)
    assert core.allclose(x.cpu(), mean.cpu(), atol=0.1)
    assert core.normal(0.0, 1.0, (3, 2)).shape == (3, 2)


def test_dropout_masks_keep_the_mean(device):
    x = core.empty(40000, device=device)
    mask = core.ops.random.dropout_mask(x, 0.2)
    assert set(np.round(np.unique(mask.cpu().numpy()), 4)) == {0, np.float32(1.25)}
    assert abs(float(mask.mean()) - 1) < 0.02


@pytest.mark.parametrize(("call", "words"), [
    (lambda: core.rand(2, dtype=core.int64), "rand: .* can't have dtype int64"),
    (lambda: core.rand(-1), r"rand: size \(-1,\) holds a negative number"),
    (lambda: core.randint(5, 5, (2,)), "randint: low=5 must be below high=5"),
    (lambda: core.randint(0, 300, (2,), dtype=core.uint8), "does not fit uint8"),
    (lambda: core.normal(0.0, -1.0, (2,)), "normal: std=-1.0 holds a negative number"),
    (lambda: core.bernoulli(core.zeros(2), 1.5), "p=1.5 is not a probability"),
    (lambda: core.multinomial(core.zeros(2), 1), "each row needs a positive one"),
    (lambda: core.multinomial(core.ones(2), 3), "num_samples=3 must be positive and"),
    (lambda: core.randperm(-1), "randperm: n=-1 is negative"),
    (lambda: core.zeros(2).exponential_(0), "lambd=0 must be positive"),
])
def test_wrong_arguments_are_explained(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()
