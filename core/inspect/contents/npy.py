"""NumPy's own files: .npy by its header, .npz as the zip archive of such files that it is. Object arrays are refused.

`numpy.lib.format` describes them: magic, version, length of the header, and a header that is a literal of a dict.
"""

from __future__ import annotations

import ast
import io
import math
import zipfile
import zlib
from typing import Any

import numpy as np

from ..values import MAX_INFLATED, dtype_called
from .content import Content, of_array

MAGIC = b"\x93NUMPY"
_MOST_MEMBERS = 64
_LONGEST_HEADER = 1 << 16


def read(value: bytes) -> Content | None:
    if value.startswith(MAGIC):
        array = array_of(value)
        return of_array("npy", array, value, encoding="npy")
    if value.startswith(b"PK\x03\x04"):
        return _archive(value)
    return None


def array_of(data: bytes) -> np.ndarray[Any, Any]:
    """The array of a .npy file, a view of it. Raises ValueError for a broken one and for objects."""
    wide = data[6:7] >= b"\x02"
    length, start = int.from_bytes(data[8 : 12 if wide else 10], "little"), 12 if wide else 10
    if length > _LONGEST_HEADER:
        raise ValueError("the header of this .npy is longer than any")
    header = _header(data[start : start + length])
    try:
        dtype, shape, fortran = dtype_called(header["descr"]), tuple(header["shape"]), bool(header["fortran_order"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"the header of this .npy is none: {error}") from None
    if len(shape) > 32 or any(type(length) is not int or length < 0 for length in shape):
        raise ValueError("the shape of this .npy is none")
    body = data[start + length :]
    if len(body) < math.prod(shape) * dtype.itemsize:
        raise ValueError(f"this .npy is cut short: {dtype} of shape {shape} needs more than {len(body):,} bytes")
    return np.frombuffer(body, dtype, math.prod(shape)).reshape(shape, order="F" if fortran else "C")


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = ast.literal_eval(text.decode("latin-1").strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"the header of this .npy is none: {type(error).__name__}") from None
    if not isinstance(header, dict):
        raise ValueError("the header of this .npy is none")
    return header


def _archive(value: bytes) -> Content | None:
    """The arrays of an .npz as named fields."""
    from .objects import of_object

    fields: dict[str, Any] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(value)) as opened:
            for member in opened.infolist()[:_MOST_MEMBERS]:
                if member.filename.endswith(".npy") and member.file_size <= MAX_INFLATED:
                    with opened.open(member) as file:
                        fields[member.filename[:-4]] = array_of(file.read(MAX_INFLATED))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ValueError(f"this .npz cannot be read: {error}") from None
    return of_object("npy", fields, value) if fields else None
