"""Optimisers and learning-rate schedules."""

__all__: list[str] = []
