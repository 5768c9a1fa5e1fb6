"""Where the record batches of a file or stream lie, and how many rows each has."""

from __future__ import annotations

from typing import NamedTuple

from ...formats.arrow.messages import (
    DICTIONARY_BATCH,
    MAGIC,
    RECORD_BATCH,
    RecordBatch,
    batch_of,
    messages,
    read_footer,
    read_message,
)

MOST_BATCHES = 2_000_000


class BatchPlace(NamedTuple):
    """A record batch: where its message begins and ends, and its rows."""

    begin: int
    end: int
    rows: int


class Batches(NamedTuple):
    """places: in order; stream: it has no footer; dictionaries: some columns are numbers of dictionaries kept aside;
    problem: why there are no more, where the file ends too early."""

    places: list[BatchPlace]
    stream: bool
    dictionaries: bool
    problem: str | None = None


def batches_of(memory: memoryview) -> Batches:
    """Raises ValueError for a file without a sound footer; a stream is read as far as it is sound."""
    if bytes(memory[:6]) != MAGIC:
        return _of_stream(memory, 0)
    try:
        footer = read_footer(memory)
    except ValueError as error:
        found = _of_stream(memory, 8)
        if not found.places:
            raise
        return found._replace(problem=f"{error}; what is left is read as a stream")
    if len(footer.batches) > MOST_BATCHES:
        raise ValueError(f"its {len(footer.batches):,} batches are more than are looked at")
    places = []
    for block in footer.batches:
        message = read_message(memory, block.offset)
        if message is None or message.kind != RECORD_BATCH:
            raise ValueError("its footer lists a batch that is none")
        rows = message.header.number(0, "<q")
        if rows < 0:
            raise ValueError("a batch claims a negative number of rows")
        places.append(BatchPlace(block.offset, message.body + message.body_size, rows))
    return Batches(places, False, bool(footer.dictionaries))


def _of_stream(memory: memoryview, begin: int) -> Batches:
    places: list[BatchPlace] = []
    dictionaries = False
    try:
        for offset, message in messages(memory, begin):
            dictionaries |= message.kind == DICTIONARY_BATCH
            if message.kind == RECORD_BATCH:
                rows = message.header.number(0, "<q")
                if rows < 0 or len(places) >= MOST_BATCHES:
                    raise ValueError(f"the batch at byte {offset:,} cannot be counted")
                places.append(BatchPlace(offset, message.body + message.body_size, rows))
    except ValueError as error:
        return Batches(places, True, dictionaries, str(error))
    return Batches(places, True, dictionaries)


def layout(memory: memoryview, place: BatchPlace) -> RecordBatch:
    """The buffers of a record batch. Raises ValueError for one that lies."""
    message = read_message(memory, place.begin)
    if message is None:
        raise ValueError("a batch is gone")
    return batch_of(message)
