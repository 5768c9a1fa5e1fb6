"""Mutated zlib streams through our inflating, seeded and reproducible: does it ever read or write beyond its memory, or
give other bytes than zlib?

    python -m benchmarks.fuzz_inflate --streams 200000 [--first SEED]

Stream, result and tables each end at a page that must not be touched (every other result begins behind one): what goes
beyond them ends the process, which is a finding, as is each stream where we and zlib differ. A damaged stream whose
blocks zlib still takes gets the checksum of what they now hold: else the checksum would hide what we made of them. The
exit status is 1 where there is a finding.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.guarded import Guarded, guarded_tuple
from core.loading.png.inflate import INPUT_SLACK, OUTPUT_SLACK, inflate
from core.loading.png.inflate_many import inflate_many
from core.loading.png.inflate_state import JOB_FIELDS, STATUS, InflateState, new_inflate_state

REPOSITORY = Path(__file__).parent.parent
MOST = 1 << 18
"""Bytes of a stream and of its result."""
AT_ONCE = 7
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED)


def _content(draw: random.Random) -> bytes:
    size = draw.choice([0, 1, 3, 40, 700, 3104, 3104, draw.randrange(20_000)])
    kind = draw.randrange(5)
    if kind == 0:
        return draw.randbytes(size)
    if kind == 1:  # repeats
        return (draw.randbytes(draw.choice([1, 2, 3, 5, 8, 9, 100, 700])) * (size + 1))[:size]
    if kind == 2:  # few symbols, and so few codes
        return bytes(draw.choices(draw.randbytes(draw.randint(1, 5)), k=size))
    spread = draw.choice([1, 5, 12, 40])
    drawn = (draw.gauss(0, spread) if kind == 3 else draw.expovariate(1 / spread) for _ in range(size))
    return bytes(int(value) & 255 for value in drawn)


def _clean(draw: random.Random) -> bytes:
    content = _content(draw)
    deflate = zlib.compressobj(draw.randrange(10), 8, draw.randint(9, 15), draw.randint(1, 9), draw.choice(STRATEGIES))
    half = draw.choice([0, len(content) // 2])
    stream = deflate.compress(content[:half]) + deflate.flush(draw.choice([zlib.Z_NO_FLUSH, zlib.Z_FULL_FLUSH]))
    return stream + deflate.compress(content[half:]) + deflate.flush()


def _damage(stream: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice([1, 1, 2, 5])):
        # The codes' description is in the first hundred bytes.
        place = draw.randrange(draw.choice([3, 20, 100, len(stream)])) % len(stream)
        kind = draw.randrange(6)
        if kind < 3:
            stream[place] ^= 1 << draw.randrange(8)
        elif kind == 3:
            stream[place] = draw.choice([0, 1, 255, draw.randrange(256)])
        elif kind == 4:
            del stream[place : place + draw.choice([1, 2, 9, len(stream)])]
            stream += b"\0" * max(8 - len(stream), 0)
        else:
            stream[place:place] = draw.randbytes(draw.choice([1, 3, 30]))


def mutated(seed: int) -> bytes:
    """A stream with something wrong, mostly in its blocks; a few are clean, a few noise after a header."""
    draw = random.Random(f"inflate {seed}")
    if draw.random() < 0.05:
        return b"\x78\x9c" + draw.randbytes(draw.choice([6, 40, 2000]))
    stream = bytearray(_clean(draw))
    if draw.random() < 0.05:
        return bytes(stream)
    _damage(stream, draw)
    blocks = zlib.decompressobj(-15)
    try:
        content = blocks.decompress(stream[2:], MOST)
    except zlib.error:
        return bytes(stream)
    if blocks.eof and draw.random() < 0.95:
        del stream[len(stream) - len(blocks.unused_data) :]
        stream += zlib.adler32(content).to_bytes(4, "big")
    return bytes(stream)


def by_zlib(stream: bytes) -> bytes | None:
    """What zlib makes of a stream; None where it refuses, or where bytes are left over."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(stream, MOST + 1)
    except zlib.error:
        return None
    return content if inflater.eof and not inflater.unused_data else None


class Case(NamedTuple):
    seed: int
    stream: bytes
    size: int
    """Of the result, as the caller believes."""
    wanted: bytes | None

    @staticmethod
    def of(seed: int) -> Case:
        stream = mutated(seed)[:MOST]
        wanted = by_zlib(stream)
        size = random.Random(seed).choice([0, 100, 3104, MOST]) if wanted is None else len(wanted)
        return Case(seed, stream, min(size, MOST), wanted if size <= MOST else None)


class Memory:
    """Of one stream and its result, between pages that must not be touched."""

    def __init__(self) -> None:
        self._input, self._output = Guarded(MOST + INPUT_SLACK), Guarded(MOST + OUTPUT_SLACK)
        self._out = self._output.first(0)

    def take(self, case: Case, size: int) -> tuple[int, int, int, int]:
        """The arguments of `inflate`."""
        data = self._input.last(len(case.stream) + INPUT_SLACK)
        data[: len(case.stream)] = np.frombuffer(case.stream, np.uint8)
        room = size + OUTPUT_SLACK
        self._out = self._output.first(room) if case.seed % 2 else self._output.last(room)
        return data.ctypes.data, len(case.stream), self._out.ctypes.data, size

    def result(self, status: int) -> bytes | None:
        return self._out[:-OUTPUT_SLACK].tobytes() if status == 0 else None


class Checker:
    """Inflates one by one and several at once; one state sees every stream."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._memories = [Memory() for _ in range(AT_ONCE)]
        self._state: InflateState = guarded_tuple(new_inflate_state())

    def check(self, cases: Sequence[Case]) -> Iterator[str]:
        """What is wrong with the answers, in words."""
        for case in cases:
            self.counts["refused" if case.wanted is None else "equal"] += 1
            for size in (case.size, case.size + 1, max(case.size - 1, 0)):
                wanted = case.wanted if size == case.size else None
                yield from _difference(case, size, self._alone(case, size), wanted)
        jobs = np.ones((len(cases), JOB_FIELDS), np.int64)
        for job, case, memory in zip(jobs, cases, self._memories, strict=False):
            job[:STATUS] = memory.take(case, case.size)
        inflate_many(jobs, self._state)
        for job, case, memory in zip(jobs, cases, self._memories, strict=False):
            yield from _difference(case, case.size, memory.result(job[STATUS]), case.wanted)

    def _alone(self, case: Case, size: int) -> bytes | None:
        data, length, out, _ = self._memories[0].take(case, size)
        return self._memories[0].result(inflate(np.uint64(data), length, np.uint64(out), size, self._state))


def _difference(case: Case, size: int, got: bytes | None, wanted: bytes | None) -> Iterator[str]:
    if got != wanted:
        what = "refused" if got is None else "accepted" if wanted is None else "other bytes"
        yield f"seed {case.seed}: {what} as {size} bytes"


def findings_of(first: int, count: int) -> tuple[Counter[str], list[str]]:
    """What became of the streams of these seeds, and what was found, in a process that may die."""
    with tempfile.NamedTemporaryFile() as place:
        np.full(1, first, np.int64).tofile(place.name)
        command = [sys.executable, "-m", "benchmarks.fuzz_inflate", "--child", place.name]
        process = subprocess.run(
            [*command, "--first", str(first), "--streams", str(count)], capture_output=True, text=True, cwd=REPOSITORY
        )
        seed = int(np.fromfile(place.name, np.int64)[0])
    if process.returncode:
        return Counter(), [f"seed {seed}: status {process.returncode}: {process.stderr.strip().splitlines()[-1:]}"]
    told = json.loads(process.stdout)
    return Counter(told["counts"]), told["findings"]


def _child(place: Path, first: int, count: int) -> None:
    """Inflate these seeds' streams; `place` holds the first seed in hand, whatever happens."""
    now = np.memmap(place, np.int64, "r+", shape=(1,))
    checker, findings = Checker(), []
    for start in range(first, first + count, AT_ONCE):
        now[0] = start
        findings += checker.check([Case.of(seed) for seed in range(start, min(start + AT_ONCE, first + count))])
    print(json.dumps({"counts": checker.counts, "findings": findings}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _child(given.child, given.first, given.streams)
        return
    counts, findings = findings_of(given.first, given.streams)
    print(*findings, dict(counts), sep="\n")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
