"""The task that re-reads a whole store and names every sample that is not what it should be."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..base import checksums
from ..base.errors import InputError
from ..base.events import Event, Message, Pace, Progress, Result
from ..base.home import Home
from ..datasets.dataset import Dataset
from ..processes.isolated import DiedError, stream
from ..stores.shards import shards_told
from ..stores.store import Manifest, Store
from .check import CheckProgress, Mismatch, check_split
from .entry_points import ready_to_note

PATIENCE = 60.0
"""Seconds that a container may take for some samples more: a damaged one can send the library that reads it round in
circles."""


@dataclass(frozen=True)
class Verify:
    """Verify the store in folder `store` against its checksums and, where it still is there, its dataset."""

    store: str
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Ends with the `verify` verb's JSON. Raises InputError where `store` is not a store."""
        path = Path(self.store)
        manifest = Manifest.load(path)
        source, why_not = _source(Home.find(self.home), path, manifest)
        if why_not:
            yield Message(why_not, "warning")
        mismatches: list[Mismatch] = []
        for split in manifest.splits:
            mismatches += yield from _check_split(Store(path, split, manifest), source)
        mismatches += changed_files(path, manifest, mismatches)
        yield Result(
            {
                "ok": not mismatches,
                "store": str(path),
                "samples": sum(told["samples"] for told in manifest.splits.values()),
                "mismatches": [asdict(found) for found in mismatches],
                "against_source": source is not None,
            }
        )


def _source(home: Home, path: Path, manifest: Manifest) -> tuple[Dataset | None, str]:
    """The dataset that the store was built from, or why there is nothing to compare with."""
    try:
        # A store lies in data/built of its home; that home's dataset is meant, wherever we were started.
        own_home = Home(path.resolve().parents[4]) if path.resolve().parts[-5:-3] == ("data", "built") else home
        source = Dataset.open(own_home, manifest.dataset)
    except InputError as error:
        return None, f"compared with the checksums taken when it was built only: {error}"
    if source.fingerprint != manifest.fingerprint:
        return None, f"dataset {manifest.dataset!r} was imported anew since: compared with the build's checksums only"
    return source, ""


def _check_split(store: Store, source: Dataset | None) -> Generator[Event, None, list[Mismatch]]:
    """Check in a process of its own: a damaged container can kill the library that reads it."""
    found: list[Mismatch] = []
    pace, done = Pace(), 0
    reports: Iterator[CheckProgress] = stream(check_split, store, source, ready_to_note(store), patience=PATIENCE)
    try:
        for done, mismatches in reports:
            found += mismatches
            if pace.due():
                yield Progress(f"verifying {store.split}", done, len(store))
    except DiedError as error:
        found.append(Mismatch(store.split, done, f"the container is damaged from about here on: {error}"))
    except InputError as error:
        found.append(Mismatch(store.split, None, str(error)))
    yield Progress(f"verifying {store.split}", len(store), len(store))
    return found


def changed_files(path: Path, manifest: Manifest, explained: Sequence[Mismatch]) -> list[Mismatch]:
    """Files with a byte that is not as it was written, where no mismatch of their samples says so already."""
    found = []
    shards = {
        shard.path: (split, range(shard.first, shard.first + shard.samples))
        for split, told in manifest.shards.items()
        for shard in shards_told(told)
    }
    for name, stated in manifest.files.items():
        split, samples = shards.get(name) or shards.get(name.partition("/")[0]) or _beside(manifest, name)
        if any(one.split == split and (one.index is None or one.index in samples) for one in explained):
            continue
        reason = _change(path / name, name, stated)
        found += [Mismatch(split, None, reason)] if reason else []
    return found


def _beside(manifest: Manifest, name: str) -> tuple[str | None, range]:
    """The split of a file that is about all of its samples, and these."""
    stem = name.partition("/")[0].partition(".")[0]
    if stem not in manifest.splits:
        return None, range(0)
    return stem, range(int(manifest.splits[stem]["samples"]))


def _change(file: Path, name: str, stated: str) -> str:
    """What became of a file; nothing where it is as it was written."""
    if not file.is_file():
        return f"{name} is missing"
    try:
        if checksums.of_file(file) == stated:
            return ""
        return f"{name} has changed, though every sample reads back as it was built"
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
