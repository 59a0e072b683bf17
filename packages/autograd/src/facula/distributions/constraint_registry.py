"""From a constraint to a transform that maps unconstrained numbers into its region.

``biject_to`` gives bijections, as Hamiltonian Monte Carlo needs them; ``transform_to``
gives simpler maps, perhaps with more inputs than outputs, as optimisation prefers them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from facula.distributions import bijections, constraints, transform

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """A table from types of constraints to functions that make transforms.

    Examples
    --------
    >>> import facula
    >>> from facula.distributions import constraints, transform_to
    >>> transform_to(constraints.greater_than(1.0))(facula.tensor(0.0))
    tensor(2.)
    """

    def __init__(self) -> None:
        self._registry: dict[type, Callable[[Any], Any]] = {}

    def register(self, constraint: Any, factory: Callable[[Any], Any] | None = None) -> Any:
        """Enter a function from a constraint to a transform; also a decorator.

        Raises
        ------
        TypeError
            If the first argument is neither a type of constraints nor one of these.
        """
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        if isinstance(constraint, constraints.Constraint):
            constraint = type(constraint)
        if not isinstance(constraint, type) or not issubclass(constraint, constraints.Constraint):
            raise TypeError("Expected constraint to be either a Constraint subclass or instance, "
                            f"but got {constraint}")
        self._registry[constraint] = factory
        return factory

    def __call__(self, constraint: Any) -> Any:
        """The transform into a constraint's region.

        Raises
        ------
        NotImplementedError
            If there is none for constraints of this type.
        """
        try:
            factory = self._registry[type(constraint)]
        except KeyError:
            raise NotImplementedError(
                f"Cannot transform {type(constraint).__name__} constraints") from None
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _both(*kinds: Any) -> Callable[[Any], Any]:
    """Register with both tables."""
    def enter(factory: Callable[[Any], Any]) -> Callable[[Any], Any]:
        for kind in kinds:
            biject_to.register(kind, factory)
            transform_to.register(kind, factory)
        return factory
    return enter


@_both(constraints.real)
def _to_real(constraint: Any) -> Any:
    return transform.identity_transform


def _independent(registry: ConstraintRegistry) -> Callable[[Any], Any]:
    def make(constraint: Any) -> Any:
        return transform.IndependentTransform(registry(constraint.base_constraint),
                                              constraint.reinterpreted_batch_ndims)
    return make


@_both(constraints.positive, constraints.nonnegative)
def _to_positive(constraint: Any) -> Any:
    return _above(constraint.lower_bound)


def _above(bound: Any) -> Any:
    if isinstance(bound, (int, float)) and bound == 0:
        return bijections.ExpTransform()
    return transform.ComposeTransform([bijections.ExpTransform(),
                                       bijections.AffineTransform(bound, 1)])


@_both(constraints.less_than)
def _to_less_than(constraint: Any) -> Any:
    return transform.ComposeTransform([bijections.ExpTransform(),
                                       bijections.AffineTransform(constraint.upper_bound, -1)])


@_both(constraints.interval, constraints.half_open_interval)
def _to_interval(constraint: Any) -> Any:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return bijections.SigmoidTransform()
    return transform.ComposeTransform([bijections.SigmoidTransform(),
                                       bijections.AffineTransform(low, high - low)])


@_both(constraints.corr_cholesky)
def _to_corr_cholesky(constraint: Any) -> Any:
    return bijections.CorrCholeskyTransform()


def _parts(make_transform: Any, registry: ConstraintRegistry) -> Callable[[Any], Any]:
    def make(constraint: Any) -> Any:
        inner = [registry(c) for c in constraint.cseq]
        if make_transform is transform.CatTransform:
            return make_transform(inner, constraint.dim, constraint.lengths)
        return make_transform(inner, constraint.dim)
    return make


for _registry in (biject_to, transform_to):
    _registry.register(constraints.independent, _independent(_registry))
    _registry.register(constraints.cat, _parts(transform.CatTransform, _registry))
    _registry.register(constraints.stack, _parts(transform.StackTransform, _registry))


@biject_to.register(constraints.simplex)
def _biject_to_simplex(constraint: Any) -> Any:
    return bijections.StickBreakingTransform()


@transform_to.register(constraints.simplex)
def _transform_to_simplex(constraint: Any) -> Any:
    return bijections.SoftmaxTransform()


@transform_to.register(constraints.lower_cholesky)
def _transform_to_lower_cholesky(constraint: Any) -> Any:
    return bijections.LowerCholeskyTransform()


@transform_to.register(constraints.positive_definite)
@transform_to.register(constraints.positive_semidefinite)
def _transform_to_positive_definite(constraint: Any) -> Any:
    return bijections.PositiveDefiniteTransform()
