"""Special functions of arrays, in plain NumPy: the kernels of the CPU, and of the fallback."""
