"""Where samples lie in shards, found by reading the shards themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..folder import ENTRY, Entries
from .example import INT64_LIST, features_of
from .layout import ENCODED, LABEL
from .records import HEADER, walk, wrong_lengths
from .shard_maps import GzipShards, PlainShards

_EVERY = 1 << 62


def walked_index(shards: PlainShards | GzipShards) -> Entries:
    """The entries of all samples in order. Raises ValueError for what is no record of ours, naming shard and byte."""
    found = [entry for shard in range(len(shards.sizes)) for entry in _of_shard(shards, shard)]
    return np.array(found, ENTRY)


def _of_shard(shards: PlainShards | GzipShards, shard: int) -> Iterator[tuple[int, int, int, int]]:
    for part in shards.parts(shard):
        for at, data in _records(part.memory, part.start, shard):
            try:
                offset, length, label = _sample(data)
            except (ValueError, KeyError):
                what = f"no Example with one {ENCODED} and one {LABEL}"
                raise ValueError(f"{_place(shard, part.start + at)}: {what}") from None
            yield part.start + at + HEADER + offset, length, label, shard


def _records(memory: memoryview, start: int, shard: int) -> Iterator[tuple[int, bytes]]:
    """(where it begins, its data) of each record. Raises ValueError unless whole ones fill the memory to its end."""
    octets = np.frombuffer(memory, np.uint8)
    walked = walk(memory, 0, len(octets), _EVERY)
    wrong = wrong_lengths(octets, walked)
    if len(wrong) or walked.end != len(octets):
        at = int(walked.starts[wrong[0]]) if len(wrong) else walked.end
        raise ValueError(f"{_place(shard, start + at)}: no whole record begins there")
    for at, length in zip(walked.starts.tolist(), walked.lengths.tolist(), strict=True):
        yield at, bytes(memory[at + HEADER : at + HEADER + length])


def _sample(data: bytes) -> tuple[int, int, int]:
    """(where its payload begins in the Example, the payload's bytes, label)."""
    features = features_of(data)
    ((start, end),) = features[ENCODED].spans
    label = features[LABEL]
    if label.kind != INT64_LIST or label.numbers is None or len(label) != 1:
        raise ValueError("not one label")
    return start, end - start, int(label.numbers[0])


def _place(shard: int, at: int) -> str:
    return f"shard {shard}, byte {at:,}"
