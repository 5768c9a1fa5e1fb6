"""Decode: payloads to pixels."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from ..base.contracts import Buffer, Encoding, Pixels
from ..encodings.original import OriginalEncoding

JPEG = b"\xff\xd8\xff"
PNG = b"\x89PNG\r\n\x1a\n"
"""How files begin."""

JFIF = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
"""How a file begins whose JFIF segment is as long as it should be."""

PILLOWS = (b"Exif\0\0", b"Orientation", b"Photoshop", b"MPF\0", b"Adobe")
"""What Pillow reads in a header: it may turn the image, take the colours for others, or refuse the file."""

ICC = b"ICC_PROFILE\0"
ICC_BYTES = 14
"""How the segment APP2 of a colour profile begins, and the bytes that Pillow reads of it without a check. The profile
changes no pixels (the shared rule for pixels)."""


@dataclass(frozen=True)
class Decode:
    """Image by image: JPEG with libjpeg-turbo, which lets other threads run meanwhile; the rest as its encoding does.

    Both give the same pixels to the bit: Pillow decodes JPEG with libjpeg-turbo as well, and whatever the shared
    rule for pixels treats specially (rotation by EXIF, CMYK) is left to it.
    """

    encoding: Encoding

    def __call__(self, payloads: Sequence[Buffer]) -> list[Pixels]:
        """uint8 (height, width, 3) each. Raises ValueError for a payload that is no image of this encoding."""
        return [self.one(payload) for payload in payloads]

    @property
    def as_usual(self) -> bool:
        """Whether files of 8 bits are shown as any decoder shows them, no other bands and no other range."""
        return not (isinstance(self.encoding, OriginalEncoding) and self.encoding.values.changes_bytes)

    def one(self, payload: Buffer) -> Pixels:
        if self.as_usual and self.encoding.payload_shape is None and bytes(payload[:3]) == JPEG:
            pixels = turbo(payload)
            if pixels is not None:
                return pixels
        return self.encoding.decode(payload)


def turbo(payload: Buffer) -> Pixels | None:
    """The pixels of a JPEG, or None where Pillow has to do it: no simplejpeg, metadata, CMYK, or broken bytes."""
    if plain_size(payload) is None:
        return None
    import simplejpeg

    try:
        return cast("Pixels", simplejpeg.decode_jpeg(bytes(payload), colorspace="RGB"))
    except (ValueError, KeyError):  # of subsamplings that it has no name for
        return None


def plain_size(payload: Buffer) -> tuple[int, int] | None:
    """Height and width of a JPEG that every decoder shows alike: YCbCr or grey, without metadata that Pillow heeds.

    None for the others, some of which are alike as well: Pillow decides.

    None, too, where simplejpeg, which reads the header, is not installed.
    """
    data = bytes(payload)
    header = data[: data.find(b"\xff\xda")]  # up to the start of the scan
    if data[:3] != JPEG or not _has_simplejpeg() or any(word in header for word in PILLOWS):
        return None
    if header.count(b"JFIF") != header.startswith(JFIF) or not _profiles_are_whole(header):
        return None
    import simplejpeg

    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except (ValueError, KeyError):
        return None
    return (height, width) if colours in ("YCbCr", "Gray") else None


def _profiles_are_whole(header: bytes) -> bool:
    """Whether each colour profile is in a segment of its own that is long enough: marker, uint16 size, name."""
    place = header.find(b"ICC_PROFILE")
    while place >= 0:
        marker, size = header[place - 4 : place - 2], int.from_bytes(header[place - 2 : place])
        if marker != b"\xff\xe2" or not header.startswith(ICC, place) or size < 2 + ICC_BYTES:
            return False
        place = header.find(b"ICC_PROFILE", place + 1)
    return True


@cache
def _has_simplejpeg() -> bool:
    return importlib.util.find_spec("simplejpeg") is not None
