"""Compressions and what is refused before memory is taken for it."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from core.base.contracts import MAX_PAYLOAD, Extents, ManyAtOnce
from core.compressions import COMPRESSIONS


@pytest.mark.parametrize("name", list(COMPRESSIONS))
def test_only_who_learns_is_trained(name: str) -> None:
    """Others would be given payloads that were encoded for nothing."""
    made = COMPRESSIONS.make(name)
    trained = made.train([f"a payload like others, {number}".encode() * 40 for number in range(600)])
    assert made.learns == (trained != made)


def bomb(name: str, size: int) -> bytes:
    """A small frame that says it holds `size` bytes, more than a payload may have."""
    if name == "lz4":
        import lz4.frame

        frame = bytearray(lz4.frame.compress(b"x" * 5000, store_size=True))
        frame[6:14] = struct.pack("<Q", size)
        frame[14] = _lz4_checksum(bytes(frame[4:14]))
        return bytes(frame)
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x4b\x00\x00x" + b"\0" * 8


def _lz4_checksum(descriptor: bytes) -> int:
    import xxhash

    return xxhash.xxh32_intdigest(descriptor) >> 8 & 255


@pytest.mark.parametrize("name", [name for name in COMPRESSIONS if name != "none"])
def test_no_way_to_decompress_passes_the_limit(name: str) -> None:
    made = COMPRESSIONS.make(name)
    payloads = [f"a payload like others, {number}".encode() * 40 for number in range(600)]
    made = made.train(payloads)
    sound, large = made.compress(payloads[0]), bomb(name, MAX_PAYLOAD + 1)
    assert bytes(made.decompress(sound)) == payloads[0]
    with pytest.raises(ValueError, match="refused"):
        made.decompress(large)
    if isinstance(made, ManyAtOnce):
        memory = np.frombuffer(sound + large, np.uint8)
        lengths = np.array([len(sound), len(large)])
        stored = Extents(memory, np.array([0, len(sound)]), lengths)
        with pytest.raises(ValueError, match="refused"):
            made.decompress_many(stored)
        (one,) = made.decompress_many(Extents(memory, stored.offsets[:1], lengths[:1]))
        assert bytes(one) == payloads[0]


def test_lz4_frames_keep_to_the_size_they_say() -> None:
    import lz4.frame

    made = COMPRESSIONS.make("lz4")
    for frame in (lz4.frame.compress(b"x" * 5000, store_size=False), bomb("lz4", 10), bomb("lz4", 10_000)):
        with pytest.raises(ValueError, match="lz4"):
            made.decompress(frame)
    sound = [made.compress(b"y" * size) for size in (0, 5000)]
    for broken in (sound[1][:-4], sound[1][:20], sound[1][:-4] + b"\0\0\0\1"):
        with pytest.raises(ValueError, match="lz4"):
            made.decompress(broken)
        assert made.decompress(sound[0]) == b"", "what came before leaves nothing behind"
    for size in (0, 1, 65_535, 65_536, 65_537, 300_000):
        assert made.decompress(made.compress(b"y" * size)) == b"y" * size
