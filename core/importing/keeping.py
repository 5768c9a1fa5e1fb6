"""What is done with each image, many at a time: read, check by decoding, and bring into the dataset."""

from __future__ import annotations

import io
import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import xxhash

from ..base import checksums
from ..base.contracts import Skipped
from ..images.array_files import NPY_MAGIC
from ..images.measuring import measure
from ..images.pixels import MAX_PIXELS, BadImage
from ..images.value_range import Values
from ..remote.traffic import Traffic
from ..sources.listed import MAX_FILE_BYTES, READING, read_image_file
from .chunks import CHUNK_BYTES, GivenImage
from .copying import Copier
from .decoding import Examined, examine_many
from .headers import plain_size

if TYPE_CHECKING:
    from ..sources.remote_tree import RemoteTree


class ImportedImage(NamedTuple):
    """An image that was checked and brought into the dataset."""

    bytes: int
    height: int
    width: int
    checksum: int
    pixel_checksum: int
    values: Values


class KeptChunk(NamedTuple):
    """What became of the images of a chunk, in order, the seconds that took, the stamp of their files, and what was
    asked of storage for them."""

    results: list[ImportedImage | Skipped]
    seconds: float
    stamp: int
    traffic: Traffic = Traffic()


CHECKS = ("full", "header")
"""`full`: every image is decoded. `header`: its size is read from its header and nothing else is known of it. Images
whose values decide how they are shown (more than 8 bits, masks, bands) are decoded all the same."""

HEAD_BYTES = 1 << 11
"""What is read of a file for its header; where that is not enough, the image library reads it."""

REMOTE_HEAD_BYTES = 64 << 10
"""The same of an object: another request costs more than these bytes."""

BYTES = Values("byte", 0, 255)
"""Of samples of 8 bits that were not looked at."""


@dataclass(frozen=True)
class Keeper:
    """Reads, checks and keeps images; travels to worker processes. `copy` is one of `copying.WAYS`, `check` one of
    `CHECKS`; with "header" nothing is copied. `bands` are those that are shown in the place of the usual ones. `tree`:
    files in its folder are read at its address."""

    copy: str = "auto"
    check: str = "full"
    bands: tuple[int, ...] | None = None
    tree: RemoteTree | None = None

    @cached_property
    def _copier(self) -> Copier:
        return Copier(self.copy)

    def __call__(self, given: Sequence[GivenImage | Skipped]) -> KeptChunk:
        """Raises OSError where the disk refuses to keep an image, and InputError (see `Copier`)."""
        begun, stamp = time.perf_counter(), stamp_of(given)
        if self.tree is not None:
            fetched, traffic = self._from_elsewhere(self.tree, given)
            return KeptChunk(fetched, time.perf_counter() - begun, stamp, traffic)
        results: list[ImportedImage | Skipped] = []
        if self.check == "header":
            results += (_measured(image) or self._in_full(image) for image in given)
        else:
            for part in _parts(given):
                results += self._kept(part)
        return KeptChunk(results, time.perf_counter() - begun, stamp)

    def _from_elsewhere(
        self, tree: RemoteTree, given: Sequence[GivenImage | Skipped]
    ) -> tuple[list[ImportedImage | Skipped], Traffic]:
        """Images whose files are stand-ins, many of them asked for at once. Raises RemoteError."""
        found = {number: one for number, one in enumerate(given) if isinstance(one, GivenImage) and one.listed}
        done: dict[int, ImportedImage | Skipped] = {}
        traffic = Traffic()
        if self.check == "header" and found:
            heads, traffic = tree.read([_sized(one) for one in found.values()], REMOTE_HEAD_BYTES)
            for (number, one), head in zip(found.items(), heads, strict=True):
                if (measured := _measured_head(one, head)) is not None:
                    done[number] = measured
        left = [number for number in found if number not in done]
        for some in tree.batches([_sized(found[number]) for number in left]):
            data, took = tree.read(some)
            traffic += took
            numbers, left = left[: len(some)], left[len(some) :]
            images = [
                found[number]._replace(data=one, file="", listed=None)
                for number, one in zip(numbers, data, strict=True)
            ]
            kept = (one for part in _parts(images) for one in self._kept(part))
            done.update(zip(numbers, kept, strict=True))
        return [done[number] if number in found else _as_skipped(one) for number, one in enumerate(given)], traffic

    def _in_full(self, image: GivenImage | Skipped) -> ImportedImage | Skipped:
        """An image whose header is not enough."""
        (part,) = _parts([image])
        (result,) = self._kept(part)
        return result

    def _kept(self, part: Sequence[tuple[GivenImage, bytes] | Skipped]) -> Iterator[ImportedImage | Skipped]:
        examined = iter(examine_many([one[1] for one in part if not isinstance(one, Skipped)], self.bands))
        for one in part:
            yield one if isinstance(one, Skipped) else self._keep(*one, next(examined))

    def _keep(self, image: GivenImage, data: bytes, examined: Examined | BadImage) -> ImportedImage | Skipped:
        if isinstance(examined, BadImage):
            return Skipped(image.origin, str(examined))
        try:
            if image.target:
                self._copier(data, image.file, image.target)
        except FileExistsError:
            return Skipped(image.origin, f"another image of its class is called {Path(image.target).name} already")
        height, width, pixel_checksum, values = examined
        return ImportedImage(len(data), height, width, checksums.of_bytes(data), pixel_checksum, values)


def _measured(image: GivenImage | Skipped) -> ImportedImage | Skipped | None:
    """What an image's header says; None where that is not enough."""
    if isinstance(image, Skipped):
        return image
    head: bytes | str
    head, size = _head(image.file) if image.file else (image.data, len(image.data))
    if isinstance(head, str):
        return Skipped(image.origin, head)
    found = plain_size(head)
    if found is None and not head.startswith(NPY_MAGIC):
        found = measure(image.file or io.BytesIO(image.data))
    if found is None or found[0] * found[1] > MAX_PIXELS:
        return None
    return ImportedImage(size, *found, 0, 0, BYTES)


def _measured_head(image: GivenImage, head: bytes) -> ImportedImage | None:
    """The same by the first bytes of an object; its size is that of its stand-in."""
    _, size = _sized(image)
    found = plain_size(head) if size <= MAX_FILE_BYTES else None
    if found is None or found[0] * found[1] > MAX_PIXELS:
        return None
    return ImportedImage(size, *found, 0, 0, BYTES)


def _sized(image: GivenImage) -> tuple[str, int]:
    """The file that stands for an object, and the object's size."""
    return image.file, image.listed[0] if image.listed else 0


def _as_skipped(one: GivenImage | Skipped) -> Skipped:
    return one if isinstance(one, Skipped) else Skipped(one.origin, "it names no object")


def _head(path: str) -> tuple[bytes | str, int]:
    """A file's first bytes, or in words why it cannot be an image; and its size."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a `Path` takes longer to make
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            whole = read_image_file(path)
            return whole, len(whole)
        descriptor = os.open(path, READING)
        try:
            head = os.read(descriptor, HEAD_BYTES)
        finally:
            os.close(descriptor)
    except OSError as error:
        return f"cannot be read: {error.strerror}", 0
    return (head or "empty file"), status.st_size


def stamp_of(given: Iterable[GivenImage | Skipped]) -> int:
    """Another number as soon as one of these files is another one, has been written to or is gone: XXH3-64 of their
    paths, sizes and times, 63 bits of it. Of images without a file their names count."""
    told = []
    for image in given:
        if isinstance(image, Skipped):
            told.append(image.path)
        elif image.listed:
            told.append(f"{image.origin}\t{image.listed[0]}\t{image.listed[1]}")
        elif image.file:
            told.append(f"{image.file}\t{_file_stamp(image.file)}")
        else:
            told.append(image.origin)
    return xxhash.xxh3_64_intdigest("\n".join(told).encode("utf-8", "surrogatepass")) >> 1


def _file_stamp(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116 - a `Path` takes longer to make
    except OSError:
        return ""
    return f"{status.st_size}\t{status.st_mtime_ns}"


def _parts(given: Sequence[GivenImage | Skipped]) -> Iterator[list[tuple[GivenImage, bytes] | Skipped]]:
    """The images with their bytes, no more at a time than memory is to hold."""
    part: list[tuple[GivenImage, bytes] | Skipped] = []
    size = 0
    for image in given:
        if isinstance(image, Skipped):
            part.append(image)
            continue
        data = read_image_file(image.file) if image.file else image.data
        if isinstance(data, str):
            part.append(Skipped(image.origin, data))
            continue
        part.append((image, data))
        size += len(data)
        if size >= CHUNK_BYTES:
            yield part
            part, size = [], 0
    yield part
