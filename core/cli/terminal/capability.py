"""What a terminal can draw, as far as it says so."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
from collections.abc import Mapping

METHODS = ("auto", "blocks", "kitty", "sixel", "none")
"""How pictures may be drawn; "none": a table without pictures."""

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
