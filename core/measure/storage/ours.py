"""Our own methods: a format, an encoding and a compression, through the writers and readers of our stores."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from ...base import checksums
from ...base.contracts import Buffer, Compression, Contents, Encoding, Format, Original, Pixels, Reader, Sizes
from ...compressions import COMPRESSIONS
from ...encodings import ENCODINGS
from ...formats import FORMATS
from ...stores.store import measure
from .images import SourceImages
from .methods import READ_MANY, READ_MANY_RANDOM, READ_ONE, READ_ONE_RANDOM, WRITE_MANY, WRITE_ONE, Batch, WriteStep

SINGLES = 64
"""Images that are handled one by one between two looks at the clock."""

TRAINING = 2_000
"""Payloads that a dictionary is trained on."""


@dataclass(frozen=True)
class _Given:
    """An image that is in memory already, file and pixels, on its way to an encoding."""

    data: bytes
    pixels: Pixels


@dataclass(frozen=True, eq=False)
class Ours:
    """A variant of one of our formats. One by one: a call of the writer or reader an image; many: one a batch.

    The container is opened and closed within the time. Every image that is read ends as pixels of its own, which can
    be written to, as `store[i]` gives them.
    """

    format: str
    variant: str
    container: Format
    encoding: Encoding
    compression: Compression
    batch_size: int = 256
    includes: str = "encoding, compression, writing and closing; opening, reading, decompression and decoding"
    _lossy: dict[int, int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, format: str, encoding: str, compression: str, images: SourceImages, batch_size: int) -> Ours:
        """Raises InputError for parts that there are not, or that cannot keep these images."""
        shapes = {image.shape: None for image in images.pixels}
        method = cls(
            format,
            encoding if compression == "none" else f"{encoding}-{compression}",
            FORMATS.make(format),
            ENCODINGS.make(encoding).bind(list(shapes), images.values),
            COMPRESSIONS.make(compression),
            batch_size,
        )
        method = method._trained(images)
        method.container.check(method._contents(images, 1))
        return method

    @property
    def layouts(self) -> Mapping[str, tuple[str, ...]]:
        return {WRITE_ONE: (), WRITE_MANY: (READ_ONE, READ_ONE_RANDOM, READ_MANY, READ_MANY_RANDOM)}

    def memory_bytes(self, layout: str, images: SourceImages, count: int) -> int:
        return min(count, self.batch_size) * images.pixel_bytes * 2

    def write(self, layout: str, folder: Path, images: SourceImages, count: int) -> Iterator[WriteStep]:
        contents = self._contents(images, count)
        return self._write(self._path(folder), contents, images, 1 if layout == WRITE_ONE else self.batch_size)

    def read(self, operation: str, folder: Path, indices: Sequence[int]) -> Iterator[Batch]:
        many = operation in (READ_MANY, READ_MANY_RANDOM)
        return self._read(self._path(folder), indices, self.batch_size if many else 1)

    def expected(self, images: SourceImages, number: int) -> int:
        if self.encoding.lossless:
            return images.checksums[number]
        if number not in self._lossy:
            payload = self.encoding.encode(self._image(images, number))
            self._lossy[number] = checksums.of_bytes(np.ascontiguousarray(self.encoding.decode(payload)))
        return self._lossy[number]

    def sizes(self, folder: Path, images: SourceImages, count: int) -> Sizes:
        reader = self.container.reader(self._path(folder))
        try:
            payload = sum(
                sum(map(len, reader.read(range(start, min(start + self.batch_size, count)))))
                for start in range(0, count, self.batch_size)
            )
        finally:
            reader.close()
        return measure(self.container, self._path(folder), payload)

    # ------------------------------------------------------------ writing

    def _write(self, path: Path, contents: Contents, images: SourceImages, at_once: int) -> Iterator[WriteStep]:
        writer = self.container.writer(path, contents)
        numbers, encoding_s, done = images.numbers(contents.samples), 0.0, 0
        try:
            while chosen := list(islice(numbers, at_once)):
                began = time.perf_counter()
                payloads, suffixes = self._encoded(images, chosen)
                encoding_s += time.perf_counter() - began
                writer.write(payloads, [images.labels[number] for number in chosen], suffixes)
                done += len(chosen)
                if done % max(at_once, SINGLES) == 0:
                    yield WriteStep(done, encoding_s)
            writer.close()
        except BaseException:
            writer.abort()
            raise
        yield WriteStep(done, encoding_s)

    def _encoded(self, images: SourceImages, chosen: Sequence[int]) -> tuple[list[Buffer], list[str]]:
        encoded = [self.encoding.encode(self._image(images, number)) for number in chosen]
        ending = self.compression.suffix
        suffixes = [self.encoding.suffix(payload) + ending for payload in encoded]
        if self.compression.identity:
            return list(encoded), suffixes
        return [self.compression.compress(payload) for payload in encoded], suffixes

    # ------------------------------------------------------------ reading

    def _read(self, path: Path, indices: Sequence[int], at_once: int) -> Iterator[Batch]:
        reader = self.container.reader(path)
        try:
            compression = self.compression.with_dictionary(reader.dictionary)
            together = max(at_once, SINGLES)
            for start in range(0, len(indices), together):
                part = indices[start : start + together]
                batches = [part[at : at + at_once] for at in range(0, len(part), at_once)]
                yield [pair for batch in batches for pair in self._pairs(reader, compression, batch)]
        finally:
            reader.close()

    def _pairs(self, reader: Reader, compression: Compression, batch: Sequence[int]) -> list[tuple[Pixels, int]]:
        stored = reader.read(batch)
        payloads = stored if compression.identity else [compression.decompress(payload) for payload in stored]
        labels = reader.labels
        return [
            (_own(self.encoding.decode(payload)), int(labels[index]))
            for index, payload in zip(batch, payloads, strict=True)
        ]

    # ------------------------------------------------------------ parts

    def _path(self, folder: Path) -> Path:
        return folder / f"images{self.container.ending}"

    def _image(self, images: SourceImages, number: int) -> Original:
        return _Given(images.data[number], images.pixels[number])

    def _contents(self, images: SourceImages, count: int) -> Contents:
        bare = self.encoding.payload_shape if self.compression.identity else None
        untouched = self.variant == "original"
        return Contents(
            samples=count,
            classes=images.classes,
            payload_shape=bare,
            total_bytes=sum(len(images.data[number]) for number in images.numbers(count)) if untouched else None,
            dictionary=self.compression.dictionary,
        )

    def _trained(self, images: SourceImages) -> Ours:
        if self.compression.identity:
            return self
        payloads = [self.encoding.encode(self._image(images, n)) for n in range(min(TRAINING, len(images)))]
        return replace(self, compression=self.compression.train(payloads))


def _own(pixels: Pixels) -> Pixels:
    """Pixels that lie in a map or in another's buffer, as a copy."""
    return pixels if pixels.flags.writeable else pixels.copy()
