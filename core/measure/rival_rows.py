"""Rows of other people's loaders ("rivals") in loader records, and what people call a loader.

A rival is compared as a whole: its container and its loader together. Its row has `rival` true, and its `format` is a
word for that container. That may be the name of one of our formats ("lmdb", of another layout), so whoever groups by
store or format asks here first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..loading.loaders import LOADERS
from ..rivals import RIVALS


def is_rival(row: Mapping[str, Any]) -> bool:
    """Whether a row, or what is told of one, is about somebody else's loader; also where it names the loader only."""
    return row.get("rival") is True or is_rival_name(str(row.get("loader", "")))


def is_rival_name(loader: str) -> bool:
    """Whether a loader is somebody else's: one that this program knows, and that is none of ours."""
    return loader not in LOADERS and loader in RIVALS


def loader_title(name: str) -> str:
    """What people call a loader; of one that this program does not know, its name."""
    if name in LOADERS:
        return LOADERS[name].title
    return RIVALS[name].title if name in RIVALS else name


def subject_title(row: Mapping[str, Any]) -> str:
    """What a row is about, in a sentence: "WebDataset (tar/original)", "lmdb/raw, fast"."""
    store, loader = str(row.get("store", "")), str(row.get("loader", ""))
    return f"{loader_title(loader)} ({store})" if is_rival(row) else ", ".join(filter(None, (store, loader)))
