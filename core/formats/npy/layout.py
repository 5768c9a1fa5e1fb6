"""The files of a container, and the header of a .npy file.

Source: NumPy Enhancement Proposal 1 and `numpy.lib.format`: the magic `\\x93NUMPY`, a byte each for major and minor
version, the length of the header (little-endian, 2 bytes in version 1, 4 from version 2 on), and the header: the
literal of a dict with `descr`, `fortran_order`, `shape` (Latin-1, UTF-8 from version 3 on), filled up with blanks
and a line end. The numbers follow.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from math import prod
from typing import Any, BinaryIO, NamedTuple

import numpy as np

IMAGES, BYTES, OFFSETS, LABELS = "images.npy", "bytes.npy", "offsets.npy", "labels.npy"

MAGIC = b"\x93NUMPY"
HEADER_BYTES = 192
"""Of the headers that we write: room for four axes of any length, and a multiple of 64, as NumPy aligns them."""

LONGEST_HEADER = 1 << 16
MOST_AXES = 32


class NpyHeader(NamedTuple):
    """What a .npy file says of its numbers, and the byte at which they begin."""

    dtype: np.dtype[Any]
    fortran_order: bool
    shape: tuple[int, ...]
    start: int

    @property
    def size(self) -> int:
        """Bytes that the numbers take; of objects, which are pickled, it means nothing."""
        return prod(self.shape) * self.dtype.itemsize


def header(dtype: str, shape: Sequence[int]) -> bytes:
    """`HEADER_BYTES` bytes (more where a shape has many axes) that begin a .npy file of version 1; `dtype` as NumPy
    writes it, "|u1" or "<i8"."""
    text = repr({"descr": dtype, "fortran_order": False, "shape": tuple(map(int, shape))}).encode("latin-1")
    length = max(HEADER_BYTES, -(-(len(text) + 11) // 64) * 64) - 10
    return MAGIC + b"\x01\x00" + length.to_bytes(2, "little") + text.ljust(length - 1) + b"\n"


def read_header(file: BinaryIO) -> NpyHeader:
    """The header at the beginning of `file`, which is left where the numbers begin.

    Raises ValueError for what is none. Whether the numbers are there is not looked at.
    """
    fixed = file.read(8)
    if len(fixed) < 8 or not fixed.startswith(MAGIC):
        raise ValueError("it is no .npy file")
    if fixed[6] not in (1, 2, 3):
        raise ValueError(f"it is a .npy file of version {fixed[6]}.{fixed[7]}, which is not known")
    width = 2 if fixed[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > LONGEST_HEADER:
        raise ValueError(f"its header claims {length:,} bytes, more than any has")
    text = file.read(length)
    if len(text) < length:
        raise ValueError("it ends in its header")
    return _parsed(text, 8 + width + length)


def _parsed(text: bytes, start: int) -> NpyHeader:
    try:
        told = ast.literal_eval(text.decode("utf-8" if not text.isascii() else "latin-1").strip())
        dtype = np.lib.format.descr_to_dtype(told["descr"])
        shape, fortran = told["shape"], told["fortran_order"]
    except (SyntaxError, LookupError, TypeError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise ValueError(f"its header is none ({type(error).__name__})") from None
    if type(shape) is not tuple or len(shape) > MOST_AXES or type(fortran) is not bool:
        raise ValueError("its header is none")
    if any(type(length) is not int or not 0 <= length < 1 << 62 for length in shape):
        raise ValueError(f"its shape {str(shape)[:80]} is none")
    return NpyHeader(dtype, fortran, shape, start)
