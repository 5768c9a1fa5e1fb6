"""Kernels compiled by numba for this machine's CPU, once, and kept on disk.

What is compiled is kept under the hash of the kernels' sources (see `kernel_cache`): numba by itself only looks at the
file that a kernel is written in, and would go on using one whose inner functions have changed in another file.
Import this module only where numba is installed.
"""

from __future__ import annotations

# numba's types are of use to its callers only.
# mypy: disable-error-code="attr-defined, no-untyped-call"
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys

from .kernel_cache import cache_folder

config: Any = numba.core.config

KERNELS: list[Any] = []
"""All that were defined, in their order."""


class KernelCache(FunctionCache):
    """numba's cache of a function on disk, in our folder, and read without what only a compilation needs.

    Before it looks for what was compiled, numba imports all that it can compile (and SciPy, for the linear algebra in
    it): 0.3 of the 0.6 seconds to a first batch. Code that is compiled needs the memory management alone; a compilation
    does all the rest by itself.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        """Raises RuntimeError where no folder can be written."""
        before = config.CACHE_DIR
        config.CACHE_DIR = before or str(cache_folder())
        try:
            super().__init__(function)
        finally:
            config.CACHE_DIR = before

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile for this CPU at the first call, keep it on disk, and let other threads run meanwhile."""
    made: Any = numba.njit(nogil=True, error_model="numpy")(function)
    with suppress(RuntimeError):  # nowhere to keep it: each process compiles for itself
        made._cache = KernelCache(function)
    KERNELS.append(made)
    return made


def inlined(function: Callable[..., Any]) -> Any:
    """A part of a kernel that is worth a copy wherever it is used."""
    return numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)
