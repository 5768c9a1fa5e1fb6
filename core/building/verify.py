"""The task that re-reads a whole store and names every sample that is not what it should be."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..base import checksums
from ..base.errors import InputError
from ..base.events import Event, Message, Pace, Progress, Result
from ..base.extras import needed_by
from ..base.home import Home
from ..base.steps import Steps
from ..base.time_left import Remaining
from ..datasets.dataset import Dataset
from ..processes.freed_memory import keep_freed_memory
from ..processes.isolated import DiedError, stream
from ..remote.address import check_address, is_address
from ..stores.shards import shards_told
from ..stores.store import Manifest, Store
from .check import CheckProgress, Mismatch, check_split, compares_pixels
from .entry_points import ready_to_note

PATIENCE = 60.0
"""Seconds that a container may take for some samples more: a damaged one can send the library that reads it round in
circles."""

PATIENCE_FETCHING = 1800.0
"""Where a shard may have to be fetched first, with all attempts that this may take."""

STARTING, SAMPLES, FILES = "starting", "samples", "files"
START_SECONDS, SAMPLE_SECONDS, BYTE_SECONDS, PIXEL_SECONDS = 1.0, 2e-4, 0.5e-9, 2e-8
"""What the process of a split takes to start, a sample, a byte of it that is read, and one that is compared as pixels
with the source's: until it is measured."""

Check = Callable[[Any, Dataset | None, bool], Iterator[CheckProgress]]
"""`check_split`, or what does the same of another kind of store."""


@dataclass(frozen=True)
class Verify:
    """Verify the store in folder `store`, or at this address, against its checksums and, where it still is there, its
    dataset. What lies at an address is fetched anew, shard by shard, whatever the cache holds."""

    store: str
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Ends with the `verify` verb's JSON. Raises InputError where `store` is not a store."""
        if is_address(self.store):
            yield from self._at_address(check_address(self.store))
            return
        path = Path(self.store)
        manifest = Manifest.load(path)
        # A store lies in data/built of its home; that home's dataset is meant, wherever we were started.
        inside = path.resolve().parts[-5:-3] == ("data", "built")
        source = yield from _source(Home(path.resolve().parents[4]) if inside else Home.find(self.home), manifest)
        mismatches: list[Mismatch] = []
        stores = [Store(path, split, manifest) for split in manifest.splits]
        left = TimeLeft(manifest, path, pixels=source is not None and any(map(compares_pixels, stores)))
        for store in stores:
            mismatches += yield from _check_split(store, source, left)
        mismatches += yield from changed_files(path, manifest, mismatches, left)
        yield self._told(manifest, source, mismatches)

    def _at_address(self, address: str) -> Iterator[Event]:
        from ..stores.remote.store import open_remote_store, read_manifest
        from .check_remote import check_remote_split

        with needed_by("a store at an address"):
            from ..remote.files import RemoteFiles
        manifest = read_manifest(RemoteFiles(address))
        source = yield from _source(Home.find(self.home), manifest)
        mismatches: list[Mismatch] = []
        left = TimeLeft(manifest)
        with tempfile.TemporaryDirectory(prefix="verify-") as cache:
            for split in manifest.splits:
                mismatches += yield from _check_split(
                    open_remote_store(address, split, cache), source, left, check_remote_split, PATIENCE_FETCHING
                )
        yield self._told(manifest, source, mismatches)

    def _told(self, manifest: Manifest, source: Dataset | None, mismatches: Sequence[Mismatch]) -> Result:
        return Result(
            {
                "ok": not mismatches,
                "store": self.store,
                "samples": sum(told["samples"] for told in manifest.splits.values()),
                "mismatches": [asdict(found) for found in mismatches],
                "against_source": source is not None,
            }
        )


def _source(home: Home, manifest: Manifest) -> Generator[Event, None, Dataset | None]:
    """The dataset that the store was built from; that there is nothing to compare with is said."""
    try:
        source = Dataset.open(home, manifest.dataset)
    except InputError as error:
        yield Message(f"compared with the checksums taken when it was built only: {error}", "warning")
        return None
    if source.fingerprint != manifest.fingerprint:
        anew = f"dataset {manifest.dataset!r} was imported anew since: compared with the build's checksums only"
        yield Message(anew, "warning")
        return None
    return source


class TimeLeft:
    """The seconds that all splits together will still take, and the files at last."""

    def __init__(self, manifest: Manifest, path: Path | None = None, pixels: bool = False) -> None:
        """`path`: of a store on this machine, whose files are compared as well; `pixels`: samples are compared with a
        source's as pixels."""
        samples = sum(int(told["samples"]) for told in manifest.splits.values())
        mean = sum(int(told["payload_bytes"]) for told in manifest.splits.values()) / max(samples, 1)
        sample = SAMPLE_SECONDS + mean * (PIXEL_SECONDS if pixels else BYTE_SECONDS)
        files = [path / name for name in manifest.files] if path else []
        self.files_total, self.files_done = sum(file.stat().st_size for file in files if file.is_file()), 0
        amounts = {STARTING: len(manifest.splits), SAMPLES: samples, FILES: self.files_total}
        self._remaining = Remaining(amounts, {STARTING: START_SECONDS, SAMPLES: sample, FILES: BYTE_SECONDS})

    def begin(self) -> None:
        """A split is begun."""
        self._since, self._done, self._starting = time.monotonic(), 0, True

    def note(self, done: int) -> None:
        """So many samples of the split are done. The first come with the start, which is told apart as planned."""
        now = time.monotonic()
        seconds, samples = now - self._since, max(done - self._done, 0)
        if self._starting:
            start = min(seconds, START_SECONDS)
            self._remaining.note(STARTING, 1, start)
            seconds -= start
        if seconds > 0:
            self._remaining.note(SAMPLES, samples, seconds)
        else:
            self._remaining.skip(SAMPLES, samples)
        self._since, self._done, self._starting = now, done, False

    def begin_files(self) -> None:
        """The splits are done; their files are compared."""
        self._since = time.monotonic()

    def note_file(self, read: int) -> None:
        """So many more bytes of files were read."""
        now = time.monotonic()
        self._remaining.note(FILES, read, now - self._since)
        self._since, self.files_done = now, self.files_done + read

    @property
    def seconds(self) -> float | None:
        """None before anything was read."""
        return self._remaining.seconds


def _checked(check: Check, *arguments: Any) -> Iterator[CheckProgress]:
    """In the reading process."""
    keep_freed_memory()
    yield from check(*arguments)


def _check_split(
    store: Store, source: Dataset | None, left: TimeLeft, check: Check = check_split, patience: float = PATIENCE
) -> Generator[Event, None, list[Mismatch]]:
    """Check in a process of its own: a damaged container can kill the library that reads it."""
    found: list[Mismatch] = []
    pace, done = Pace(), 0
    left.begin()
    reports: Iterator[CheckProgress] = stream(_checked, check, store, source, ready_to_note(store), patience=patience)
    try:
        for done, mismatches in reports:
            found += mismatches
            left.note(done)
            if pace.due():
                yield Progress(f"verifying {store.split}", done, len(store), left_s=left.seconds)
    except DiedError as error:
        found.append(Mismatch(store.split, done, f"the container is damaged from about here on: {error}"))
    except InputError as error:
        found.append(Mismatch(store.split, None, str(error)))
    left.note(len(store))
    yield Progress(f"verifying {store.split}", len(store), len(store), left_s=left.seconds)
    return found


def changed_files(
    path: Path, manifest: Manifest, explained: Sequence[Mismatch], left: TimeLeft
) -> Generator[Event, None, list[Mismatch]]:
    """Files with a byte that is not as it was written, where no mismatch of their samples says so already.

    Events on the way; the mismatches are what it returns.
    """
    found, pace = [], Pace()
    left.begin_files()
    shards = {
        shard.path: (split, range(shard.first, shard.first + shard.samples))
        for split, told in manifest.shards.items()
        for shard in shards_told(told)
    }
    for name, stated in manifest.files.items():
        split, samples = shards.get(name) or shards.get(name.partition("/")[0]) or _beside(manifest, name)
        if any(one.split == split and (one.index is None or one.index in samples) for one in explained):
            continue
        change = Steps(_change(path / name, name, stated))
        for read in change:
            left.note_file(read)
            if pace.due():
                yield Progress("comparing the files", left.files_done, left.files_total, "bytes", left.seconds)
        reason = change.value
        found += [Mismatch(split, None, reason)] if reason else []
    return found


def _beside(manifest: Manifest, name: str) -> tuple[str | None, range]:
    """The split of a file that is about all of its samples, and these."""
    stem = name.partition("/")[0].partition(".")[0]
    if stem not in manifest.splits:
        return None, range(0)
    return stem, range(int(manifest.splits[stem]["samples"]))


def _change(file: Path, name: str, stated: str) -> Generator[int, None, str]:
    """What became of a file; nothing where it is as it was written. Yields how many bytes more were read."""
    if not file.is_file():
        return f"{name} is missing"
    try:
        if (yield from checksums.in_steps(file)) == stated:
            return ""
        return f"{name} has changed, though every sample reads back as it was built"
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
