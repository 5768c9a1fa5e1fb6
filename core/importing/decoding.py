"""Many image files at once: their size, the checksum of their pixels and their values, as `examine` finds them.

A file is decoded by the first of these that knows it for certain: the loader's kernels for JPEG and PNG, where they are
compiled; libjpeg-turbo, for JPEGs of whose header Pillow finds nothing unusual; Pillow. Whatever one of them has a
doubt about goes to the next, so a file is refused by Pillow alone, in its words, and nothing is refused or accepted
that `core.images.pixels.examine` would not.
"""

from __future__ import annotations

import importlib.util
import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..base import checksums
from ..base.contracts import Buffer, Extents, Pixels
from ..images import pixels
from ..images.value_range import Values
from ..loading.decode import JPEG, PNG, turbo
from ..loading.kernel_cache import compiled, has_compiler
from ..loading.statuses import OK, TOO_SMALL
from .headers import jpeg_size, png_size

MOST_PIXELS = 1 << 24
"""Pixels that the kernels decode at a time, 48 MiB; a larger image is not theirs."""


WORTH_LOADING = 1000
"""Images after which kernels are loaded: that takes 0.3 s, in which the others decode hundreds of photos."""


class Examined(NamedTuple):
    """What decoding an image gives: its height and width, XXH3-64 of its pixels, the values they were made from."""

    height: int
    width: int
    pixel_checksum: int
    values: Values


def examine_many(files: Sequence[bytes], bands: tuple[int, ...] | None = None) -> list[Examined | pixels.BadImage]:
    """Of each file what is in it, or why it is no image. With `bands`, these are shown, and Pillow decodes all."""
    if bands is not None:
        return [_by_pillow(file, bands) for file in files]
    found: list[Examined | None] = [None] * len(files)
    _seen.count += len(files)
    for name, places in _by_kind(files).items():
        for size, group in _by_size([(_SIZES[name](files[place]), place) for place in places]).items():
            _decode_group(name, size, files, group, found)
    return [_examine(file) if result is None else result for file, result in zip(files, found, strict=True)]


@dataclass
class _Seen:
    """How many images this process was asked for."""

    count: int = 0


_seen = _Seen()


def _examine(file: bytes) -> Examined | pixels.BadImage:
    decoded = _by_turbo(file) if file.startswith(JPEG) and _is_allowed(jpeg_size(file)) else None
    if decoded is not None:
        return _examined(decoded, Values("byte", 0, int(decoded.max())))
    return _by_pillow(file)


def _by_pillow(file: bytes, bands: tuple[int, ...] | None = None) -> Examined | pixels.BadImage:
    try:
        return _examined(*pixels.examine(file, bands))
    except pixels.BadImage as error:
        return error


def _is_allowed(size: tuple[int, int] | None) -> bool:
    return size is not None and size[0] * size[1] <= pixels.MAX_PIXELS


def _by_turbo(file: bytes) -> Pixels | None:
    """The pixels of a JPEG that libjpeg-turbo shows as Pillow does, which decodes with it as well; None where its
    header asks for more than that, or where either of the two has anything to say against it."""
    decoded = turbo(file)
    if decoded is not None or not _has_turbo():
        return decoded
    import simplejpeg

    try:
        with Image.open(io.BytesIO(file), formats=("JPEG",)) as image:
            if (
                image.format != "JPEG"
                or image.mode not in ("L", "RGB")
                or image.getexif().get(pixels.ORIENTATION, 1) != 1
            ):
                return None
            size = image.size
        decoded = cast("Pixels", simplejpeg.decode_jpeg(file, colorspace="RGB"))
    except Exception:  # noqa: BLE001 - decoders raise anything on hostile bytes, and Pillow is asked next
        return None
    return decoded if decoded.shape == (size[1], size[0], 3) else None


@cache
def _has_turbo() -> bool:
    return importlib.util.find_spec("simplejpeg") is not None


def _examined(decoded: Pixels, values: Values) -> Examined:
    height, width, _ = decoded.shape
    return Examined(height, width, checksums.of_bytes(decoded), values)


# ---------------------------------------------------------------- kernels


_SIZES: dict[str, Callable[[bytes], tuple[int, int] | None]] = {"jpeg": jpeg_size, "png": png_size}

_BEGINS = {"jpeg": JPEG, "png": PNG}


def _by_kind(files: Sequence[bytes]) -> dict[str, list[int]]:
    """The places of files that kernels may know, by the kernels' name."""
    if _seen.count <= WORTH_LOADING:
        return {}
    kinds = {name: _BEGINS[name] for name in _SIZES if _kernels(name) is not None}
    return {
        name: [place for place, file in enumerate(files) if file.startswith(begins)] for name, begins in kinds.items()
    }


def _by_size(sized: list[tuple[tuple[int, int] | None, int]]) -> dict[tuple[int, int], list[int]]:
    """The places of images of each height and width, without those of which none is known."""
    known = sorted((size, place) for size, place in sized if size is not None)
    return {size: [place for _, place in group] for size, group in groupby(known, lambda one: one[0])}


def _decode_group(
    name: str, size: tuple[int, int], files: Sequence[bytes], places: Sequence[int], found: list[Examined | None]
) -> None:
    """Put into `found` what the kernels make of the images of one size at these places."""
    height, width = size
    kernels = _kernels(name)
    if kernels is None or not 0 < height * width <= MOST_PIXELS:
        return
    step = max(MOST_PIXELS // (height * width), 1)
    for first in range(0, len(places), step):
        part = places[first : first + step]
        decoded, status = kernels.decode([files[place] for place in part], height, width)
        tops = decoded.max(1)
        for number in np.flatnonzero(status == OK).tolist():
            checksum = checksums.of_bytes(decoded[number])
            found[part[number]] = Examined(height, width, checksum, Values("byte", 0, int(tops[number])))


class _Room(threading.local):
    """A thread's memory for pixels: taken once, for fresh memory costs more than decoding a small image."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def of(self, size: int) -> npt.NDArray[np.uint8]:
        """So many bytes, of any content."""
        if size > len(self._memory):
            self._memory = np.empty(size, np.uint8)
        return self._memory[:size]


_room = _Room()


class _Kernels(NamedTuple):
    """The call that decodes images of one size, and what it works in."""

    batch: Any
    memory: Any

    def decode(
        self, files: Sequence[Buffer], height: int, width: int
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """RGB, uint8 (n, height * width * 3), and how each image went, uint8 (n,) of `core.loading.statuses`.

        The pixels lie in memory that the thread's next call uses again.
        """
        from ..loading.output import INTERLEAVED_U8, Output

        lengths = np.fromiter(map(len, files), np.int64, len(files))
        memory = np.frombuffer(files[0] if len(files) == 1 else b"".join(files), np.uint8)
        payloads = Extents(memory, np.cumsum(lengths) - lengths, lengths)
        decoded = _room.of(len(files) * height * width * 3).reshape(len(files), -1)
        output = Output(decoded, INTERLEAVED_U8, _FACTORS)
        status = np.full(len(files), TOO_SMALL, np.uint8)
        while len(todo := np.flatnonzero(status == TOO_SMALL)):
            self.batch(*payloads, todo, height, width, self.memory.state, output, status)
            if (status == TOO_SMALL).any() and not self.memory.grow():
                break
        return decoded, status


_FACTORS = np.array([1, 0] * 3, np.float32)
"""Scale and shift of floats; bytes are written as they are."""


@cache
def _kernels(name: str) -> _Kernels | None:
    """The kernels for "jpeg" or "png"; None where they are not compiled: nobody waits a minute for what Pillow can."""
    if not has_compiler() or f"{name}/whole" not in compiled().sets:
        return None
    if name == "jpeg":
        from ..loading.jpeg.batch import jpeg_batch
        from ..loading.jpeg.memory import jpeg_memory

        return _Kernels(jpeg_batch, jpeg_memory)
    from ..loading.png.batch import png_batch
    from ..loading.png.memory import png_memory

    return _Kernels(png_batch, png_memory)
