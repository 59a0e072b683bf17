"""Datasets, samplers and the data loader."""

__all__: list[str] = []
