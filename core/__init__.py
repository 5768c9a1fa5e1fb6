"""Format Matters: store images for training in several formats, load them, measure both, look inside.

Programs call `open_store`; people type `python -m core` (docs/architecture.md draws the map).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from .inspect.opened_store import ForeignStore
    from .stores.store import Store

__version__ = "0.2.0"
__all__ = ["open_store"]


def open_store(
    path: str | os.PathLike[str],
    split: str | None = None,
    schema: str | None = None,
    home: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    cache_mb: int | None = None,
) -> Store | ForeignStore:
    """Open a built store, or any file or folder that `inspect` understands; what it is is recognised by itself.

    The result has `len()`, `classes`, `labels` (int64 (n,)), `[i]` -> (uint8 pixels (height, width, 3), int) and
    `loader(...)`. `split`: of a built store "train" if None. `schema`: read a file in this way and no other (the names
    are those of `inspect`). `home`: where what is found out about a file is kept, if not in the usual home. Raises
    InputError where there is nothing that can be opened.

    `path` may be the address of a store (s3://bucket/folder, any that fsspec knows): then `cache` is the folder that
    keeps what was fetched (`data/cache` in the home if None), `cache_mb` MB of it at most (10,000 if None). Any other
    file at an address is fetched there whole.
    """
    import os
    from pathlib import Path

    from .base.gc_pause import collector_paused

    with collector_paused:
        from .base.errors import InputError
        from .base.home import Home
        from .remote.address import is_address
        from .stores import store

    if is_address(os.fspath(path)):
        from .stores.remote.store import is_remote_store, open_remote_store

        if schema is None and is_remote_store(os.fspath(path)):
            return open_remote_store(os.fspath(path), split or "train", cache, cache_mb, home)
        from .inspect.remote.fetched import open_fetched

        return open_fetched(os.fspath(path), split, schema, Home.find(home), cache, cache_mb)
    if (Path(path) / store.MANIFEST).exists():
        if schema is not None:
            raise InputError(f"{path} is a store, whose manifest says how it is read: leave out schema={schema!r}")
        return store.open_store(path, split or "train")
    from .inspect import open_foreign

    return open_foreign(path, split, schema, Home.find(home))
