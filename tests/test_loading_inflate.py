"""Inflating in compiled code: zlib's bytes, or a refusal wherever zlib refuses."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("numba")

from benchmarks.fuzz_inflate import by_zlib, findings_of
from core.loading.png.inflate import INPUT_SLACK, OUTPUT_SLACK, inflate
from core.loading.png.inflate_many import inflate_many
from core.loading.png.inflate_state import JOB_FIELDS, STATUS, InflateState, new_inflate_state


@pytest.fixture(scope="module")
def state() -> InflateState:
    return new_inflate_state()


def inflated(state: InflateState, stream: bytes, size: int) -> bytes | None:
    """What the kernel makes of a stream, between bytes that nothing may come from; None where it refuses."""
    data = np.frombuffer(stream + b"\x5a" * INPUT_SLACK, np.uint8)
    out = np.full(size + OUTPUT_SLACK + 1, 0x77, np.uint8)
    status = inflate(np.uint64(data.ctypes.data), len(stream), np.uint64(out.ctypes.data), size, state)
    assert out[-1] == 0x77
    return out[:size].tobytes() if status == 0 else None


def contents(draw: random.Random) -> Iterator[bytes]:
    """Bytes of many kinds: noise, a filtered picture's, repeats at short and long distances, runs, nothing."""
    noise = draw.randbytes(40_000)
    yield b""
    yield b"a"
    yield noise[:3000]
    yield bytes(int(draw.gauss(0, 12)) & 255 for _ in range(3104))
    for period in (*range(1, 20), 63, 64, 300, 5000):
        yield noise[:period] * (9000 // period)
    yield bytes(2 + 70_000) + noise[:5]
    yield noise + noise  # a distance beyond what a window of 32 kB holds
    yield noise[:32_768] + noise[:32_768]  # the largest distance
    yield bytes(draw.choice(b"\0\0\0\0\0\0\1\2\3") for _ in range(20_000))
    yield bytes(min(int(draw.expovariate(0.05)), 255) for _ in range(60_000))  # long codes


STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_gives_what_was_deflated(state: InflateState, strategy: int) -> None:
    draw = random.Random(strategy)
    for content in contents(draw):
        for level in range(10):
            deflate = zlib.compressobj(level, zlib.DEFLATED, draw.randint(9, 15), draw.randint(1, 9), strategy)
            stream = deflate.compress(content[: len(content) // 2])
            stream += deflate.flush(draw.choice([zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
            stream += deflate.compress(content[len(content) // 2 :]) + deflate.flush()
            assert inflated(state, stream, len(content)) == content, (strategy, level, len(content))


def test_several_at_once_are_as_one_by_one(state: InflateState) -> None:
    draw = random.Random(4)
    some = [zlib.compress(content, draw.randint(1, 9)) for content in contents(draw)]
    some += [zlib.compress(b"", 0), zlib.compress(b"fixed"), b"\x78\x9c"]
    for _ in range(30):
        streams = draw.choices(some, k=draw.randint(1, 9))
        sizes = [len(by_zlib(stream) or b"") for stream in streams]
        damaged = draw.randrange(len(streams))
        sizes[damaged] += draw.choice([0, 0, 1])
        data = [np.frombuffer(stream + b"\x5a" * INPUT_SLACK, np.uint8) for stream in streams]
        outs = [np.full(size + OUTPUT_SLACK + 1, 0x77, np.uint8) for size in sizes]
        jobs = np.full((len(streams), JOB_FIELDS), 9, np.int64)
        for job, stream, memory, out, size in zip(jobs, streams, data, outs, sizes, strict=True):
            job[:STATUS] = memory.ctypes.data, len(stream), out.ctypes.data, size
        inflate_many(jobs, state)
        for job, stream, out, size in zip(jobs, streams, outs, sizes, strict=True):
            alone = inflated(state, stream, size)
            assert (out[:size].tobytes() if job[STATUS] == 0 else None) == alone
            assert out[-1] == 0x77


def test_sizes_must_be_the_streams(state: InflateState) -> None:
    for content in contents(random.Random(1)):
        stream = zlib.compress(content)
        assert inflated(state, stream, len(content) + 1) is None
        assert inflated(state, stream + b"\0", len(content)) is None
        if content:
            assert inflated(state, stream, len(content) - 1) is None
        for size in (*range(min(len(stream), 30)), len(stream) - 1):
            assert inflated(state, stream[:size], len(content)) is None


class Writer:
    """A deflate stream bit by bit, inside a zlib stream."""

    def __init__(self) -> None:
        self._bits: list[int] = []

    def number(self, value: int, bits: int) -> Writer:
        """Lowest bit first."""
        self._bits += [value >> place & 1 for place in range(bits)]
        return self

    def code(self, text: str) -> Writer:
        """A Huffman code, first bit first."""
        self._bits += map(int, text)
        return self

    def dynamic(
        self, litlen: dict[int, int], distances: dict[int, int], *, litlens: int = 257, count: int = 0
    ) -> Writer:
        """The header of a last block with these code lengths, by symbol; they are written in codes of 4 and 5 bits."""
        count = count or max(distances, default=0) + 1
        self.number(1, 1).number(2, 2).number(litlens - 257, 5).number(count - 1, 5).number(15, 4)
        for symbol in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15):
            self.number(4 if symbol < 13 else 5, 3)
        wanted = [litlen.get(symbol, 0) for symbol in range(litlens)]
        wanted += [distances.get(symbol, 0) for symbol in range(count)]
        for length in wanted:
            self.code(f"{length:04b}" if length < 13 else f"{26 + length - 13:05b}")
        return self

    def stream(self, content: bytes = b"") -> bytes:
        """The zlib stream, with the checksum of this content."""
        bits = [*self._bits, *[0] * (-len(self._bits) % 8)]
        packed = bytes(sum(bit << place for place, bit in enumerate(bits[k : k + 8])) for k in range(0, len(bits), 8))
        return b"\x78\x9c" + packed + zlib.adler32(content).to_bytes(4, "big")


EACH = {symbol: min(symbol + 1, 15) for symbol in range(15)} | {256: 15}
"""A complete code: 0 to 13 with lengths 1 to 14, then 14 and the end of the block."""
EACH_DISTANCE = {symbol: min(symbol + 1, 15) for symbol in range(16)}
PAIR = {97: 1, 256: 2, 257: 2}

ACCEPTED = {
    "a single distance code": (Writer().dynamic(PAIR, {0: 1}, litlens=258).code("0110" + "10"), b"aaaa"),
    "no distance code": (Writer().dynamic(PAIR, {}, litlens=258).code("00010"), b"aaa"),
    "only the end": (Writer().dynamic({256: 1}, {}).code("0"), b""),
    "all lengths of codes": (
        Writer().dynamic(EACH, {}).code("".join("1" * symbol + "0" for symbol in range(15)) + "1" * 15),
        bytes(range(15)),
    ),
    "a distance code of 15 bits": (
        Writer().dynamic({97: 2, 98: 2, 256: 2, 257: 2}, EACH_DISTANCE, litlens=258)
        .code("00" + 192 * "01" + "11" + 15 * "1").number(0, 6).code("10"),
        b"a" + 192 * b"b" + b"abb",
    ),
    "an empty block of fixed codes": (Writer().number(1, 1).number(1, 2).number(0, 7), b""),
}  # fmt: skip
REFUSED = {
    "a distance code that is none": Writer().dynamic(PAIR, {0: 1}, litlens=258).code("0111" + "10"),
    "a distance where there are none": Writer().dynamic(PAIR, {}, litlens=258).code("0110" + "10"),
    "a code beside the only one": Writer().dynamic({256: 1}, {}).code("1" + "0" * 20),
    "an incomplete code": Writer().dynamic({97: 1, 256: 2}, {}).code("010"),
    "an only code of two bits": Writer().dynamic({256: 2}, {}).code("00"),
    "too many codes": Writer().dynamic({97: 1, 98: 1, 256: 1}, {}).code("0"),
    "no end of the block": Writer().dynamic({97: 1, 98: 1}, {}).code("0"),
    "an incomplete distance code": Writer().dynamic(PAIR, {0: 2, 1: 2}, litlens=258).code("010"),
    "an only distance code of two bits": Writer().dynamic(PAIR, {0: 2}, litlens=258).code("010"),
    "too many distance codes": Writer().dynamic(PAIR, {0: 1, 1: 1, 2: 1}, litlens=258).code("010"),
    "too many symbols": Writer().dynamic(PAIR, {0: 1}, litlens=287).code("010"),
    "too many distance symbols": Writer().dynamic(PAIR, {0: 1}, litlens=258, count=31).code("010"),
    "a distance before the beginning": Writer().dynamic(PAIR, {1: 1}, litlens=258).code("0110" + "10"),
    "length 286 of the fixed code": Writer().number(1, 1).number(1, 2).code("11000110" + "0" * 12),
    "distance 30 of the fixed code": Writer().number(1, 1).number(1, 2).code("100100010000001" + "11110" + "0" * 7),
    "blocks of the third kind": Writer().number(1, 1).number(3, 2).number(0, 50),
    "a stored block's length wrong": Writer().number(1, 8).number(1, 16).number(1, 16).number(97, 8),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_takes_what_zlib_takes(state: InflateState, name: str) -> None:
    writer, content = ACCEPTED[name]
    stream = writer.stream(content)
    assert by_zlib(stream) == content
    assert inflated(state, stream, len(content)) == content


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("content", [b"", b"a", b"aaaa"])
def test_refuses_what_zlib_refuses(state: InflateState, name: str, content: bytes) -> None:
    stream = REFUSED[name].stream(content)
    assert by_zlib(stream) is None
    for size in (len(content), 100):
        assert inflated(state, stream, size) is None


def test_the_first_two_bytes_and_the_checksum(state: InflateState) -> None:
    stream = bytearray(zlib.compress(b"content"))
    for place in (0, 1, *range(len(stream) - 4, len(stream))):
        for value in range(256):
            changed = bytes([*stream[:place], value, *stream[place + 1 :]])
            assert inflated(state, changed, 7) == by_zlib(changed)


def test_mutated_streams_between_forbidden_pages() -> None:
    counts, findings = findings_of(0, 1000)
    assert not findings
    assert counts["equal"] > 200
    assert counts["refused"] > 500
