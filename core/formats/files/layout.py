"""The names of the files beside the samples' own, and how a path is made."""

from __future__ import annotations

from ..folder import DICTIONARY, METADATA

MANIFEST = "manifest.csv"
RESERVED = frozenset({MANIFEST, METADATA, DICTIONARY})
HEADER = ["path", "label", "class"]
"""The first line of the manifest."""
