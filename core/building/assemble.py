"""A store of the parts that were built: their containers under one roof, what lies beside them joined, the manifest."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..base import checksums
from ..base.contracts import Labels, Referring, Sizes
from ..base.errors import InputError, WorkError
from ..base.files import Unreadable
from ..formats.shards import Joined
from ..stores.jpeg_index import JpegIndex
from ..stores.manifest import MANIFEST, Manifest
from ..stores.sample_checksums import field_sums_file
from ..stores.shards import labels_file, read_labels, write_labels
from ..stores.store import labels_checksum, measure
from .entry_points import IndexWriting
from .part import digests_file, records_file, records_in
from .part_places import PartResult
from .plan import BuildPlan
from .recipe import Recipe

RECORDS = 4096
"""Records of entry points that are held at once."""


@dataclass
class Assembly:
    """Puts a store together in `store` of the parts below `parts`, which are used up. `elsewhere`: their containers lie
    at an address already; only what is beside them is here.

    `splits`, `shards`, `checksum`, `files`: what the manifest says of it.
    """

    recipe: Recipe
    plan: BuildPlan
    parts: Path
    store: Path
    keeps_fields: bool
    elsewhere: bool = False
    splits: dict[str, dict[str, Any]] = field(default_factory=dict)
    shards: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    checksum: str = ""

    def run(self, results: Mapping[str, PartResult], seconds: Mapping[str, float]) -> None:
        """`results`: of all parts, by name; `seconds`: what writing each split took. Raises WorkError where a part is
        not what was planned."""
        self.store.mkdir()
        digest = hashlib.sha256()
        for split in self.recipe.dataset.splits:
            of_split = [results[one.name] for one in self.plan.of(split)]
            for result in of_split:
                _fold(digest, digests_file(self.parts / result.name, split), result)
            self._split(split, of_split, seconds[split])
        self.checksum = digest.hexdigest()

    def manifest(self, extra: Mapping[str, Any]) -> Manifest:
        return self.recipe.manifest(
            self.splits, self.shards, self.keeps_fields, checksum=self.checksum, files=self.files, extra=extra
        )

    def save(self, extra: Mapping[str, Any]) -> None:
        """Write the manifest, which makes a store of it."""
        self.manifest(extra).save(self.store / MANIFEST)

    def _split(self, split: str, results: Sequence[PartResult], seconds: float) -> None:
        folders = [self.parts / result.name for result in results]
        labels = np.concatenate([read_labels(labels_file(folder, split), result.samples)
                                 for folder, result in zip(folders, results, strict=True)])  # fmt: skip
        self._beside(split, folders)
        self._containers(split, folders, results, labels)
        if len(results) > 1 and not isinstance(self.recipe.format, Joined):
            write_labels(labels_file(self.store, split), labels)
        index = self._index(split, folders, results)
        self._sums(split)
        sizes = self._sizes(split, results, index)
        self.splits[split] = {
            "samples": len(labels),
            **asdict(sizes),
            "seconds": seconds,
            **self._referenced(sizes.payload_bytes),
            "labels_checksum": labels_checksum(labels),
            **index.told,
        }

    def _beside(self, split: str, folders: Sequence[Path]) -> None:
        """What is kept of every sample, of all parts behind each other."""
        _concatenate([folder / f"{split}.checksums" for folder in folders], self.store / f"{split}.checksums")
        if self.keeps_fields:
            _concatenate([field_sums_file(folder, split) for folder in folders], field_sums_file(self.store, split))

    def _containers(self, split: str, folders: Sequence[Path], results: Sequence[PartResult], labels: Labels) -> None:
        """The containers, moved or joined, and the checksums of their files."""
        form, joined = self.recipe.format, self.store / f"{split}{self.recipe.format.ending}"
        sums = [checksums.of_file(folder / f"{split}.checksums") for folder in folders]
        self.files |= {name: told for result in results for name, told in result.files.items()}
        if isinstance(form, Joined) and (len(results) > 1 or self.elsewhere):
            form.join([folder / result.container for folder, result in zip(folders, results, strict=True)], joined)
            for path in joined.iterdir():
                if not path.name.startswith(f"{split}-"):
                    self.files[path.relative_to(self.store).as_posix()] = checksums.of_file(path)
            if not self.elsewhere:
                self._check_joined(joined, labels)
        elif not self.elsewhere:
            for folder, result in zip(folders, results, strict=True):
                (folder / result.container).rename(self.store / result.container)
        self.shards[split] = list(self._shards(joined, results, sums))

    def _check_joined(self, path: Path, labels: Labels) -> None:
        """The parts were read back where they were built; here it is looked at whether they are found in the whole."""
        reader = self.recipe.format.reader(path)
        try:
            if not np.array_equal(reader.labels, labels):
                raise WorkError(f"{path.name} does not read back: its labels are not those of its parts")
            reader.read([0, len(labels) - 1])
        finally:
            reader.close()

    def _shards(self, joined: Path, results: Sequence[PartResult], sums: Sequence[str]) -> Iterator[dict[str, Any]]:
        form = self.recipe.format
        if isinstance(form, Joined):
            for name, samples, size in form.shards_in(joined):
                path = f"{joined.name}/{name}"
                yield {"path": path, "samples": samples, "bytes": size, "checksum": self.files[path]}
            return
        for result, of_samples in zip(results, sums, strict=True):
            own = {name: told for name, told in self.files.items() if name.split("/")[0] == result.container}
            checksum = own.get(result.container) or (_of_lines(own) if own else of_samples)
            size = result.sizes.apparent_bytes
            yield {"path": result.container, "samples": result.samples, "bytes": size, "checksum": checksum}

    def _index(self, split: str, folders: Sequence[Path], results: Sequence[PartResult]) -> IndexWriting:
        """The index of entry points, where there is one, of the records that the parts noted; read back."""
        interval, samples = self.recipe.jpeg_index, sum(result.samples for result in results)
        index = IndexWriting(self.store, split, samples, interval)
        try:
            for folder, result in zip(folders, results, strict=True):
                records, noting_s = records_in(records_file(folder, split)), result.noting_s
                while held := list(islice(records, RECORDS)):
                    index.write(held, noting_s)
                    noting_s = 0.0
            index.close()
        except BaseException:
            index.abort()
            raise
        if index.path is not None:
            _read_back(self.store, split, samples)
        return index

    def _sums(self, split: str) -> None:
        """The checksums of what was written beside the containers."""
        for path in self.store.glob(f"{split}.*"):
            if path.is_file() and path.name not in self.files:
                self.files[path.name] = checksums.of_file(path)

    def _sizes(self, split: str, results: Sequence[PartResult], index: IndexWriting) -> Sizes:
        form = self.recipe.format
        payload_bytes = sum(result.sizes.payload_bytes for result in results)
        if not self.elsewhere and (len(results) == 1 or isinstance(form, Joined)):
            return measure(form, self.store / f"{split}{form.ending}", payload_bytes, index.path)
        parts = [asdict(result.sizes) for result in results]
        if index.path is not None:
            size, blocks = index.path.stat().st_size, index.path.stat().st_blocks * 512
            parts.append(asdict(Sizes(size, size, blocks, size, 1)))
        return Sizes(**{name: sum(part[name] for part in parts) for name in parts[0]})

    def _referenced(self, payload_bytes: int) -> dict[str, int]:
        """What lies outside of the containers, whose other sizes are those of what they add."""
        form = self.recipe.format
        elsewhere = isinstance(form, Referring) and not form.keeps_payloads
        return {"referenced_bytes": payload_bytes} if elsewhere else {}


def _fold(digest: Any, file: Path, result: PartResult) -> None:
    """The digests of a part's samples into that of the store."""
    data = file.read_bytes()
    if len(data) != 32 * result.samples:
        raise WorkError(f"{file} has {len(data):,} bytes for {result.samples:,} samples: build the store again")
    digest.update(data)


def _concatenate(files: Iterable[Path], target: Path) -> None:
    with target.open("wb") as joined:
        for file in files:
            _append(file, joined)


def _append(file: Path, joined: BinaryIO) -> None:
    with file.open("rb") as opened:
        shutil.copyfileobj(opened, joined, 1 << 20)


def _of_lines(files: Mapping[str, str]) -> str:
    """XXH3-128 of the names and checksums of a folder's files, a line each."""
    return checksums.of_text("".join(f"{name} {told}\n" for name, told in sorted(files.items())))


def _read_back(store: Path, split: str, samples: int) -> None:
    """Raises WorkError where a record of the index is not as it was written."""
    try:
        index = JpegIndex(store, split, samples)
        for sample in range(samples):
            index.record(sample)
    except (InputError, ValueError, Unreadable) as error:
        raise WorkError(f"the JPEG index of {split} does not read back: {error}") from None
