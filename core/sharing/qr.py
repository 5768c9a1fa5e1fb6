"""A link as a QR code: for a terminal, and as a picture."""

from __future__ import annotations

import io

QUIET = 2
"""Light modules around it; scanners take fewer than the standard's four."""

BLACK_ON_WHITE, USUAL = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def qr_lines(link: str, coloured: bool) -> list[str]:
    """Lines of half blocks, two modules high each. `coloured`: dark on light whatever the terminal's colours are; else
    light modules are the drawn ones, as suits a dark terminal."""
    rows = [[bool(module) for module in row] for row in _code(link).matrix_iter(border=QUIET)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    lines = [
        "".join(_HALVES[upper is coloured, lower is coloured] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
    return [f"{BLACK_ON_WHITE}{line}{USUAL}" for line in lines] if coloured else lines


def qr_svg(link: str) -> str:
    """An SVG of its own, black on white, that grows with its place."""
    file = io.BytesIO()
    _code(link).save(file, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True)
    return file.getvalue().decode("utf-8")


def _code(link: str):  # type: ignore[no-untyped-def]
    import segno

    return segno.make_qr(link, error="m")
