"""One workload: write, sync, measure sizes, read, check. What is timed is the method's own work, step by step."""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from ...base import checksums
from ...base.errors import WorkError
from ...base.events import Event, Pace, Sample
from ...building.publish import settle
from .images import SourceImages
from .methods import SYNCED, Batch, name_of
from .schedule import Cost, Workload
from .scratch_dir import REMOVAL_SECONDS

T = TypeVar("T")


@dataclass
class OperationTime:
    """One measured time of one operation; `told` is what else its row says."""

    operation: str
    seconds: float
    told: dict[str, Any] = field(default_factory=dict)


@dataclass
class WorkloadTimes:
    """A workload's times, in order, what it cost by the clock on the wall, and what it occupied on the disk."""

    times: list[OperationTime] = field(default_factory=list)
    write_s: float = 0.0
    read_s: float = 0.0
    sizes: dict[str, int] = field(default_factory=dict)

    def cost(self, reads: int) -> Cost:
        """Of one write and of one read each."""
        return Cost(self.write_s, self.read_s / max(1, reads))


@dataclass
class StepStopwatch:
    """Runs only while the next step is made."""

    seconds: float = 0.0

    def over(self, steps: Iterator[T]) -> Iterator[T]:
        """The same steps; what is done between them does not count."""
        while True:
            began = time.perf_counter()
            try:
                step = next(steps)
            except StopIteration:
                return
            finally:
                self.seconds += time.perf_counter() - began
            yield step


class TimeUp(Exception):
    """A workload was still going on when the time for all was up; the text names the operation."""


@dataclass(frozen=True)
class WorkloadRun:
    """A workload with `count` images in `folder`, which is made for it and stays (see `scratch_dir`).

    `until`, as `time.monotonic` counts, is when it is broken off; `measured` has what it has measured so far.
    """

    workload: Workload
    images: SourceImages
    count: int
    folder: Path
    seed: int
    until: float = inf
    measured: WorkloadTimes = field(default_factory=WorkloadTimes)

    def run(self, reads: int) -> Generator[Event, None, WorkloadTimes]:
        """Write once and read `reads` times.

        Raises WorkError where an image does not come back as it was, TimeUp at `until`.
        """
        measured = self.measured
        began = time.perf_counter()
        self.folder.mkdir()
        yield from self._write(measured)
        written = time.perf_counter()
        for number in range(reads):
            for operation in self.workload.method.layouts[self.workload.layout]:
                yield from self._read(operation, number, measured)
        measured.write_s = written - began + measured.sizes["files"] * REMOVAL_SECONDS
        measured.read_s = time.perf_counter() - written
        return measured

    def _write(self, measured: WorkloadTimes) -> Generator[Event, None, None]:
        method, layout, watch, pace = self.workload.method, self.workload.layout, StepStopwatch(), Pace()
        step = None
        with closing(_generator(method.write(layout, self.folder, self.images, self.count))) as steps:
            for step in watch.over(steps):
                self._look_at_the_time(layout)
                if pace.due():
                    yield self._now(layout, step.done, watch.seconds)
        began = time.perf_counter()
        settle(self.folder)
        synced_s = watch.seconds + time.perf_counter() - began
        measured.sizes = asdict(method.sizes(self.folder, self.images, self.count))
        told = {"encoding_s": step.encoding_s} if step is not None and step.encoding_s else {}
        measured.times += [OperationTime(layout, watch.seconds, told), OperationTime(layout + SYNCED, synced_s)]

    def _read(self, operation: str, number: int, measured: WorkloadTimes) -> Generator[Event, None, None]:
        indices: Sequence[int] = range(self.count)
        if operation.endswith("-random"):
            indices = random.Random(f"{self.seed}.{number}").sample(indices, self.count)
        watch, pace, done = StepStopwatch(), Pace(), 0
        with closing(_generator(self.workload.method.read(operation, self.folder, indices))) as batches:
            for batch in watch.over(batches):
                done += self._check(operation, batch, indices, done)
                self._look_at_the_time(operation)
                if pace.due():
                    yield self._now(operation, done, watch.seconds)
        if done != self.count:
            raise self._wrong(operation, f"{done:,} of {self.count:,} images came back")
        measured.times.append(OperationTime(operation, watch.seconds))

    def _check(self, operation: str, batch: Batch, indices: Sequence[int], done: int) -> int:
        """Compare a batch with the source, label and every pixel; returns how many images it has."""
        checked = 0
        for pixels, label in batch:
            if done + checked >= len(indices):
                raise self._wrong(operation, f"more than {self.count:,} images came back")
            index = indices[done + checked]
            number = index % len(self.images)
            if label != self.images.labels[number]:
                raise self._wrong(operation, f"image {index} has label {label}, not {self.images.labels[number]}")
            if checksums.of_bytes(pixels) != self.workload.method.expected(self.images, number):
                raise self._wrong(operation, f"image {index} has other pixels than were written")
            checked += 1
        return checked

    def _look_at_the_time(self, operation: str) -> None:
        if time.monotonic() > self.until:
            raise TimeUp(operation)

    def _wrong(self, operation: str, what: str) -> WorkError:
        return WorkError(
            f"{name_of(self.workload.method)}, {operation} of {self.count:,}: {what}; such a time does not count"
        )

    def _now(self, operation: str, done: int, seconds: float) -> Sample:
        method = self.workload.method
        about = {"format": method.format, "variant": method.variant, "operation": operation}
        return Sample("now", {**about, "samples": self.count, "done": done, "seconds": seconds})


def _generator(steps: Iterable[T]) -> Generator[T, None, None]:
    """Steps that can be closed; made here so that a method need not hand over a generator."""
    yield from steps
