"""How a sample of ours lies in a shard: the Example, byte by byte, and the names of shards.

Features stand in the order of their names, each as TensorFlow itself writes it, so that an Example is the same bytes
as its deterministic serialisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from .example import BYTES, before_bytes, entry, written

ENCODED, FORMAT = "image/encoded", "image/format"
HEIGHT, WIDTH = "image/height", "image/width"
LABEL, TEXT = "image/class/label", "image/class/text"

GZIP_ENDING = ".gz"
BLOCKS = "blocks.npy"
"""Of shards in gzip: where reading can begin, a structured array (m,), see `BLOCK`."""

BLOCK = np.dtype([("shard", "<u4"), ("start", "<u8"), ("length", "<u8"), ("stored", "<u8"), ("stored_length", "<u8")])
"""A member of a gzip file, which holds whole records: the shard's number; where it begins in what the shard inflates
to, and how long it is there; the same in the file. Bytes."""

BLOCK_BYTES = 1 << 16
"""Bytes of records after which a block ends: what reading one sample has to inflate."""

_FEATURES = written(1 << 3 | BYTES)
"""The tag of an Example's only field."""

_FORMATS = {".jpg": "jpeg", ".tif": "tiff"}


def shard_name(split: str, number: int, shards: int, gzip: bool) -> str:
    return f"{split}-{number:05d}-of-{shards:05d}{GZIP_ENDING if gzip else ''}"


def format_of(suffix: str) -> str:
    """What `image/format` says of a payload with this ending: "jpeg", "png", "raw"; compressed, "png.zst"."""
    return _FORMATS.get(suffix, suffix[1:])


def before_encoded(label: int, class_name: str) -> bytes:
    """The features that stand before the payload's."""
    return entry(LABEL, label) + entry(TEXT, class_name.encode("utf-8", "replace"))


@lru_cache(1 << 14)
def encoded_of(size: int) -> bytes:
    """What stands in the payload's own feature before a payload of `size` bytes."""
    return before_bytes(ENCODED, size)


@lru_cache(1 << 14)
def after_encoded(suffix: str, height: int | None, width: int | None) -> bytes:
    """The features that stand behind the payload's; an unknown size is left out."""
    sizes = [entry(name, size) for name, size in ((HEIGHT, height), (WIDTH, width)) if size is not None]
    return entry(FORMAT, format_of(suffix).encode()) + b"".join(sizes)


@lru_cache(1 << 14)
def before_features(size: int) -> bytes:
    """What an Example begins with whose features have `size` bytes."""
    return _FEATURES + written(size)


def heads(classes: Sequence[str]) -> list[bytes]:
    """`before_encoded` of each class."""
    return [before_encoded(label, name) for label, name in enumerate(classes)]
