"""Entry points into JPEGs: are crops the same pixels with them, what do they cost, what do they bring?

    python -m benchmarks.jpeg_index IMAGES [--crops 10000] [--mangled 2000] [--repeats 20] [--interval 12]...

IMAGES is a folder of photos. Printed are, for each interval (MCUs between two entry points), the bytes that records add
and the time that noting them takes; the processor time of a train224 view without records and with them, interleaved,
the shortest of the repeats; random crops that differ by a bit with records and without; and what became of mangled
records, each in memory that ends at a page that must not be touched, as do the image and the decoder's memory: a crash
is a finding, and so is a picture that differs. The exit status is 1 where there is a finding.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from benchmarks.guarded import guarded_copy, guarded_tuple
from core.loading.batch_sampler import BatchSpec
from core.loading.fused.memory import axes_of, output_to
from core.loading.jpeg.batch import jpeg_sizes, jpeg_views
from core.loading.jpeg.noting import records_of
from core.loading.jpeg.records import EntryRecords, no_records
from core.loading.jpeg.state import new_state
from core.loading.normalise import Images, Normalise
from core.loading.resample import new_workspace
from core.loading.statuses import DISAGREES, OK, TOO_SMALL
from core.loading.transform import SIDE, Transform
from core.stores.jpeg_index import index_bytes

BATCH = 64
MOST_BYTES, MOST_SAMPLES = 1 << 22, 1 << 24
SUM = bytes(8)
"""In place of a record's checksum, which kernels do not look at."""


@dataclass(frozen=True)
class Batch:
    """Payloads side by side, and their sizes."""

    memory: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    @classmethod
    def of(cls, payloads: Sequence[bytes]) -> Batch:
        memory = guarded_copy(np.frombuffer(b"".join(payloads), np.uint8))
        memory.flags.writeable = False  # as the loader's payloads are: the same compiled kernels
        lengths = np.array([len(payload) for payload in payloads], np.int64)
        batch = cls(memory, np.cumsum(lengths) - lengths, lengths, np.zeros((len(lengths), 2), np.int64))
        jpeg_sizes(batch.memory, batch.offsets, batch.lengths, batch.sizes)
        return batch


class Viewer:
    """Makes train224 views, in memory that ends at forbidden pages."""

    def __init__(self) -> None:
        self._state = guarded_tuple(new_state(MOST_BYTES, MOST_SAMPLES))
        self._work = guarded_tuple(new_workspace())
        self._normalise, self._transform = Normalise("float32"), Transform("train224", 0)

    def view(self, batch: Batch, records: EntryRecords, epoch: int, out: Images) -> tuple[float, npt.NDArray[np.uint8]]:
        """The processor time that the batch took, and how each view went."""
        count = len(batch.lengths)
        spec = BatchSpec(epoch, 0, np.arange(count))
        views = axes_of(self._transform.views(spec, batch.sizes.tolist()))
        status, target = np.full(count, TOO_SMALL, np.uint8), output_to(out, self._normalise)
        began = time.thread_time()
        jpeg_views(
            batch.memory, batch.offsets, batch.lengths, records, np.arange(count), batch.sizes, *views,
            self._state, self._work, target, status,
        )  # fmt: skip
        return time.thread_time() - began, status


def recorded(records: Sequence[bytes], interval: int) -> EntryRecords:
    lengths = np.array([len(record) for record in records], np.int64)
    memory = guarded_copy(np.frombuffer(b"".join(records) or b"\0", np.uint8))
    memory.flags.writeable = False
    return EntryRecords(memory, np.cumsum(lengths) - lengths, lengths, interval)


def sealed(records: Iterable[bytes]) -> list[bytes]:
    return [record and record + SUM for record in records]


def blank(count: int) -> Images:
    return cast("Images", np.zeros((count, 3, SIDE, SIDE), np.float32))


def compared(viewer: Viewer, payloads: Sequence[bytes], interval: int, crops: int) -> Counter[str]:
    """Random crops with and without records: how many are the same to the bit."""
    counts: Counter[str] = Counter()
    draw = np.random.default_rng(0)
    ours, wanted = blank(BATCH), blank(BATCH)
    known = sealed(records_of(payloads, interval))
    for number in range(-(-crops // BATCH)):
        places = draw.integers(0, len(payloads), min(BATCH, crops - number * BATCH)).tolist()
        chosen = [payloads[place] for place in places]
        batch, records = Batch.of(chosen), recorded([known[place] for place in places], interval)
        with_records = viewer.view(batch, records, number, ours[: len(chosen)])[1]
        without = viewer.view(batch, no_records(len(chosen)), number, wanted[: len(chosen)])[1]
        for one, other, how, how_without in zip(ours, wanted, with_records, without, strict=False):
            same = how == how_without and np.array_equal(one, other)
            counts["same" if same else "differ"] += 1
            counts["left to Pillow"] += int(how_without != OK)
    return counts


def mangled(viewer: Viewer, payloads: Sequence[bytes], interval: int, count: int) -> Counter[str]:
    """Views with spoiled records: told from the stream and made without it, or the same in spite of it."""
    counts: Counter[str] = Counter()
    ours, wanted = blank(1), blank(1)
    known = sealed(records_of(payloads, interval))
    for seed in range(count):
        draw = random.Random(seed)
        payload, record = draw.choice(list(zip(payloads, known, strict=True)))
        if not record:
            continue
        batch, records = Batch.of([payload]), recorded([spoiled(record, draw)], interval)
        status = viewer.view(batch, records, seed, ours)[1][0]
        if viewer.view(batch, no_records(1), seed, wanted)[1][0] != OK:
            continue
        counts["noticed" if status == DISAGREES else "not in what is looked at"] += 1
        counts["differ"] += int(status not in (OK, DISAGREES) or not np.array_equal(ours, wanted))
    return counts


def spoiled(record: bytes, draw: random.Random) -> bytes:
    data = bytearray(record)
    for _ in range(draw.choice([1, 1, 2, 4, 20])):
        place = draw.randrange(len(data) - len(SUM)) if draw.random() < 0.7 else draw.randrange(18)
        data[place] = draw.choice([0, 255, data[place] ^ 1 << draw.randrange(8), draw.randrange(256)])
    kept = draw.choice([len(data)] * 6 + [draw.randrange(1, len(data)), len(SUM) + 18])
    return bytes(data[:kept])


def speeds(viewer: Viewer, payloads: Sequence[bytes], intervals: Sequence[int], repeats: int) -> dict[int, float]:
    """Microseconds of a view by interval (0: without records): the mean over epochs of the shortest repeat."""
    batch, out = Batch.of(payloads[:BATCH]), blank(min(BATCH, len(payloads)))
    kept = {0: no_records(len(batch.lengths))}
    kept |= {each: recorded(sealed(records_of(payloads[:BATCH], each)), each) for each in intervals}
    taken: dict[tuple[int, int], list[float]] = {}
    for repeat in range(repeats):
        for interval, records in kept.items():
            seconds = viewer.view(batch, records, repeat % 4, out)[0]
            taken.setdefault((interval, repeat % 4), []).append(seconds)
    least = {key: 1e6 * min(values) / len(batch.lengths) for key, values in taken.items()}
    return {
        interval: float(np.mean([value for (one, _), value in least.items() if one == interval])) for interval in kept
    }


def costs(payloads: Sequence[bytes], interval: int) -> dict[str, Any]:
    records_of([], interval)
    began = time.thread_time()
    records = records_of(payloads, interval)
    seconds = time.thread_time() - began
    return {
        "recorded": sum(map(bool, records)),
        "percent": 100 * index_bytes(records) / sum(map(len, payloads)),
        "noting_us": 1e6 * seconds / len(payloads),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--crops", type=int, default=10_000)
    parser.add_argument("--mangled", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--interval", type=int, action="append")
    given = parser.parse_args()
    intervals = given.interval or [12]
    files = sorted(path for path in given.images.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    payloads = list(dict.fromkeys(path.read_bytes() for path in files))
    viewer = Viewer()
    taken = speeds(viewer, payloads, intervals, given.repeats)
    print(json.dumps({"photos": len(payloads), "view_us": taken[0]}), flush=True)
    for interval in intervals:
        told = {"interval": interval, "view_us": taken[interval], "times": taken[0] / taken[interval]}
        print(json.dumps({**told, **costs(payloads, interval)}), flush=True)
    crops = compared(viewer, payloads, intervals[0], given.crops)
    print(json.dumps({"crops": crops}), flush=True)
    wrong = mangled(viewer, payloads, intervals[0], given.mangled)
    print(json.dumps({"mangled": wrong}), flush=True)
    sys.exit(1 if crops["differ"] or wrong["differ"] else 0)


if __name__ == "__main__":
    main()
