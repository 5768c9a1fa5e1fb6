"""Text from outside as one may show it on a terminal or in a line of a log."""

from __future__ import annotations

import unicodedata

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"
"""Format characters that scripts and emoji need."""


def printable(text: str) -> str:
    """The text with everything that is not seen, or does something else than being seen, written as an escape.

    These are control characters (ANSI's sequences begin with one), line ends, what turns the direction of writing, and
    halves of surrogate pairs: "\\x1b", "\\n", "\\u202e", "\\udcff".
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return _ESCAPES.get(character, escape)
