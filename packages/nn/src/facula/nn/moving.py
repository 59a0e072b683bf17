"""What moves a module to another device or dtype, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from facula.core.devices import as_device
from facula.core.dtypes import as_dtype, dtype
from facula.core.slot import no_grad
from facula.core.tensor import Tensor
from facula.nn.parameter import Parameter, is_lazy

M = TypeVar("M", bound="Movable")


class Movable:
    """The part of a module that moves its parameters and buffers and those of its children."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]

    def children(self) -> Iterator[Any]:
        """The modules directly below; each once."""
        raise NotImplementedError

    def _apply(self: M, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> M:
        """Replace every tensor by ``fn`` of it; parameters stay the same objects."""
        if recurse:
            for child in self.children():
                child._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            grad = parameter.grad
            with no_grad():
                new = fn(parameter)
                new_grad = None if grad is None else fn(grad)
            if new is not parameter:
                parameter.grad = None
                parameter.data = new
                parameter.grad = new_grad
        for name, buffer in self._buffers.items():
            if buffer is not None:
                with no_grad():
                    new = fn(buffer)
                if is_lazy(buffer):
                    buffer.data = new
                else:
                    self._buffers[name] = new
        return self

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Move to a device, convert floating tensors to a dtype, or both; in place.

        Parameters
        ----------
        *args, **kwargs
            A device, a dtype, both (device first), or a tensor whose device and dtype to take.

        Raises
        ------
        TypeError
            If the dtype is not a floating or complex one.
        """
        target: Any = None
        wanted: dtype | None = None
        for value in (*args, kwargs.get("device"), kwargs.get("dtype")):
            if isinstance(value, Tensor):
                target, wanted = value.device, value.dtype
            elif isinstance(value, dtype):
                wanted = value
            elif value is not None and not isinstance(value, bool):
                target = as_device(value)
        if wanted is not None and not (wanted.is_floating_point or wanted.is_complex):
            raise TypeError("nn.Module.to only accepts floating point or complex dtypes, but got "
                            f"desired dtype={wanted}")

        def convert(t: Tensor) -> Tensor:
            fits = t.is_floating_point() or t.is_complex()
            return t.to(device=target, dtype=wanted if fits else None)
        return self._apply(convert)

    def type(self: M, dst_type: Any) -> M:
        """Convert all parameters and buffers to a dtype."""
        wanted = as_dtype(dst_type)
        return self._apply(lambda t: t.to(dtype=wanted))

    def float(self: M) -> M:
        """Convert floating tensors to float32."""
        return self.to(as_dtype("float32"))

    def double(self: M) -> M:
        """Convert floating tensors to float64."""
        return self.to(as_dtype("float64"))

    def half(self: M) -> M:
        """Convert floating tensors to float16."""
        return self.to(as_dtype("float16"))

    def bfloat16(self: M) -> M:
        """Convert floating tensors to bfloat16."""
        return self.to(as_dtype("bfloat16"))

    def cpu(self: M) -> M:
        """Move to the CPU."""
        return self.to("cpu")

    def opencl(self: M, device: Any = None) -> M:
        """Move to an OpenCL device (the first where not given)."""
        return self.to("opencl" if device is None else device)

    def cuda(self: M, device: Any = None) -> M:
        """Move to the first NVIDIA OpenCL GPU, for scripts that come from PyTorch."""
        return self.to("cuda" if device is None else device)

    def to_empty(self: M, *, device: Any, recurse: bool = True) -> M:
        """Move to a device without the values."""
        return self._apply(lambda t: t.new_empty(tuple(t.shape), device=device), recurse)
