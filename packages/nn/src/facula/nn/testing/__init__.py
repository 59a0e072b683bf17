"""The table of modules that the tests go through, with sample arguments for each."""

from facula.nn.testing.table import CASES, Case, Draw, named, numbers

__all__ = ["CASES", "Case", "Draw", "named", "numbers"]
