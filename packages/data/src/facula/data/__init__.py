"""Datasets, samplers and the data loader."""
