"""The messages of an Arrow IPC file or stream, read without its library: what they are, and where their buffers lie.

Source: https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc and the
schemas File.fbs, Message.fbs and Schema.fbs beside it. A file is `ARROW1\\0\\0`, a stream of messages, a footer (a
flatbuffer that lists the batches), its length (int32) and `ARROW1`. A message is 0xffffffff, the length of its
metadata (int32), the metadata (a flatbuffer, padded to 8 bytes) and a body, in which the buffers lie.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .flatbuffer import FlatTable

MAGIC = b"ARROW1"
CONTINUED = 0xFFFFFFFF
SCHEMA, DICTIONARY_BATCH, RECORD_BATCH = 1, 2, 3
"""Types of a message's header (union MessageHeader)."""

MOST_METADATA = 1 << 28

Memory = npt.NDArray[np.uint8] | memoryview | bytes
Numbers = npt.NDArray[np.int64]


class Block(NamedTuple):
    """A message as a footer lists it: where it begins, the bytes of its metadata with their length, of its body."""

    offset: int
    metadata: int
    body: int


@dataclass(frozen=True)
class Footer:
    """`schema`: the flatbuffer table Schema; `dictionaries`, `batches`: in the order of the file."""

    schema: FlatTable
    dictionaries: list[Block]
    batches: list[Block]


class RecordBatch(NamedTuple):
    """A record batch: its rows, nulls of each column part (int64 (nodes,)), its buffers as places in the file and
    lengths (int64 (buffers, 2)), the codec of its buffers (-1: none, 0: LZ4 frame, 1: zstd)."""

    rows: int
    nulls: Numbers
    buffers: Numbers
    codec: int


class IpcMessage(NamedTuple):
    """`kind` is one of SCHEMA, DICTIONARY_BATCH and RECORD_BATCH; `body` is where its body begins."""

    kind: int
    header: FlatTable
    body: int
    body_size: int


def read_footer(memory: memoryview) -> Footer:
    """Raises ValueError where the file has no sound footer."""
    size = len(memory)
    if size < 24 or bytes(memory[:6]) != MAGIC or bytes(memory[size - 6 :]) != MAGIC:
        raise ValueError("it does not begin and end with ARROW1: it is cut short, or no Arrow file")
    (length,) = struct.unpack_from("<i", memory, size - 10)
    if not 0 < length <= min(size - 18, MOST_METADATA):
        raise ValueError("its footer does not fit the file")
    footer = FlatTable.root(bytes(memory[size - 10 - length : size - 10]))
    schema = footer.table(1)
    if schema is None:
        raise ValueError("its footer has no schema")
    return Footer(schema, _blocks(footer, 2, size), _blocks(footer, 3, size))


def _blocks(footer: FlatTable, slot: int, size: int) -> list[Block]:
    """struct Block {offset: int64; metaDataLength: int32, padded; bodyLength: int64}."""
    begin, count = footer.vector(slot, 24)
    found = [Block(*struct.unpack_from("<qi4xq", footer.data, begin + 24 * at)) for at in range(count)]
    for block in found:
        if block.offset < 8 or block.metadata < 8 or block.body < 0 or sum(block) > size:
            raise ValueError("its footer lists a batch outside of the file")
    return found


def read_message(memory: memoryview, offset: int) -> IpcMessage | None:
    """The message at `offset`; None for the mark at the end of a stream. Raises ValueError for what is none."""
    if offset + 8 > len(memory):
        raise ValueError("it ends without the mark of its end")
    first, length = struct.unpack_from("<Ii", memory, offset)
    begin = offset + 8
    if first != CONTINUED:  # Arrow before 0.15 has no mark in front
        length, begin = first, offset + 4
    if length == 0:
        return None
    if not 0 < length <= min(len(memory) - begin, MOST_METADATA):
        raise ValueError(f"the message at byte {offset:,} does not fit the file")
    table = FlatTable.root(bytes(memory[begin : begin + length]))
    header, body_size = table.table(2), table.number(3, "<q")
    if header is None or not 0 <= body_size <= len(memory) - begin - length:
        raise ValueError(f"the message at byte {offset:,} does not fit the file")
    return IpcMessage(table.number(1, "<B"), header, begin + length, body_size)


def batch_of(message: IpcMessage) -> RecordBatch:
    """A record batch's places, each inside its body. Raises ValueError for another message, or one that lies."""
    if message.kind != RECORD_BATCH:
        raise ValueError("a message is no record batch")
    header, rows = message.header, message.header.number(0, "<q")
    begin, count = header.vector(1, 16)
    nodes = np.frombuffer(header.data, "<i8", 2 * count, begin).reshape(-1, 2)
    begin, count = header.vector(2, 16)
    buffers = np.frombuffer(header.data, "<i8", 2 * count, begin).reshape(-1, 2).astype(np.int64)
    offsets, lengths = buffers[:, 0], buffers[:, 1]
    outside = (offsets < 0) | (lengths < 0) | (lengths > message.body_size)
    if rows < 0 or (nodes < 0).any() or outside.any() or (offsets > message.body_size - lengths).any():
        raise ValueError("a record batch names buffers outside of its body")
    buffers[:, 0] += message.body
    compression = header.table(3)
    codec = -1 if compression is None else compression.number(0, "<b")
    return RecordBatch(rows, nodes[:, 1].astype(np.int64), buffers, codec)


def messages(memory: memoryview, offset: int) -> Iterator[tuple[int, IpcMessage]]:
    """The messages of a stream from `offset` on, with where each begins; it ends at the mark or at the file's end."""
    while offset < len(memory):
        message = read_message(memory, offset)
        if message is None:
            return
        yield offset, message
        offset = message.body + message.body_size


def metadata_of(schema: FlatTable) -> dict[str, str]:
    """The schema's own key-value metadata."""
    return {pair.text(0): pair.text(1) for pair in schema.tables(2)}
