"""What each module computes, written down in NumPy from its definition: nothing here is facula's.

A formula is called as ``formula(o, w, *inputs)``: ``o`` holds the constructor's arguments by name
and ``training``, ``w`` the state dict as float64 arrays.
"""

from formulas import elements, losses, normalised, sequences, windows

FORMULAS = {**elements.FORMULAS, **windows.FORMULAS, **normalised.FORMULAS, **losses.FORMULAS,
            **sequences.FORMULAS}
