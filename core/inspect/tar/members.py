"""The value of a member, by the ending of its name, as the library webdataset decodes it. Nothing is executed."""

from __future__ import annotations

import json
from typing import Any

from ...base.errors import InputError
from ..contents.npy import array_of
from ..contents.pickled import load
from ..values import text_of

NUMBERS = frozenset(("cls", "cls2", "class", "count", "index", "inx", "id", "label"))
TEXTS = frozenset(("txt", "text", "transcript", "caption", "csv", "tsv", "md", "xml", "yaml", "yml", "html"))
PICKLES = frozenset(("pyd", "pkl", "pickle"))

LONGEST = 1 << 28
"""Bytes of a member that is read."""

LONGEST_TEXT = 1 << 22


def value_of(field: str, data: bytes) -> Any:
    """Plain data: a number, text, what JSON says, an array, what a pickle holds; else the bytes.

    A value that is none of what its name says is bytes or text.
    """
    ending = field.rpartition(".")[2].lower()
    if ending in NUMBERS:
        return _number(data)
    if ending in TEXTS:
        return _text(data)
    try:
        if ending in ("json", "jsn") and len(data) <= LONGEST_TEXT:
            return json.loads(data.decode("utf-8"))
        if ending == "npy":
            return array_of(data)
        if ending in PICKLES:
            return load(data)
    except InputError as error:
        return f"a pickle, not opened: {error}"
    except (ValueError, RecursionError):
        return _text(data) if ending in ("json", "jsn") else data
    return data


def _number(data: bytes) -> Any:
    text = _text(data)
    if not isinstance(text, str):
        return text
    stripped = text.strip()
    try:
        return int(stripped) if len(stripped) < 20 else text
    except ValueError:
        return stripped


def _text(data: bytes) -> Any:
    text = text_of(data[:LONGEST_TEXT])
    return data if text is None else text
