"""Settings for every test run: one thread per process, Hypothesis profiles, the shared fixtures."""

import os

# Before NumPy is loaded: pytest-xdist has a process for each core, so one thread each is right.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POCL_MAX_PTHREAD_COUNT"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("MPLBACKEND", "agg")

from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
# Thousands of examples for each property: pytest -m hypothesis --hypothesis-profile=nightly
settings.register_profile("nightly", deadline=None, max_examples=3000)
settings.load_profile("ci" if os.environ.get("CI") else "here")

pytest_plugins = ("facula.core.testing.plugin",)
