"""The plain data in the bytes of a value or of a field: of `.npy`, a pickle, JSON, msgpack."""

from __future__ import annotations

from typing import Any

from ...base.errors import InputError
from ..values import text_of
from .json_text import parsed
from .msgpack import Unpacker
from .npy import MAGIC, array_of
from .pickled import PICKLES, load


def thing_of(value: bytes) -> Any:
    """The plain data in a value; None where it is none of these kinds, or broken."""
    try:
        if value.startswith(MAGIC):
            return array_of(value)
        if value.startswith(PICKLES):
            return load(value)
        found = parsed(value)
        return _unpacked(value) if found is None else found
    except (ValueError, InputError):
        return None


def _unpacked(value: bytes) -> Any:
    if text_of(value) is not None:
        return None
    unpacker = Unpacker(value)
    try:
        thing = unpacker.value()
    except Exception:  # noqa: BLE001 - whatever it is, it is not msgpack
        return None
    return thing if unpacker.at == len(value) else None
