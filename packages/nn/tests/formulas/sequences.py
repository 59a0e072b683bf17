"""Recurrent layers, attention and transformers, step by step and head by head."""

import numpy as np

from formulas.elements import gelu, sigmoid, softmax


def part(w, prefix):
    """The entries of a state dict that begin with a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in w.items() if k.startswith(prefix)}


def gates(w, x, h, count, suffix=""):
    """What reaches each gate from the input, and from the state before."""
    given = x @ w["weight_ih" + suffix].T + w.get("bias_ih" + suffix, 0)
    held = h @ w["weight_hh" + suffix].T + w.get("bias_hh" + suffix, 0)
    return np.split(given, count, -1), np.split(held, count, -1)


def rnn_step(w, x, state, suffix="", nonlinearity="tanh"):
    (a,), (b,) = gates(w, x, state[0], 1, suffix)
    h = np.tanh(a + b) if nonlinearity == "tanh" else np.maximum(a + b, 0)
    return (h,)


def lstm_step(w, x, state, suffix="", **_):
    h, c = state
    given, held = gates(w, x, h, 4, suffix)
    i, f, g, o = (a + b for a, b in zip(given, held, strict=True))
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    if "weight_hr" + suffix in w:
        h = h @ w["weight_hr" + suffix].T
    return h, c


def gru_step(w, x, state, suffix="", **_):
    h = state[0]
    (r1, z1, n1), (r2, z2, n2) = gates(w, x, h, 3, suffix)
    r, z = sigmoid(r1 + r2), sigmoid(z1 + z2)
    return ((1 - z) * np.tanh(n1 + r * n2) + z * h,)


def recurrent(step, states):
    def formula(o, w, x):
        single = x.ndim == 2
        if single:
            x = x[:, None]
        elif o.batch_first:
            x = x.swapaxes(0, 1)
        for layer in range(o.num_layers):
            sides = []
            for side in ("", "_reverse") if o.bidirectional else ("",):
                suffix = f"_l{layer}{side}"
                hidden = w["weight_hh" + suffix].shape[1]
                state = (np.zeros((x.shape[1], hidden)),
                         np.zeros((x.shape[1], o.hidden_size)))[:states]
                seen = []
                for t in range(len(x)) if not side else reversed(range(len(x))):
                    state = step(w, x[t], state, suffix,
                                 nonlinearity=getattr(o, "nonlinearity", "tanh"))
                    seen.append(state[0])
                sides.append(np.stack(seen[::-1] if side else seen))
            x = np.concatenate(sides, -1)
        if single:
            return x[:, 0]
        return x.swapaxes(0, 1) if o.batch_first else x
    return formula


def cell(step, states):
    def formula(o, w, x, h=None):
        shape = (*x.shape[:-1], o.hidden_size)
        state = (np.zeros(shape) if h is None else h, np.zeros(shape))[:states]
        return step(w, x, state, nonlinearity=getattr(o, "nonlinearity", "tanh"))[0]
    return formula


def attention(heads, w, query, key, value, zero=False):
    """For sequences (L, E), (S, K), (S, V) of one example."""
    width = len(w["out_proj.weight"])
    if "in_proj_weight" in w:
        weights = np.split(w["in_proj_weight"], 3)
    else:
        weights = [w[f"{letter}_proj_weight"] for letter in "qkv"]
    biases = np.split(w["in_proj_bias"], 3) if "in_proj_bias" in w else [0, 0, 0]
    q, k, v = (x @ m.T + b for x, m, b in zip((query, key, value), weights, biases, strict=True))
    if "bias_k" in w:
        k, v = (np.concatenate([a, w[f"bias_{n}"][0]]) for a, n in ((k, "k"), (v, "v")))
    if zero:
        k, v = (np.concatenate([a, np.zeros((1, width))]) for a in (k, v))
    size = width // heads
    seen = []
    for h in range(heads):
        at = slice(h * size, (h + 1) * size)
        scores = q[:, at] @ k[:, at].T / np.sqrt(size)
        seen.append(softmax(scores, 1) @ v[:, at])
    return np.concatenate(seen, 1) @ w["out_proj.weight"].T + w.get("out_proj.bias", 0)


def by_example(batch_first, formula, *sequences):
    """A formula for sequences of one example, for a batch of them."""
    if sequences[0].ndim == 2:
        return formula(*sequences)
    axis = 0 if batch_first else 1
    rows = [formula(*[np.take(s, n, axis) for s in sequences])
            for n in range(sequences[0].shape[axis])]
    return np.stack(rows, axis)


def multi_head(o, w, query, key, value):
    return by_example(o.batch_first, lambda q, k, v: attention(
        o.num_heads, w, q, k, v, o.add_zero_attn), query, key, value)


def norm(w, x, eps):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(var + eps) * w["weight"] + w.get("bias", 0)


def feed(o, w, x):
    hidden = x @ w["linear1.weight"].T + w.get("linear1.bias", 0)
    hidden = gelu(hidden) if o.activation == "gelu" else np.maximum(hidden, 0)
    return hidden @ w["linear2.weight"].T + w.get("linear2.bias", 0)


def layer(o, w, x, memory=None):
    """Self-attention, attention to the memory if there is one, feed-forward; each a residual."""
    steps = [lambda y: attention(o.nhead, part(w, "self_attn."), y, y, y)]
    if memory is not None:
        steps.append(lambda y: attention(o.nhead, part(w, "multihead_attn."), y, memory, memory))
    steps.append(lambda y: feed(o, w, y))
    for i, step in enumerate(steps, 1):
        weights = part(w, f"norm{i}.")
        if o.norm_first:
            x = x + step(norm(weights, x, o.layer_norm_eps))
        else:
            x = norm(weights, x + step(x), o.layer_norm_eps)
    return x


def layers(o, w, count, x, memory=None):
    """A stack of layers, and the normalisation after it if there is one."""
    for i in range(count):
        x = layer(o, part(w, f"layers.{i}."), x, memory)
    return norm(part(w, "norm."), x, o.layer_norm_eps) if "norm.weight" in w else x


def one_layer(o, w, *sequences):
    return by_example(o.batch_first, lambda *s: layer(o, w, *s), *sequences)


def stack(role):
    def formula(o, w, *sequences):
        inner = getattr(o, f"{role}_layer")
        return by_example(inner.batch_first, lambda *s: layers(inner, w, o.num_layers, *s),
                          *sequences)
    return formula


def transformer(o, w, source, target):
    def one(s, t):
        memory = layers(o, part(w, "encoder."), o.num_encoder_layers, s)
        return layers(o, part(w, "decoder."), o.num_decoder_layers, t, memory)
    return by_example(o.batch_first, one, source, target)


FORMULAS = {
    "RNN": recurrent(rnn_step, 1), "LSTM": recurrent(lstm_step, 2), "GRU": recurrent(gru_step, 1),
    "RNNCell": cell(rnn_step, 1), "LSTMCell": cell(lstm_step, 2), "GRUCell": cell(gru_step, 1),
    "MultiheadAttention": multi_head, "TransformerEncoderLayer": one_layer,
    "TransformerDecoderLayer": one_layer, "TransformerEncoder": stack("encoder"),
    "TransformerDecoder": stack("decoder"), "Transformer": transformer,
}
