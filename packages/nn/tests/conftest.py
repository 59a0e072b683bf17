"""Lets the tests import `formulas`, the modules' definitions in NumPy."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
