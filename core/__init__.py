"""Format Matters: store images for training in several formats, load them, measure both, look inside.

Programs call `open_store`; people type `python -m core` (docs/architecture.md draws the map).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .inspect.opened_store import ForeignStore
    from .stores.store import Store

__version__ = "0.2.0"
__all__ = ["open_store"]


def open_store(path: str, split: str = "train") -> Store | ForeignStore:
    """Open a built store, or a file or folder in one of the tutorials' layouts; the format is recognised by itself.

    The result has `len()`, `classes`, `labels` (int64 (n,)) and `[i]` -> (uint8 pixels (height, width, 3), int); a
    built store also has `loader(...)`. Raises InputError where there is nothing that can be opened.
    """
    from pathlib import Path

    from .stores import store

    if (Path(path) / store.MANIFEST).exists():
        return store.open_store(path, split)
    from .inspect import open_foreign

    return open_foreign(path, split)
