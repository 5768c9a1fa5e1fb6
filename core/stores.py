"""One built dataset on disk: `data/built/<dataset>/<format>/<variant>/` with its manifest and a container a split."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import checksums
from core.checked import AMOUNT, COUNT, OBJECT, TEXT, Kind, check, list_of, object_of, one_of, with_fields
from core.compressions import COMPRESSIONS
from core.contracts import Buffer, Compression, Encoding, Format, Labels, Pixels, Reader, Shape, Sizes
from core.encodings import ENCODINGS
from core.errors import InputError, disk_trouble_told
from core.files import Unreadable, read_object, remove
from core.formats import FORMATS
from core.formats.walk import files_below
from core.home import Home
from core.strict_json import dumps, plain
from core.value_range import ValueRange

if TYPE_CHECKING:
    from core.loading.loader import Loader

MANIFEST = "manifest.json"
SCHEMA = 1
WORKPLACE = ".building"


@dataclass(frozen=True)
class Manifest:
    """What a store says of itself.

    `encoding`, `compression` and `format_options` name what it was built with; where payloads are files with samples
    wider than 8 bits, `encoding["range"]` says how they become pixels (`core.value_range`). `splits` maps a split's
    name to its `Sizes`, `samples` and `seconds` (the time its writing took); `checksum` is the SHA-256 of all encoded
    payloads (before compression) in order, split after split; `files` the XXH3-128 of the files whose every byte
    counts.
    """

    dataset: str
    fingerprint: str
    format: str
    variant: str
    encoding: Mapping[str, Any]
    compression: Mapping[str, Any]
    format_options: Mapping[str, Any]
    payload_shape: Shape | None
    classes: list[str]
    splits: Mapping[str, Mapping[str, Any]]
    checksum: str
    files: Mapping[str, str]
    built: str
    versions: Mapping[str, str]
    schema: int = SCHEMA
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> ValueRange:
        """How samples wider than 8 bits in the payloads become pixels. Raises InputError for what is none."""
        return ValueRange.from_json(self.encoding.get("range"))

    def save(self, path: Path) -> None:
        """Write it with a checksum over itself, so that a flipped byte in it is found as well."""
        fields = plain(dataclasses.asdict(self))
        path.write_text(dumps({**fields, "self": _digest(fields)}, indent=1), "utf-8")

    @classmethod
    def load(cls, store: Path) -> Manifest:
        """Raises InputError where `store` is not a finished store that this version can read."""
        path = store / MANIFEST
        if not os.path.lexists(path):
            raise InputError(f"{store} is not a built store: it has no {MANIFEST}")
        try:
            fields = read_object(path)
            stated = fields.pop("self", None)
            if fields.get("schema") != SCHEMA:
                raise InputError(
                    f"{path}: schema {fields.get('schema')}, this version reads {SCHEMA}; build the store again"
                )
            if stated != _digest(fields):
                raise InputError(f"{path} was changed after it was written; build the store again (--force)")
            check(fields, MANIFEST_FIELDS, {"payload_shape": SHAPE, "extra": OBJECT})
            shape = fields.pop("payload_shape", None)
            return cls(**fields, payload_shape=tuple(shape) if shape else None)
        except (Unreadable, TypeError) as error:
            raise InputError(f"{path} is damaged ({error}); build the store again (--force)") from None


PART = with_fields({"name": TEXT, "options": OBJECT})
SHAPE = Kind("a shape", lambda value: list_of(COUNT).fits(value) and len(value) == 3)
SPLIT_FIELDS = {
    **dict.fromkeys(("samples", "payload_bytes", "used_bytes", "allocated_bytes", "apparent_bytes", "files"), COUNT),
    "seconds": AMOUNT,
}
MANIFEST_FIELDS = {
    **dict.fromkeys(("dataset", "fingerprint", "variant", "checksum", "built"), TEXT),
    "format": one_of(FORMATS),
    "encoding": PART,
    "compression": PART,
    "format_options": OBJECT,
    "classes": list_of(TEXT),
    "splits": object_of(with_fields(SPLIT_FIELDS)),
    "files": object_of(TEXT),
    "versions": object_of(TEXT),
}
"""What every reader of a manifest relies on."""


def _digest(fields: Mapping[str, Any]) -> str:
    # Python's own writing, which is what the stores of all versions were signed with.
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
    return f"{checksums.of_bytes(text.encode('utf-8', 'surrogatepass')):016x}"


class Store:
    """One split of a built store: payloads, labels, and pixels by index.

    Handles open on first use in each process; a Store survives pickling and fork and may be used by several threads.
    """

    def __init__(self, path: Path, split: str, manifest: Manifest) -> None:
        self.path = path
        self.split = split
        self.manifest = manifest

    def __len__(self) -> int:
        return int(self.manifest.splits[self.split]["samples"])

    def __getitem__(self, index: int) -> tuple[Pixels, int]:
        """The pixels, uint8 (height, width, 3), and the label of one sample; a negative index counts from the end."""
        position = range(len(self))[index]
        pixels = self.encoding.decode(self.read([position])[0])
        return pixels if pixels.flags.writeable else pixels.copy(), int(self.labels[position])

    def __repr__(self) -> str:
        told = self.manifest
        return f"<Store {told.dataset}/{told.format}/{told.variant} {self.split}: {len(self):,} samples>"

    @property
    def classes(self) -> list[str]:
        return self.manifest.classes

    @property
    def labels(self) -> Labels:
        """int64 (n,)."""
        return self.reader.labels

    @property
    def payload_shape(self) -> Shape | None:
        """The shape of every sample's pixels where payloads are bare pixels, else None."""
        return self.manifest.payload_shape

    @cached_property
    def container(self) -> Path:
        """The split's file or folder."""
        return self.path / f"{self.split}{self.format.ending}"

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
        """The container's reader: payloads as they are stored."""
        return self.format.reader(self.container)

    def read(self, indices: Sequence[int]) -> list[Buffer]:
        """The encoded payloads at `indices` (0 <= i < len), decompressed; views where the format can."""
        stored = self.reader.read(indices)
        compression = self.compression
        return stored if compression.identity else [compression.decompress(payload) for payload in stored]

    def loader(self, **settings: Any) -> Loader:
        """Batches of torch tensors; see `core.loading.make_loader` for the settings."""
        from core.loading import make_loader

        return make_loader(self, **settings)

    def close(self) -> None:
        """Let go of the container's handles; views of its payloads are no longer valid."""
        if "reader" in self.__dict__:
            self.reader.close()

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


def measure(format: Format, container: Path, payload_bytes: int) -> Sizes:
    """The four sizes of one split, of its files alone (folders are not counted)."""
    apparent = allocated = files = 0
    for status in files_below(container):
        apparent += status.st_size
        allocated += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
        files += 1
    return Sizes(payload_bytes, format.used_bytes(container), allocated, apparent, files)


def payload_checksums(path: Path, split: str) -> np.memmap[Any, np.dtype[np.uint64]] | np.ndarray:
    """XXH3-64 of every encoded payload of a split as it was when it was built: uint64 (n,)."""
    file = path / f"{split}.checksums"
    return np.memmap(file, "<u8", "r") if file.stat().st_size else np.empty(0, np.uint64)


def file_checksums(store: Path) -> dict[str, str]:
    """XXH3-128 of the files whose every byte counts, by path below `store`.

    The files of samples, one each in the class folders of a split, are not among them: their payloads have checksums.
    """
    files = [path for pattern in ("*", "*/*") for path in store.glob(pattern) if path.is_file()]
    return {
        path.relative_to(store).as_posix(): checksums.of_file(path) for path in sorted(files) if path.name != MANIFEST
    }
