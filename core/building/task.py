"""The task that builds a store: beside its target, verified, then renamed into place."""

from __future__ import annotations

import hashlib
import time
from array import array
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..base.contracts import FieldLayout, Referring, Writer
from ..base.errors import InputError, WorkError, disk_trouble_told
from ..base.events import Event, Message, Pace, Progress, Result
from ..base.home import Home
from ..base.options import chosen
from ..base.staging import claim
from ..base.time_left import Remaining
from ..formats import keeps_files
from ..formats.shards import Sharded
from ..machine.background import BackgroundLoad
from ..machine.session import add_to_summary, now, versions
from ..stores.store import MANIFEST, WORKPLACE, Manifest, Store, file_checksums, labels_checksum, measure
from .check import check_split
from .encode import Encode, Encoder, encoded, workers_for
from .entry_points import IndexWriting
from .fields import FieldSums, are_kept, layouts
from .publish import publish, restore, settle
from .recipe import Recipe
from .sample import training_payloads
from .warned import warned

WRITING, VERIFYING = "writing", "verifying"
VERIFY_SECONDS = 1e-5
"""Seconds a sample to read it back and compare it, before any was: about what small images take."""


@dataclass(frozen=True)
class Build:
    """Build a store of an imported dataset.

    `options` go to whichever of format, encoding and compression has an option of that name; `workers` None chooses.
    """

    dataset: str
    format: str
    encoding: str = "original"
    compression: str = "none"
    options: Mapping[str, Any] = field(default_factory=dict)
    workers: int | None = None
    force: bool = False
    home: str | None = None

    def run(self) -> Iterator[Event]:
        """Ends with the `build` verb's JSON.

        Raises InputError for what cannot be built (or is built already, or is being built), WorkError where it fails.
        """
        home = Home.find(self.home)
        recipe = Recipe.of(home, self.dataset, self.format, self.encoding, self.compression, self.options)
        target = recipe.target(home)
        name = f"{recipe.dataset.name}.{recipe.format_name}.{recipe.variant}"
        with disk_trouble_told("the build"), claim(home.built / WORKPLACE, name, "build") as scratch:
            restore(target)
            if target.exists() and not self.force:
                raise InputError(f"{target} is built already; --force builds it again")
            yield from warned(recipe)
            making = _Making(recipe, scratch / "store", self.workers)
            yield from making.run()
            publish(scratch / "store", target)
        yield from self._report(home, target, making)

    def _report(self, home: Home, target: Path, making: _Making) -> Iterator[Event]:
        try:
            for split in making.splits:
                add_to_summary(home, _summary_row(making, split))
        except OSError as error:  # the store is whole and stays
            yield Message(f"{target} is built, but not in the session's summary: {error.strerror}", "warning")
        yield Result(
            {
                "store": str(target),
                "dataset": self.dataset,
                "format": self.format,
                "variant": making.recipe.variant,
                "splits": making.splits,
                "checksum": making.checksum,
                "shards": making.shards,
                "verified": True,
                **making.conditions,
            }
        )


class _Making:
    """One store while it is made in a folder of its own."""

    def __init__(self, recipe: Recipe, folder: Path, workers: int | None) -> None:
        self.recipe = recipe
        self.folder = folder
        self.splits: dict[str, dict[str, Any]] = {}
        self.shards: list[dict[str, Any]] = []
        self._workers = workers_for(workers, sum(recipe.dataset.splits.values()), recipe.only_copies)
        self._sha256 = hashlib.sha256()
        self._labels = array("q")
        self._background = BackgroundLoad()
        samples = sum(recipe.dataset.splits.values())
        self._left = Remaining({WRITING: samples, VERIFYING: samples}, {VERIFYING: VERIFY_SECONDS})
        self._startup_s = self._training_s = 0.0
        self._keeps_fields = are_kept(recipe)
        self._layouts: dict[str, tuple[FieldLayout, ...]] = {}

    @property
    def conditions(self) -> dict[str, Any]:
        """What the splits' `seconds` leave out, and what they depend on: `workers` (processes beside this one), the
        seconds that their start took (and that of the kernels of a JPEG index), those that training a dictionary took,
        and the background load."""
        return {
            "workers": self._workers,
            "startup_seconds": self._startup_s,
            "training_seconds": self._training_s,
            "background_load": self._background.share,
        }

    @property
    def checksum(self) -> str:
        """SHA-256 of all stored payloads in order, split after split."""
        return self._sha256.hexdigest()

    def run(self) -> Iterator[Event]:
        self.folder.mkdir()
        if not self.recipe.compression.identity:
            began = time.perf_counter()
            self.recipe = self.recipe.trained(training_payloads(self.recipe))
            self._training_s = time.perf_counter() - began
        encoder = Encoder(
            self.recipe.dataset.reader,
            self.recipe.encoding,
            self.recipe.compression,
            self.recipe.dataset.values,
            self.recipe.jpeg_index,
        )
        if self._keeps_fields:
            self._layouts = layouts(self.recipe.dataset)
        with encoded(encoder, self._workers) as ready:
            self._startup_s = ready.startup_s
            self._background.look()
            for split in self.recipe.dataset.splits:
                yield from self._write(split, ready.encode)
                self._background.look()
        manifest = self._manifest()
        self.shards = list(self._shards(manifest.files))
        for split in self.splits:
            yield from self._check(Store(self.folder, split, manifest))
        manifest.save(self.folder / MANIFEST)
        settle(self.folder)

    def _write(self, split: str, encode: Encode) -> Iterator[Event]:
        began = time.perf_counter()
        container = self.folder / f"{split}{self.recipe.format.ending}"
        contents = replace(self.recipe.contents(split), fields=self._layouts.get(split, ()))
        writer = self.recipe.format.writer(container, contents)
        index = self._index(split)
        fields = FieldSums(self.folder, split, self.recipe.dataset, self._keeps_fields)
        try:
            payload_bytes = yield from self._fill(writer, index, fields, split, encode)
            writer.close()
            index.close()
            fields.close()
        except BaseException:
            writer.abort()
            index.abort()
            fields.close()
            raise
        seconds = time.perf_counter() - began
        sizes = measure(self.recipe.format, container, payload_bytes, index.path)
        self.splits[split] = {
            "samples": self.recipe.dataset.splits[split],
            **asdict(sizes),
            "seconds": seconds,
            **self._referenced(payload_bytes),
            "labels_checksum": labels_checksum(np.frombuffer(self._labels, np.int64)),
            **index.told,
        }

    def _referenced(self, payload_bytes: int) -> dict[str, int]:
        """What lies outside of the container, whose other sizes are those of what it adds."""
        form = self.recipe.format
        elsewhere = isinstance(form, Referring) and not form.keeps_payloads
        return {"referenced_bytes": payload_bytes} if elsewhere else {}

    def _index(self, split: str) -> IndexWriting:
        return IndexWriting(self.folder, split, self.recipe.dataset.splits[split], self.recipe.jpeg_index)

    def _fill(
        self, writer: Writer, index: IndexWriting, fields: FieldSums, split: str, encode: Encode
    ) -> Generator[Event, None, int]:
        """Write every sample; returns the sum of the stored payloads' sizes."""
        dataset, pace = self.recipe.dataset, Pace()
        self._labels = array("q")
        done = payload_bytes = 0
        since = time.monotonic()
        with (self.folder / f"{split}.checksums").open("wb") as sums:
            for chunk in encode(dataset.rows(split)):
                writer.write(chunk.payloads, chunk.labels, chunk.suffixes)
                self._labels.extend(chunk.labels)
                sums.write(chunk.checksums)
                index.write(chunk.records, chunk.noting_s)
                fields.write(len(chunk.payloads))
                for payload in chunk.payloads:
                    self._sha256.update(payload)
                payload_bytes += sum(map(len, chunk.payloads))
                done += len(chunk.payloads)
                since = self._note(WRITING, len(chunk.payloads), since)
                if pace.due():
                    self._background.look()
                    yield Progress(f"writing {split}", done, dataset.splits[split], left_s=self._left.seconds)
        yield Progress(f"writing {split}", done, dataset.splits[split], left_s=self._left.seconds)
        return payload_bytes

    def _check(self, store: Store) -> Iterator[Event]:
        pace, done, since = Pace(), 0, time.monotonic()
        for report in check_split(store, source=None):
            since = self._note(VERIFYING, report.done - done, since)
            done = report.done
            if report.mismatches:
                first = report.mismatches[0]
                raise WorkError(f"what was written does not read back ({first.split} {first.index}: {first.reason})")
            if pace.due():
                yield Progress(f"verifying {store.split}", report.done, len(store), left_s=self._left.seconds)
        store.close()

    def _note(self, kind: str, samples: int, since: float) -> float:
        """That so many samples were done since then; returns this moment."""
        now = time.monotonic()
        self._left.note(kind, samples, now - since)
        return now

    def _shards(self, checksums: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The files of containers that are several, as the verb tells them; `checksum` is XXH3-128."""
        form = self.recipe.format
        if not isinstance(form, Sharded):
            return
        for split in self.splits:
            container = f"{split}{self.recipe.format.ending}"
            for name, samples, size in form.shards_in(self.folder / container):
                path = f"{container}/{name}"
                yield {"path": path, "samples": samples, "bytes": size, "checksum": checksums[path]}

    def _manifest(self) -> Manifest:
        recipe = self.recipe
        return Manifest(
            dataset=recipe.dataset.name,
            fingerprint=recipe.dataset.fingerprint,
            format=recipe.format_name,
            variant=recipe.variant,
            encoding={"name": recipe.encoding_name, "options": chosen(recipe.encoding), **recipe.range},
            compression={"name": recipe.compression_name, "options": chosen(recipe.compression)},
            format_options=chosen(recipe.format),
            payload_shape=recipe.encoding.payload_shape,
            classes=recipe.dataset.classes,
            fields=[field._asdict() for field in recipe.dataset.fields] if self._keeps_fields else [],
            splits=self.splits,
            checksum=self.checksum,
            files=file_checksums(self.folder, keeps_files(recipe.format_name)),
            built=now(),
            versions=versions(),
            extra={**self.conditions, **recipe.pixels},
        )


def _summary_row(making: _Making, split: str) -> dict[str, Any]:
    told = making.splits[split]
    return {
        "stage": "build",
        "dataset": making.recipe.dataset.name,
        "format": making.recipe.format_name,
        "variant": making.recipe.variant,
        "split": split,
        "items": told["samples"],
        "bytes_on_disk": told["allocated_bytes"],
        "num_files": told["files"],
        "avg_file_size": round(told["apparent_bytes"] / max(1, told["files"])),
        "build_wall_s": round(told["seconds"], 6),
        "payload_bytes": told["payload_bytes"],
        "used_bytes": told["used_bytes"],
        "apparent_bytes": told["apparent_bytes"],
        "checksum": making.checksum,
    }
