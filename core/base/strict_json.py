"""JSON as RFC 8259 has it: the one place where the program writes JSON, to standard output, to files and to pipes.

Python's own `json` writes NaN and Infinity, which no other parser takes, and strings that cannot be encoded. Here

- a number that is not finite becomes null;
- half a surrogate pair (in a file's contents, or in a path that is not UTF-8), control characters and those that turn
  the direction of writing are written as \\uXXXX, so that the text can be encoded and shown anywhere, and reads back as
  it was;
- NumPy's numbers and arrays become numbers and lists, sets become lists, and what JSON does not know becomes text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""What `json.dumps(ensure_ascii=False)` leaves as it is and a terminal or an encoder cannot take."""


def dumps(value: Any, *, indent: int | None = None, sort_keys: bool = False, ascii_only: bool = False) -> str:
    """`value` as strict JSON, without a newline at the end.

    Raises ValueError for data that contains itself.
    """
    options: dict[str, Any] = {"indent": indent, "sort_keys": sort_keys, "ensure_ascii": ascii_only}
    try:
        text = json.dumps(value, allow_nan=False, default=_unknown, **options)
    except (ValueError, TypeError):  # a number that is not finite, or a key that is no text: seldom, so only now
        text = json.dumps(plain(value), allow_nan=False, **options)
    return _ESCAPED.sub(_escape, text)


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as `json.loads(dumps(value))` would give it back: dicts, lists, text, numbers, booleans and None.

    Raises ValueError for data that contains itself.
    """
    if depth > 200:
        raise ValueError("data that contains itself, or is nested more than 200 deep")
    if isinstance(value, Mapping):
        return {_name(name): plain(part, depth + 1) for name, part in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence | AbstractSet) and not isinstance(value, bytes | bytearray | memoryview):
        return [plain(part, depth + 1) for part in value]
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return plain(_unknown(value), depth + 1)


def _unknown(value: Any) -> Any:
    """What stands for a value that JSON has no word for."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, AbstractSet):
        return list(value)
    tolist = getattr(value, "tolist", None)  # NumPy's numbers and arrays
    made = tolist() if callable(tolist) else str(value)
    return str(made) if type(made) is type(value) or isinstance(made, complex) else made


def _name(name: Any) -> str:
    """A key, as `json.dumps` writes those that are numbers, booleans or None."""
    if isinstance(name, str):
        return str(name)
    return json.dumps(name) if isinstance(name, bool | int | None) else str(_unknown(name))


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"
