"""Distances and angles between vectors, which are core's."""

from facula.core.ops.distance import cosine_similarity, pairwise_distance, pdist
from facula.core.ops.distance import length as norm

__all__ = ["cosine_similarity", "norm", "pairwise_distance", "pdist"]
