"""A file at an address as a store: fetched whole into the cache on this machine's disk, where a loader maps it."""

from __future__ import annotations

import os
from pathlib import Path

from ...base.errors import InputError
from ...base.home import Home
from ...base.units import size_text
from ...remote.address import check_address, last_name
from ...remote.cache import DEFAULT_BYTES, DiskCache
from ...remote.errors import RemoteMissing
from ...remote.files import RemoteFiles
from ..opened_store import ForeignStore
from ..opening import open_foreign


def open_fetched(
    address: str,
    split: str | None = None,
    schema: str | None = None,
    home: Home | None = None,
    cache: str | os.PathLike[str] | None = None,
    cache_mb: int | None = None,
) -> ForeignStore:
    """The file at an address, as `open_foreign` opens one. It stays in the cache for as long as this process lives.

    `cache`: the folder that keeps it, `data/cache` in the home if None; `cache_mb`: MB (10^6 bytes) of it at most,
    10,000 if None.

    Raises:
        InputError: there is no such file, it is larger than the cache may be, of no known kind, or has no such split.
        RemoteError: the storage does not answer.
    """
    files = RemoteFiles(check_address(address))
    found_home = home or Home.find()
    folder = found_home.cache if cache is None else Path(cache).absolute()
    limit = DEFAULT_BYTES if cache_mb is None else cache_mb * 1_000_000
    try:
        stat = files.stat()
    except RemoteMissing:
        raise InputError(
            f"{files.name()} is not a built store, and no file either: give the address of a store's folder, or of one "
            "file"
        ) from None
    if stat.size > limit:
        raise InputError(
            f"{last_name(address)} has {size_text(stat.size)}, and a file that others made is fetched whole to be "
            f"loaded, {size_text(limit)} at most: give a larger cache_mb, or build a store there (docs/scale.md)"
        )
    return open_foreign(DiskCache(folder, limit).get(files, "", stat, hold=True), split, schema, found_home)
