"""Whether a dataset's index is one: its small tables wholly, of the others that they have their columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..base.checked_fields import COUNT
from ..base.files import Unreadable

COLUMNS = "position, path, label, bytes, height, width, checksum, pixel_checksum"
"""Of an image."""

PLACE = "source, byte_offset, record"
"""Of an image that was not copied, from schema 3 on."""

READ = {
    "images": f"split, {COLUMNS}",
    "skipped": "path, reason",
    "counts": "split, label, first, images, bytes",
    "shapes": "split, height, width, images",
}
"""Table -> the columns that are read of it."""

DAMAGE = (sqlite3.Error, KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError, OSError,
          Unreadable)  # fmt: skip
"""What reading an index that is none, or another version's, may raise."""


def check_sums(index: sqlite3.Connection, classes: Sequence[Any]) -> None:
    """The tables that are small, and that the others have their columns. Raises Unreadable and sqlite3.Error."""
    for table, columns in READ.items():
        index.execute(f"SELECT {columns} FROM {table} LIMIT 1").fetchone()  # noqa: S608 - names of our own
    if not all(isinstance(name, str) for name in classes):
        raise Unreadable("a class has no name")
    for split, label, *numbers in index.execute("SELECT split, label, first, images, bytes FROM counts"):
        known = isinstance(label, int) and 0 <= label < len(classes)
        if not known or not isinstance(split, str) or not all(map(COUNT.fits, numbers)):
            raise Unreadable("its counts are not those of its classes")
    for split, *numbers in index.execute("SELECT split, height, width, images FROM shapes"):
        if not isinstance(split, str) or not all(COUNT.fits(number) and number for number in numbers):
            raise Unreadable("its shapes are none")
    sums = [index.execute(f"SELECT SUM(images) FROM {table}").fetchone()[0] for table in ("counts", "shapes")]  # noqa: S608
    if not sums[0] or sums[0] != sums[1]:
        raise Unreadable("it counts no images, or not the same in both of its sums")
