"""Where compiled kernels are kept, and whether they are there: known without importing the compiler."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from functools import cache
from pathlib import Path

from ..base.package import ROOT

SOURCES = Path(__file__).parent


@cache
def cache_folder() -> Path:
    """One folder for each state of the sources that kernels may be made of."""
    digest = hashlib.sha256(ROOT.encode())  # numba keeps the module's name with a kernel
    for source in sorted(SOURCES.rglob("*.py")):
        digest.update(source.read_bytes())
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "format-matters" / "kernels" / digest.hexdigest()[:16]


def has_compiler() -> bool:
    """Whether numba is installed; without it every stage has a way in NumPy or Pillow."""
    return importlib.util.find_spec("numba") is not None


def compiles_first() -> bool:
    """Whether the first batch will wait for kernels to be compiled."""
    return has_compiler() and not cache_folder().exists()
