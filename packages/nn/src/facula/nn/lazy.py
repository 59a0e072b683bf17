"""Modules that learn the size of their input at their first call."""

from __future__ import annotations

from typing import Any, ClassVar

from facula.nn.module import Module
from facula.nn.parameter import is_lazy


class LazyModuleMixin(Module):
    """What makes a module lazy: some of its parameters get their shape at the first call.

    A lazy module derives from this class first and from its ordinary class second. It sets those
    parameters to :class:`facula.nn.UninitializedParameter` (buffers to
    :class:`facula.nn.UninitializedBuffer`), and defines ``initialize_parameters``, which is called
    with the first call's arguments and materialises them. Then the module becomes one of the class
    ``cls_to_become``. Loading a state dict gives the parameters their shapes as well.

    Attributes
    ----------
    cls_to_become : type, optional
        The ordinary class; None to stay.
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if type(self) is not self.cls_to_become:
            self._infer_parameters(self, args, kwargs)
        return Module.__call__(self, *args, **kwargs)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes; a subclass defines it.

        Parameters
        ----------
        *args, **kwargs
            As for ``forward``.
        """
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module still waits for its shape."""
        return any(map(is_lazy, (*self._parameters.values(), *self._buffers.values())))

    def _infer_parameters(self, module: Any, args: tuple[Any, ...],
                          kwargs: dict[str, Any]) -> None:
        module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized: "
                               "initialize_parameters must materialize every uninitialized "
                               "parameter and buffer")
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become
