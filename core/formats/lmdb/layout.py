"""The names of the entries in an LMDB of ours."""

from __future__ import annotations

LABELS, METADATA, DICTIONARY = b"__labels__", b"__metadata__", b"__dictionary__"
KEY_DIGITS = 8
MAX_SAMPLES = 10**KEY_DIGITS
MAX_GROUP = 1 << 16
"""Samples in one value at most."""


def key_of(number: int) -> bytes:
    """The key of a value: its number as eight digits, so that keys sort as numbers do."""
    return b"%08d" % number
