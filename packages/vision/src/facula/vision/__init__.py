"""Datasets, transforms and models for pictures."""
