"""What the bytes of one value are: an encoded image, compressed bytes, bare pixels, text."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..base.contracts import MAX_PAYLOAD, Pixels, Shape
from ..images import file_samples, pixels
from ..images.jpeg_shape import jpeg_shape
from ..images.tiff_bands import NotBands, tiff_bands
from . import arrays

MAX_INFLATED = min(MAX_PAYLOAD, 1 << 28)
"""256 MiB; a value that inflates to more is refused."""

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\x00\x00\x00\x0cjP  ", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
    (b"P5", "pgm"),
    (b"P6", "ppm"),
)
_EXACT = ("png", "tiff", "pgm", "bmp", "gif", "jpeg2000")
_NETPBM_OR_BMP = {"bmp", "pgm", "ppm"}


_pictures = ContextVar("pictures", default=True)


@contextmanager
def without_pictures() -> Iterator[None]:
    """Image files are not decoded, and arrays not drawn, where that tells nothing about a value: for whoever takes the
    values away as they are."""
    token = _pictures.set(False)
    try:
        yield
    finally:
        _pictures.reset(token)


def pictures_wanted() -> bool:
    return _pictures.get()


_photographs_later = ContextVar("photographs_later", default=False)


@contextmanager
def photographs_later() -> Iterator[None]:
    """JPEG files are not decoded: for whoever shows them small, and decodes them so from the record's `file`."""
    token = _photographs_later.set(True)
    try:
        yield
    finally:
        _photographs_later.reset(token)


def shape_of_later(data: bytes, encoding: str | None) -> Shape | None:
    """The shape of an image file's pixels, where decoding it is left to whoever asked for its record; else None."""
    return jpeg_shape(data) if encoding == "jpeg" and _photographs_later.get() else None


def image_encoding(data: bytes) -> str | None:
    """ "png", "jpeg", ... by signature, or None."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "avif"
    name = next((name for signature, name in _IMAGES if data.startswith(signature)), None)
    if name in _NETPBM_OR_BMP and not _plausible(data, name):
        return None
    return name


def _plausible(data: bytes, name: str) -> bool:
    """Two bytes are a weak signature: bare pixels begin like that now and then."""
    if name == "bmp":
        return len(data) > 18 and int.from_bytes(data[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)
    return data[2:3].isspace()


def text_of(data: bytes) -> str | None:
    """The value as text, or None where it is not."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text and all(character.isprintable() or character.isspace() for character in text[:4096]) else None


def inflate(data: bytes, compression: str) -> bytes:
    """The bytes behind a general-purpose compression. Raises ValueError for an unknown one, broken or huge data."""
    name = compression.lower()
    if name not in _INFLATE:
        raise ValueError(f"unknown compression {compression[:40]!r}; known are {', '.join(_INFLATE)}")
    try:
        inflated = _INFLATE[name](data)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError) as error:
        raise ValueError(f"does not decompress as {name}: {error}") from None
    if len(inflated) > MAX_INFLATED:
        raise ValueError(f"inflates to more than {MAX_INFLATED >> 20} MiB")
    return inflated


def _zlib(data: bytes) -> bytes:
    return zlib.decompressobj(wbits=47).decompress(data, MAX_INFLATED + 1)  # 47: zlib or gzip, whichever it is


def _bz2(data: bytes) -> bytes:
    return bz2.BZ2Decompressor().decompress(data, MAX_INFLATED + 1)


def _lzma(data: bytes) -> bytes:
    return lzma.LZMADecompressor(memlimit=1 << 28).decompress(data, MAX_INFLATED + 1)


def _zstd(data: bytes) -> bytes:
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as stream:
            return bytes(stream.read(MAX_INFLATED + 1))
    except zstandard.ZstdError as error:
        raise RuntimeError(error) from None


def _lz4(data: bytes) -> bytes:
    import lz4.frame

    made = lz4.frame.LZ4FrameDecompressor()
    inflated = bytes(made.decompress(data, max_length=MAX_INFLATED + 1))
    if not made.eof and len(inflated) <= MAX_INFLATED:
        raise EOFError("the frame breaks off")
    return inflated


def inflate_wholly(data: bytes) -> bytes | None:
    """The bytes behind zlib's compression, where it goes to the very end of the data; None for anything else.

    Raises ValueError for what inflates to more than the limit.
    """
    made = zlib.decompressobj()
    try:
        inflated = made.decompress(data, MAX_INFLATED + 1)
    except zlib.error:
        return None
    if len(inflated) > MAX_INFLATED:
        raise ValueError(f"inflates to more than {MAX_INFLATED >> 20} MiB")
    return inflated if made.eof and not made.unused_data else None


_INFLATE: dict[str, Callable[[bytes], bytes]] = {
    "zlib": _zlib,
    "gzip": _zlib,
    "bz2": _bz2,
    "lzma": _lzma,
    "xz": _lzma,
    "lz4": _lz4,
    "zstd": _zstd,
}


def image_from_bytes(
    data: bytes, shape: tuple[int, ...] | None = None, dtype: str = "uint8"
) -> tuple[Pixels, tuple[int, ...], str]:
    """(RGB pixels, shape, encoding) of an encoded image or of bare pixels.

    Bare pixels have the shape and dtype given; without a shape, that of a square image of their size.

    Raises:
        ValueError: the bytes are neither; the text says why.
    """
    encoding = image_encoding(data)
    if encoding is not None:
        decoded = pixels.decode(data)
        return decoded, decoded.shape, encoding
    array = bare_array(data, shape, dtype)
    return arrays.to_rgb(array), array.shape, "raw"


def samples_of(data: bytes) -> arrays.Array | None:
    """The numbers of an image file of one channel (H, W), of 16 bits a colour (H, W, 3), or of a TIFF of many bands
    (H, W, C), upright, as they lie in it: maps of classes, of depth, satellites' bands. None for any other file, and
    for JPEG and WebP, which hold photographs.

    Raises:
        ValueError: the file is one of these and broken.
    """
    if image_encoding(data) not in _EXACT:
        return None
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=file_samples.FORMATS) as image:
            return file_samples.samples(image, data) if image.width * image.height <= pixels.MAX_PIXELS else None
    except UnidentifiedImageError:
        return _bands_of(data)
    except Exception as error:  # noqa: BLE001 - decoders raise anything on hostile bytes
        raise ValueError(f"broken image: {error or type(error).__name__}") from None


def _bands_of(data: bytes) -> arrays.Array:
    """All bands of a TIFF that Pillow does not know. Raises ValueError."""
    try:
        array = tiff_bands(data).array
        pixels.check_area(array.shape[1], array.shape[0])
    except NotBands as error:
        raise ValueError(f"a TIFF {error}, which is not read here") from None
    return array


def guessed_dtype(data: bytes, count: int) -> str | None:
    """The likeliest type of `count` numbers that lie side by side, where nothing says it: by how many bytes each has,
    and by whether the numbers are of a usual size. None where there are not as many."""
    import numpy as np

    width, rest = divmod(len(data), max(count, 1))
    if rest or width not in (1, 2, 4, 8):
        return None
    if width == 1:
        return "uint8"
    floats = np.frombuffer(data, f"<f{width}")[:65536].astype(np.float64)
    sizes = np.abs(floats[floats != 0]) if np.isfinite(floats).all() else np.empty(0)
    smallest, largest = (1e-3, 4096.0) if width == 2 else (1e-9, 1e9)
    usual = sizes.size > 0 and float(np.mean((sizes > smallest) & (sizes < largest))) > 0.9
    return f"float{8 * width}" if usual else f"uint{8 * width}" if width == 2 else f"int{8 * width}"


def dtype_called(code: Any) -> Any:
    """The NumPy dtype of this code. Raises ValueError for what is none, and for objects."""
    import numpy as np

    try:
        dtype = np.dtype(code)
    except (TypeError, ValueError, SyntaxError, OverflowError, MemoryError):
        raise ValueError(f"{str(code)[:40]!r} is no type of numbers") from None
    if dtype.hasobject:
        raise ValueError("refused: an array of Python objects (a pickle), which are not read")
    return dtype


def bare_array(data: bytes, shape: tuple[int, ...] | None, dtype: str = "uint8") -> arrays.Array:
    """Bare pixels as an array. Raises ValueError where size and shape do not agree."""
    import numpy as np

    kind = dtype_called(dtype)
    if not kind.itemsize:
        raise ValueError(f"{dtype!r} is no type of pixels")
    count, rest = divmod(len(data), kind.itemsize)
    wanted: Any = shape if shape is not None else arrays.shape_of(count)
    if wanted is None or rest or count != _product(wanted):
        size = " x ".join(map(str, wanted)) if wanted is not None else "a square image"
        raise ValueError(f"{len(data):,} bytes are neither an encoded image nor the bare {dtype} pixels of {size}")
    return np.frombuffer(data, kind).reshape(wanted)


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for length in shape:
        product *= int(length)
    return product
