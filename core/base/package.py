"""This package's name, `core` in a clone and `format_matters` where it is installed; what is found by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

ROOT = __name__.partition(".")[0]


def load(where: str) -> Any:
    """What "module:Name" says; a module that begins with a dot is one of this package. Raises ImportError."""
    module, _, name = where.partition(":")
    return getattr(import_module(module, ROOT), name)
