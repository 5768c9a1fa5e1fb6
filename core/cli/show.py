"""`show FILE`: the images of any file as a grid of thumbnails, in the terminal."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..base.errors import InputError
from ..base.events import Event, Message, Result
from ..base.home import Home
from ..base.printable import printable
from .terminal.capability import METHODS, cell_width, chosen_method, cut
from .verb import Drawing, Verb

if TYPE_CHECKING:
    from ..inspect.files import InspectedFile
    from ..inspect.requests import Cell

COLUMNS = 20
"""Characters that a thumbnail is wide."""

ROWS = 3
MOST = 1000
GAP = 2


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", help="a file of any kind that `inspect` opens, a store, or shards")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="the first record shown")
    parser.add_argument("--count", type=int, metavar="N", help="records shown (default: what fits)")
    parser.add_argument("--columns", type=int, default=COLUMNS, metavar="N", help="characters per thumbnail")
    parser.add_argument("--schema", metavar="S", help="read it as this schema instead of the recognised one")
    parser.add_argument(
        "--images", default="auto", metavar="HOW", help=f"{', '.join(METHODS)}; auto: what the terminal says it draws"
    )


def _answer(given: Namespace) -> Iterator[Event]:
    from ..inspect.files import COMMAND_SECONDS, InspectedFile

    if given.images not in METHODS:
        raise InputError(f"--images {given.images}: choose {', '.join(METHODS)}")
    if not 4 <= given.columns <= 200:
        raise InputError(f"--columns {given.columns}: a thumbnail is 4 to 200 characters wide")
    method = "none" if given.json else chosen_method(given.images)
    across = max((shutil.get_terminal_size().columns + GAP) // (given.columns + GAP), 1)
    with InspectedFile(given.file, given.schema, COMMAND_SECONDS, Home.find(given.home)) as file:
        for _ in file.walk_to_inspect(given.start):
            pass
        about = file.summary()
        cells = _cells(file, given.start, across * ROWS if given.count is None else given.count, given.columns, method)
    for warning in about["warnings"]:
        yield Message(warning, "warning")
    told = {name: about[name] for name in ("kind", "schema", "why", "entries")}
    rows = [_row(cell) for cell in cells]
    if method == "none":
        yield Result({**told, "shown": rows})
        return
    head = f"{printable(given.file)}: {told['kind']}, {told['entries']:,} entries"
    yield Result({"drawing": Drawing("\n".join([head, "", *_drawn(cells, given.columns, across, method)]))})


def _cells(file: InspectedFile, start: int, count: int, columns: int, method: str) -> Sequence[Cell]:
    """The records from `start` on. Raises InputError where there is none."""
    total = file.entries()
    first = start + total if start < 0 else start
    if not 0 <= first < max(total, 1) or count < 1:
        raise InputError(f"there is no entry {start} to begin with: this file has {total:,}")
    box = columns * (cell_width() if method in ("kitty", "sixel") else 1)
    return file.cells(range(first, min(first + min(count, MOST), total)), box)


def _row(cell: Cell) -> dict[str, Any]:
    """A record as a row of a table."""
    about = cell.about
    names = ("index", "key", "label", "class", "shape", "encoding", "payload_bytes", "problem")
    return {name: about[name] for name in names if about.get(name) is not None}


def _drawn(cells: Sequence[Cell], columns: int, across: int, method: str) -> Iterator[str]:
    for first in range(0, len(cells), across):
        some = cells[first : first + across]
        yield from _graphics(some, columns, method) if method in ("kitty", "sixel") else _blocks(some, columns)
        yield ""


def _blocks(cells: Sequence[Cell], columns: int) -> Iterator[str]:
    """A row of the grid: pictures side by side, each with its caption below."""
    from .terminal.half_blocks import half_blocks

    pictures = [[] if cell.pixels is None else half_blocks(cell.pixels, columns) for cell in cells]
    widths = [0 if cell.pixels is None else min(cell.pixels.shape[1], columns) for cell in cells]
    for line in range(max(map(len, pictures), default=0)):
        parts = [
            picture[line] + " " * (columns - width) if line < len(picture) else " " * columns
            for picture, width in zip(pictures, widths, strict=True)
        ]
        yield (" " * GAP).join(parts).rstrip(" ")
    yield (" " * GAP).join(_caption(cell, columns) for cell in cells).rstrip()


def _graphics(cells: Sequence[Cell], columns: int, method: str) -> Iterator[str]:
    """The same as one picture, for terminals that draw them."""
    import numpy as np

    from .terminal.graphics import kitty, sixel

    scale = cell_width()
    box, gap = columns * scale, GAP * scale
    height = max((cell.pixels.shape[0] for cell in cells if cell.pixels is not None), default=1)
    sheet = np.zeros((height, len(cells) * (box + gap) - gap, 3), np.uint8)
    drawn = np.zeros(sheet.shape[:2], bool)  # between the pictures is the terminal's own ground
    for number, cell in enumerate(cells):
        if cell.pixels is not None:
            left = number * (box + gap)
            place = slice(cell.pixels.shape[0]), slice(left, left + cell.pixels.shape[1])
            sheet[place], drawn[place] = cell.pixels, True
    wide = len(cells) * (columns + GAP) - GAP
    yield kitty(sheet, drawn, wide) if method == "kitty" else sixel(sheet, drawn)
    yield (" " * GAP).join(_caption(cell, columns) for cell in cells).rstrip()


def _caption(cell: Cell, columns: int) -> str:
    """ "7 · truck", cut to the width of the picture."""
    about = cell.about
    name = next((str(about[name]) for name in ("class", "label", "key") if about.get(name) is not None), "")
    text = printable(f"{about['index']} · {about['problem'] if cell.pixels is None and 'problem' in about else name}")
    return cut(text, columns)


SHOW = Verb("draw the images of a file in the terminal", _arguments, _answer)
