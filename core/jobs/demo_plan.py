"""What the demo compares, known without loading what it takes to run it."""

from __future__ import annotations

from ..formats import FORMATS, example_format

DATASET = "shapes"
MOST_IMAGES = 2_000
"""Of somebody's own images."""

WORKERS = "0"
"""Every store is loaded by one thread, so that nothing but format or encoding differs."""

UNCOMPILED = "torch"
"""The loader that needs no compiled kernels."""

AS_FILES, PIXELS = "original", "raw"
"""The two encodings."""

IMAGES, STORES, LOADING, RAW = range(1, 5)
"""The steps; what comes after the last one is read from its records."""


def formats() -> list[str]:
    """The formats that are compared."""
    return [name for name, entry in FORMATS.items() if entry.usual and entry.available()]


def variants() -> list[tuple[str, str]]:
    """Format and encoding of the stores: all usual formats at one encoding, and two encodings in one format."""
    return [*((name, AS_FILES) for name in formats()), (example_format(), PIXELS)]
