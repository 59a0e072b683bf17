"""Attention with masks, transformers, and recurrent layers with states and packed sequences."""

import itertools

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")

pytestmark = pytest.mark.filterwarnings("ignore")
BOTH = (facula, torch)


def pair(name, *args, **kwargs):
    """The module in both libraries, in float64, with facula's parameters."""
    ours, theirs = (getattr(library.nn, name)(*args, **kwargs).double() for library in BOTH)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    return ours, theirs


def flat(value):
    """All tensors of nested results, in order."""
    if value is None:
        return []
    if isinstance(value, (tuple, list)):
        return [t for v in value for t in flat(v)]
    return [value]


def same(modules, function):
    """Results and parameters' gradients of ``function(library, module)`` agree."""
    results = []
    for library, module in zip(BOTH, modules, strict=True):
        found = flat(function(library, module))
        total = sum((t * t).sum() for t in found if t.is_floating_point())
        total.backward()
        results.append([t.detach().numpy() for t in found]
                       + [p.grad.numpy() for p in module.parameters() if p.grad is not None])
    assert len(results[0]) == len(results[1])
    for mine, theirs in zip(*results, strict=True):
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-10)


MASKS = {
    "none": None,
    "causal": np.triu(np.ones((5, 4), bool), 1),
    "numbers": np.random.default_rng(1).standard_normal((5, 4)),
    "each": np.random.default_rng(2).standard_normal((6, 5, 4)),
}
PADDING = {"none": None, "bool": np.array([[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 1]], bool),
           "numbers": np.random.default_rng(3).standard_normal((3, 4))}


@pytest.mark.parametrize("options", [
    {}, {"batch_first": True}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 6, "vdim": 7},
    {"bias": False}], ids=str)
@pytest.mark.parametrize("padding", PADDING)
@pytest.mark.parametrize("mask", MASKS)
def test_attention_with_masks(mask, padding, options) -> None:
    modules = pair("MultiheadAttention", 8, 2, **options)
    rng = np.random.default_rng(0)
    sizes = [(5, 3, 8), (4, 3, options.get("kdim", 8)), (4, 3, options.get("vdim", 8))]
    arrays = [rng.standard_normal(s) for s in sizes]
    if options.get("batch_first"):
        arrays = [a.swapaxes(0, 1).copy() for a in arrays]
    for need, average in ((True, True), (True, False), (False, True)):
        def function(library, module, need=need, average=average):
            return module(*map(library.tensor, arrays), need_weights=need,
                          average_attn_weights=average,
                          attn_mask=None if MASKS[mask] is None else library.tensor(MASKS[mask]),
                          key_padding_mask=None if PADDING[padding] is None
                          else library.tensor(PADDING[padding]))
        same(modules, function)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_transformers_with_masks(batch_first, norm_first) -> None:
    modules = pair("Transformer", 8, 2, 2, 2, 16, 0.0, batch_first=batch_first,
                   norm_first=norm_first)
    rng = np.random.default_rng(0)
    source, target = rng.standard_normal((4, 3, 8)), rng.standard_normal((5, 3, 8))
    padding = np.array([[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 1]], bool)
    if batch_first:
        source, target = (a.swapaxes(0, 1).copy() for a in (source, target))
    for training in (True, False):
        def function(library, module, training=training):
            module.train(training)
            causal = library.nn.Transformer.generate_square_subsequent_mask(5).double()
            gap = library.tensor(padding)
            return module(library.tensor(source), library.tensor(target), tgt_mask=causal,
                          src_key_padding_mask=gap, memory_key_padding_mask=gap,
                          tgt_is_causal=True)
        same(modules, function)


RECURRENT = list(itertools.product(["RNN", "LSTM", "GRU"], [1, 2], [False, True], [False, True]))


@pytest.mark.parametrize(("name", "depth", "both_ways", "batch_first"), RECURRENT)
def test_recurrent_layers_from_given_states(name, depth, both_ways, batch_first) -> None:
    for projection in (0, 3) if name == "LSTM" else (0,):
        extra = {"proj_size": projection} if projection else {}
        modules = pair(name, 4, 6, depth, bidirectional=both_ways, batch_first=batch_first, **extra)
        rng = np.random.default_rng(0)
        rows = depth * (2 if both_ways else 1)
        x = rng.standard_normal((3, 5, 4) if batch_first else (5, 3, 4))
        h = rng.standard_normal((rows, 3, projection or 6))
        c = rng.standard_normal((rows, 3, 6))

        def function(library, module, x=x, h=h, c=c):
            state = library.tensor(h)
            if name == "LSTM":
                state = state, library.tensor(c)
            return module(library.tensor(x), state)
        same(modules, function)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(("name", "depth", "both_ways", "batch_first"), RECURRENT)
def test_recurrent_layers_over_packed_sequences(name, depth, both_ways, batch_first,
                                                ordered) -> None:
    modules = pair(name, 4, 6, depth, bidirectional=both_ways, batch_first=batch_first)
    lengths = [5, 3, 2] if ordered else [3, 5, 2]
    x = np.random.default_rng(0).standard_normal((3, 5, 4) if batch_first else (5, 3, 4))

    def function(library, module):
        tools = library.nn.utils.rnn
        packed = tools.pack_padded_sequence(library.tensor(x), library.tensor(lengths), batch_first,
                                            enforce_sorted=ordered)
        y, state = module(packed)
        padded, sizes = tools.pad_packed_sequence(y, batch_first, -1.0, total_length=6)
        return padded, sizes, state, y.data
    same(modules, function)


@pytest.mark.parametrize("options", [{"padding_idx": 1}, {"max_norm": 1.0}, {
    "max_norm": 0.5, "norm_type": 1.0, "padding_idx": -1}, {"scale_grad_by_freq": True}], ids=str)
def test_embeddings_with_options(options) -> None:
    modules = pair("Embedding", 6, 4, **options)
    numbers = np.array([[1, 5, 5], [0, 2, 5]])
    for _ in range(2):
        same(modules, lambda library, module: module(library.tensor(numbers)))
    mine, theirs = (m.weight.detach().numpy() for m in modules)
    np.testing.assert_allclose(mine, theirs, rtol=1e-9)
