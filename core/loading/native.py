"""Kernels compiled by numba for this machine's CPU, once, and kept on disk.

What is compiled is kept under the hash of the kernels' sources: numba by itself only looks at the file that a kernel
is written in, and would go on using one whose inner functions have changed in another file. Import this module only
where `available()` of `core.loading.choice` says so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

KERNELS = Path(__file__).parent


def _cache_folder() -> Path:
    digest = hashlib.sha256()
    for source in [
        KERNELS / "native.py",
        *sorted((KERNELS / "jpeg").glob("*.py")),
        *sorted(KERNELS.glob("kernel*.py")),
    ]:
        digest.update(source.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "format-matters" / "kernels" / digest.hexdigest()[:16]


config: Any = numba.core.config
if not config.CACHE_DIR:
    config.CACHE_DIR = str(_cache_folder())


def kernel(function: Callable[..., Any]) -> Any:
    """Compile for this CPU at the first call, keep it on disk, and let other threads run meanwhile."""
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


def inlined(function: Callable[..., Any]) -> Any:
    """A part of a kernel that is worth a copy wherever it is used."""
    return numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)
