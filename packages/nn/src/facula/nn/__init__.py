"""Modules, layers, losses and initialisation."""

__all__: list[str] = []
