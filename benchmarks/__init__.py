"""Benchmarks: every case in facula, PyTorch and NumPy in turn, in one run, with the ratios."""
