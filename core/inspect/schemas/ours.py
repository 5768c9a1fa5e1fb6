"""What is built here: whole stores, and their containers found without their manifest."""

from __future__ import annotations

import bisect
import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...base.contracts import Compression, Encoding, Labels, Pixels, Reader, Shape
from ...compressions import COMPRESSIONS
from ...encodings import ENCODINGS
from ...encodings.jpeg import Jpeg
from ...encodings.original import OriginalEncoding
from ...formats import FORMATS
from ...formats.folder import METADATA
from ...formats.lmdb.by_key import LmdbByKey
from ...images.array_files import NPY_MAGIC, samples_of
from ...images.value_range import DEFAULT, ValueRange
from ..records import Label, Record
from ..values import image_encoding, image_from_bytes, shape_of_later
from .own_fields import names_of_fields, with_fields

if TYPE_CHECKING:
    from ..folder.file import FilesFolder
    from ..hdf5.file import Hdf5File
    from ..lmdb.file import LmdbView
    from ..places.form import ImagePlaces
    from ..store.file import StoreFile


@dataclass(frozen=True, slots=True)
class Stages:
    """How payloads became what is stored. Without an encoding, payloads speak for themselves."""

    encoding: Encoding | None
    compression: Compression
    compression_name: str

    @property
    def bare(self) -> bool:
        """Whether payloads are bare pixels, whatever they begin with."""
        return self.encoding is not None and self.encoding.payload_shape is not None

    @property
    def as_others_do(self) -> bool:
        """Whether an image file is decoded as any other, by no range of its dataset."""
        if isinstance(self.encoding, OriginalEncoding):
            return self.encoding.values == DEFAULT
        return self.encoding is None or isinstance(self.encoding, Jpeg)

    @classmethod
    def of(cls, reader: Reader) -> Stages:
        """The stages that a container's own metadata names. Raises InputError for a compression that is unknown."""
        name = str(reader.metadata.get("compression", "none"))
        compression = COMPRESSIONS.make(name).with_dictionary(reader.dictionary)
        return cls(_encoding(reader.metadata), compression, name)


class Container:
    """The samples of one container, read by the format that wrote it and decoded as its metadata says."""

    def __init__(self, reader: Reader, why: str, stages: Stages) -> None:
        self.why = why
        self.warnings: list[str] = []
        classes = reader.metadata.get("classes")
        self.classes: Sequence[str] | None = list(map(str, classes)) if isinstance(classes, list) else None
        self._reader = reader
        self._stages = stages

    @property
    def field_names(self) -> Sequence[str]:
        return names_of_fields(self._reader)

    def __len__(self) -> int:
        return len(self._reader)

    def key(self, index: int) -> str:
        return self._reader.key(index)

    def find(self, key: str) -> int | None:
        for index in chain(self._guesses(key), range(len(self))):
            if self._reader.key(index) == key:
                return index
        return None

    def _guesses(self, key: str) -> list[int]:
        """Our keys end with the sample's number; only a group's key says something else."""
        numbers = [int(digits) for digits in re.findall(r"\d+", key[-40:])]
        return [number for number in numbers[::-1] if number < len(self)]

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`."""
        from ..places.own import OwnPlaces, places_told_by

        return OwnPlaces(self, places_told_by(self._reader), path)

    def label(self, index: int) -> Label:
        return int(self._reader.labels[index])

    def numbers(self) -> Labels | None:
        return self._reader.labels

    def read(self, index: int) -> Record:
        stored = bytes(self._reader.read([index])[0])
        pixels: Pixels | None = None
        file: bytes | None = None
        array: np.ndarray[Any, Any] | None = None
        later: Shape | None = None
        stages, encoding, problem = self._stages, "bytes", None
        try:
            payload = bytes(stages.compression.decompress(stored))
            encoding = image_encoding(payload) or "raw"
            file = None if encoding == "raw" or stages.bare else payload
            if not stages.bare and payload.startswith(NPY_MAGIC):
                array = samples_of(payload)
            if file is not None and stages.as_others_do:
                later = shape_of_later(file, encoding)
            if later is None:
                pixels = stages.encoding.decode(payload) if stages.encoding else image_from_bytes(payload)[0]
        except ValueError as error:
            problem = str(error)
        record = Record(
            key=self.key(index),
            label=self.label(index),
            encoding=encoding if stages.compression.identity else f"{encoding}+{stages.compression_name}",
            payload=stored,
            pixels=pixels,
            shape=later if pixels is None else pixels.shape,
            stored_bytes=self._reader.stored_bytes(index),
            problem=problem,
            file=file,
            array=array,
        )
        return with_fields(record, self._reader, index)


class OwnLmdb(Container):
    """An LMDB folder of a store."""

    kind: ClassVar[str] = "lmdb"

    @classmethod
    def recognise(cls, file: LmdbView) -> OwnLmdb | None:
        contents = LmdbByKey(file)
        if not contents.looks_like_ours():
            return None
        reader = usable(contents)
        made = cls(reader, "it has __labels__ and JSON in __metadata__, as the stores built here", Stages.of(reader))
        made.view = file
        return made

    view: LmdbView

    def image_places(self, path: Path, labelled: bool) -> ImagePlaces:
        """See `records.Placed`; a value by its key, which is the number of its sample."""
        from ..places.own import OwnPlaces

        def likely(index: int) -> int:
            position = self.view.index_of(self.key(index).encode())
            place = None if position is None else self.view.tree.value_place(position)
            return -1 if place is None else place[0]

        return OwnPlaces(self, likely, path)


class OwnHdf5(Container):
    """An HDF5 file of a store."""

    kind: ClassVar[str] = "hdf5"

    @classmethod
    def recognise(cls, file: Hdf5File) -> OwnHdf5 | None:
        if "metadata" not in file.attributes() or "labels" not in file.datasets or not _stays_inside(file):
            return None
        reader = usable(FORMATS.make("hdf5").reader(file.path))
        return cls(reader, "it has labels and metadata in JSON, as the stores built here", Stages.of(reader))


HDF5_PARTS = ("labels", "images", "bytes", "offsets", "classes", "dictionary")


def _stays_inside(file: Hdf5File) -> bool:
    """Whether all that the format's own reader would open is a dataset of this very file, and can be read."""
    present = [name for name in HDF5_PARTS if name in file.tree.by_name]
    return all(name in file.datasets and file.refusal(file.datasets[name]) is None for name in present)


class OwnDisk(Container):
    """A folder of a store: files by class and manifest.csv."""

    kind: ClassVar[str] = "folder"
    folder: Path

    def read(self, index: int) -> Record:
        """Raises ValueError for a link that leads out of the folder: whoever made it may be hostile."""
        key = self.key(index)
        if not self._inside(key):
            raise ValueError(f"{key!r} lies outside of the folder and is not read")
        return super().read(index)

    def _inside(self, key: str) -> bool:
        return (self.folder / key).resolve().is_relative_to(self.folder.resolve())

    @classmethod
    def recognise(cls, file: FilesFolder) -> OwnDisk | None:
        if "manifest.csv" not in file.names:
            return None
        reader = usable(FORMATS.make("disk").reader(file.path))
        records = cls(reader, "it has a manifest.csv of paths and labels, as the stores built here", Stages.of(reader))
        records.folder = file.path
        return records


class OwnCsv(Container):
    """A CSV manifest of a store. Its images may lie in the dataset; the format's reader opens none outside of the
    folder that the metadata names, and `roots` admits a manifest only where that one may be opened."""

    kind: ClassVar[str] = "folder"

    @classmethod
    def recognise(cls, file: FilesFolder) -> OwnCsv | None:
        if not {f"{file.path.name}.csv", METADATA} <= set(file.names):
            return None
        reader = usable(FORMATS.make("csv").reader(file.path))
        return cls(reader, "it has a CSV file of its name and metadata.json, as stores built here", Stages.of(reader))


def usable(reader: Reader) -> Reader:
    """The reader, if what lies there is its format's. Raises InputError or ValueError that says what is wrong."""
    if len(reader) != len(reader.labels) or not isinstance(reader.metadata, Mapping):
        raise ValueError("its labels and metadata are not those of a store")
    return reader


def _encoding(metadata: Mapping[str, Any]) -> Encoding | None:
    """Options that matter to writing alone (a quality, a level) are not needed to read."""
    name, shape = str(metadata.get("encoding")), metadata.get("payload_shape")
    if name not in ENCODINGS:
        return None
    made = ENCODINGS.make(name)
    values = ValueRange.from_json(metadata.get("range"))
    if isinstance(shape, list) and len(shape) == 3:
        return made.bind([(int(shape[0]), int(shape[1]), int(shape[2]))], values)
    return None if name == "raw" else made.bind([], values)


class BuiltStore:
    """A store by its manifest, split after split; keys are preceded by the split's name."""

    kind: ClassVar[str] = "store"

    def __init__(self, file: StoreFile) -> None:
        manifest = file.manifest
        self.why = f"its manifest says so: {manifest.dataset} as {manifest.format}/{manifest.variant}"
        self.classes: Sequence[str] | None = manifest.classes
        self.warnings: list[str] = []
        self._stores = file.splits
        self._names = [store.split for store in file.splits]
        name = str(manifest.compression["name"])
        self._containers = [
            Container(store.reader, self.why, Stages(store.encoding, store.compression, name)) for store in file.splits
        ]
        self._starts = list(accumulate((len(store) for store in file.splits), initial=0))

    @classmethod
    def recognise(cls, file: StoreFile) -> BuiltStore:
        return cls(file)

    @property
    def field_names(self) -> Sequence[str]:
        return [field.name for field in self._stores[0].fields] if self._stores else []

    def __len__(self) -> int:
        return self._starts[-1]

    def key(self, index: int) -> str:
        split, inner = self._place(index)
        return f"{self._names[split]}/{self._containers[split].key(inner)}"

    def find(self, key: str) -> int | None:
        """A key with its split before it; without one, the first split that has it."""
        for number, (name, container) in enumerate(zip(self._names, self._containers, strict=True)):
            found = container.find(key.removeprefix(f"{name}/"))
            if found is not None:
                return self._starts[number] + found
        return None

    def label(self, index: int) -> Label:
        split, inner = self._place(index)
        return self._containers[split].label(inner)

    def split(self, index: int) -> str:
        return self._names[self._place(index)[0]]

    def numbers(self) -> Labels | None:
        numbers = [store.labels for store in self._stores]
        return np.concatenate(numbers) if numbers else None

    def read(self, index: int) -> Record:
        split, inner = self._place(index)
        record = self._containers[split].read(inner)
        return dataclasses.replace(record, key=self.key(index))

    def _place(self, index: int) -> tuple[int, int]:
        split = bisect.bisect_right(self._starts, index) - 1
        return split, index - self._starts[split]
