"""This package's name, `core` in a clone and `format_matters` where it is installed; what is found by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

ROOT = __name__.partition(".")[0]

INSTALLED = ROOT != "core"
"""Whether this is the installed distribution rather than a clone."""

COMMAND = "format-matters" if INSTALLED else f"python -m {ROOT}"
"""What people type before a verb."""


def load(where: str) -> Any:
    """What "module:Name" says; a module that begins with a dot is one of this package. Raises ImportError."""
    module, _, name = where.partition(":")
    return getattr(import_module(module, ROOT), name)
