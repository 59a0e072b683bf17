"""Integer arguments given as tensors and NumPy's integers, for all operations that have samples."""

import numpy as np
import pytest

from facula import core
from facula.core.operation import operations
from facula.core.testing.samples import has_samples, samples_of


def integers_of(op):
    """The names of an operation's parameters that are ints."""
    return [n for n in op.attributes if not n.startswith("dim") and str(
        op.signature.parameters[n].annotation) in ("int", "int | None")]


def calls():
    """(operation, sample, place): an int stands there, by position or by name."""
    for op in operations():
        if op.family not in ("composite", "primitive", "view") or not has_samples(op):
            continue
        for k, sample in enumerate(samples_of(op)):
            for name in integers_of(op):
                at = op.parameters.index(name)
                starred = any(p.kind is p.VAR_POSITIONAL for p in op.signature.parameters.values())
                if type(sample.kwargs.get(name)) is int:
                    yield pytest.param(op, sample, name, id=f"{op.name}-{k}-{name}")
                elif not starred and at < len(sample.args) and type(sample.args[at]) is int:
                    yield pytest.param(op, sample, at, id=f"{op.name}-{k}-{name}")


def leaves(value):
    return [x for v in value for x in leaves(v)] if isinstance(value, (tuple, list)) else [value]


@pytest.mark.parametrize(("op", "sample", "place"), list(calls()))
def test_a_tensor_of_one_integer_is_an_int(op, sample, place, device):
    def call(convert):
        given = sample.tensors(core.float32, device)
        args, kwargs = list(given.args), dict(given.kwargs)
        into = args if isinstance(place, int) else kwargs
        into[place] = convert(into[place])
        core.manual_seed(0)
        return leaves(op.public(*args, **kwargs))

    expected = call(int)
    for convert in (np.int16, lambda n: core.tensor(n, device=device),
                    lambda n: core.tensor([n], dtype=core.int32)):
        for a, b in zip(call(convert), expected, strict=True):
            assert a.shape == b.shape and a.dtype is b.dtype
            np.testing.assert_array_equal(a.cpu().numpy(), b.cpu().numpy())
    with pytest.raises((TypeError, RuntimeError), match="^" + op.name.replace("_", "[._]")):
        call(lambda n: core.tensor(n + 0.5))


def test_sizes_do_not_wrap_where_the_dtype_of_a_tensor_ends(device):
    three = core.tensor(3, dtype=core.uint8)
    for function in (core.diagflat, core.diag, core.diag_embed):
        x = core.arange(255.0, device=device)
        assert function(x, three).shape == (258, 258)
        with pytest.raises((MemoryError, ValueError)):
            function(core.ones(2, device=device), core.tensor(2**63 - 1, dtype=core.uint64))
