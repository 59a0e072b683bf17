"""Autocast on the CPU gives PyTorch's dtypes and values; the scaler follows PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import facula

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

RNG = np.random.default_rng(0)
ARRAYS = {
    "a": RNG.normal(size=(4, 5)), "b": RNG.normal(size=(5, 3)), "m": RNG.normal(size=(4, 4)),
    "v": RNG.normal(size=5), "w": RNG.normal(size=4), "p": RNG.uniform(0.1, 0.9, size=(4, 5)),
    "q": RNG.uniform(0.1, 0.9, size=(4, 5)), "x3": RNG.normal(size=(2, 4, 5)),
    "y3": RNG.normal(size=(2, 5, 3)), "img": RNG.normal(size=(2, 3, 8, 8)),
    "k": RNG.normal(size=(4, 3, 3, 3)), "kt": RNG.normal(size=(3, 4, 3, 3)),
    "kb": RNG.normal(size=4), "sig": RNG.normal(size=(2, 3, 8)), "k1": RNG.normal(size=(4, 3, 3)),
    "lw": RNG.normal(size=(3, 5)), "lb": RNG.normal(size=3),
    "vol": RNG.normal(size=(1, 1, 4, 4, 4)),
    "sign": np.sign(RNG.normal(size=4)), "c": RNG.normal(size=(4, 3)),
    "slope": np.full(3, 0.25), "g": RNG.normal(size=(4, 5)), "one": np.ones(5),
}
LABELS = np.array([0, 4, 1, 2])

# Called with the library, its functional, the tensors by name, and the labels.
CASES = {
    "matmul": lambda t, F, x, y: x.a @ x.b,
    "mm": lambda t, F, x, y: t.mm(x.a, x.b),
    "mv": lambda t, F, x, y: t.mv(x.a, x.v),
    "bmm": lambda t, F, x, y: t.bmm(x.x3, x.y3),
    "baddbmm": lambda t, F, x, y: t.baddbmm(t.zeros(2, 4, 3), x.x3, x.y3),
    "addmm": lambda t, F, x, y: t.addmm(x.c, x.a, x.b),
    "addbmm": lambda t, F, x, y: t.addbmm(x.c, x.x3, x.y3),
    "einsum": lambda t, F, x, y: t.einsum("ij,jk->ik", x.a, x.b),
    "linear": lambda t, F, x, y: F.linear(x.a, x.lw, x.lb),
    "conv1d": lambda t, F, x, y: F.conv1d(x.sig, x.k1, x.kb),
    "conv2d": lambda t, F, x, y: F.conv2d(x.img, x.k, x.kb, padding=1),
    "conv_transpose2d": lambda t, F, x, y: F.conv_transpose2d(x.img, x.kt, x.kb),
    "prelu": lambda t, F, x, y: F.prelu(x.img, x.slope),
    "attention": lambda t, F, x, y: F.scaled_dot_product_attention(x.x3, x.x3, x.x3),
    "add": lambda t, F, x, y: x.a + x.g,
    "add half": lambda t, F, x, y: x.a.bfloat16() + x.g,
    "exp": lambda t, F, x, y: t.exp(x.a.bfloat16()),
    "sum": lambda t, F, x, y: x.a.bfloat16().sum(1),
    "prod": lambda t, F, x, y: x.a.bfloat16().prod(1),
    "prod of a chosen dtype": lambda t, F, x, y: x.a.bfloat16().prod(1, dtype=t.float64),
    "softmax": lambda t, F, x, y: F.softmax(x.a.bfloat16(), 1),
    "trace": lambda t, F, x, y: t.trace(x.m.bfloat16()),
    "quantile": lambda t, F, x, y: t.quantile(x.a, 0.5),
    "cross_entropy": lambda t, F, x, y: F.cross_entropy(x.a.bfloat16(), y),
    "nll_loss": lambda t, F, x, y: F.nll_loss(x.a.bfloat16(), y),
    "mse_loss": lambda t, F, x, y: F.mse_loss(x.a.bfloat16(), x.g),
    "l1_loss": lambda t, F, x, y: F.l1_loss(x.a.bfloat16(), x.g.bfloat16()),
    "smooth_l1_loss": lambda t, F, x, y: F.smooth_l1_loss(x.a.bfloat16(), x.g),
    "huber_loss": lambda t, F, x, y: F.huber_loss(x.a.bfloat16(), x.g.bfloat16()),
    "kl_div": lambda t, F, x, y: F.kl_div(x.a.bfloat16(), x.p.bfloat16(), reduction="sum"),
    "bce": lambda t, F, x, y: F.binary_cross_entropy(x.p.bfloat16(), x.q),
    "bce logits": lambda t, F, x, y: F.binary_cross_entropy_with_logits(x.a.bfloat16(), x.q),
    "soft_margin": lambda t, F, x, y: F.soft_margin_loss(x.w.bfloat16(), x.sign),
    "margin_ranking": lambda t, F, x, y: F.margin_ranking_loss(x.w.bfloat16(), x.kb, x.sign),
    "multi_margin": lambda t, F, x, y: F.multi_margin_loss(x.a.bfloat16(), y),
    "triplet": lambda t, F, x, y: F.triplet_margin_loss(x.a.bfloat16(), x.p, x.g),
    "cosine_embedding": lambda t, F, x, y: F.cosine_embedding_loss(x.a.bfloat16(), x.g, x.sign),
    "layer_norm": lambda t, F, x, y: F.layer_norm(x.a.bfloat16(), (5,), x.one, x.v),
    "batch_norm": lambda t, F, x, y: F.batch_norm(x.a.bfloat16(), None, None, x.one, x.v, True),
    "avg_pool3d": lambda t, F, x, y: F.avg_pool3d(x.vol.bfloat16(), 2),
    "max_pool2d": lambda t, F, x, y: F.max_pool2d(x.img.bfloat16(), 2),
    "cat": lambda t, F, x, y: t.cat([x.a.bfloat16(), x.g]),
    "cat of halves": lambda t, F, x, y: t.cat([x.a.bfloat16(), x.g.bfloat16()]),
    "stack": lambda t, F, x, y: t.stack([x.a, x.g.bfloat16()]),
    "float64": lambda t, F, x, y: x.a.double() @ x.b.double(),
    "gelu": lambda t, F, x, y: F.gelu(F.linear(x.a, x.lw, x.lb)),
    "two layers": lambda t, F, x, y: F.linear(t.relu(F.linear(x.a, x.lw, x.lb)), x.c, x.w),
}


class Named:
    def __init__(self, make) -> None:
        for name, array in ARRAYS.items():
            setattr(self, name, make(array.astype(np.float32)))


def both(case: str, **options):
    with facula.autocast("cpu", **options):
        y = CASES[case](facula, facula.nn.functional, Named(facula.tensor), facula.tensor(LABELS))
    with torch.autocast("cpu", **options):
        expected = CASES[case](torch, torch.nn.functional, Named(torch.tensor),
                               torch.tensor(LABELS))
    return y, expected


@pytest.mark.parametrize("case", CASES)
def test_autocast_on_the_cpu_gives_pytorchs_dtypes_and_values(case: str) -> None:
    y, expected = both(case)
    assert y.dtype.name == str(expected.dtype).removeprefix("torch.")
    np.testing.assert_allclose(y.double().numpy(), expected.double().numpy(), rtol=0.03, atol=0.05)


@pytest.mark.parametrize("interval", [1, 3])
def test_the_scaler_follows_pytorchs(interval: int) -> None:
    losses = [1.0, 2.0, math.inf, 0.5, 1.0, math.nan, 1.0, 3.0, 1.0, 1.0, 1e30, 1.0]

    def run(lib, sgd):
        w = [lib.ones(3, requires_grad=True), lib.ones(2, requires_grad=True)]
        optimizers = [sgd([w[0]], lr=0.1, momentum=0.9), sgd([w[1]], lr=0.01)]
        scaler = lib.amp.GradScaler("cpu", init_scale=2.0 ** 10, growth_factor=3.0,
                                    backoff_factor=0.25, growth_interval=interval)
        history = []
        for i, factor in enumerate(losses):
            for o in optimizers:
                o.zero_grad()
            other = 1.0 if i % 4 else factor  # the two meet infinities at different times
            scaler.scale((w[0] * w[0]).sum() * factor + (w[1] * w[1]).sum() * other).backward()
            if i % 2:
                scaler.unscale_(optimizers[0])
            for o in optimizers:
                scaler.step(o)
            scaler.update()
            history += [scaler.get_scale(), *w[0].tolist(), *w[1].tolist()]
        return history, scaler.state_dict()

    ours, state = run(facula, facula.optim.SGD)
    theirs, expected = run(torch, torch.optim.SGD)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert state == expected
