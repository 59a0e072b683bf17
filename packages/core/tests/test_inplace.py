"""In-place forms of composites: they write the tensor's own memory, and only what fits into it."""

import numpy as np
import pytest

from facula import core
from facula.core.operation import operations
from facula.core.testing.compare import assert_close

# The other arguments of those that need some, for a tensor of shape (2, 3).
ARGS = {
    "addmm": (core.ones(2, 2), core.ones(2, 3)), "addr": (core.ones(2), core.ones(3)),
    "index_reduce": (0, core.tensor([1, 0]), core.ones(2, 3), "amax"),
    "scatter_reduce": (1, core.tensor([[0, 2], [1, 0]]), core.ones(2, 2), "prod"),
    "mvlgamma": (1,), "polygamma": (1,), "renorm": (2.0, 0, 0.5),
    "ldexp": (core.tensor([1, 2, 3]),), "logit": (1e-3,),
    "masked_scatter": (core.ones(2, 3) > 0, core.arange(6.0)),
}
OTHER_SHAPES = {"addmv", "addbmm", "baddbmm"}
COMPOSITES = [op for op in operations("composite") if op.inplace and op.room != "aliases"
              and op.name not in OTHER_SHAPES]


@pytest.mark.parametrize("op", COMPOSITES, ids=lambda op: op.name)
def test_the_result_goes_into_the_tensors_memory(op, device):
    args = [a.to(device) if isinstance(a, core.Tensor) else a for a in ARGS.get(op.name, ())]
    wide = core.zeros(2, 2, 3, device=device)
    view = wide[1]
    view.copy_(core.tensor([[1.25, 2.5, 0.5], [3.75, 0.25, 1.5]]))
    expected = op.public(view.clone(), *args)
    assert op.extra["inplace"](view, *args) is view
    assert_close(wide[1], expected, what=op.name)
    assert_close(wide[0], np.zeros((2, 3)), what=f"{op.name}_ wrote beyond its view")


@pytest.mark.parametrize(("call", "error"), [
    (lambda: core.zeros(2).addmm_(core.ones(2, 3), core.ones(3, 2)),
     r"addmm_: the result's shape \(2, 2\) is not the tensor's shape \(2,\)"),
    (lambda: core.zeros(2, 2, dtype=core.int64).polygamma_(1),
     "polygamma_: the result has dtype float32, which can't be stored"),
    (lambda: core.zeros(1, 2).expand(3, 2).fix_(), "fix_: several elements .* same memory"),
    (lambda: core.from_numpy(np.broadcast_to(np.ones(1), (1,))).frac_(),
     "frac_: the memory is read-only"),
    (lambda: core.zeros(2).float_power_(2), "float_power_: .* can't be stored"),
])
def test_what_does_not_fit_is_refused(call, error):
    with pytest.raises(RuntimeError, match=error):
        call()


def test_shapes_in_place(device):
    x = core.arange(6, device=device).reshape(2, 3).clone()
    assert x.t_().tolist() == [[0, 3], [1, 4], [2, 5]]
    assert x.unsqueeze_(0).shape == (1, 3, 2)
    assert x.squeeze_().transpose_(0, 1).tolist() == [[0, 1, 2], [3, 4, 5]]
    part = x[0]
    with pytest.raises(RuntimeError, match="t_: a tensor that is a view, or has views"):
        x.t_()
    with pytest.raises(RuntimeError, match="unsqueeze_: a tensor that is a view"):
        part.unsqueeze_(0)
