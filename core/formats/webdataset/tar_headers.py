"""What headers of tar archives say, for many at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from .tar_layout import CHECKSUM, MAGIC, NAME, PREFIX

LONGEST_NAME = 4096

Places = npt.NDArray[np.int64]


def size_in(field: bytes) -> int:
    """A size: octal digits, or binary where the first bit is set; -1 for none."""
    if field[0] & 0x80:
        size = int.from_bytes(field[1:], "big") if field[0] == 0x80 else -1
        return size if size < 1 << 62 else -1
    digits = field.partition(b"\0")[0].strip()
    if not digits:
        return 0
    return int(digits, 8) if all(0x30 <= digit <= 0x37 for digit in digits) else -1


def checksums_hold(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Of headers, uint8 (n, 512). Old archives summed signed bytes."""
    fields = rows[:, CHECKSUM]
    total = rows.sum(axis=1, dtype=np.int64) - fields.sum(axis=1, dtype=np.int64) + 8 * ord(" ")
    written = np.zeros(len(rows), np.int64)
    open_ = np.ones(len(rows), bool)
    for place in range(8):
        byte = fields[:, place].astype(np.int64)
        digit = (byte >= 0x30) & (byte <= 0x37)
        written = np.where(open_ & digit, 8 * written + byte - 0x30, written)
        open_ &= digit | (byte == ord(" ")) & (written == 0)
    held: npt.NDArray[np.bool_] = written == total
    if not held.all():
        signed = total - 256 * ((rows >= 128).sum(axis=1) - (fields >= 128).sum(axis=1))
        held |= written == signed
    return held


def names_in(
    rows: npt.NDArray[np.uint8], types: npt.NDArray[np.uint8], given: Mapping[int, bytes], shown: Places
) -> tuple[npt.NDArray[np.uint8], Places]:
    """(all names end to end, the length of each) of the members `shown`."""
    rows = rows[shown]
    fields = np.concatenate([rows[:, NAME], np.zeros((len(rows), 1), np.uint8)], axis=1)
    lengths = (fields == 0).argmax(axis=1).astype(np.int64)
    posix = (rows[:, MAGIC] == np.frombuffer(b"ustar\0", np.uint8)).all(axis=1)
    prefixed = np.flatnonzero(posix & (rows[:, PREFIX.start] != 0))
    if not given and not len(prefixed):
        return fields[np.arange(fields.shape[1]) < lengths[:, None]], lengths
    names = [field[:length] for field, length in zip(map(bytes, fields), lengths.tolist(), strict=True)]
    for place in prefixed.tolist():
        names[place] = rows[place, PREFIX].tobytes().partition(b"\0")[0] + b"/" + names[place]
    places = {int(number): place for place, number in enumerate(shown)}
    for number, name in given.items():
        if number in places:
            names[places[number]] = name
    names = [name[:LONGEST_NAME] for name in names]
    return np.frombuffer(b"".join(names), np.uint8), np.array(list(map(len, names)), np.int64)


def end_with_slash(names: npt.NDArray[np.uint8], lengths: Places) -> npt.NDArray[np.bool_]:
    ends = np.cumsum(lengths)
    return (lengths > 0) & (names[np.maximum(ends - 1, 0)] == ord("/")) if len(names) else np.zeros(len(lengths), bool)
