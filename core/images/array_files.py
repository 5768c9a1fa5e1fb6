"""Arrays from containers as image files, which the pixel rule reads back to the same numbers.

Bytes in grey or RGB become PNG, or, where nothing may depend on a library's version, binary PGM and PPM (Netpbm: "P5"
or "P6", width, height, 255, then the samples row by row). Everything else becomes an .npy file (NumPy's format 1.0).
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..base.field_values import array_bytes
from .bands import channel_axis

NPY_MAGIC = b"\x93NUMPY"


def as_image_file(array: np.ndarray, small: bool) -> tuple[bytes, str]:
    """(bytes of the file, its ending with the dot) for samples (height, width), (height, width, 1) or
    (height, width, bands) of bools, integers or floats.

    `small`: compress bytes as PNG; else the same array gives the same file everywhere. Raises ValueError for other
    arrays.
    """
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf" or not array.size:
        raise ValueError(f"{array.dtype} array of shape {array.shape}: not an image's samples")
    plain = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if plain.dtype == np.uint8 and (plain.ndim == 2 or plain.shape[2] == 3):
        plain = np.ascontiguousarray(plain)
        return (_png(plain), ".png") if small else (_netpbm(plain), ".pgm" if plain.ndim == 2 else ".ppm")
    return array_bytes(plain), ".npy"


def samples_of(data: bytes) -> np.ndarray:
    """The array in an .npy file: (height, width) or (height, width, bands), also where bands come first in the file.

    Which of three axes is the bands' is the rule of `bands.channel_axis`; where that knows none, the shorter of the
    outer two.

    Raises ValueError for anything else.
    """
    array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf" or not array.size:
        raise ValueError(f"{array.dtype} array of shape {array.shape}, which is no image")
    if array.ndim == 2:
        return array
    axis = channel_axis(array.shape)
    if axis is None:
        axis = 0 if array.shape[0] < array.shape[2] else 2
    array = array if axis == 2 else np.ascontiguousarray(array.transpose(1, 2, 0))
    return array[:, :, 0] if array.shape[2] == 1 else array


def _png(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "png")
    return file.getvalue()


def _netpbm(samples: np.ndarray) -> bytes:
    height, width = samples.shape[:2]
    return b"%s\n%d %d\n255\n" % (b"P5" if samples.ndim == 2 else b"P6", width, height) + samples.tobytes()
