"""The hot path: for each declared operation the closure that users call, by family."""

from facula.core.fronts.elementwise import Resolver, elementwise_front
from facula.core.fronts.inplace import (
    inplace_composite_front,
    inplace_front,
    inplace_primitive_front,
)
from facula.core.fronts.primitive import primitive_front
from facula.core.fronts.reduction import reduction_front
from facula.core.fronts.telling import telling
from facula.core.fronts.view import view_front
from facula.core.fronts.whole import reading_integers

__all__ = ["Resolver", "elementwise_front", "inplace_composite_front", "inplace_front",
           "inplace_primitive_front", "primitive_front", "reading_integers", "reduction_front",
           "telling", "view_front"]
