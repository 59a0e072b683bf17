"""Which tiles kernels use: a shipped table by class of device, and what ``tune`` found here.

    devices -> class or name -> operation -> dtype or * -> bucket of sizes or * -> parameters

The more special entry wins, and a device's own, from the file in the user's folder for caches, wins
over that of its class. A file that can't be read, or holds what kernels can't be built with, is
ignored with a warning; the next ``tune`` writes it anew.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from facula.core.backends.opencl.probe import Device
from facula.core.backends.opencl.programs import read_source

FORMAT = 1
Parameters = dict[str, int]
_ALLOWED: dict[str, Callable[[int], bool]] = {
    "vector_bytes": lambda n: n in (16, 32, 64), "rows": lambda n: n in (2, 4, 6, 8, 12, 16),
    "mc": lambda n: n % 24 == 0 and 24 <= n <= 480, "nc": lambda n: n in (32, 64, 128, 256),
    "kc": lambda n: n % 32 == 0 and 32 <= n <= 1024,
    "tm": lambda n: n in (16, 32, 64, 128), "tn": lambda n: n in (16, 32, 64, 128),
    "tk": lambda n: n in (8, 16, 32), "kw": lambda n: n in (8, 16, 32),
    "warps_m": lambda n: n in (1, 2, 4), "warps_n": lambda n: n in (1, 2, 4),
    "padded_kib": lambda n: n in (64, 128, 256, 512, 1024),
    "places": lambda n: n in (256, 512, 1024, 2048, 4096),
}


def path() -> Path:
    """The user's file: in ``$FACULA_HOME``, else ``facula`` in the folder for caches."""
    home = os.environ.get("FACULA_HOME")
    if home:
        return Path(home).expanduser() / "tuning.json"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "facula" / "tuning.json"


def identity(device: Device) -> str:
    """What a device's results are kept under: another driver may want other tiles."""
    return f"{device.name} | {device.platform} {device.driver} | {device.compute_units}"


def device_class(device: Device) -> str:
    """The row of the shipped table."""
    if device.kind == "cpu":
        return "cpu-64" if device.vector_bytes >= 64 else "cpu-32"
    return device.kind


def _checked(table: Any) -> dict[str, Any]:
    """The devices of a file's content.

    Raises
    ------
    ValueError
        If it is not what this module writes.
    """
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise ValueError(f"format is not {FORMAT}")
    for operations in table["devices"].values():
        for name, dtypes in operations.items():
            for buckets in dtypes.values():
                for parameters in buckets.values():
                    for key, value in parameters.items():
                        if type(value) is not int or key not in _ALLOWED or not (
                                _ALLOWED[key](value)):
                            raise ValueError(f"{name}: {key} is {value!r}")
    devices: dict[str, Any] = table["devices"]
    return devices


def read() -> dict[str, Any]:
    """The user's entries by device; none where there is no usable file."""
    file = path()
    try:
        return _checked(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        warnings.warn(f"{file} is ignored: {error}: facula.opencl.tune() writes it anew",
                      stacklevel=3)
        return {}


def write(device: Device, operation: str, dtype: str, bucket: str, found: Parameters) -> Path:
    """Add one result to the user's file, at once and whole or not at all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        devices = read()
    entry = devices.setdefault(identity(device), {}).setdefault(operation, {})
    entry.setdefault(dtype, {})[bucket] = found
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps({"format": FORMAT, "devices": devices}, indent=2),
                      encoding="utf-8")
    beside.replace(file)
    _Tables.user = devices
    return file


class _Tables:
    """The two tables, read when first needed."""

    shipped: dict[str, Any] | None = None
    user: dict[str, Any] | None = None


def choice(device: Device, operation: str, dtype: str = "*", bucket: str = "*") -> Parameters:
    """The parameters of an operation's kernels for a dtype's name and a bucket of sizes."""
    if _Tables.shipped is None:
        _Tables.shipped = _checked(json.loads(read_source("tuning.json")))
    if _Tables.user is None:
        _Tables.user = read()
    found: Parameters = {}
    for table, key in ((_Tables.shipped, device_class(device)), (_Tables.user, identity(device))):
        dtypes: Mapping[str, Any] = table.get(key, {}).get(operation, {})
        for d, b in (("*", "*"), ("*", bucket), (dtype, "*"), (dtype, bucket)):
            found |= dtypes.get(d, {}).get(b, {})
    return found | device.overrides.get(operation, {})
