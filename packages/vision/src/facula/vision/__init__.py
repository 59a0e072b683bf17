"""Datasets, transforms and models for pictures."""

__all__: list[str] = []
