"""From the bytes of a sample to pixels: the function `decode` for what a store's samples are, and no more than that."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Protocol

import numpy as np
from PIL import Image

from ..base.contracts import Buffer, Pixels, Shape
from ..images.array_files import NPY_MAGIC
from ..images.file_samples import FORMATS, LOW_BYTES, PREMULTIPLIED, is_wide, raw_mode_of, unnamed_band, white_is_zero
from ..images.value_range import FULL, Bounds, ValueRange

ORIENTATION = 0x0112
MOST_LOOKED_AT = 2_000
LOOK_SECONDS = 1.0
COMPARED = 24


class NoCode(ValueError):
    """Code for these samples would not be right; the text says why."""


@dataclass
class ImageFileTraits:
    """What the headers of image files told. `every`: whether all of them were looked at; wide: "", "some" or "all" of
    them are grey with more than 8 bits; shapes: as they are shown, of those that were looked at."""

    every: bool = False
    count: int = 0
    wide: int = 0
    transparent: bool = False
    turned: bool = False
    shapes: set[tuple[int, int]] = field(default_factory=set)
    formats: set[str] = field(default_factory=set)
    odd: str = ""

    def add(self, data: Buffer) -> None:
        self.count += 1
        if bytes(data[: len(NPY_MAGIC)]) == NPY_MAGIC:
            self.odd = self.odd or "some samples are .npy arrays, whose bands and values only the package knows to draw"
            return
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                self._add(image, data)
        except Exception:  # noqa: BLE001 - decoders raise anything
            self.odd = self.odd or "some samples are image files that Pillow alone does not open"

    def _add(self, image: Image.Image, data: Buffer) -> None:
        self.formats.add(image.format or "")
        turned = image.getexif().get(ORIENTATION, 1)
        self.turned |= turned != 1
        self.shapes.add((image.width, image.height) if turned in (5, 6, 7, 8) else (image.height, image.width))
        self.transparent |= image.has_transparency_data
        raw_mode = raw_mode_of(image)
        if is_wide(image):
            self.wide += 1
        if unnamed_band(image, data):
            self.odd = (
                self.odd or "some samples have a fourth channel that is no transparency, which Pillow takes for one"
            )
        elif white_is_zero(image) and is_wide(image):
            self.odd = self.odd or "some samples are TIFF files of more than 8 bits in which white is zero"
        elif raw_mode.startswith(PREMULTIPLIED):
            self.odd = self.odd or "some samples are colours of 16 bits multiplied with their transparency"
        elif raw_mode in LOW_BYTES:
            self.formats.add("deep")

    @property
    def shape(self) -> tuple[int, int] | None:
        """(height, width) where all that were looked at have one."""
        return next(iter(self.shapes)) if len(self.shapes) == 1 else None


def look_at(payloads: Iterable[Buffer], total: int) -> ImageFileTraits:
    """What these image files are, of `total` in all."""
    look, began = ImageFileTraits(), time.monotonic()
    for data in payloads:
        look.add(data)
        if time.monotonic() - began > LOOK_SECONDS:
            break
    look.every = look.count == total
    return look


def spread(total: int, most: int = MOST_LOOKED_AT) -> Sequence[int]:
    """Up to `most` of the numbers below `total`, evenly spread."""
    if total <= most:
        return range(total)
    return sorted({int(one) for one in np.linspace(0, total - 1, most)})


@dataclass(frozen=True)
class Decoding:
    """The function `decode(data)`, with what it needs; `functions`: its text, and constants in front of it."""

    functions: tuple[str, ...]
    imports: tuple[str, ...]
    constants: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("numpy", "pillow")
    about: str = ""

    def run(self, data: Buffer) -> Pixels:
        """What the function makes of these bytes, here."""
        names: dict[str, object] = {}
        text = "\n".join([*self.imports, *self.constants, *self.functions])
        exec(compile(text, "decode", "exec"), names)  # noqa: S102 - text of this module alone
        made: Pixels = names["decode"](data)  # type: ignore[operator]
        return made


OPENED = "Image.open(io.BytesIO(data))"

RGB = """\
def decode(data):  # an image file -> uint8 (height, width, 3)
$unpacked    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))
"""

UPRIGHT = """\
def decode(data):  # an image file -> uint8 (height, width, 3), upright$what
$unpacked    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
$middle    return np.array(image.convert("RGB"))
"""

OVER_WHITE = """\
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
"""

SOME_WIDE = """\
    if image.mode == "F" or image.mode.startswith("I"):  # more than 8 bits
        image = Image.fromarray(to_8_bits(image))
"""

ALL_WIDE = """\
def decode(data):  # a grey image file of more than 8 bits -> uint8 (height, width, 3)
$unpacked    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return np.repeat(to_8_bits(image)[:, :, None], 3, axis=2)
"""

TO_8_BITS = '''\
def to_8_bits(image):
    """BLACK becomes 0 and WHITE 255, for all images alike; NaN is black."""
    wide = np.asarray(image).astype(np.float64)
    wide[np.isnan(wide)] = BLACK
    return np.clip(np.rint((wide - BLACK) * (255.0 / (WHITE - BLACK))), 0, 255).astype(np.uint8)
'''

STRETCHED = """\
    pixels = np.array(image.convert("RGB")).astype(np.float64)
    pixels = (pixels - DARKEST) * (255.0 / (LIGHTEST - DARKEST))  # the dataset's own range of 8 bits
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
"""

BARE = """\
def decode(data):  # bare pixels, rows from the top -> uint8 (height, width, 3)
$unpacked    return np.frombuffer(bytearray(data), np.uint8).reshape(SHAPE)
"""

ZSTD, LZ4, DICTIONARY = "zstd", "lz4", "zstd-dict"

UNPACKED = {
    ZSTD: "    data = zstandard.decompress(data)\n",
    LZ4: "    data = lz4.frame.decompress(data)\n",
}

UNPACKER = """\
@lru_cache  # the dictionary is digested once in each process
def unpacker(dictionary):
    return zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(dictionary))
"""

LIBRARIES = {
    ZSTD: ("import zstandard", "zstandard"),
    DICTIONARY: ("import zstandard", "zstandard"),
    LZ4: ("import lz4.frame", "lz4"),
}


class Compressed(Protocol):
    """What is needed of a compression here: its name."""

    name: str


def decoding(
    encoding: str, compression: str, shape: Shape | None, values: ValueRange, look: ImageFileTraits | None
) -> Decoding:
    """The function for samples of a store. `shape`: of bare pixels; `look`: at the image files of encoding `original`.

    Raises NoCode where no text would be right.
    """
    if compression not in ("none", *LIBRARIES):
        raise NoCode(f"no code is known for the compression {compression}")
    unpacked = UNPACKED.get(compression, "")
    imports = ["import numpy as np"]
    needs = ["numpy"]
    functions: list[str] = []
    constants: tuple[str, ...] = ()
    if encoding == "raw":
        if shape is None:
            raise NoCode("its pixels lie bare, and their shape is not known")
        constants = (f"SHAPE = {tuple(shape)}  # height, width, channels of every image",)
        functions = [BARE]
        about = "bare pixels"
    elif encoding in ("png", "jpeg"):
        imports += ["import io", "from PIL import Image"]
        needs.append("pillow")
        functions = [RGB]
        about = f"{encoding.upper()} files"
    elif encoding == "original" and look is not None:
        imports += ["import io", "from PIL import Image, ImageOps"]
        needs.append("pillow")
        functions, constants = _of_files(values, look)
        about = "image files as imported"
    else:
        raise NoCode(f"no code is known for the encoding {encoding}")
    functions = [Template(one).safe_substitute(unpacked=unpacked) for one in functions]
    if compression in LIBRARIES:
        statement, library = LIBRARIES[compression]
        imports.append(statement)
        needs.append(library)
        about += f", each in {'lz4' if compression == LZ4 else 'zstd'}"
    if compression == DICTIONARY:
        about += " with a dictionary"
        imports.append("from functools import lru_cache")
        functions.insert(0, UNPACKER)
    return Decoding(tuple(functions), tuple(imports), constants, tuple(needs), about)


def _of_files(values: ValueRange, look: ImageFileTraits) -> tuple[list[str], tuple[str, ...]]:
    """(functions, constants) for image files as they were imported."""
    if look.odd:
        raise NoCode(look.odd)
    if values.bands is not None:
        raise NoCode("the dataset shows chosen bands of its images, which Pillow alone does not tell apart")
    if "deep" in look.formats and values.integers not in (None, FULL):
        raise NoCode("some samples are colours of 16 bits, of which Pillow reads the upper 8")
    if look.every and not look.wide and values.bytes is None and not look.transparent and not look.turned:
        return [RGB], ()
    middle = "" if look.every and not look.transparent else OVER_WHITE
    what = ", transparency over white" if middle else ""
    if not look.wide and (look.every or (values.integers is None and values.floats is None)):
        return _of_bytes(values, middle, what)
    bounds = _one_range(values, look)
    constants = (f"BLACK, WHITE = {bounds[0]}, {bounds[1]}  # of the whole dataset",)
    if look.every and look.wide == look.count:
        return [TO_8_BITS, ALL_WIDE], constants
    if values.bytes is not None:
        raise NoCode("its images of 8 bits and of more than 8 bits are scaled by ranges of their own")
    middle = SOME_WIDE + middle
    return [TO_8_BITS, Template(UPRIGHT).safe_substitute(middle=middle, what=what)], constants


def _of_bytes(values: ValueRange, middle: str, what: str) -> tuple[list[str], tuple[str, ...]]:
    text = Template(UPRIGHT).safe_substitute(middle=middle, what=what)
    if values.bytes is None:
        return [text], ()
    low, high = values.bytes
    text = text.replace('    return np.array(image.convert("RGB"))\n', STRETCHED)
    return [text], (f"DARKEST, LIGHTEST = {low}, {high}  # all values of 8 bits that the dataset has",)


def _one_range(values: ValueRange, look: ImageFileTraits) -> Bounds:
    known = [one for one in (values.integers, values.floats) if one is not None]
    if len(known) > 1:
        raise NoCode("its whole numbers and its floating-point numbers are scaled by ranges of their own")
    if not known and look.wide:
        raise NoCode("its samples of more than 8 bits have no range that holds for all of them")
    return known[0]


def compare(decoding: Decoding, stored: Iterable[tuple[int, Buffer, Pixels]]) -> None:
    """Run the function on some samples, (index, bytes before compression, pixels as they should be).

    Raises NoCode where it gives anything else.
    """
    for index, data, wanted in stored:
        try:
            made = decoding.run(data)
        except Exception as error:  # noqa: BLE001 - decoders raise anything
            raise NoCode(f"Pillow alone does not decode sample {index}: {error}") from None
        if made.shape != wanted.shape or not np.array_equal(made, wanted):
            raise NoCode(f"Pillow alone gives other pixels for sample {index} than the package does")
