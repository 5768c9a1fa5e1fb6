"""Values that MDS and LitData write in the same way: Pillow's images without a file format, and lists of images."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from ..contents.pil_state import bare_image

MOST_IN_LIST = 4096
_LONGEST_MODE = 16


def pil_image(data: bytes) -> tuple[Array, str]:
    """(pixels, mode) of `uint32 width, height, length of the mode; mode; bytes`, as `Image.tobytes` gives them.

    Raises ValueError where the bytes are not as many as that.
    """
    width, height, length = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4, 8))
    if len(data) < 12 or not 0 < length <= _LONGEST_MODE:
        raise ValueError("the bytes are no image of Pillow's: width, height and mode do not stand before them")
    mode = data[12 : 12 + length].decode("ascii", "replace")
    array = bare_image(mode, (width, height), data[12 + length :])
    if array is None:
        raise ValueError(f"an image of {width:,} x {height:,} pixels in the mode {mode!r}, which is not known here")
    return array, mode


def listed(data: bytes, start: int = 0) -> list[bytes]:
    """The items of `uint32 count, uint32 size[count], items`, from `start` on. Raises ValueError where they do not fill
    the rest."""
    count = int.from_bytes(data[start : start + 4], "little")
    body = start + 4 + 4 * count
    if len(data) < start + 4 or count > MOST_IN_LIST or body > len(data):
        raise ValueError(f"a list of {count:,} items does not lie in its {len(data):,} bytes")
    ends = body + np.cumsum(np.frombuffer(data[start + 4 : body], "<u4").astype(np.int64))
    if count and ends[-1] != len(data):
        raise ValueError(f"the {count:,} items of a list end at {ends[-1]:,} of {len(data):,} bytes")
    starts = [body, *ends[:-1].tolist()]
    return [data[first:last] for first, last in zip(starts[:count], ends.tolist(), strict=True)]
