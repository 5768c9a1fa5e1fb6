"""Pictures by the graphics of a terminal: kitty's protocol (a PNG, in pieces of base64) and sixel.

Sources: kitty's "Terminal graphics protocol"; DEC's VT330/VT340 programmer's reference, volume 2, chapter 14 (sixel).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...base.contracts import Pixels

Mask = npt.NDArray[np.bool_]

PIECE = 4096
"""Characters of base64 that one escape sequence of kitty's may hold."""

SIXEL_COLOURS = 256
ROWS = 6
"""Of pixels in one line of sixels."""


def kitty(pixels: Pixels, drawn: Mask | None = None, columns: int = 0) -> str:
    """uint8 (H, W, 3), drawn where the cursor is. drawn: bool (H, W), where the terminal's own ground is not to be
    seen; None: everywhere. columns: characters that it is to be wide; 0: as wide as its pixels are."""
    file = io.BytesIO()
    shown = pixels if drawn is None else np.dstack([pixels, drawn.astype(np.uint8) * 255])
    Image.fromarray(shown).save(file, "png")
    text = base64.b64encode(file.getvalue()).decode()
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    last = len(pieces) - 1
    first = "a=T,f=100," + (f"c={columns}," if columns else "")
    return "".join(
        f"\x1b_G{first if not number else ''}m={int(number < last)};{piece}\x1b\\"
        for number, piece in enumerate(pieces)
    )


def sixel(pixels: Pixels, drawn: Mask | None = None) -> str:
    """uint8 (H, W, 3) in 256 colours, drawn where the cursor is. drawn: as for `kitty`."""
    image = Image.fromarray(pixels).quantize(SIXEL_COLOURS)
    palette = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    indices = np.asarray(image)
    colours = "".join(
        f"#{number};2;{';'.join(str(round(part / 2.55)) for part in palette[number])}" for number in np.unique(indices)
    )
    height, width = indices.shape
    shown = np.ones(indices.shape, bool) if drawn is None else drawn
    bands = "-".join(
        "$".join(_planes(indices[top : top + ROWS], shown[top : top + ROWS])) for top in range(0, height, ROWS)
    )
    return f'\x1bP0;1q"1;1;{width};{height}{colours}{bands}\x1b\\'


def _planes(band: np.ndarray, shown: Mask) -> Iterator[str]:
    """Lines of sixels of at most six rows of pixels, one for each colour: a character per column, a bit per row."""
    bits = 1 << np.arange(len(band))[:, None]
    for number in np.unique(band):
        columns = ((band == number) & shown) * bits
        yield f"#{number}{_packed((columns.sum(0) + 63).tolist())}"


def _packed(codes: list[int]) -> str:
    """Runs of one character as "!count character"."""
    text, start = [], 0
    for at in range(1, len(codes) + 1):
        if at == len(codes) or codes[at] != codes[start]:
            count, character = at - start, chr(codes[start])
            text.append(f"!{count}{character}" if count > 3 else character * count)
            start = at
    return "".join(text)
