"""Tools for testing operations: samples of their arguments, layouts, comparisons, fixtures."""
