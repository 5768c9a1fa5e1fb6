"""JPEG files of every kind that people have, by number, and a file taken apart into its segments."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

SOS = 0xDA
CLEAN = 400
"""How many files `clean` makes."""


@dataclass
class Parts:
    """A file taken apart: the segments up to the scan's header, which is the last; then all that follows it."""

    segments: list[tuple[int, bytearray]]
    scan: bytearray

    @classmethod
    def of(cls, data: bytes) -> Parts:
        segments, place = [], 2
        while not segments or segments[-1][0] != SOS:
            marker, size = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
            segments.append((marker, bytearray(data[place + 4 : place + 2 + size])))
            place += 2 + size
        return cls(segments, bytearray(data[place:]))

    def file(self, lengthen: dict[int, int] | None = None) -> bytes:
        """Put together again; `lengthen` adds to what a segment's length says, by its number."""
        file = bytearray(b"\xff\xd8")
        for number, (marker, body) in enumerate(self.segments):
            stated = (len(body) + 2 + (lengthen or {}).get(number, 0)) & 0xFFFF
            file += bytes([0xFF, marker]) + stated.to_bytes(2, "big") + body
        return bytes(file + self.scan)

    def numbers(self, *markers: int) -> list[int]:
        return [number for number, (marker, _) in enumerate(self.segments) if marker in markers]

    def one(self, draw: random.Random, *markers: int) -> bytearray:
        """The body of a segment with one of these markers; rubbish where there is none any more."""
        numbers = self.numbers(*markers)
        return self.segments[draw.choice(numbers)][1] if numbers else bytearray(80)


@cache
def clean() -> list[bytes]:
    return [_clean(random.Random(f"clean {number}")) for number in range(CLEAN)]


def _clean(draw: random.Random) -> bytes:
    height, width = (
        draw.choice([16, 17, draw.randint(16, 64), draw.randint(16, 64), draw.randint(16, 160)]) for _ in "hw"
    )
    if draw.random() < 0.04:
        height, width = draw.randint(200, 500), draw.randint(200, 500)
    pixels = picture(height, width, draw)
    if draw.random() < 0.15 and (file := _unusual_sampling(pixels, draw)):
        return file
    options: dict[str, Any] = {"quality": draw.choice([1, 10, 30, 50, 75, 85, 95, 100])}
    options["subsampling"] = draw.choice(["4:4:4", "4:2:2", "4:2:0"])
    options["optimize"] = draw.random() < 0.4
    options["progressive"] = draw.random() < 0.07
    if draw.random() < 0.4:
        options[draw.choice(["restart_marker_blocks", "restart_marker_rows"])] = draw.choice([1, 1, 2, 3, 7, 20])
    if draw.random() < 0.15:
        options["exif"] = _exif(draw)
    if draw.random() < 0.1:
        options["icc_profile"] = bytes(draw.randrange(20, 300))
    if draw.random() < 0.1:
        options["comment"] = b"a comment"
    image = Image.fromarray(pixels)
    if draw.random() < 0.2:
        image = image.convert("L")
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def picture(height: int, width: int, draw: random.Random) -> np.ndarray[Any, Any]:
    """A smooth picture with more or less noise."""
    generator = np.random.default_rng(draw.getrandbits(32))
    coarse = generator.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), np.int16)
    level = draw.choice([0, 8, 40, 255])
    return np.clip(smooth + generator.integers(-level, level + 1, smooth.shape), 0, 255).astype(np.uint8)


def _unusual_sampling(pixels: np.ndarray[Any, Any], draw: random.Random) -> bytes | None:
    try:
        import simplejpeg
    except ImportError:
        return None
    return bytes(
        simplejpeg.encode_jpeg(pixels, draw.choice([30, 85, 95]), colorsubsampling=draw.choice(["440", "411", "Gray"]))
    )


def _exif(draw: random.Random) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    if draw.random() < 0.5:
        exif[0x0112] = draw.choice([1, 1, 3, 6])
    if draw.random() < 0.5:
        exif[0x011A], exif[0x0128] = 72.0, 2
    return exif.tobytes()
