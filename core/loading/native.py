"""Kernels compiled by numba for this machine's CPU, once, and kept on disk.

What is compiled is kept under the hash of the kernels' sources (see `kernel_cache`): numba by itself only looks at the
file that a kernel is written in, and would go on using one whose inner functions have changed in another file.
Import this module only where numba is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from .kernel_cache import cache_folder

config: Any = numba.core.config
if not config.CACHE_DIR:
    config.CACHE_DIR = str(cache_folder())


def kernel(function: Callable[..., Any]) -> Any:
    """Compile for this CPU at the first call, keep it on disk, and let other threads run meanwhile."""
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


def inlined(function: Callable[..., Any]) -> Any:
    """A part of a kernel that is worth a copy wherever it is used."""
    return numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)
