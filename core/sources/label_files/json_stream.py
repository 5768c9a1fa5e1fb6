"""JSON of any size, read piece by piece: the members of its outermost object or array, arrays element by element."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from ...base.errors import InputError
from ...base.names import readable

MAX_PIECE = 64 << 20
"""Characters of one element or member."""

READ = 1 << 16


class JsonPiece(NamedTuple):
    """A value: of the member `key` ("" in an outermost array), one element of several where that is an array."""

    key: str
    value: Any
    element: bool


def pieces(path: Path) -> Iterator[JsonPiece]:
    """Raises InputError where the file is no JSON object or array, or has a piece that is too large."""
    try:
        with path.open(encoding="utf-8-sig", errors="backslashreplace") as file:
            yield from _outermost(_JsonText(file))
    except OSError as error:
        raise InputError(f"{readable(path)} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{readable(path)} is not whole JSON: {error}"[:400]) from None


class _JsonText:
    """A window that moves over the text of a file."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._text, self._at, self._ended = file, "", 0, False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no blank, not taken; "" at the end."""
        while True:
            while self._at < len(self._text):
                if not self._text[self._at].isspace():
                    return self._text[self._at]
                self._at += 1
            if not self._fill():
                return ""

    def take(self, wanted: str) -> str:
        """The next character, one of those wanted. Raises ValueError."""
        found = self.peek()
        if not found or found not in wanted:
            raise ValueError(f"{found!r} where one of {wanted!r} is due" if found else "it ends too early")
        self._at += 1
        return found

    def value(self) -> Any:
        """The next whole value. Raises ValueError."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._fill():
                    raise ValueError(error.msg) from None
                continue
            if end == len(self._text) and self._fill():
                continue  # a number may go on
            self._at = end
            return value

    def _fill(self) -> bool:
        """More of the file, as much again as is waiting; False at its end."""
        if self._ended:
            return False
        rest = self._text[self._at :]
        if len(rest) > MAX_PIECE:
            raise ValueError(f"a value of more than {MAX_PIECE >> 20} million characters is not read")
        more = self._file.read(max(READ, len(rest)))
        self._text, self._at, self._ended = rest + more, 0, not more
        return bool(more)


def _outermost(text: _JsonText) -> Iterator[JsonPiece]:
    if text.take("{[") == "[":
        yield from _elements(text, "")
        return
    if text.peek() == "}":
        return
    while True:
        key = text.value()
        if not isinstance(key, str):
            raise ValueError("a name of a member is no text")
        text.take(":")
        if text.peek() == "[":
            text.take("[")
            yield from _elements(text, key)
        else:
            yield JsonPiece(key, text.value(), False)
        if text.take(",}") == "}":
            return


def _elements(text: _JsonText, key: str) -> Iterator[JsonPiece]:
    """The elements of an array whose bracket is taken."""
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        yield JsonPiece(key, text.value(), True)
        if text.take(",]") == "]":
            return
