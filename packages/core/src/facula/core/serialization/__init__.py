"""Saving and loading in PyTorch's formats, and what may be loaded."""

from facula.core.serialization.errors import CheckpointError, UnsafeCheckpointError
from facula.core.serialization.reading import load
from facula.core.serialization.rebuild import register_global, register_reducer
from facula.core.serialization.safe import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
)
from facula.core.serialization.safetensors_files import load_file, save_file
from facula.core.serialization.storage import Storage
from facula.core.serialization.writing import save

__all__ = [
    "save", "load", "add_safe_globals", "clear_safe_globals", "get_safe_globals", "safe_globals",
    "load_file", "save_file", "register_global", "register_reducer", "Storage",
    "CheckpointError", "UnsafeCheckpointError",
]
