"""Records that are dear to reach one by one, kept beside the import in the order in which they lie in their file.

A file in the import's scratch folder holds them as messages of the Inspector's (`inspect.wire`); another, in SQLite,
where each begins.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.contracts import Skipped
from ..base.errors import WorkError
from ..base.events import Event, Pace, Progress
from ..inspect import wire
from ..inspect.export_request import ExportedRecord

if TYPE_CHECKING:
    from ..base.contracts import Buffer
    from .open_parts import OpenPart
    from .record_listing import RecordListing

DEAR = 4
"""A record alone touches more than so many times the bytes that it does in order ..."""

DEAR_BYTES = 1 << 18
"""... and more than these."""

AT_ONCE = 1024


def is_dear(part: OpenPart) -> bool:
    """Whether single records of a part cost much more than all in order, as its structure says (`records.ReadCost`)."""
    structure = part.about["structure"]
    cost = structure.get("read_cost") or structure.get("first_shard", {}).get("read_cost") or {}
    alone, ordered = int(cost.get("random_bytes") or 0), int(cost.get("ordered_bytes") or 0)
    return alone > DEAR_BYTES and alone > DEAR * ordered


class RecordSpool:
    """Records by their part and number."""

    def __init__(self, scratch: Path) -> None:
        self._file = (scratch / "spool").open("w+b")
        self._places = sqlite3.connect(scratch / "spool.sqlite", isolation_level=None, check_same_thread=False)
        self._places.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE places(part INTEGER, number INTEGER, place INTEGER, PRIMARY KEY (part, number))"
            "WITHOUT ROWID; BEGIN;"
        )

    def fill(
        self, parts: Sequence[OpenPart], dear: Iterable[int], listing: RecordListing, left_out: list[Skipped]
    ) -> Iterator[Event]:
        """Keep all that is imported of the parts `dear`; `left_out` takes what is given up."""
        done, pace = 0, Pace()
        total = sum(listing.count(number) for number in dear)
        for number in dear:
            numbers = listing.numbers(number)
            while some := list(islice(numbers, AT_ONCE)):
                for one in self.keep(number, parts[number].export.records(some)):
                    done += 1
                    if one.index < 0:
                        left_out.append(Skipped(f"{parts[number].called} {one.key}", one.problem or ""))
                    if pace.due():
                        yield Progress("reading in order", done, total, "records")

    def keep(self, part: int, records: Iterable[ExportedRecord]) -> Iterator[ExportedRecord]:
        """Keep records; yields each. Those without a number stand for others that are given up, and are not kept."""
        for record in records:
            if record.index < 0:
                yield record
                continue
            blobs: list[Buffer] = []
            fields = record.to_json(blobs)
            self._places.execute(
                "INSERT OR REPLACE INTO places VALUES (?, ?, ?)", (part, record.index, self._file.tell())
            )
            wire.send(self._file, fields, blobs)
            yield record

    def read(self, part: int, numbers: Sequence[int]) -> list[ExportedRecord]:
        """Those of these records that were kept. Raises WorkError where the file was changed since."""
        found: list[ExportedRecord] = []
        for number in numbers:
            row = self._places.execute(
                "SELECT place FROM places WHERE part = ? AND number = ?", (part, number)
            ).fetchone()
            if row is not None:
                self._file.seek(row[0])
                message = wire.receive(self._file)
                if message is None:
                    raise WorkError("what the import had kept for the time of its work is gone; import again")
                found.append(ExportedRecord.of_json(message[0], iter(message[1])))
        return found

    def close(self) -> None:
        self._file.close()
        self._places.close()
