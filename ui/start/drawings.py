"""Small drawings of how samples lie in a store: thousands of files, a tree of pages, rows in one file.

Inline SVG in the page's own colour, so that it is legible on a light ground and on a dark one; one sample is marked in
the format's colour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

WIDTH, HEIGHT = 240, 96

_LINE = 'fill="none" stroke="currentColor" stroke-opacity="0.45"'
_PART = 'fill="currentColor" fill-opacity="0.16" stroke="currentColor" stroke-opacity="0.45"'


def drawing(name: str, colour: str) -> str:
    """The drawing called `name`, with one sample in `colour`; an empty text where there is none of this name."""
    if name not in DRAWINGS:
        return ""
    about, parts = DRAWINGS[name]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(about, quote=True)}" '
        f'style="width:100%;max-width:300px;height:auto;display:block">{parts(colour)}</svg>'
    )


def _files(colour: str) -> str:
    """Sheets with a turned-down corner, in rows."""
    sheets = []
    for row in range(5):
        for column in range(16):
            x, y = 3 + 15 * column, 3 + 19 * row
            marked = (row, column) == (2, 9)
            look = f'fill="{colour}" stroke="{colour}"' if marked else _PART
            sheets.append(f'<path d="M{x} {y}h6l4 4v10h-10z" {look} />')
    return "".join(sheets)


def _pages(colour: str) -> str:
    """A root page, branch pages, leaf pages; the way to one leaf."""
    branches, leaves = [40, 120, 200], [16 + 26 * number for number in range(9)]
    ways = [(120, 22, branch, 38, number == 1) for number, branch in enumerate(branches)]
    ways += [(branches[number // 3], 54, leaf, 70, number == 5) for number, leaf in enumerate(leaves)]
    lines = [
        f'<line x1="{x}" y1="{y}" x2="{to}" y2="{end}" stroke="{colour if marked else "currentColor"}" '
        f'stroke-width="{2 if marked else 1}" stroke-opacity="{1 if marked else 0.45}" />'
        for x, y, to, end, marked in ways
    ]
    pages = [_page(120, 6, 40, colour, True), *(_page(x, 38, 34, colour, x == 120) for x in branches)]
    pages += [_page(x, 70, 22, colour, number == 5) for number, x in enumerate(leaves)]
    return "".join([*lines, *pages])


def _page(centre: float, top: float, width: float, colour: str, marked: bool) -> str:
    look = f'fill="{colour}" stroke="{colour}"' if marked else _PART
    ground = f'x="{centre - width / 2:g}" y="{top:g}" width="{width:g}" height="16" rx="2"'
    return f"<rect {ground} {look} />"


def _rows(colour: str) -> str:
    """One file: a column that says where rows begin, and rows of different lengths end to end."""
    frame = f'<rect x="2" y="2" width="{WIDTH - 4}" height="{HEIGHT - 4}" rx="4" {_LINE} />'
    starts = [
        f'<rect x="10" y="{9 + 10 * row}" width="26" height="7" '
        + (f'fill="{colour}"' if row == 3 else 'fill="currentColor" fill-opacity="0.16"') + " />"
        for row in range(8)
    ]  # fmt: skip
    cells, marked = [], (3, 1)
    for row, widths in enumerate(_ROW_WIDTHS):
        x = 50
        for column, width in enumerate(widths):
            look = f'fill="{colour}" stroke="{colour}"' if (row, column) == marked else _PART
            cells.append(f'<rect x="{x}" y="{9 + 10 * row}" width="{width}" height="7" {look} />')
            x += width
    way = f'<path d="M36 42.5H{50 + _ROW_WIDTHS[3][0]}" stroke="{colour}" stroke-width="2" stroke-dasharray="3 2" />'
    return "".join([frame, *starts, *cells, way])


_ROW_WIDTHS = (
    (50, 70, 60), (80, 40, 60), (30, 90, 60), (60, 64, 56), (70, 50, 60), (44, 76, 60), (90, 40, 50), (56, 60, 64)
)  # fmt: skip

DRAWINGS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "files": ("Many small files, one of them marked", _files),
    "pages": ("A tree of pages, with the way from its root to one page marked", _pages),
    "rows": ("One file with rows of bytes end to end, one of them marked", _rows),
}
"""Name (of a format's registration) -> what is to be seen, and what draws it."""
