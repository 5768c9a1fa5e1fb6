"""One built dataset on disk: `data/built/<dataset>/<format>/<variant>/` with its manifest and a container a split."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..base import checksums, rich_display
from ..base.contracts import (
    Buffer,
    Compression,
    Encoding,
    Field,
    FieldReader,
    FieldValue,
    Format,
    Labels,
    Pixels,
    Reader,
    Shape,
    Sizes,
)
from ..base.errors import InputError, WorkError, disk_trouble_told
from ..base.extras import needed_by
from ..base.files import remove
from ..base.home import Home
from ..base.units import size_text
from ..compressions import COMPRESSIONS
from ..encodings import ENCODINGS
from ..formats import FORMATS
from ..formats.shards import Joined
from ..formats.walk import files_below
from .manifest import MANIFEST as MANIFEST
from .manifest import Manifest as Manifest
from .parted_reader import PartedReader
from .sample_checksums import Sums, payload_checksums
from .shards import StoreShard, labels_file, read_labels, shards_told, starts_of

if TYPE_CHECKING:
    from ..loading.loader import Loader

WORKPLACE = ".building"


class Store:
    """One split of a built store: payloads, labels, and pixels by index.

    What is damaged is told by InputError (the container, or a sample that cannot be read) or WorkError (a sample that
    does not decode), naming the container and the sample, and by nothing else.

    Handles open on first use in each process; a Store survives pickling and fork and may be used by several threads.
    """

    def __init__(self, path: Path, split: str, manifest: Manifest) -> None:
        self.path = path
        self.split = split
        self.manifest = manifest

    def __len__(self) -> int:
        return int(self.manifest.splits[self.split]["samples"])

    def __getitem__(self, index: int) -> tuple[Pixels, int]:
        """The pixels, uint8 (height, width, 3), and the label of one sample; a negative index counts from the end.
        Raises WorkError for a sample that does not decode, or is not what was built."""
        position = range(len(self))[index]
        label = int(self.labels[position])
        (payload,) = self.read([position])
        try:
            pixels = self.encoding.decode(payload)
        except ValueError as error:
            raise self._broken(position, error) from error
        if self._sums is not None and checksums.of_bytes(payload) != self._sums[position]:
            raise WorkError(f"{self._sample(position)} is not what was built: its checksum differs; verify the store")
        return pixels if pixels.flags.writeable else pixels.copy(), label

    def __repr__(self) -> str:
        told = self.manifest
        return f"<Store {told.dataset}/{told.format}/{told.variant} {self.split}: {len(self):,} samples>"

    def _repr_html_(self) -> str:
        """What a notebook shows: facts, and samples from the whole split. A sample that cannot be read is left out."""
        from ..images.thumbnail import sample_pictures

        told = self.manifest
        facts = {
            "samples": f"{len(self):,}",
            "classes": f"{len(self.classes):,}",
            "format": told.format,
            "variant": told.variant,
            "payload": size_text(told.splits[self.split]["payload_bytes"]),
        }
        shown = rich_display.pictures(sample_pictures(self, self.classes))
        return rich_display.displayed(f"{told.dataset}, {self.split}", facts, shown)

    @property
    def classes(self) -> list[str]:
        return self.manifest.classes

    @cached_property
    def labels(self) -> Labels:
        """int64 (n,), one for each sample that the manifest counts, each the number of a class. Of several containers
        they lie beside them, so that none has to be opened."""
        several, classes = len(self.containers) > 1, len(self.classes)
        labels = read_labels(labels_file(self.path, self.split), len(self)) if several else self.reader.labels
        if len(labels) != len(self):
            raise InputError(
                f"{self.container} is damaged: {len(labels):,} samples, where the manifest says {len(self):,}"
            )
        if len(labels) and (labels.min() < 0 or labels.max() >= classes):
            raise InputError(f"{self.container} is damaged: a label is none of the {classes:,} classes' numbers")
        return labels

    @property
    def fingerprint(self) -> str:
        """That of the dataset it was built from."""
        return self.manifest.fingerprint

    @property
    def labels_checksum(self) -> str | None:
        """`labels_checksum` of the labels when the store was built; None where it was built before there was one."""
        return self.manifest.splits[self.split].get("labels_checksum")

    @property
    def payload_shape(self) -> Shape | None:
        """The shape of every sample's pixels where payloads are bare pixels, else None."""
        return self.manifest.payload_shape

    @property
    def jpeg_index(self) -> int | None:
        """MCUs between two entry points of the index that it was built with (see `jpeg_index`); None without one."""
        interval = self.manifest.encoding["options"].get("jpeg_index")
        return interval if isinstance(interval, int) else None

    @cached_property
    def container(self) -> Path:
        """The split's file or folder; of several the first."""
        return self.containers[0]

    @cached_property
    def containers(self) -> tuple[Path, ...]:
        """The split's files or folders: one, or one for each of its shards."""
        told = self.manifest.shards.get(self.split)
        if not told or isinstance(self.format, Joined):
            return (self.path / f"{self.split}{self.format.ending}",)
        return tuple(self.path / one["path"] for one in told)

    @cached_property
    def shards(self) -> tuple[StoreShard, ...]:
        """The shards in the order of their samples. A store that was built before they were told is one."""
        told = self.manifest.shards.get(self.split)
        if told:
            return shards_told(told)
        size = self.manifest.splits[self.split]["apparent_bytes"]
        return (StoreShard(0, 0, len(self), size, self.container.name, ""),)

    @cached_property
    def shard_starts(self) -> npt.NDArray[np.int64]:
        """Where each shard begins among the samples, and where the last one ends: int64 (shards + 1,)."""
        return starts_of(self.shards)

    def shard_of(self, index: int) -> StoreShard:
        """The shard that a sample (0 <= index < len) lies in."""
        return self.shards[int(np.searchsorted(self.shard_starts, index, "right")) - 1]

    @cached_property
    def format(self) -> Format:
        return FORMATS.make(self.manifest.format, self.manifest.format_options)

    @cached_property
    def encoding(self) -> Encoding:
        made = ENCODINGS.make(self.manifest.encoding["name"], self.manifest.encoding["options"])
        return made.bind([self.payload_shape] if self.payload_shape else [], self.manifest.values)

    @cached_property
    def compression(self) -> Compression:
        made = COMPRESSIONS.make(self.manifest.compression["name"], self.manifest.compression["options"])
        return made.with_dictionary(self.reader.dictionary)

    @cached_property
    def reader(self) -> Reader:
        """The reader of the container, or of all of them: payloads as they are stored."""
        for path in self.containers:
            if path.is_symlink():
                raise InputError(f"{path} is a link, which is not followed: put the container itself there")
        if len(self.containers) == 1:
            return self.format.reader(self.container)
        readers = [self.format.reader(path) for path in self.containers]
        return PartedReader(readers, self.containers, self.shard_starts, labels_file(self.path, self.split))

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        """The encoded payloads at `indices` (0 <= i < len), decompressed; views where the format can."""
        stored = self.reader.read(indices)
        if self.compression.identity:
            return stored
        return [self._decompressed(index, payload) for index, payload in zip(indices, stored, strict=True)]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The further values that samples have, by name and kind."""
        return tuple(Field(told["name"], told["kind"]) for told in self.manifest.fields)

    def field_values(
        self, indices: Sequence[int], names: Sequence[str] | None = None
    ) -> list[Mapping[str, FieldValue]]:
        """The further values of the samples at `indices` (0 <= i < len), of all fields or of some; a sample lacks the
        names that it has no value of. Raises InputError that names the fields where one of `names` is none."""
        if isinstance(self.reader, FieldReader):
            return self.reader.fields(indices, names)
        if names:
            raise InputError(f"{self.container} has no field {names[0]!r}; it has: none")
        return [{} for _ in indices]

    def loader(self, **settings: Any) -> Loader:
        """Batches of torch tensors; see `core.loading.make_loader` for the settings."""
        with needed_by("a loader"):
            from ..loading import make_loader
        return make_loader(self, **settings)

    def close(self) -> None:
        """Let go of the container's handles; views of its payloads are no longer valid."""
        if "reader" in self.__dict__:
            self.reader.close()
        self.__dict__.pop("labels", None)  # they may lie in the container's map

    def _decompressed(self, index: int, payload: Buffer) -> Buffer:
        try:
            return self.compression.decompress(payload)
        except ValueError as error:
            raise self._broken(index, error) from error

    def _broken(self, index: int, error: ValueError) -> WorkError:
        return WorkError(f"{self._sample(index)} cannot be decoded: {error}")

    def _sample(self, index: int) -> str:
        """What to call a sample in a sentence."""
        where = self.path / self.shard_of(index).path if len(self.shards) > 1 else self.container
        return f"sample {index} of {where}"

    @cached_property
    def _sums(self) -> Sums | None:
        """The checksums of all encoded payloads; None where they are gone, which `verify` tells."""
        try:
            return payload_checksums(self.path, self.split)
        except InputError:
            return None

    def __reduce__(self) -> tuple[Any, ...]:
        return Store, (self.path, self.split, self.manifest)


def open_store(path: str | os.PathLike[str], split: str = "train") -> Store:
    """The store in folder `path`. Raises InputError where there is none, or no such split in it."""
    folder = Path(path)
    manifest = Manifest.load(folder)
    if split not in manifest.splits:
        raise InputError(f"{folder} has no split {split!r}; it has: {', '.join(manifest.splits)}")
    return Store(folder, split, manifest)


@dataclass(frozen=True)
class StoreInfo:
    """A store that was found: where it is and what it says of itself."""

    path: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """format/variant: unique within a dataset."""
        return f"{self.manifest.format}/{self.manifest.variant}"


def list_stores(home: Home, dataset: str | None = None) -> list[StoreInfo]:
    """The finished stores of one dataset or of all, sorted; folders whose manifest does not load are left out."""
    return [info for path in _store_folders(home, dataset) if isinstance(info := _look(path), StoreInfo)]


def list_damaged_stores(home: Home, dataset: str | None = None) -> list[tuple[Path, str]]:
    """The folders among the stores whose manifest does not load, and why."""
    return [(path, info) for path in _store_folders(home, dataset) if isinstance(info := _look(path), str)]


def _store_folders(home: Home, dataset: str | None) -> Iterator[Path]:
    """The folders that have a manifest, or whatever bears its name."""
    pattern = f"{dataset or '*'}/*/*/{MANIFEST}"
    with contextlib.suppress(OSError):
        for path in sorted(home.built.glob(pattern)):
            if not any(part.startswith(".") for part in path.relative_to(home.built).parts):
                yield path.parent


def _look(path: Path) -> StoreInfo | str:
    try:
        return StoreInfo(path, Manifest.load(path))
    except InputError as error:
        return str(error)


def delete_store(home: Home, path: Path) -> None:
    """Remove a store, also one that cannot be read; of a link only the link.

    Raises InputError for anything that is not one of this home's, WorkError where the disk refuses.
    """
    folder = path.parent.resolve() / path.name
    if folder.parents[2:3] != (home.built.resolve(),) or not os.path.lexists(folder / MANIFEST):
        raise InputError(f"{path} is not one of the stores in {home.built}")
    # Renamed first: however the removal ends, no half of a store is ever seen.
    going = home.built / WORKPLACE / f"{folder.parts[-3]}.{folder.parts[-2]}.{folder.name}.{os.getpid()}"
    with disk_trouble_told("deleting the store"):
        going.parent.mkdir(exist_ok=True)
        remove(folder.rename(going))


def measure(format: Format, container: Path, payload_bytes: int, index: Path | None = None) -> Sizes:
    """The four sizes of one split, of its files alone (folders are not counted); a JPEG index counts in each."""
    apparent = allocated = files = 0
    for status in chain(files_below(container), files_below(index) if index else ()):
        apparent += status.st_size
        allocated += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
        files += 1
    beside = index.stat().st_size if index else 0
    return Sizes(payload_bytes + beside, format.used_bytes(container) + beside, allocated, apparent, files)


def labels_checksum(labels: Labels) -> str:
    """XXH3-64 of a split's labels as little-endian int64, 16 hexadecimal digits."""
    return f"{checksums.of_bytes(np.ascontiguousarray(labels, '<i8')):016x}"


def changed_files(store: Store) -> list[str]:
    """The files of this split, by path below the store, whose bytes are not as they were written (or that are gone)."""
    return [
        name
        for name, stated in store.manifest.files.items()
        if store.manifest.split_of(name) == store.split
        and not ((file := store.path / name).is_file() and checksums.of_file(file) == stated)
    ]


def file_checksums(store: Path, file_per_sample: bool = False) -> Generator[int, None, dict[str, str]]:
    """XXH3-128 of the files whose every byte counts, by path below `store`; yields how many bytes more were read.

    The files of samples, one each in the folders of a split, are not among them: their payloads have checksums.
    """
    patterns = ("*", "*/*") if file_per_sample else ("**/*",)
    files = [path for pattern in patterns for path in store.glob(pattern) if path.is_file()]
    found = {}
    for path in sorted(files):
        if path.name != MANIFEST:
            found[path.relative_to(store).as_posix()] = yield from checksums.in_steps(path)
    return found
