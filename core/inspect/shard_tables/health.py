"""What is wrong with shards, by what the index says of them and what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..findings import merged
from ..records import Finding
from .file import ShardTableFile
from .index import ListedShard
from .offsets import WRAPS, wrapped_finding

COUNTED = 2000
"""Shards whose table is looked at when the folder is opened."""

MOST_LISTED = 100_000


def check(file: ShardTableFile, library: str, ending: str) -> list[Finding]:
    """Missing shards, other sizes, other numbers of samples, offsets that wrapped, files that are not listed (those
    whose names have `ending` in them).

    A shard that has fewer samples than the index says is left with as many.
    """
    found = [finding for number in range(len(file.shards)) for finding in _of_shard(file, number)]
    large = [shard.name for shard in file.shards if (file.folder.size(shard.name) or 0) >= WRAPS]
    found += [wrapped_finding(large, library)] if large else []
    return merged([*found, *_unlisted(file, ending)])


def _of_shard(file: ShardTableFile, number: int) -> Iterator[Finding]:
    shard = file.shards[number]
    name = (shard.packed or shard.name)[:200]
    if shard.problem is not None:
        yield Finding("shard-unreadable", 1, f"{name}: {shard.problem}", "none of its samples is shown", _AGAIN)
        return
    size = file.folder.size(shard.name)
    packed = file.folder.size(shard.packed) if shard.packed is not None else None
    if size is None and packed is None:
        told = "index.json lists the shard and it is not there: its samples cannot be read, and a loader stops there"
        yield Finding("shard-missing", 1, name, told, "copy the missing files, too")
        return
    stated, actual = (shard.size, size) if size is not None else (shard.packed_size, packed)
    if stated is not None and actual not in (stated, shard.other_size):
        where = f"{name}: {actual:,} bytes, and {stated:,} in index.json"
        told = "the file is not the one that index.json was written for, or was cut short"
        yield Finding("size-differs", 1, where, told, "copy the file again, or write the folder again")
    if number < COUNTED and size is not None:
        yield from _count(file, number, shard)


def _count(file: ShardTableFile, number: int, shard: ListedShard) -> Iterator[Finding]:
    try:
        count = file.table(number).count
    except (ValueError, OSError) as error:
        yield Finding("shard-unreadable", 1, str(error)[:300], "none of its samples can be read", _AGAIN)
        return
    if count != shard.samples:
        where = f"{shard.name}: {count:,} samples, and {shard.samples:,} in index.json"
        told = "the index and the shard disagree: samples are left out, or asked for where there are none"
        yield Finding("count-differs", 1, where, told, "write index.json again from the shards")
    if count < shard.samples:
        file.shorten(number, count)


def _unlisted(file: ShardTableFile, ending: str) -> list[Finding]:
    """Shards that lie in the folder and are not in the index."""
    listed = {name for shard in file.shards for name in (shard.name, shard.packed) if name}
    names: list[str] = []
    with os.scandir(file.path.parent) as entries:
        for number, entry in enumerate(entries):
            if number >= MOST_LISTED:
                break
            if ending in entry.name and entry.name not in listed:
                names.append(entry.name)
    if not names or not listed:
        return []
    told = "index.json does not list these shards, so no loader reads their samples"
    return [Finding("shard-not-listed", len(names), ", ".join(sorted(names)[:5]), told, "write index.json again")]


_AGAIN = "copy it again, or write it again"
