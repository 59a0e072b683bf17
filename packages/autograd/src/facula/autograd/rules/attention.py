"""The derivative of attention: a kernel, or plain operations where it is recorded."""

from facula.autograd.grads import grad
from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops
from facula.core.slot import grad_mode

op = ops.attention


def _attention(g0, query, key, value, mask, y0, y1,  # type: ignore[no-untyped-def]
               is_causal, scale, needs):
    if not grad_mode.enabled:
        return (*op.attention_grad(g0, query, key, value, mask, y0, y1, is_causal, scale), None)
    inputs = (query, key, value)
    y = ops.linalg.matmul(op.weights(query, key, mask, is_causal, scale), value)
    wanted = [x for x, need in zip(inputs, needs[:3], strict=True) if need]
    found = iter(grad((y,), wanted, (g0,), create_graph=True, allow_unused=True))
    return (*[next(found) if need else None for need in needs[:3]], None)


vjp(op.attention, joint=_attention, constant=(1,))
not_differentiable(op.attention_grad,
                   reason="where a gradient is recorded, the rule uses plain operations instead")
