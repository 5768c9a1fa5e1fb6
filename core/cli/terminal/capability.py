"""What a terminal can draw, as far as it says so."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import unicodedata
from collections.abc import Mapping

METHODS = ("auto", "blocks", "kitty", "sixel", "none")
"""How pictures may be drawn; "none": a table without pictures."""

USUAL_WIDTH = 8
"""Pixels."""

ANSWER_S = 0.2
SIXEL = "4"
"""Among the attributes that a terminal gives in answer to DA1 (ECMA-48, DEC's manuals)."""


def chosen_method(asked: str, environment: Mapping[str, str] = os.environ) -> str:
    """`asked`, and for "auto" the best that the terminal has; "none" where there is no terminal."""
    if asked != "auto":
        return asked
    if not sys.stdout.isatty() or environment.get("TERM") == "dumb" or environment.get("NO_COLOR"):
        return "none"
    if "kitty" in environment.get("TERM", "") or environment.get("TERM_PROGRAM") in ("WezTerm", "ghostty"):
        return "kitty"
    return "sixel" if SIXEL in terminal_attributes() else "blocks"


def cell_width() -> int:
    """Pixels that a character of this terminal is wide, as it says; `USUAL_WIDTH` where it does not."""
    try:
        import fcntl
        import struct
        import termios

        _, columns, width, _ = struct.unpack("4H", fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8)))
    except (ImportError, OSError, ValueError):
        return USUAL_WIDTH
    return min(max(width // columns, 4), 64) if width and columns else USUAL_WIDTH


def text_cells(text: str) -> int:
    """Characters of the terminal that a text takes: wide ones (Chinese, emoji) two, combining ones none."""
    return sum(_cells(character) for character in text)


def cut(text: str, most: int) -> str:
    """The text in exactly `most` characters of the terminal: cut with an ellipsis, or filled up with blanks."""
    if text_cells(text) > most:
        while text and text_cells(text) > most - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (most - text_cells(text))


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def terminal_attributes() -> list[str]:
    """What the terminal answers when it is asked for its primary device attributes; empty where it says nothing."""
    try:
        import termios
        import tty
    except ImportError:
        return []
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return []
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    try:
        tty.setcbreak(keyboard)
        sys.stdout.write("\x1b[c")
        sys.stdout.flush()
        answer = b""
        while not answer.endswith(b"c") and select.select([keyboard], [], [], ANSWER_S)[0]:
            answer += os.read(keyboard, 64)
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
    found = re.search(rb"\x1b\[\?([\d;]+)c", answer)
    return found[1].decode().split(";") if found else []
