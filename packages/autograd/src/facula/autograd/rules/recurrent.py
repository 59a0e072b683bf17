"""Derivatives of whole recurrent layers: a kernel, or the steps again where it is recorded."""

from facula.autograd.grads import grad
from facula.autograd.plans import not_differentiable, vjp
from facula.core import ops
from facula.core.slot import grad_mode

op = ops.recurrent


def _through_steps(step, gx, states, weights, grads, needs):  # type: ignore[no-untyped-def]
    """The gradients by gx, the states and the weights as recorded operations."""
    inputs = [gx, *states, *weights]
    now, rows = states, []
    for part in ops.views.unbind(gx, 0):
        now = step(part, now, weights[0], weights[1] if len(weights) > 1 else None)
        rows.append(now)
    outputs = [ops.joining.stack(list(all)) for all in zip(*rows, strict=True)]
    wanted = [x for x, need in zip(inputs, needs, strict=True) if need]
    found = iter(grad(outputs, wanted, grads, create_graph=True, allow_unused=True))
    return tuple([next(found) if need else None for need in needs])


def _lstm(g0, g1, gx, h0, c0, w_hh, y0, y1, y2, needs):  # type: ignore[no-untyped-def]
    if grad_mode.enabled:
        return _through_steps(op.lstm_step, gx, (h0, c0), (w_hh,), (g0, g1), needs)
    return op.lstm_layer_grad(g0, g1, h0, c0, w_hh, y0, y1, y2)


def _gru(g0, gx, h0, w_hh, b_hh, y0, y1, needs):  # type: ignore[no-untyped-def]
    if grad_mode.enabled:
        return _through_steps(op.gru_step, gx, (h0,), (w_hh, b_hh), (g0,), needs)
    return op.gru_layer_grad(g0, h0, w_hh, y0, y1)


vjp(op.lstm_layer, joint=_lstm, constant=(2,))
vjp(op.gru_layer, joint=_gru, constant=(1,))
not_differentiable(op.lstm_layer_grad, op.gru_layer_grad,
                   reason="where a gradient is recorded, the rules use the steps instead")
