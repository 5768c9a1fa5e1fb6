"""Records of a pax header: "<length> <name>=<value>\\n" each, the length counting all of it (POSIX.1-2017, pax)."""

from __future__ import annotations

MOST_RECORDS = 4096


class PaxError(ValueError):
    """What is no list of records."""


def pax_records(data: bytes) -> dict[str, bytes]:
    """By name. Raises PaxError for lengths that do not fit."""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(data) and data[at] != 0:
        digits, space, _ = data[at : at + 12].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = data[at + len(digits) + 1 : at + length]
        name, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n") or at + length > len(data) or len(found) >= MOST_RECORDS:
            raise PaxError("its pax records do not fit")
        found[name.decode("utf-8", "replace")] = value[:-1]
        at += length
    return found
