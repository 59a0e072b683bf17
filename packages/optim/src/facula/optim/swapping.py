"""Other parameters and other state in an optimiser, for a while."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from facula.core import Tensor, no_grad
from facula.optim.optimizer import Optimizer


@contextmanager
def swap_in_optimizer_params_and_state(optimizer: Optimizer,
                                       swapin_parameters: dict[str, Tensor],
                                       swapin_optim_state: dict[str, Any]) -> Iterator[None]:
    """Let an optimiser work on other parameters, with another state, within the block.

    Afterwards it has its own back. The given parameters and the tensors of the given state are
    changed by its steps; its dicts are not.

    Parameters
    ----------
    optimizer : Optimizer
    swapin_parameters : dict
        Name -> tensor, in the order of the optimiser's own.
    swapin_optim_state : dict
        As ``state_dict`` makes it.

    Raises
    ------
    ValueError
        If the parameters or the groups do not match in number.

    Examples
    --------
    >>> import facula
    >>> own, other = (facula.ones(1, requires_grad=True) for _ in range(2))
    >>> sgd = facula.optim.SGD([own], lr=0.5)
    >>> other.grad = facula.ones(1)
    >>> with facula.optim.swap_in_optimizer_params_and_state(
    ...         sgd, {"other": other}, sgd.state_dict()):
    ...     sgd.step()
    >>> float(own.detach()), float(other.detach())
    (1.0, 0.5)
    """
    kept = {"state": optimizer.state, "param_groups": optimizer.param_groups}
    given = list(swapin_parameters.values())
    saved = swapin_optim_state["param_groups"]
    have, want = ([len(g["params"]) for g in groups] for groups in (optimizer.param_groups, saved))
    if have != want or sum(have) != len(given):
        raise ValueError(f"swap_in_optimizer_params_and_state: {len(given)} parameters in groups "
                         f"of {want} do not fit the optimiser's groups of {have}")
    groups: list[dict[str, Any]] = []
    numbered: dict[int, Tensor] = {}
    at = 0
    for group in saved:
        members = given[at:at + len(group["params"])]
        numbered.update(zip(group["params"], members, strict=True))
        groups.append({**group, "params": members})
        at += len(members)
    state: Any = defaultdict(dict)
    for key, values in swapin_optim_state["state"].items():
        state[numbered.get(key, key)] = dict(values) if isinstance(values, dict) else values
    optimizer.__setstate__({"state": state, "param_groups": groups})
    try:
        yield
    finally:
        for key, values in swapin_optim_state["state"].items():
            after = state[numbered.get(key, key)]
            for name, value in values.items() if isinstance(values, dict) else ():
                # the optimiser may have moved its state to memory of its own
                if isinstance(value, Tensor) and value is not after.get(name):
                    with no_grad():
                        value.copy_(after[name])  # type: ignore[attr-defined]
        optimizer.__setstate__(kept)
