"""Keys of the form `name[5]`."""

from __future__ import annotations

import re


def place_in(key: str, name: str, length: int) -> int | None:
    """The place that such a key names among `length`; None for any other key."""
    matched = re.fullmatch(rf"{re.escape(name)}\[(\d{{1,18}})\]", key, re.ASCII)
    return int(matched[1]) if matched is not None and int(matched[1]) < length else None
