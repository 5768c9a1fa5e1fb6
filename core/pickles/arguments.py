"""How the arguments are read of those opcodes for which the standard library's `pickletools` would lose something."""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable, Mapping
from typing import IO, Any

from .plain import UnsafePickle


def _read_string1(file: IO[bytes]) -> bytes:
    return _read_exactly(file, file.read(1)[0])


def _read_string4(file: IO[bytes]) -> bytes:
    (length,) = struct.unpack("<i", file.read(4))
    return _read_exactly(file, length)


def _read_exactly(file: IO[bytes], length: int) -> bytes:
    if length < 0 or len(content := file.read(length)) != length:
        raise UnsafePickle("not a whole pickle: a string is longer than the file")
    return content


def _read_quoted(file: IO[bytes]) -> bytes:
    line = file.readline().rstrip(b"\n").strip()
    if len(line) < 2 or line[:1] not in (b"'", b'"') or line[:1] != line[-1:] or not _ESCAPED.fullmatch(line[1:-1]):
        raise UnsafePickle("not a whole pickle: a string without its quotes, or with unknown escapes")
    return codecs.escape_decode(line[1:-1])[0]


def _read_line(file: IO[bytes]) -> str:
    line = file.readline()
    if not line.endswith(b"\n"):
        raise UnsafePickle("not a whole pickle: it ends within a line")
    return line[:-1].decode()


def _read_two_lines(file: IO[bytes]) -> tuple[str, str]:
    return _read_line(file), _read_line(file)


_ESCAPED = re.compile(rb"""(?:[^\\]|\\[\\'"abfnrtv]|\\x[0-9a-fA-F]{2}|\\[0-3]?[0-7]{1,2})*+""")
"""What a string of protocol 0 may look like between its quotes."""


READERS: Mapping[str, Callable[[IO[bytes]], Any]] = {
    "SHORT_BINSTRING": _read_string1,
    "BINSTRING": _read_string4,
    "STRING": _read_quoted,
    "PERSID": _read_line,
    "GLOBAL": _read_two_lines,
    "INST": _read_two_lines,
}
"""Strings of Python 2 as the bytes they are, and names; the standard library's `pickletools` reads the rest."""
