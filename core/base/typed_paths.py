"""Paths as people type and paste them: with quotes, `file://`, `~`, or blanks around them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .errors import InputError

_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»"}


def typed_path(text: str) -> Path:
    """The path that `text` means, absolute, links not resolved; what is there under just this name comes first.

    >>> typed_path(" '/data/my%20images/' "), typed_path("file:///data/my%20images")
    (PosixPath('/data/my%20images'), PosixPath('/data/my images'))

    Raises:
        InputError: no file system could have it.
    """
    if "\0" in text or not text.strip():
        raise InputError(f"{text[:200]!r} is not a path")
    candidates = dict.fromkeys([text, text.strip(), clean := _plain(text), re.sub(r"\\([^\w\\])", r"\1", clean)])
    try:
        paths = [Path(one).expanduser().absolute() for one in candidates if one]
        return next((path for path in paths if path.exists()), Path(clean or text).expanduser().absolute())
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{text[:200]!r} is not a path that can be read ({reason})") from None


def _plain(text: str) -> str:
    """Without the quotes around it, and a file's address as its path."""
    clean = text.strip()
    while len(clean) > 1 and _QUOTES.get(clean[0]) == clean[-1]:
        clean = clean[1:-1].strip()
    if clean[:7].lower() == "file://":
        clean = unquote(urlsplit(clean).path)
    return clean
