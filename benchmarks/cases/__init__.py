"""The cases, a file per theme; each is imported by ``benchmarks.registry.load``."""
