"""Images in groups of one split, each group one call of a worker."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xxhash

from ..base.contracts import FieldValue, Place, Skipped
from ..base.field_values import plain_values
from ..base.names import folders
from ..base.source_contracts import FoundImage
from ..base.strict_json import dumps

FIRST_IMAGES, FEWEST_IMAGES, MOST_IMAGES = 16, 4, 256
"""Images that one call handles: at first, and at least and at most by what calls have taken."""

FEWEST_ELSEWHERE = 64
"""At least, of images at an address: a call waits for many requests at once, not for its images one by one."""

CHUNK_BYTES = 4 << 20
"""Where their bytes come with them, fewer when they are large."""

CALL_SECONDS = 0.04
"""What a call should take: long beside what it costs to make one, short beside the whole import."""


class GivenImage(NamedTuple):
    """What a worker is given of an image: its bytes or the file that has them, what to call it when something is wrong,
    and where it is to be written ("" where it is not copied). `listed`: of a file that stands for an object, the bytes
    and the time (ns) that the listing gave it: a worker on another machine does not see the file."""

    data: bytes
    file: str
    origin: str
    target: str
    listed: tuple[int, int] | None = None


class ImportChunk(NamedTuple):
    """Images of one split: as a worker is given them (or why there is none), with their paths in the dataset, their
    labels, their further values and, where they are not copied, their places."""

    split: str
    given: list[GivenImage | Skipped]
    paths: list[str]
    labels: list[int]
    fields: list[Mapping[str, FieldValue]]
    places: list[Place | None]

    @classmethod
    def empty(cls, split: str) -> ImportChunk:
        return cls(split, [], [], [], [], [])

    def meaning(self) -> int:
        """Another number as soon as an image has another split, name, label or further value: 63 bits of an XXH3-64."""
        told = [f"{label}\t{path}" for label, path in zip(self.labels, self.paths, strict=True) if label >= 0]
        digest = xxhash.xxh3_64("\n".join([self.split if told else "", *told]).encode("utf-8", "surrogatepass"))
        for values in self.fields:
            for name, value in values.items():
                digest.update(f"\n{name}\t{type(value).__name__}\t".encode("utf-8", "surrogatepass"))
                digest.update(_bytes_of(value))
        return digest.intdigest() >> 1


def _bytes_of(value: FieldValue) -> bytes:
    """Others for another value. Arrays are not made lists for it, which takes longer than to decode the image."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}".encode() + value.tobytes()
    return value if isinstance(value, bytes) else dumps(plain_values({"": value})).encode("utf-8", "surrogatepass")


class ChunkSize:
    """How many images one call should handle, at least `fewest`, as learnt from what calls took."""

    def __init__(self, fewest: int = FEWEST_IMAGES) -> None:
        self._fewest = fewest
        self.images = max(FIRST_IMAGES, fewest)

    def learn(self, images: int, seconds: float) -> None:
        wanted = round(images * CALL_SECONDS / max(seconds, 1e-6))
        self.images = max(self._fewest, self.images // 2, min(wanted, MOST_IMAGES))


class Chunks:
    """Groups the images that a source hands over; makes the class folders on the way."""

    def __init__(self, root: Path, classes: Sequence[str], size: ChunkSize, listed: bool = False) -> None:
        """`listed`: files stand for objects (`GivenImage.listed`)."""
        self._root, self._size, self._listed = root, size, listed
        self._label_of = {name: label for label, name in enumerate(classes)}
        self._folder_of = folders(classes)
        self._made: set[str] = set()

    def of(self, images: Iterable[FoundImage | Skipped]) -> Iterator[ImportChunk]:
        chunk, size = ImportChunk.empty(""), 0
        for found in images:
            split = chunk.split if isinstance(found, Skipped) else found.split
            if chunk.given and (split != chunk.split or len(chunk.given) >= self._size.images or size >= CHUNK_BYTES):
                yield chunk
                chunk, size = ImportChunk.empty(split), 0
            elif split != chunk.split:
                chunk = ImportChunk.empty(split)
            if isinstance(found, Skipped):
                self._add_skipped(chunk, found)
            else:
                self._add_found(chunk, found)
                size += len(found.data)
        if chunk.given:
            yield chunk

    def all_of(self, images: Iterable[FoundImage | Skipped]) -> ImportChunk:
        """These images, which `of` gave as one chunk before, as one."""
        chunk = ImportChunk.empty("")
        for found in images:
            if isinstance(found, Skipped):
                self._add_skipped(chunk, found)
            else:
                chunk = chunk._replace(split=found.split)
                self._add_found(chunk, found)
        return chunk

    def _add_found(self, chunk: ImportChunk, found: FoundImage) -> None:
        place, path, target = found.place, found.name, ""
        if place is None or place.offset >= 0 or place.record >= 0:
            folder = f"{found.split}/{self._folder_of[found.class_name]}"
            path = f"{folder}/{found.name}"
        if place is None:
            target = f"{self._root}/{path}"
            if folder not in self._made:
                (self._root / folder).mkdir(parents=True, exist_ok=True)
                self._made.add(folder)
        listed = _as_listed(found.file) if self._listed and found.file else None
        chunk.given.append(GivenImage(found.data, found.file, found.origin, target, listed))
        chunk.paths.append(path)
        chunk.labels.append(self._label_of[found.class_name])
        chunk.fields.append(found.fields)
        chunk.places.append(place)

    def _add_skipped(self, chunk: ImportChunk, skipped: Skipped) -> None:
        chunk.given.append(skipped)
        chunk.paths.append("")
        chunk.labels.append(-1)
        chunk.fields.append({})
        chunk.places.append(None)


def _as_listed(file: str) -> tuple[int, int]:
    status = os.stat(file)  # noqa: PTH116 - a `Path` takes longer to make
    return status.st_size, status.st_mtime_ns
