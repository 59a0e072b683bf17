"""Functions of nn.functional that no module stands for, or with options beyond the modules'."""

import itertools

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

pytestmark = pytest.mark.filterwarnings("ignore")
BOTH = (facula, torch)
F, G = facula.nn.functional, torch.nn.functional


def both(function, *arrays, rtol=1e-9):
    """Values and gradients of ``function(library, *tensors)`` in both libraries."""
    results = []
    for library in BOTH:
        tensors = [library.tensor(a, requires_grad=np.asarray(a).dtype.kind == "f")
                   for a in arrays]
        y = function(library, *tensors)
        outputs = [y] if not isinstance(y, tuple) else list(y)
        if outputs[0].requires_grad:
            g = np.random.default_rng(1).standard_normal(tuple(outputs[0].shape))
            outputs[0].backward(library.tensor(g))
        results.append([t.detach().numpy() for t in outputs]
                       + [np.zeros(t.shape) if t.grad is None else t.grad.numpy()
                          for t in tensors if t.requires_grad])
    for mine, theirs in zip(*results, strict=True):
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=1e-11)


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize(("rank", "mode"), [(2, "bilinear"), (2, "nearest"), (2, "bicubic"),
                                            (3, "bilinear"), (3, "nearest")])
def test_grid_sample(rank, mode, padding, align) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 4, 5, 3)[:rank + 2])
    grid = rng.uniform(-2.5, 2.5, ((2, 6, 3, 4)[:rank + 1]) + (rank,))
    both(lambda lib, x, g: lib.nn.functional.grid_sample(x, g, mode, padding, align), x, grid)
    one = rng.standard_normal((1, 2, *[1] * rank))  # a dimension of one pixel
    both(lambda lib, x, g: lib.nn.functional.grid_sample(x, g, mode, padding, align), one,
         grid[:1])


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 1, 1, 3), (2, 3, 4, 5, 3), (2, 1, 1, 2, 1)])
def test_affine_grid(size, align) -> None:
    rank = len(size) - 2
    theta = np.random.default_rng(0).standard_normal((2, rank, rank + 1))
    both(lambda lib, t: lib.nn.functional.affine_grid(t, size, align), theta)


@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("blank", [0, 2, 4])
@pytest.mark.parametrize("form", ["padded", "joined"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_ctc_after_a_softmax(reduction, form, blank, zero_infinity) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((12, 4, 5))
    lengths, frames = [4, 2, 0, 3], [12, 1 if zero_infinity else 7, 5, 9]
    targets = rng.choice([k for k in range(5) if k != blank], (4, 4))
    targets[3, :2] = targets[3, 0]  # a repetition needs a blank between
    if form == "joined":
        targets = np.concatenate([row[:n] for row, n in zip(targets, lengths, strict=True)])
    both(lambda lib, x: lib.nn.functional.ctc_loss(
        x.log_softmax(2), lib.tensor(targets), lib.tensor(frames), lib.tensor(lengths), blank,
        reduction, zero_infinity), x)
    one = [lib.nn.functional.ctc_loss(lib.tensor(x[:, 0]).log_softmax(1), lib.tensor([1, 3]),
                                      lib.tensor(9), lib.tensor(2), 0, reduction) for lib in BOTH]
    assert tuple(one[0].shape) == tuple(one[1].shape)
    np.testing.assert_allclose(one[0].numpy(), one[1].numpy(), rtol=1e-12)


BAGS = [dict(zip(("mode", "padding_idx", "include_last_offset", "weighted", "equal", "max_norm"),
                 values, strict=True))
        for values in itertools.product(["sum", "mean", "max"], [None, 2, -1], [False, True],
                                        [False, True], [False, True], [None, 1.0])
        if not (values[3] and values[0] != "sum") and not (values[4] and values[2])]


@pytest.mark.parametrize("options", BAGS, ids=lambda o: "-".join(map(str, o.values())))
def test_embedding_bag(options) -> None:
    options = dict(options)
    rng = np.random.default_rng(0)
    weighted, equal = options.pop("weighted"), options.pop("equal")
    numbers = rng.integers(0, 7, (4, 3) if equal else 11)
    begins = None if equal else np.array([0, 3, 3, 8] + [11] * options["include_last_offset"])
    weights = rng.standard_normal(numbers.shape) if weighted else None
    table = rng.standard_normal((7, 3))
    results = []
    for library in BOTH:
        w = library.tensor(table).requires_grad_(options["max_norm"] is None)
        p = None if weights is None else library.tensor(weights, requires_grad=True)
        y = library.nn.functional.embedding_bag(
            library.tensor(numbers), w, None if equal else library.tensor(begins),
            per_sample_weights=p, **options)
        got = [y.detach().numpy(), w.detach().numpy()]
        if y.requires_grad:
            y.backward(library.tensor(np.random.default_rng(1).standard_normal(y.shape)))
            got += [t.grad.numpy() for t in (w, p) if t is not None and t.grad is not None]
        results.append(got)
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("rank", "size", "kernel", "out"), [
    (2, (2, 3, 9, 11), (2, 3), (5, 4)), (3, (2, 3, 9, 11, 7), (2, 3, 2), (5, 4, 1)),
    (2, (3, 8, 8), 2, 7)])
def test_fractional_pools_with_given_samples(rank, size, kernel, out) -> None:
    rng = np.random.default_rng(0)
    batch = size[0] if len(size) == rank + 2 else 1
    for _ in range(5):
        samples = rng.random((batch, 3, rank))
        both(lambda lib, x: getattr(lib.nn, f"FractionalMaxPool{rank}d")(
            kernel, output_size=out, return_indices=True,
            _random_samples=lib.tensor(samples))(x), rng.standard_normal(size))  # noqa: B023


@pytest.mark.parametrize("p", [0, 1, 1.5, 2, 3, float("inf")])
def test_pdist(p) -> None:
    x = np.random.default_rng(0).standard_normal((6, 4))
    both(lambda lib, x: lib.nn.functional.pdist(x, p), x)
    both(lambda lib, x: lib.nn.functional.pdist(x, p), x[:1])
    twice = np.concatenate([x[:2], x[:1]])
    if p in (1, 2, 3):  # two rows that coincide
        both(lambda lib, x: lib.nn.functional.pdist(x, p), twice)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_nearest_elements_are_pytorchs(rank, dtype, mode) -> None:
    """Ties and all; values only, as PyTorch's own gradients disagree with its values in places."""
    for n in range(1, 17, 3):
        x = np.arange(n, dtype=dtype).reshape(1, 1, n, *[1] * (rank - 1))
        ones = (1,) * (rank - 1)
        for options in ([{"size": (m, *ones)} for m in range(1, 50, 2)]
                        + [{"scale_factor": (f, *ones)} for f in (0.3, 0.77, 1.1, 2.05, 2.7)
                           if int(n * f)]):
            mine, theirs = (lib.nn.functional.interpolate(lib.tensor(x), mode=mode, **options)
                            for lib in BOTH)
            np.testing.assert_array_equal(mine.numpy(), theirs.numpy(), str(options))


@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize(("mode", "rank"), [("linear", 1), ("bilinear", 2), ("bicubic", 2),
                                            ("trilinear", 3)])
def test_interpolation(mode, rank, antialias, align) -> None:
    if antialias and rank != 2:
        pytest.skip("antialias is for pictures")
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 5, 4)[:rank + 2])
    for options in ({"size": 9}, {"size": 3}, {"size": 1}, {"scale_factor": 2},
                    {"scale_factor": 0.6}, {"scale_factor": 1.7},
                    {"scale_factor": 1.7, "recompute_scale_factor": True},
                    {"scale_factor": (0.5, 2.3, 1.1)[:rank]}, {"size": (8, 2, 9)[:rank]}):
        both(lambda lib, x: lib.nn.functional.interpolate(
            x, mode=mode, align_corners=align, antialias=antialias, **options), x)  # noqa: B023


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_padding(rank, mode) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 3, 5)[:rank + 2])
    for widths in ((1, 1), (2, 0), (0, 1), (-1, 2), (2, -1), (-1, 0)):
        both(lambda lib, x: lib.nn.functional.pad(x, widths * rank, mode), x)  # noqa: B023


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_weighted_losses(name, reduction) -> None:
    rng = np.random.default_rng(0)
    weight = rng.random((4, 5))
    both(lambda lib, x, t: getattr(lib.nn.functional, name)(
        x, t, reduction=reduction, weight=lib.tensor(weight)), *rng.standard_normal((2, 4, 5)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [-100, 2, -1])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropies(reduction, smoothing, ignored, weighted) -> None:
    rng = np.random.default_rng(0)
    weight = rng.random(5) + 0.5
    options = {"reduction": reduction, "label_smoothing": smoothing}

    def function(target, **more):
        return lambda lib, x: lib.nn.functional.cross_entropy(
            x, lib.tensor(target), weight=lib.tensor(weight) if weighted else None, **options,
            **more)

    for size in ((4, 5), (2, 5, 3, 2)):
        numbers = rng.integers(0, 5, (size[0], *size[2:]))
        numbers.flat[0] = ignored
        x = rng.standard_normal(size)
        both(function(numbers, ignore_index=ignored), x)
        both(function(rng.random(size)), x)
        if not smoothing:
            both(lambda lib, x, t=numbers: lib.nn.functional.nll_loss(
                x, lib.tensor(t), lib.tensor(weight) if weighted else None,
                ignore_index=ignored, reduction=reduction), x)
    both(function(np.full(4, -100)), rng.standard_normal((4, 5)))  # nothing counts
    both(function(np.zeros(0, int)), rng.standard_normal((0, 5)))
    both(function(np.array(3)), rng.standard_normal(5))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_binary_cross_entropy_at_its_ends(reduction) -> None:
    p, t = (np.array(v) for v in ([0.0, 1, 1, 0, 0.3, 1e-20, 1e-60], [0.0, 1, 0, 1, 1, 1, 0.5]))
    both(lambda lib, p: lib.nn.functional.binary_cross_entropy(p, lib.tensor(t),
                                                               reduction=reduction), p,
         rtol=1e-7)  # PyTorch's least denominator is a float32
    within = np.linspace(0.01, 0.99, 7)  # PyTorch's derivative by the target is infinite outside
    both(lambda lib, t: lib.nn.functional.binary_cross_entropy(lib.tensor(within), t,
                                                               reduction=reduction), t)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("rank", [1, 2])
def test_transposed_convolutions(rank, groups) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s) for s in (
        (2, 4, 5, 4)[:rank + 2], (4, 3, 3, 3)[:rank + 2], (3 * groups,))]
    for stride, padding, extra, dilation in itertools.product((1, 2, 3), (0, 1, 2), (0, 1, 2),
                                                              (1, 2, 3)):
        if extra < max(stride, dilation):
            both(lambda lib, x, w, b: getattr(lib.nn.functional, f"conv_transpose{rank}d")(
                x, w, b, stride, padding, extra, groups, dilation), *arrays)  # noqa: B023


def test_convolution_over_time_batch_channels() -> None:
    rng = np.random.default_rng(0)
    both(lambda lib, x, w, b: lib.nn.functional.conv_tbc(x, w, b, 1),
         *[rng.standard_normal(s) for s in ((7, 2, 3), (3, 3, 5), (5,))])


@pytest.mark.parametrize("name", ["relu_", "leaky_relu_", "elu_", "celu_", "selu_", "hardtanh_",
                                  "rrelu_", "threshold_"])
def test_in_place_activations(name) -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    more = (0.1, -2.0) if name == "threshold_" else ()

    def function(library, x):
        y = x.clone()
        assert getattr(library.nn.functional, name)(y, *more) is y
        return y
    both(function, x)


@pytest.mark.parametrize("out", [(), (2, 3)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("pieces", [False, True])
@pytest.mark.parametrize("probabilities", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_linear_cross_entropy(reduction, probabilities, pieces, weighted, out) -> None:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 7, (10, *out))
    target.flat[0] = -100
    if probabilities:
        target = rng.random((10, 7, *out))
    weight = rng.uniform(0.5, 2.0, 7)

    def function(library, x, w, b):
        options = library.nn.LinearCrossEntropyOptions(batch_chunk_size=4) if pieces else None
        return library.nn.functional.linear_cross_entropy(
            x, w, library.tensor(target), linear_bias=b, reduction=reduction, options=options,
            weight=library.tensor(weight) if weighted else None)
    both(function, rng.standard_normal((10, 5)), rng.standard_normal((7, *out, 5)),
         rng.standard_normal((7, *out)))


def test_adaptive_softmax_predicts_and_tells_all_classes() -> None:
    ours = facula.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, True).double()
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], 2.0, True).double()
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((30, 8))
    for name in ("log_prob", "predict"):
        np.testing.assert_allclose(getattr(ours, name)(facula.tensor(x)).detach().numpy(),
                                   getattr(theirs, name)(torch.tensor(x)).detach().numpy())


def test_names_are_pytorchs() -> None:
    """What PyTorch documents and facula leaves out, with the reason."""
    without = {
        "grouped_mm", "scaled_grouped_mm", "scaled_mm",  # numbers of 8 bits, on its GPUs
        "native_channel_shuffle",  # another name of channel_shuffle's kernel
    }
    helpers = {"assert_int_or_pair", "boolean_dispatch", "handle_torch_function",
               "has_torch_function", "has_torch_function_unary", "has_torch_function_variadic"}
    public = {n for n in dir(G) if not n.startswith("_") and n.islower()
              and callable(getattr(G, n)) and not isinstance(getattr(G, n), type)}
    assert public - set(dir(F)) == without | helpers
    modules = {n for n in dir(torch.nn) if isinstance(getattr(torch.nn, n), type)
               and issubclass(getattr(torch.nn, n), torch.nn.Module)}
    assert modules - set(dir(facula.nn)) == {"Container"}
    optimisers = set(torch.optim.__all__) - set(dir(facula.optim))
    assert not optimisers - {n for n in optimisers if n.islower()}
