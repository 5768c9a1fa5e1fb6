"""Messages between a reader process and its caller: a JSON object and some blobs, each with its length before it.

Nothing is ever unpickled: what comes from a process that has read a hostile file is numbers, text and bytes.

A message is the length of the JSON (uint32, big-endian), the JSON, whose "blobs" lists the blobs' lengths, and the
blobs.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO

from ..base.contracts import Buffer
from ..base.strict_json import dumps

MAX_JSON = 1 << 26
MAX_BLOBS = 1 << 30

Message = tuple[dict[str, Any], list[bytes]]


class Broken(Exception):
    """What came is no message."""


class TooLarge(Exception):
    """What is to be sent is longer than a message may be."""


def send(stream: BinaryIO, fields: dict[str, Any], blobs: Sequence[Buffer] = ()) -> None:
    """Raises TooLarge, before anything is sent."""
    text = dumps({**fields, "blobs": [len(blob) for blob in blobs]}).encode()
    for size, most in ((len(text), MAX_JSON), (sum(len(blob) for blob in blobs), MAX_BLOBS)):
        if size > most:
            raise TooLarge(f"the answer takes {size >> 20:,} MiB, and no more than {most >> 20:,} MiB are sent")
    stream.write(struct.pack(">I", len(text)) + text)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def receive(stream: BinaryIO) -> Message | None:
    """The next message, or None where the stream ends before one. Raises Broken."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    if length > MAX_JSON:
        raise Broken(f"a message of {length:,} bytes")
    fields = _object(_exactly(stream, length))
    sizes = fields.pop("blobs", None)
    if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
        raise Broken("a message without the lengths of its blobs")
    if sum(sizes) > MAX_BLOBS:
        raise Broken(f"blobs of {sum(sizes):,} bytes")
    return fields, [_exactly(stream, size) for size in sizes]


def _object(text: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except ValueError:
        raise Broken("a message that is not JSON") from None
    if not isinstance(fields, dict):
        raise Broken("a message that is no object")
    return fields


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Broken("a message that breaks off")
    return data


def claim_stdout() -> BinaryIO:
    """The real standard output for messages; what anything else prints goes to standard error from now on."""
    private = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return private
