"""No compression: what the encoding made is what the format keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..base.contracts import Buffer


@dataclass(frozen=True)
class NoCompression:
    """Hands every payload through, without a copy where it can."""

    suffix = ""
    dictionary: None = None
    identity = True
    learns = False

    def train(self, payloads: Sequence[bytes]) -> NoCompression:
        return self

    def with_dictionary(self, dictionary: bytes | None) -> NoCompression:
        return self

    def compress(self, payload: Buffer) -> bytes:
        return bytes(payload)

    def decompress(self, payload: Buffer) -> Buffer:
        return payload
