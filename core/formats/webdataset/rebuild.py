"""The index of a WebDataset of ours where it is missing or fits no longer: one walk over the headers of its shards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..folder import ENTRY, Entries
from .tar_layout import BLOCK, KEY_DIGITS, LABEL_SUFFIX, NPY
from .tar_walk import REGULAR, Members, TarWalk, joined

Memory = npt.NDArray[np.uint8]

LONGEST_LABEL = 20


def walked(memory: Memory) -> Members:
    """All members of a shard, uint8 (bytes,). Raises ValueError where it is damaged."""
    walk = TarWalk(memory)
    members = joined(list(walk.steps()))
    if walk.problem is not None:
        raise ValueError(walk.problem)
    return members


def without_fields(members: Members) -> Members:
    """The first two members of each key, payload and label."""
    names = members.all_names()
    keys = [name[:KEY_DIGITS] for name in names]
    before = [None, None, *keys]
    kept = [place for place, key in enumerate(keys) if before[place] != key]
    names = [names[place] for place in kept]
    headers, offsets, sizes, types = members[:4]
    arena, ends = np.frombuffer(b"".join(names), np.uint8), np.cumsum(list(map(len, names)), dtype=np.int64)
    return Members(headers[kept], offsets[kept], sizes[kept], types[kept], arena, ends)


def entries_of(members: Members, memory: Memory, shard: int, first: int) -> Entries:
    """The samples of a shard (or of a frame of it) in order; the first has the number `first`. Raises ValueError where
    they are not as our writer writes them."""
    if len(members.headers) % 2 or (members.types != REGULAR[0]).any():
        raise ValueError("it is not made of payloads and their labels")
    entries = np.zeros(len(members.headers) // 2, ENTRY)
    entries["offset"], entries["length"], entries["shard"] = members.offsets[::2], members.sizes[::2], shard
    entries["label"] = list(_labels(members, memory, first))
    if len(entries) and members.name(0).endswith(NPY.encode()):
        before = np.array([_npy_header(memory, offset) for offset in members.offsets[::2].tolist()], np.uint64)
        if (entries["length"] < before).any():
            raise ValueError("a member is shorter than an array's header")
        entries["offset"] += before
        entries["length"] -= before
    return entries


def _labels(members: Members, memory: Memory, first: int) -> Iterator[int]:
    """Raises ValueError where keys do not count from `first` on, or a label is none."""
    names = members.all_names()
    sizes, offsets = members.sizes[1::2].tolist(), members.offsets[1::2].tolist()
    for place, (payload, label) in enumerate(zip(names[::2], names[1::2], strict=True)):
        key = b"%08d" % (first + place)
        if payload[: KEY_DIGITS + 1] != key + b"." or label != key + LABEL_SUFFIX.encode():
            raise ValueError(f"{payload.decode('utf-8', 'replace')!r} stands where sample {key.decode()} should be")
        text = memory[offsets[place] : offsets[place] + min(sizes[place], LONGEST_LABEL + 1)].tobytes()
        if not (text.isdigit() and len(text) <= LONGEST_LABEL and int(text) < 1 << 63):
            raise ValueError(f"the label of sample {key.decode()} is no number")
        yield int(text)


def _npy_header(memory: Memory, offset: int) -> int:
    """Bytes before the pixels of a `.npy` member, format 1.0."""
    head = memory[offset : offset + 10].tobytes()
    if head[:8] != b"\x93NUMPY\x01\x00" or len(head) < 10:
        raise ValueError(f"the member at byte {offset - BLOCK:,} is no array")
    return 10 + int.from_bytes(head[8:], "little")
