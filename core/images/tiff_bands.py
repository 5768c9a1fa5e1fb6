"""TIFF files of any number of bands, as satellites' and microscopes' programs write them; Pillow opens few of those.

Read here: the first image; strips or tiles; bands side by side or one after the other; integers of 8 to 64 bits and
floats of 32 and 64; GDAL's names of bands and its value for "no data" (https://gdal.org/drivers/raster/gtiff.html). The
layout is that of TIFF 6.0 (Adobe, 1992) and BigTIFF. Deflate is undone by zlib. What else libtiff knows (LZW, PackBits,
ZSTD, ...) is undone by it: each strip is handed to Pillow as a picture of grey bytes.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from ..base.contracts import MAX_PAYLOAD, Buffer
from .band_samples import BandSamples
from .bands import Hints

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

MOST_TAGS = 4096
MOST_VALUES = 1 << 22
"""Of one tag: strips or tiles, or letters."""

MOST_BANDS = 4096

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS, ORIENTATION = 256, 257, 258, 259, 262, 273, 274
BANDS, ROWS, SIZES, PLANAR, PREDICTOR = 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, EXTRA, FORMAT = 322, 323, 324, 325, 338, 339
GDAL_METADATA, GDAL_NO_DATA = 42112, 42113

_TYPES = {1: "B", 2: "s", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 16: "Q", 17: "q"}
"""Field types of TIFF 6.0 and BigTIFF, as struct calls them; fractions are not needed."""

_NEEDED = {
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS, ORIENTATION, BANDS, ROWS, SIZES, PLANAR, PREDICTOR,
    TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_SIZES, EXTRA, FORMAT, GDAL_METADATA, GDAL_NO_DATA,
}  # fmt: skip

_COLOURS = {0: 1, 1: 1, 2: 3}
"""Photometric interpretation -> channels of it: white is zero, black is zero, RGB."""

NONE, DEFLATE = 1, (8, 32946)


class NotBands(ValueError):
    """A TIFF that is not read here; the text says why, in words that follow "a TIFF"."""


def tiff_bands(data: Buffer) -> BandSamples:
    """All samples of the first image of a TIFF. Raises NotBands, and ValueError for damage."""
    image = _Image(_tags(data), "<" if bytes(data[:2]) == b"II" else ">")
    pieces = image.pieces(data)
    planes = [np.zeros((image.height, image.width, count), image.dtype) for count in image.planes]
    for plane, top, left, piece in pieces:
        target = planes[plane][top : top + piece.shape[0], left : left + piece.shape[1]]
        target[...] = piece[: target.shape[0], : target.shape[1]]
    array = planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)
    upright = _upright(array.astype(array.dtype.newbyteorder("="), copy=False), image.one(ORIENTATION, 1))
    hints = Hints(names=_names(image.text(GDAL_METADATA), array.shape[2]))
    return BandSamples(upright, hints, image.alpha, _number(image.text(GDAL_NO_DATA)), image.one(PHOTOMETRIC, 1) == 0)


@dataclass
class _Image:
    """What the tags say, checked."""

    tags: dict[int, tuple[Any, ...]]
    order: str
    width: int = field(init=False)
    height: int = field(init=False)
    bands: int = field(init=False)
    dtype: np.dtype[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.width, self.height, self.bands = self.one(WIDTH), self.one(HEIGHT), self.one(BANDS, 1)
        self.dtype = self._dtype()
        colours = _COLOURS.get(self.one(PHOTOMETRIC, 1))
        if colours is None:
            raise NotBands("in colours that are not RGB")
        if self.width < 1 or self.height < 1 or not colours <= self.bands <= MOST_BANDS:
            raise NotBands(f"of {self.width} x {self.height} pixels in {self.bands} bands")
        if self.width * self.height * self.bands * self.dtype.itemsize > MAX_PAYLOAD:
            raise NotBands(f"of {self.width} x {self.height} pixels in {self.bands} bands, which is more than 1 GiB")
        extra = self.tags.get(EXTRA, (0,))
        self.alpha = self.bands == colours + 1 and extra[0] in (1, 2)

    def one(self, tag: int, default: int | None = None) -> int:
        found = self.tags.get(tag)
        value = default if not found else found[0]
        if not isinstance(value, int):
            raise NotBands(f"without a whole number for its tag {tag}")
        return value

    def text(self, tag: int) -> bytes:
        return b"".join(part for part in self.tags.get(tag, ()) if isinstance(part, bytes))

    def _dtype(self) -> np.dtype[Any]:
        bits, kinds = set(self.tags.get(BITS, (1,))), set(self.tags.get(FORMAT, (1,)))
        kind = {1: "u", 2: "i", 3: "f"}.get(next(iter(kinds), 0)) if len(kinds) == 1 else None
        size = next(iter(bits)) if len(bits) == 1 else 0
        if kind is None or size not in ((32, 64) if kind == "f" else (8, 16, 32, 64)):
            raise NotBands(f"with samples of {', '.join(map(str, sorted(bits)))} bits")
        return np.dtype(f"{self.order}{kind}{size // 8}")

    @property
    def planes(self) -> list[int]:
        """Bands of each part that lies by itself."""
        planar = self.one(PLANAR, 1)
        if planar not in (1, 2):
            raise NotBands(f"whose bands lie as {planar}, which is not known")
        return [self.bands] if planar == 1 else [1] * self.bands

    def pieces(self, data: Buffer) -> Iterator[tuple[int, int, int, np.ndarray]]:
        """(plane, top, left, samples (rows, columns, bands of the plane)) of each strip or tile."""
        tiled = TILE_WIDTH in self.tags
        width = self.one(TILE_WIDTH) if tiled else self.width
        rows = self.one(TILE_HEIGHT) if tiled else min(self.one(ROWS, self.height), self.height)
        if not 0 < width <= self.width + 65535 or not 0 < rows <= self.height + 65535:
            raise ValueError("its strips or tiles have no size")
        offsets, sizes = (self.tags.get(tag, ()) for tag in ((TILE_OFFSETS, TILE_SIZES) if tiled else (OFFSETS, SIZES)))
        across, down = -(-self.width // width), -(-self.height // rows)
        planes = self.planes
        if not len(offsets) == len(sizes) == across * down * len(planes):
            raise ValueError(f"it has {len(offsets)} strips or tiles, {across * down * len(planes)} are needed")
        for number, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
            plane, place = divmod(number, across * down)
            top, left = place // across * rows, place % across * width
            height = rows if tiled else min(rows, self.height - top)
            shape = (height, width, planes[plane])
            yield plane, top, left, self._piece(bytes(_part(data, offset, size)), shape)

    def _piece(self, packed: bytes, shape: tuple[int, int, int]) -> np.ndarray:
        row = shape[1] * shape[2] * self.dtype.itemsize
        if row * shape[0] > MAX_PAYLOAD:
            raise ValueError("a strip or tile of it is larger than 1 GiB")
        data = _unpacked(packed, self.one(COMPRESSION, 1), row, shape[0])
        if len(data) < row * shape[0]:
            raise ValueError("it is cut short: a strip or tile lacks bytes")
        predictor = self.one(PREDICTOR, 1)
        if predictor == 3 and self.dtype.kind == "f":
            return _undo_float_differences(data, shape, self.dtype)
        samples = np.frombuffer(data, self.dtype, shape[0] * shape[1] * shape[2]).reshape(shape)
        if predictor == 2:
            whole = samples.astype(self.dtype.newbyteorder("=")).view(f"u{self.dtype.itemsize}")
            return np.cumsum(whole, axis=1, dtype=whole.dtype).view(self.dtype.newbyteorder("="))
        if predictor != 1:
            raise NotBands(f"with the predictor {predictor}, which is not known")
        return samples


def _undo_float_differences(data: bytes, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> np.ndarray:
    """Predictor 3 (Adobe Photoshop TIFF Technical Note 3): of each row the bytes of the same significance lie together,
    the highest first, and each is the difference to the one `bands` before it."""
    rows, columns, bands = shape
    size = dtype.itemsize
    found = np.frombuffer(data, np.uint8, rows * columns * bands * size).reshape(rows, -1, bands)
    summed = np.cumsum(found, axis=1, dtype=np.uint8).reshape(rows, size, columns * bands)
    return np.ascontiguousarray(summed.transpose(0, 2, 1)).view(f">f{size}").reshape(shape)


def _unpacked(packed: bytes, compression: int, row: int, rows: int) -> bytes:
    if compression == NONE:
        return packed
    if compression in DEFLATE:
        return zlib.decompressobj().decompress(packed, row * rows)
    if compression in (6, 7):
        raise NotBands("compressed as JPEG in bands")
    return _by_libtiff(packed, compression, row, rows)


def _by_libtiff(packed: bytes, compression: int, row: int, rows: int) -> bytes:
    """The bytes of a strip, as the picture of grey bytes that a TIFF made for it describes."""
    shorts = {256: row, 257: rows, 258: 8, 259: compression, 262: 1, 273: 8, 277: 1, 278: rows, 279: len(packed)}
    body = packed + bytes(len(packed) % 2)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in shorts.items())
    file = b"II*\0" + struct.pack("<I", 8 + len(body)) + body + struct.pack("<H", len(shorts)) + entries + bytes(4)
    try:
        with Image.open(io.BytesIO(file), formats=("TIFF",)) as image:
            return image.tobytes()
    except Exception as error:  # noqa: BLE001 - decoders raise anything on hostile bytes
        raise NotBands(f"with the compression {compression}, which cannot be undone ({error})") from None


# ---------------------------------------------------------------- tags


def _part(data: Buffer, offset: Any, size: Any) -> Buffer:
    if type(offset) is not int or type(size) is not int or not 0 <= offset <= offset + size <= len(data):
        raise ValueError("it is cut short: a part of it lies beyond its end")
    return data[offset : offset + size]


def _tags(data: Buffer) -> dict[int, tuple[Any, ...]]:
    """The tags of the first image: number -> values. Raises ValueError for what is no TIFF."""
    if bytes(data[:4]) not in MAGIC:
        raise NotBands("by its name only")
    order = "<" if bytes(data[:2]) == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    place, width = ("Q", 8) if big else ("I", 4)
    (start,) = struct.unpack(order + place, _part(data, width, width))
    counter = "Q" if big else "H"
    (count,) = struct.unpack(order + counter, _part(data, start, struct.calcsize(order + counter)))
    if count > MOST_TAGS:
        raise ValueError(f"it claims {count} tags")
    size = 4 + 2 * width
    start += struct.calcsize(order + counter)
    entries = _part(data, start, count * size)
    tags: dict[int, tuple[Any, ...]] = {}
    for at in range(0, count * size, size):
        tag, kind, number = struct.unpack(order + "HH" + place, entries[at : at + 4 + width])
        if kind in _TYPES and tag in _NEEDED:
            tags[tag] = _values(data, entries[at + 4 + width : at + size], order, place, _TYPES[kind], number)
    return tags


def _values(data: Buffer, inside: Buffer, order: str, place: str, kind: str, number: int) -> tuple[Any, ...]:
    """A tag's values, which lie in its entry where there is room, else at the offset that it tells."""
    if number > MOST_VALUES:
        raise ValueError(f"it claims {number:,} values of one tag")
    kind = f"{number}s" if kind == "s" else f"{number}{kind}"
    size = struct.calcsize("=" + kind)
    if size <= len(inside):
        return struct.unpack(order + kind, inside[:size])
    (offset,) = struct.unpack(order + place, inside)
    return struct.unpack(order + kind, _part(data, offset, size))


def _names(metadata: bytes, bands: int) -> tuple[str, ...]:
    """What GDAL's XML calls the bands, where it names all of them."""
    found = {
        int(number): name.decode("utf-8", "replace")
        for number, name in re.findall(
            rb'<Item name="DESCRIPTION" sample="(\d{1,4})"[^>]{0,80}>([^<]{1,80})</Item>', metadata
        )
    }
    return tuple(found[band] for band in range(bands)) if set(range(bands)) <= set(found) else ()


def _number(text: bytes) -> float | None:
    try:
        return float(text.rstrip(b"\0 ").decode("ascii"))
    except ValueError:
        return None


def _upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Undone as EXIF's orientation is: 1 as it lies, 3 half a turn, 6 and 8 a quarter, the others mirrored."""
    if orientation in (5, 6, 7, 8):
        array = array.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array[:, ::-1] if orientation in (2, 3, 6, 7) else array
